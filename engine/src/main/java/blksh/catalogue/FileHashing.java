package blksh.catalogue;

import blksh.io.DirectBuffer;
import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;

/** Reads files to their digests, again when one changed meanwhile. For one thread. */
final class FileHashing implements Closeable {

  /** How often a file that changes is read at most. */
  static final int TRIES = 3;

  private static final int BUFFER = 1 << 18;

  private final Task task;

  /** How many files are read now, by all who do; when every core has one, none is shared out. */
  private final AtomicInteger reading;

  private final DirectBuffer memory = DirectBuffer.borrow(BUFFER);
  private final byte[] heap = new byte[BUFFER];
  private final ContentDigests.Reading digests = new ContentDigests.Reading();

  /**
   * @param reading shared by all threads that read files of a scan; 0 at first
   */
  FileHashing(Task task, AtomicInteger reading) {
    this.task = task;
    this.reading = reading;
  }

  /**
   * What a file was when it was read.
   *
   * @param looked a moment before it was
   * @param torn whether it changed each time while it was read
   * @param length bytes the digests are of
   * @param bytes that were read, all times together
   */
  record Hashed(
      ContentDigests digests,
      FileStatus status,
      Instant looked,
      boolean torn,
      long length,
      long bytes) {}

  Hashed read(EntryFile file) throws IOException {
    reading.incrementAndGet();
    try {
      return tried(file);
    } finally {
      reading.decrementAndGet();
    }
  }

  private Hashed tried(EntryFile file) throws IOException {
    long bytes = 0;
    for (int i = 1; ; i++) {
      Instant looked = Instant.now();
      FileStatus before = file.status();
      digests.reset();
      long length = all(file);
      bytes += length;
      FileStatus after = file.status();
      boolean same = length == before.size() && after.isUnchanged(before);
      if (same || i == TRIES) {
        return new Hashed(digests.digests(), after, looked, !same, length, bytes);
      }
    }
  }

  private long all(EntryFile file) throws IOException {
    ByteBuffer buffer = memory.bytes();
    long at = 0;
    while (true) {
      task.checkCancelled();
      buffer.clear();
      int length = file.read(at, buffer);
      buffer.get(0, heap, 0, length);
      digests.update(heap, length, reading.get() < Workers.count());
      at += length;
      task.advance(length);
      if (length < BUFFER) {
        return at;
      }
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
