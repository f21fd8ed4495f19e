package blksh.cache;

import blksh.BlkshException;
import blksh.io.BlockDevice;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import blksh.io.WriteClaim;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The bytes of a cache: a sparse file as large as the source, or a drive no smaller, which nobody
 * else uses. An interrupt cancels the call of the thread it meets.
 */
final class DataFile implements Closeable {

  private final Path path;
  private final OpenFile file;

  private final WriteClaim claim;
  private final boolean drive;

  private DataFile(Path path, OpenFile file, WriteClaim claim) {
    this.path = path;
    this.file = file;
    this.claim = claim;
    this.drive = BlockDevice.isAt(path);
  }

  /**
   * Opens or makes the file, or opens a drive.
   *
   * @param size bytes of the source
   * @throws BlkshException when somebody else has it, or as {@link WriteClaim#take}
   */
  static DataFile open(Path path, long size) {
    String action = "open cache " + path;
    WriteClaim claim = WriteClaim.take(path, size, action);
    boolean opened = false;
    try {
      OpenFile file = OpenFile.claim(path, OpenFile.Use.CREATE, OpenFile.WhenInterrupted.CANCEL);
      if (file == null) {
        throw new BlkshException(action, "another process or session uses it")
            .suggest("close it there first");
      }
      DataFile data = new DataFile(path, file, claim);
      opened = true;
      return data;
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    } finally {
      if (!opened) {
        claim.close();
      }
    }
  }

  Path path() {
    return path;
  }

  /** Whether it may be larger than the source, and does not grow. */
  boolean isDrive() {
    return drive;
  }

  long size() {
    try {
      return file.length();
    } catch (IOException e) {
      throw IoFailure.told("open cache " + path, e);
    }
  }

  /** Makes the file as large as the source; what is added is a hole. */
  void grow(long size) {
    try {
      file.extend(size);
    } catch (IOException e) {
      throw IoFailure.told("make cache " + path, e);
    }
  }

  /** Fills the target with bytes that were written before. */
  void read(long position, ByteBuffer target) {
    int before = target.position();
    try {
      file.readFully(position, target);
    } catch (EOFException e) {
      throw new BlkshException("read cache " + path, "it was cut short behind our back", e)
          .at(position + target.position() - before);
    } catch (IOException e) {
      throw IoFailure.told("read cache " + path, e).at(position + target.position() - before);
    }
  }

  /** Writes all of the source. */
  void write(long position, ByteBuffer source) throws IOException {
    file.write(position, source);
  }

  /** Returns when everything written before is durable. */
  void force() throws IOException {
    file.force(false);
  }

  /** Counts what was written before a {@link #force} that failed as lost, and goes on. */
  void writeOff() {
    file.writeOff();
  }

  @Override
  public void close() {
    try {
      file.close();
    } finally {
      claim.close();
    }
  }
}
