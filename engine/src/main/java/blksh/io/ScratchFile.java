package blksh.io;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What is written once from its beginning to its end, and then read: a file without a name, where
 * temporary files are. Whatever becomes of this process, nothing stays behind. Written by one
 * thread; read by any number of them once it was {@link #finish}ed.
 */
public final class ScratchFile implements Closeable {

  private static final Path FOLDER = Path.of(System.getProperty("java.io.tmpdir"));
  private static final int BUFFER = 256 << 10;

  private final OpenFile file;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
  private long written;

  /**
   * Makes an empty one.
   *
   * @throws BlkshException when none can be made there
   */
  public ScratchFile() {
    try {
      Path path = Files.createTempFile(FOLDER, "blksh", ".scratch");
      try {
        file = OpenFile.open(path, OpenFile.Use.WRITE_PLAIN, OpenFile.WhenInterrupted.FINISH);
      } finally {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private static BlkshException failure(IOException e) {
    return new BlkshException(
            "keep what does not fit into memory in " + FOLDER, IoFailure.reason(e), e)
        .suggest("free some space there, or name another directory with TMPDIR");
  }

  /** Bytes so far. */
  public long size() {
    return written + buffer.position();
  }

  /**
   * Appends bytes.
   *
   * @throws BlkshException when there is no space for them
   */
  public void append(byte[] bytes, int from, int length) {
    int at = from;
    int left = length;
    while (left > 0) {
      if (!buffer.hasRemaining()) {
        flush();
      }
      int some = Math.min(left, buffer.remaining());
      buffer.put(bytes, at, some);
      at += some;
      left -= some;
    }
  }

  private void flush() {
    buffer.flip();
    int length = buffer.remaining();
    try {
      file.write(written, buffer);
    } catch (IOException e) {
      throw failure(e);
    }
    written += length;
    buffer.clear();
  }

  /** Ends the writing. */
  public void finish() {
    if (buffer.position() > 0) {
      flush();
    }
  }

  /**
   * Fills a buffer.
   *
   * @param position byte; there are as many after it as the buffer has room for
   */
  public void read(long position, ByteBuffer to) {
    try {
      file.readFully(position, to);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /**
   * Reads what was appended, also before the end of the writing; for the thread that writes.
   *
   * @param position byte; there are {@code length} after it
   */
  public byte[] readBack(long position, int length) {
    byte[] bytes = new byte[length];
    int stored = (int) Math.max(0, Math.min(length, written - position));
    if (stored > 0) {
      read(position, ByteBuffer.wrap(bytes, 0, stored));
    }
    if (stored < length) {
      buffer.get((int) (position + stored - written), bytes, stored, length - stored);
    }
    return bytes;
  }

  @Override
  public void close() {
    file.close();
  }
}
