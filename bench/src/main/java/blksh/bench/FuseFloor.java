package blksh.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentLinkedQueue;
import jnr.ffi.Pointer;
import ru.serce.jnrfuse.ErrorCodes;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.FuseStubFS;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/**
 * The floor mounts are measured against: jnr-fuse as its examples use it, handing through one raw
 * file with pooled buffers. Arguments: file, directory, "direct" or "cached".
 */
public final class FuseFloor extends FuseStubFS {

  private static final int LARGEST_REQUEST = 128 << 10;
  private static final int BITS = 20;

  private final FileChannel file;
  private final long size;
  private final byte bits;
  private final ConcurrentLinkedQueue<byte[]> buffers = new ConcurrentLinkedQueue<>();

  private FuseFloor(FileChannel file, boolean direct) throws IOException {
    this.file = file;
    this.size = file.size();
    this.bits = (byte) (direct ? 1 : 2);
  }

  public static void main(String[] arguments) throws IOException {
    FileChannel file = FileChannel.open(Path.of(arguments[0]));
    new FuseFloor(file, arguments[2].equals("direct"))
        .mount(
            Path.of(arguments[1]),
            true,
            false,
            new String[] {"-o", "ro,max_read=" + LARGEST_REQUEST});
  }

  @Override
  public int getattr(String path, FileStat stat) {
    if (path.equals("/")) {
      stat.st_mode.set(FileStat.S_IFDIR | 0755);
      return 0;
    }
    stat.st_mode.set(FileStat.S_IFREG | 0444);
    stat.st_size.set(size);
    return 0;
  }

  @Override
  public int readdir(
      String path, Pointer buffer, FuseFillDir filler, long offset, FuseFileInfo info) {
    filler.apply(buffer, "disk.img", null, 0);
    return 0;
  }

  @Override
  public int open(String path, FuseFileInfo info) {
    jnr.ffi.Struct.getMemory(info).putByte(BITS, bits);
    return 0;
  }

  @Override
  public int read(String path, Pointer buffer, long length, long offset, FuseFileInfo info) {
    byte[] bytes = buffers.poll();
    if (bytes == null) {
      bytes = new byte[LARGEST_REQUEST];
    }
    try {
      int count = Math.max(0, file.read(ByteBuffer.wrap(bytes, 0, (int) length), offset));
      buffer.put(0, bytes, 0, count);
      return count;
    } catch (IOException e) {
      return -ErrorCodes.EIO();
    } finally {
      buffers.add(bytes);
    }
  }
}
