package blksh.block;

import blksh.BlkshException;
import blksh.io.BlockDevice;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A block device: a disk, a partition, a loop device, a logical volume. It has no extents but data.
 */
public final class DeviceSource implements BlockSource {

  private final OpenFile file;
  private final BlockDevice device;

  private DeviceSource(OpenFile file, BlockDevice device) {
    this.file = file;
    this.device = device;
  }

  /**
   * @param path the device or a link to it, as under {@code /dev/disk/by-id}
   * @throws BlkshException when it is no block device, has no medium, or cannot be opened
   */
  public static DeviceSource open(Path path) {
    if (Files.exists(path) && !BlockDevice.isAt(path)) {
      throw BlockSources.refusal(path, "it is no block device");
    }
    OpenFile file = OpenFile.open(path);
    try {
      if (file.size() == 0) {
        throw new BlkshException("open " + path, "the device has no medium (its size is 0)");
      }
      return new DeviceSource(file, BlockDevice.at(path));
    } catch (IOException e) {
      file.close();
      throw IoFailure.told("open " + path, e);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    return file.read(position, target);
  }

  @Override
  public int sectorSize() {
    return device.sectorSize();
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("block device", device.name(), file.path().toString(), device.details());
  }

  @Override
  public void close() {
    file.close();
  }
}
