package blksh.io;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** What grows beyond memory and is not kept: files without a name, where temporary files are. */
public final class Scratch {

  private static final Path FOLDER = Path.of(System.getProperty("java.io.tmpdir"));

  private Scratch() {}

  /**
   * Room to write into and to read from, of zeros at first, for as long as anybody refers to it.
   *
   * @throws BlkshException when there is none
   */
  public static ByteBuffer room(int bytes) {
    try {
      Path path = Files.createTempFile(FOLDER, "blksh", ".scratch");
      try (OpenFile file =
          OpenFile.open(path, OpenFile.Use.WRITE_PLAIN, OpenFile.WhenInterrupted.FINISH)) {
        // Written and not only mapped: a disk that is full says so here, and kills nobody later.
        byte[] zeros = new byte[1 << 16];
        for (int at = 0; at < bytes; at += zeros.length) {
          file.write(at, zeros, 0, Math.min(zeros.length, bytes - at));
        }
        return file.map(FileChannel.MapMode.READ_WRITE, 0, bytes);
      } finally {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new BlkshException(
              "keep what does not fit into memory in " + FOLDER, IoFailure.reason(e), e)
          .suggest("free some space there, or name another directory with TMPDIR");
    }
  }

  /**
   * Puts bytes away, to be read from any thread for as long as anybody refers to them. The file has
   * lost its name by then: whatever becomes of this process, nothing stays behind.
   *
   * @throws BlkshException when there is no space for them
   */
  public static ByteBuffer keep(ByteBuffer bytes) {
    try {
      Path path = Files.createTempFile(FOLDER, "blksh", ".scratch");
      try (OpenFile file =
          OpenFile.open(path, OpenFile.Use.WRITE_PLAIN, OpenFile.WhenInterrupted.FINISH)) {
        int length = bytes.remaining();
        // Written and not mapped yet: a disk that is full says so here.
        file.write(0, bytes);
        return file.map(FileChannel.MapMode.READ_ONLY, 0, length);
      } finally {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new BlkshException(
              "keep what does not fit into memory in " + FOLDER, IoFailure.reason(e), e)
          .suggest("free some space there, or name another directory with TMPDIR");
    }
  }
}
