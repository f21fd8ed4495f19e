package blksh.io;

import blksh.io.OpenFile.Use;
import blksh.io.OpenFile.WhenInterrupted;
import blksh.task.CancelledException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * The channel of a file that is held open. To interrupt a thread in the middle of a call closes it
 * for all; then another is opened in its place, on the same file or not at all.
 */
final class LastingChannel {

  private final Path path;

  /** Device and inode number: what the path led to when it was opened. */
  private final Object key;

  private final Use use;
  private final WhenInterrupted whenInterrupted;

  /** The claim whose file is locked; null when it is open to others too. */
  private final FileClaim claim;

  private volatile FileChannel channel;
  private boolean closed;

  LastingChannel(
      Path path,
      Object key,
      Use use,
      WhenInterrupted whenInterrupted,
      FileClaim claim,
      FileChannel channel) {
    this.path = path;
    this.key = key;
    this.use = use;
    this.whenInterrupted = whenInterrupted;
    this.claim = claim;
    this.channel = channel;
  }

  /** What is done with the channel. */
  interface Call<T> {
    T on(FileChannel channel) throws IOException;
  }

  Path path() {
    return path;
  }

  Object key() {
    return key;
  }

  FileChannel current() {
    return channel;
  }

  /**
   * Does something with the channel, again with another when it was lost.
   *
   * @param verb what is done to the file: {@code "read "}
   * @throws CancelledException when this thread is interrupted and that is to end the call
   */
  <T> T call(String verb, Call<T> call) throws IOException {
    boolean interrupted = begin(verb);
    try {
      while (true) {
        FileChannel current = channel;
        try {
          return call.on(current);
        } catch (ClosedChannelException e) {
          interrupted |= recover(verb, current, e);
        }
      }
    } finally {
      end(interrupted);
    }
  }

  /** Whether the thread is interrupted, and is to be so again after the call. */
  private boolean begin(String verb) {
    if (whenInterrupted == WhenInterrupted.FINISH) {
      return Thread.interrupted();
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(verb + path);
    }
    return false;
  }

  private static void end(boolean interrupted) {
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Opens the file anew in place of a channel that was lost; whether this thread lost it. */
  private boolean recover(String verb, FileChannel lost, ClosedChannelException cause)
      throws IOException {
    boolean own = cause instanceof ClosedByInterruptException;
    if (own && whenInterrupted == WhenInterrupted.CANCEL) {
      throw new CancelledException(verb + path);
    }
    boolean interrupted = own && Thread.interrupted();
    try {
      replace(lost);
    } catch (IOException | RuntimeException e) {
      end(interrupted);
      throw e;
    }
    return interrupted;
  }

  private synchronized void replace(FileChannel lost) throws IOException {
    if (closed) {
      throw new ClosedChannelException();
    }
    if (channel != lost) {
      return;
    }
    // Waits for the thread that is closing it: the end of a descriptor takes along every lock the
    // process has on that file, the one that is taken below too.
    lost.close();
    FileChannel fresh = use.again().channel(path);
    String problem = null;
    if (!Objects.equals(key, FileClaim.inode(path))) {
      problem = "another file took its place while it was open";
    } else if (claim != null && !lock(fresh)) {
      problem = "another process has taken it";
    }
    if (problem != null) {
      fresh.close();
      throw new IOException(problem);
    }
    channel = fresh;
  }

  /** Locks all of a file against other processes; false when one has it locked. */
  static boolean lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /** Closes it for good, and ends the claim; once. */
  synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    if (claim != null) {
      claim.release(channel);
    } else if (use.isReading()) {
      FileClaim.closeReading(key, channel);
    } else {
      FileClaim.close(key, channel);
    }
  }
}
