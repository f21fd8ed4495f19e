package blksh.catalogue;

import java.io.IOException;
import java.io.OutputStream;

/** Counts what is written, and hands it on if it is told where to. */
final class CountedOutput extends OutputStream {

  private final OutputStream to;
  private long count;

  /**
   * @param to null for nowhere
   */
  CountedOutput(OutputStream to) {
    this.to = to;
  }

  long count() {
    return count;
  }

  @Override
  public void write(int value) throws IOException {
    count++;
    if (to != null) {
      to.write(value);
    }
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    count += length;
    if (to != null) {
      to.write(bytes, from, length);
    }
  }

  @Override
  public void flush() throws IOException {
    if (to != null) {
      to.flush();
    }
  }

  @Override
  public void close() throws IOException {
    if (to != null) {
      to.close();
    }
  }
}
