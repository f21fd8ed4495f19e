package blksh.image;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an image says of itself.
 *
 * @param format its format: {@code "partclone"}, {@code "ntfsclone"}, {@code "partimage"}, {@code
 *     "raw"}, {@code "iso"}
 * @param version the version of the format, or empty
 * @param fileSystem the file system inside, as the image names it or its content shows, or empty
 * @param size bytes of the partition
 * @param blockSize bytes, or 0 when it has no blocks
 * @param blocks blocks of the partition, or 0
 * @param usedBlocks blocks stored, or 0
 * @param compression how the image is compressed: {@code "gzip"}, or empty
 * @param checksum how the data is proven, or {@code "none"}
 * @param header every field of the header, in its order; then what is said of its map of used
 *     blocks, where there is one, and where the blocks begin
 * @param warnings what is odd but does not keep it from being read, as sentences
 */
public record ImageInfo(
    String format,
    String version,
    String fileSystem,
    long size,
    int blockSize,
    long blocks,
    long usedBlocks,
    String compression,
    String checksum,
    Map<String, Object> header,
    List<String> warnings) {

  public ImageInfo {
    header = Collections.unmodifiableMap(new LinkedHashMap<>(header));
    warnings = List.copyOf(warnings);
  }

  ImageInfo withWarning(String warning) {
    List<String> more = new ArrayList<>(warnings);
    more.add(warning);
    return new ImageInfo(
        format,
        version,
        fileSystem,
        size,
        blockSize,
        blocks,
        usedBlocks,
        compression,
        checksum,
        header,
        more);
  }

  /** Bytes stored, or 0 when the image has no blocks. */
  public long usedBytes() {
    return Math.min(size, usedBlocks * blockSize);
  }
}
