package blksh.store.diskdump;

import blksh.compress.Lz4Frame;
import blksh.io.IoFailure;
import blksh.io.NoPlainFileException;
import blksh.io.OpenFile;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Semaphore;

/**
 * A block as it is in its file: an LZ4 frame. It is not believed unless it has its digest.
 *
 * @param bytes null when they cannot be had
 * @param problem why not; null when they can
 */
record BlockFile(byte[] bytes, String problem) {

  /** Kibibytes of frames and blocks that are in memory at once, of all that are read. */
  private static final int MOST_KIB = 40 << 10;

  private static final Semaphore MEMORY = new Semaphore(MOST_KIB);

  /**
   * Reads a block. What is lost is said in the result: a file that is missing, is none, cannot be
   * read by its medium, or holds something else.
   *
   * @param most bytes it may have
   * @throws IOException when it cannot be told, as where there are too many files open, or the
   *     place is not reachable now
   */
  static BlockFile read(Path path, String hex, int most) throws IOException {
    try (OpenFile file = OpenFile.open(path, OpenFile.Use.READ, OpenFile.WhenInterrupted.FINISH)) {
      if (file.size() > Lz4Frame.longest(most)) {
        return lost("its file has %d bytes, more than it can take".formatted(file.size()));
      }
      int length = (int) file.size();
      long says = Lz4Frame.content(file.readFully(0, Math.min(Lz4Frame.HEAD, length)));
      int room = says >= 0 ? (int) Math.min(says, most) : most;
      int taken = Math.min(MOST_KIB, 1 + ((length + room) >> 10));
      MEMORY.acquireUninterruptibly(taken);
      try {
        return decoded(file.readFully(0, length), room, hex);
      } finally {
        MEMORY.release(taken);
      }
    } catch (NoPlainFileException | EOFException e) {
      return lost(IoFailure.reason(e));
    } catch (IOException e) {
      IoFailure failure = IoFailure.of(e);
      if (failure == IoFailure.NO_SUCH_FILE) {
        return lost("its file is missing");
      }
      if (failure == IoFailure.UNREADABLE) {
        return lost(IoFailure.reason(e));
      }
      throw e;
    }
  }

  /** Whether a file of this very name is known to be the frame of these bytes. */
  static boolean holds(Path path, byte[] content, int from, int length) {
    try (OpenFile file =
        OpenFile.open(path, OpenFile.Use.READ_PLAIN, OpenFile.WhenInterrupted.FINISH)) {
      if (file.size() > Lz4Frame.longest(length)) {
        return false;
      }
      int size = (int) file.size();
      int taken = Math.min(MOST_KIB, 1 + ((size + length) >> 10));
      MEMORY.acquireUninterruptibly(taken);
      try {
        byte[] bytes = new byte[length];
        int count = Lz4Frame.decode(file.readFully(0, size), size, bytes);
        return Arrays.equals(bytes, 0, count, content, from, from + length);
      } finally {
        MEMORY.release(taken);
      }
    } catch (IOException e) {
      return false;
    }
  }

  private static BlockFile decoded(byte[] frame, int room, String hex) {
    byte[] bytes = new byte[room];
    int length;
    try {
      length = Lz4Frame.decode(frame, frame.length, bytes);
    } catch (IOException e) {
      return lost(e.getMessage());
    }
    if (!Digests.isOf(bytes, length, hex)) {
      return lost("it has not the SHA-256 that is its name");
    }
    return new BlockFile(length == room ? bytes : Arrays.copyOf(bytes, length), null);
  }

  private static BlockFile lost(String problem) {
    return new BlockFile(null, problem);
  }

  /** Whether it can be had. */
  boolean isSound() {
    return problem == null;
  }
}
