package blksh.image;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.filesystem.FileSystem;
import blksh.filesystem.Structure;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The bytes of a partition or a drive as they are, as dd and partclone.dd write them. */
public final class RawImage implements Image {

  private final ImageFile file;
  private final String contents;
  private final List<String> warnings;

  private RawImage(ImageFile file, String contents, List<String> warnings) {
    this.file = file;
    this.contents = contents;
    this.warnings = warnings;
  }

  /**
   * @param contents the file system or partition table found in it, or empty
   */
  static RawImage open(ImageFile file, String contents) {
    List<String> warnings =
        contents.isEmpty()
            ? List.of("no known file system or partition table: taken as it is")
            : List.of();
    return new RawImage(file, contents, new ArrayList<>(warnings));
  }

  /** That the file system or the table goes on behind the end, as a clause; null when none does. */
  private String cutShort() {
    long size = file.source().size();
    Structure head = Contents.head(file.source());
    Optional<FileSystem> found = FileSystem.of(head);
    long claimed = found.map(it -> it.claimedSize(head)).orElse(-1L);
    if (claimed > size) {
      return "it was cut short: it has %d bytes and its file system (%s) %d"
          .formatted(size, contents, claimed);
    }
    if (found.isPresent()) {
      return null;
    }
    long end =
        PartitionTable.of(file.source()).partitions().stream()
            .mapToLong(Partition::end)
            .max()
            .orElse(0);
    return end > size
        ? "it was cut short: it has %d bytes and its last partition ends after %d"
            .formatted(size, end)
        : null;
  }

  @Override
  public ImageInfo info() {
    ImageInfo info = wholeInfo();
    String problem = cutShort();
    return problem == null ? info : info.withWarning(problem);
  }

  private ImageInfo wholeInfo() {
    BlockSource source = file.source();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("contents", contents);
    return new ImageInfo(
        "raw", "", contents, source.size(), 0, 0, 0, file.compression(), "none", fields, warnings);
  }

  @Override
  public ImageVerification verify(Task task) {
    ImageVerification read = new Reading(this, task).run(info());
    String problem = cutShort();
    if (problem == null) {
      return read;
    }
    List<BadGroup> bad = new ArrayList<>(read.bad());
    bad.add(new BadGroup(-1, size(), 1, "BodyTruncated", problem));
    task.finding(problem);
    return new ImageVerification(
        read.format(),
        read.checksum(),
        read.groups(),
        read.badGroups() + 1,
        read.readBytes(),
        bad,
        read.warnings(),
        task.elapsed());
  }

  @Override
  public long size() {
    return file.source().size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return file.source().read(position, target);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    return file.source().extents(position, length);
  }

  @Override
  public int sectorSize() {
    return file.source().sectorSize();
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = file.source().describe();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("format", "raw");
    details.put("contents", contents);
    return new SourceInfo("image", below.name(), below.location(), details);
  }

  @Override
  public void close() {
    file.close();
  }
}
