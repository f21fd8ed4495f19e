package blksh.io;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;

/**
 * A file that is there to be locked, so that one after the other does something: one process, and
 * one part of it. The system drops the lock with the process that has it.
 */
public final class LockFile {

  private final Path path;
  private final FileAttribute<?>[] attributes;

  /**
   * @param attributes of the file, when it is made; without any it is its owner's alone
   */
  public LockFile(Path path, FileAttribute<?>... attributes) {
    this.path = path;
    this.attributes = attributes;
  }

  /** What is done under the lock. */
  public interface Action {
    void run() throws IOException;
  }

  /**
   * Does something while nobody else does anything under this lock; it waits for those who do. An
   * interrupt ends neither that nor the action, and stays.
   */
  public void hold(Action action) throws IOException {
    FileClaim claim = FileClaim.await(path, this);
    boolean interrupted = Thread.interrupted();
    try {
      boolean done = false;
      while (!done) {
        try (FileChannel channel = locked()) {
          if (channel != null) {
            action.run();
            done = true;
          }
        }
        interrupted |= !done;
      }
    } finally {
      claim.release();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The channel whose closing gives the lock back; null when an interrupt came. */
  private FileChannel locked() throws IOException {
    FileChannel channel = OpenFile.Use.CREATE_PLAIN.channel(path, attributes);
    boolean locked = false;
    try {
      channel.lock();
      locked = true;
      return channel;
    } catch (FileLockInterruptionException | ClosedByInterruptException e) {
      Thread.interrupted();
      return null;
    } finally {
      if (!locked) {
        channel.close();
      }
    }
  }
}
