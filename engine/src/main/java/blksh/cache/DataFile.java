package blksh.cache;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The bytes of a cache: a sparse file as large as the source, which nobody else uses. An interrupt
 * cancels the call of the thread it meets.
 */
final class DataFile implements Closeable {

  private final Path path;
  private final OpenFile file;

  private DataFile(Path path, OpenFile file) {
    this.path = path;
    this.file = file;
  }

  /** Opens or makes the file. */
  static DataFile open(Path path) {
    String action = "open cache " + path;
    try {
      OpenFile file = OpenFile.claim(path, OpenFile.Use.CREATE, OpenFile.WhenInterrupted.CANCEL);
      if (file == null) {
        throw new BlkshException(action, "another process or session uses it")
            .suggest("close it there first");
      }
      return new DataFile(path, file);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  Path path() {
    return path;
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
    file.close();
  }
}
