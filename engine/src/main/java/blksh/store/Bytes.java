package blksh.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Whole writes, and what makes them last. */
final class Bytes {

  private Bytes() {}

  static void writeAt(FileChannel channel, long position, byte[] from, int offset, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(from, offset, length);
    while (buffer.hasRemaining()) {
      channel.write(buffer, position + buffer.position() - offset);
    }
  }

  /** Makes the entries of a directory durable: what was renamed or removed in it stays so. */
  static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Why an input or output failed, in the words the system has for it. */
  static String reason(IOException e) {
    String message =
        e instanceof java.nio.file.FileSystemException f ? f.getReason() : e.getMessage();
    if (e instanceof java.nio.file.NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof java.nio.file.AccessDeniedException) {
      return "permission denied";
    }
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
