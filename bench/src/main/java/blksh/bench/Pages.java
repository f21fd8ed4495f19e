package blksh.bench;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;

/** Contents the benchmarks work on: real ones, from the running JDK's own image of its classes. */
final class Pages {
  /** Bytes in a page. */
  static final int PAGE = 4096;

  /** Bytes in a full frame, 32 pages. */
  static final int FRAME = 32 * PAGE;

  private static final long FIRST = 16L << 20;

  private Pages() {}

  /**
   * That many frames from the middle of {@code lib/modules}; LZ4 makes them about half the size.
   */
  static byte[][] frames(int count) {
    Path modules = Path.of(System.getProperty("java.home"), "lib", "modules");
    byte[][] frames = new byte[count][FRAME];
    try (RandomAccessFile file = new RandomAccessFile(modules.toFile(), "r")) {
      file.seek(FIRST);
      for (byte[] frame : frames) {
        file.readFully(frame);
      }
    } catch (IOException e) {
      throw new IllegalStateException("the benchmarks read " + modules, e);
    }
    return frames;
  }
}
