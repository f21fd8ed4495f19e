package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.task.Task;
import java.util.Map;
import java.util.function.Consumer;

/** A disk as it is, on which another was laid; or a fixed one, with something behind its end. */
record RawDisk(BlockSource file, String format, long size, Map<String, Object> fields)
    implements DiskMap {

  /** Nothing is stored as one. */
  private static final int SECTOR = 512;

  static RawDisk of(BlockSource file) {
    return new RawDisk(file, "raw", file.size(), Map.of());
  }

  @Override
  public String version() {
    return format.equals("raw") ? "" : "fixed";
  }

  @Override
  public long unit() {
    return SECTOR;
  }

  @Override
  public DiskRun at(long position, long end) {
    return DiskRun.within(position, end, file, position, file.size());
  }

  @Override
  public byte[] unpack(DiskRun run) {
    throw new IllegalStateException("nothing in it is packed");
  }

  @Override
  public void check(Task task, Consumer<DiskFault> faults) {}

  @Override
  public void close() {
    file.close();
  }
}
