package blksh.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** Whole writes, and why they fail. */
final class Bytes {

  private Bytes() {}

  static void writeAt(FileChannel channel, long position, byte[] from, int offset, int length)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(from, offset, length);
    while (buffer.hasRemaining()) {
      channel.write(buffer, position + buffer.position() - offset);
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
