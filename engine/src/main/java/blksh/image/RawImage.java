package blksh.image;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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

  @Override
  public ImageInfo info() {
    BlockSource source = file.source();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("contents", contents);
    return new ImageInfo(
        "raw", "", contents, source.size(), 0, 0, 0, file.compression(), "none", fields, warnings);
  }

  @Override
  public ImageVerification verify(Task task) {
    return new Reading(this, task).run(info());
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
