package blksh.image;

import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.filesystem.FileSystem;
import blksh.image.disk.VirtualDisk;
import blksh.io.UnreadableException;
import blksh.partition.PartitionTable;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The disk of a virtual machine: qcow2, VMDK, VDI, VHD or VHDX, with all it was laid on. */
public final class DiskImage implements Image {

  private final ImageFile file;
  private final VirtualDisk disk;

  DiskImage(ImageFile file, VirtualDisk disk) {
    this.file = file;
    this.disk = disk;
  }

  @Override
  public ImageInfo info() {
    return new ImageInfo(
        disk.format(),
        disk.version(),
        contents(),
        size(),
        0,
        0,
        0,
        file.compression(),
        "none",
        disk.fields(),
        disk.warnings());
  }

  /** The file system or the table on the disk, or empty; also where its beginning is damaged. */
  private String contents() {
    try {
      Optional<String> found = Contents.of(disk);
      if (found.isPresent() || size() < FileSystem.HEAD) {
        return found.orElse("");
      }
      PartitionTable table = PartitionTable.of(disk);
      return table.kind() == PartitionTable.Kind.NONE ? "" : table.kind() + " partition table";
    } catch (UnreadableException e) {
      return "";
    }
  }

  @Override
  public ImageVerification verify(Task task) {
    return new DiskReading(disk, task).run(info());
  }

  @Override
  public long size() {
    return disk.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return disk.read(position, target);
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    return disk.extents(position, length);
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = file.source().describe();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("format", disk.format());
    details.put("version", disk.version());
    return new SourceInfo("image", below.name(), below.location(), details);
  }

  @Override
  public void close() {
    disk.close();
  }
}
