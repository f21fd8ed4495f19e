package blksh.store.shelf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** Whole writes, and why they fail. */
public final class Bytes {

  private Bytes() {}

  public static void writeAt(
      FileChannel channel, long position, byte[] from, int offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(from, offset, length);
    while (buffer.hasRemaining()) {
      channel.write(buffer, position + buffer.position() - offset);
    }
  }

  /** Why an input or output failed, in the words the system has for it. */
  public static String reason(IOException e) {
    String message = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    return message == null ? e.getClass().getSimpleName() : message;
  }
}
