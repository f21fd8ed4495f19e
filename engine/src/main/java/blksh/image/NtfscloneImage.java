package blksh.image;

import blksh.filesystem.Structure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An image of an NTFS volume as {@code ntfsclone --save-image} writes it; it has no checksums. */
public final class NtfscloneImage extends BlockImage {

  static final String MAGIC = "\0ntfsclone-image";

  private static final int HEADER = 50;
  private static final int MAJOR = 10;
  private static final int LATEST_MINOR = 1;
  private static final int LARGEST_CLUSTER = 2 << 20;
  private static final int LARGEST_OFFSET = 1 << 20;

  private final ImageInfo info;
  private final ClusterRuns runs;

  private NtfscloneImage(StoredBlocks blocks, ClusterRuns runs, ImageInfo info) {
    super(blocks);
    this.runs = runs;
    this.info = info;
  }

  @Override
  public ImageInfo info() {
    return runs.cutShort()
        ? info.withWarning("it was cut short: its last clusters are missing")
        : info;
  }

  /** Opens an image that begins with the magic of this format. */
  static NtfscloneImage open(ImageFile file, ImageOptions options) {
    Structure header = Structure.of(file.header(0, HEADER));
    int major = header.u8(16);
    int minor = header.u8(17);
    if (major != MAJOR || minor > LATEST_MINOR) {
      throw new UnsupportedVersionException(
          file.opening(),
          "it is of version %d.%d and only 10.0 and 10.1 are known".formatted(major, minor));
    }
    long clusterSize = header.u32(18);
    if (clusterSize < 256 || clusterSize > LARGEST_CLUSTER || Long.bitCount(clusterSize) != 1) {
      throw new AbsurdSizeException(
          file.opening(), "its header is damaged: it claims clusters of " + clusterSize + " bytes");
    }
    BlockGeometry geometry = BlockGeometry.of(file, clusterSize, header.i64(30));
    long deviceSize = header.i64(22);
    long offset = header.u32(46);
    long tail = deviceSize - geometry.bytes();
    if (deviceSize < geometry.bytes() || offset < HEADER || offset > LARGEST_OFFSET) {
      throw new AbsurdSizeException(
          file.opening(),
          "its header is damaged: it claims a device of %s bytes, clusters for %d, and data at byte %d"
              .formatted(Long.toUnsignedString(deviceSize), geometry.bytes(), offset));
    }
    ClusterRuns runs =
        new ClusterRuns(
            file,
            offset,
            geometry.blockSize(),
            geometry.blocks(),
            Math.min(deviceSize, geometry.bytes() + Math.min(tail, clusterSize)),
            header.i64(38),
            options.tolerant());
    List<String> warnings = new ArrayList<>();
    if (file.knownSize().isPresent()) {
      long used = runs.used();
      long claimed = header.i64(38);
      if (used != claimed && used != claimed + 1) {
        warnings.add(
            "the header counts %s clusters in use and the image holds %d"
                .formatted(Long.toUnsignedString(claimed), used));
      }
    }
    StoredBlocks blocks =
        new StoredBlocks(
            file, runs, runs, geometry.blockSize(), deviceSize, Proof.none(), options.tolerant());
    return new NtfscloneImage(blocks, runs, info(file, header, geometry, deviceSize, warnings));
  }

  private static ImageInfo info(
      ImageFile file,
      Structure header,
      BlockGeometry geometry,
      long deviceSize,
      List<String> warnings) {
    String version = header.u8(16) + "." + header.u8(17);
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("image version", version);
    fields.put("cluster size", geometry.blockSize());
    fields.put("device size", deviceSize);
    fields.put("clusters", geometry.blocks());
    fields.put("clusters in use", header.i64(38));
    fields.put("data offset", header.u32(46));
    return new ImageInfo(
        "ntfsclone",
        version,
        "NTFS",
        deviceSize,
        geometry.blockSize(),
        geometry.blocks(),
        header.i64(38),
        file.compression(),
        "none",
        fields,
        warnings);
  }
}
