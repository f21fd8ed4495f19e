package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import blksh.io.ExtendedAttributes;
import blksh.io.FileStatus;
import blksh.io.NameText;
import blksh.io.SystemCallException;
import blksh.task.Task;
import blksh.tree.TreeMetadata;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Puts files into a snapshot: as one more name of a file that is the same in everything, or as a
 * new one. A new file becomes the blob of its contents, if there is none, when it is whole.
 *
 * <p>A file that changes while it is read is read again, some times. For one thread.
 */
final class LinkedFiles implements Closeable {

  private static final int TRIES = 4;
  private static final long PAUSE_NANOS = 20_000_000;

  /** More than the clock of a file system takes for a step. */
  private static final long TICK_MILLIS = 12;

  private final LinkedDestination destination;
  private final Keeping keeping;
  private final Task task;
  private final Consumer<String> lost;
  private final ContentReading reading;
  private final ByteBuffer buffer;
  private final MessageDigest digest;
  private final List<MessageDigest> digests;

  /** A moment before the file that is read was looked at. */
  private Instant began;

  LinkedFiles(LinkedDestination destination, Keeping keeping, Task task, Consumer<String> lost) {
    this.destination = destination;
    this.keeping = keeping;
    this.task = task;
    this.lost = lost;
    this.reading = new ContentReading(task);
    this.buffer = reading.buffer();
    this.digest = destination.hash().begin();
    this.digests = List.of(digest);
  }

  /**
   * A file that was put there.
   *
   * @param status it had when it was read
   * @param torn whether it changed while it was read, each time
   * @param lost whether it did not get all of its metadata
   * @param written bytes of contents that were written for it
   */
  record Put(
      FileStatus status,
      ExtendedAttributes attributes,
      byte[] digest,
      boolean torn,
      boolean lost,
      long written) {}

  /**
   * Where a file comes from, and where it goes.
   *
   * @param previous the same directory in the snapshot before; null when there is none
   * @param path for messages
   */
  record Way(
      DirectoryHandle from,
      byte[] name,
      DirectoryHandle to,
      DirectoryHandle previous,
      byte[] path) {}

  /**
   * Links a file that has not changed since its digest was taken.
   *
   * @return whether that could be done; if not, it has to be read
   */
  boolean linkUnchanged(Way way, FileStatus status, byte[] known) throws IOException {
    if (isPrevious(way, status) && way.to.link(way.name, way.previous, way.name) == 0) {
      return true;
    }
    FileStatus blob = destination.blobs().status(known);
    return blob != null
        && isLinkable(blob, status)
        && linkBlob(way.to, way.name, known, UnreadSource.call(() -> way.from.attributes(way.name)))
            == 0;
  }

  private boolean isPrevious(Way way, FileStatus status) throws IOException {
    FileStatus there = way.previous == null ? null : way.previous.statusIfAny(way.name);
    return there != null && isLinkable(there, status);
  }

  private boolean isLinkable(FileStatus there, FileStatus status) {
    return keeping.fits(there, status) && !destination.isBad(there.inode());
  }

  /**
   * @return 0, or an error number: as if there were none when it is another's in anything
   */
  private int linkBlob(DirectoryHandle to, byte[] name, byte[] known, ExtendedAttributes attributes)
      throws IOException {
    DirectoryHandle blobs = destination.blobs().root();
    if (!blobs.attributes(BlobDirectory.path(known)).equals(attributes)
        || !destination.isProven(known)) {
      return SystemCallException.ENOENT;
    }
    return destination.blobs().link(known, to, name);
  }

  /**
   * Reads a file and puts it there.
   *
   * @param last digest of what the previous snapshot has there; null when not known
   * @throws SystemCallException when it is gone or cannot be read
   */
  Put put(Way way, byte[] last) throws IOException {
    for (int attempt = 1; ; attempt++) {
      task.checkCancelled();
      began = Instant.now();
      try (EntryFile file = UnreadSource.call(() -> way.from.open(way.name))) {
        FileStatus before = UnreadSource.call(file::status);
        if (!before.isRegular()) {
          throw new UnreadSource(new IOException("it is " + before.type().words() + " now"));
        }
        ExtendedAttributes attributes = UnreadSource.call(file::attributes);
        Put put =
            before.size() <= ContentReading.BUFFER
                ? putSmall(way, file, before, attributes, last, attempt == TRIES)
                : putLarge(way, file, before, attributes, last, attempt == TRIES);
        if (put != null) {
          return put;
        }
      }
      LockSupport.parkNanos(attempt * PAUSE_NANOS);
    }
  }

  /**
   * @return null when it changed meanwhile and may be tried again
   */
  private Put putSmall(
      Way way,
      EntryFile file,
      FileStatus before,
      ExtendedAttributes attributes,
      byte[] last,
      boolean anyway)
      throws IOException {
    buffer.clear().limit((int) before.size() + 1);
    int length = UnreadSource.call(() -> file.read(0, buffer));
    boolean torn = length != before.size() || !isSettled(file, before);
    if (torn && !anyway) {
      return null;
    }
    length = (int) Math.min(length, before.size());
    buffer.position(0).limit(length);
    reading.feed(buffer, digests);
    byte[] known = digest.digest();
    task.advance(length);
    FileStatus status = length == before.size() ? before : shortened(before, length);
    long written = 0;
    boolean lacks = false;
    int error = linkKnown(way, way.to, way.name, status, attributes, known, last);
    if (error != 0) {
      try (EntryFile made = way.to.create(way.name)) {
        if (isSparse(before)) {
          reading.read(file, length, List.of(), made);
          made.truncate(length);
        } else {
          made.write(0, buffer.position(0).limit(length));
        }
        lacks = give(way, made, status, attributes);
      }
      publish(way, known, error, status);
      written = length;
    }
    return new Put(status, attributes, known, torn, lacks, written);
  }

  private Put putLarge(
      Way way,
      EntryFile file,
      FileStatus before,
      ExtendedAttributes attributes,
      byte[] last,
      boolean anyway)
      throws IOException {
    boolean kept = false;
    try (EntryFile made = way.to.create(way.name)) {
      boolean cloned = destination.mayClone(before.device()) && made.cloneFrom(file);
      destination.cloned(before.device(), cloned);
      long length = cloned ? made.status().size() : before.size();
      if (cloned) {
        reading.read(made, length, digests, null);
      } else {
        length = reading.read(file, length, digests, made);
        made.truncate(length);
      }
      byte[] known = digest.digest();
      boolean torn = length != before.size() || !isSettled(file, before);
      if (torn && !anyway) {
        return null;
      }
      FileStatus status = length == before.size() ? before : shortened(before, length);
      int error = linkInPlace(way, status, attributes, known, last);
      boolean lacks = error != 0 && give(way, made, status, attributes);
      if (error != 0) {
        publish(way, known, error, status);
      }
      kept = true;
      return new Put(status, attributes, known, torn, lacks, error == 0 ? 0 : length);
    } finally {
      if (!kept) {
        digest.reset();
        removeIfThere(way);
      }
    }
  }

  private static void removeIfThere(Way way) throws IOException {
    try {
      way.to.remove(way.name);
    } catch (SystemCallException e) {
      if (!e.isGone()) {
        throw e;
      }
    }
  }

  private static FileStatus shortened(FileStatus it, long size) {
    return new FileStatus(
        it.type(),
        it.mode(),
        it.uid(),
        it.gid(),
        size,
        it.blocks(),
        it.mtimeSeconds(),
        it.mtimeNanos(),
        it.ctimeSeconds(),
        it.ctimeNanos(),
        it.device(),
        it.inode(),
        it.links(),
        it.special(),
        it.mountRoot());
  }

  /**
   * Whether a file is what it was before it was read. One that changed just before could have
   * changed once more within the same tick of the clock, and is read again when that is over.
   */
  private boolean isSettled(EntryFile file, FileStatus before) throws IOException {
    FileStatus after = UnreadSource.call(file::status);
    boolean coarse = before.ctimeNanos() == 0 && before.mtimeNanos() == 0;
    long age =
        (began.getEpochSecond() - before.ctimeSeconds()) * 1000
            + (began.getNano() - before.ctimeNanos()) / 1_000_000;
    return after.isUnchanged(before) && (coarse || age < 0 || age > TICK_MILLIS);
  }

  private static boolean isSparse(FileStatus status) {
    return status.blocks() * 512 < status.size();
  }

  /** As {@link #linkKnown}, in the place of what was written. */
  private int linkInPlace(
      Way way, FileStatus status, ExtendedAttributes attributes, byte[] known, byte[] last)
      throws IOException {
    byte[] beside = BlobDirectory.beside(known);
    DirectoryHandle blobs = destination.blobs().root();
    int error = linkKnown(way, blobs, beside, status, attributes, known, last);
    if (error == 0) {
      way.to.move(way.name, blobs, beside);
    }
    return error;
  }

  /**
   * @return 0 when it was linked, else an error number
   */
  private int linkKnown(
      Way way,
      DirectoryHandle to,
      byte[] name,
      FileStatus status,
      ExtendedAttributes attributes,
      byte[] known,
      byte[] last)
      throws IOException {
    if (Arrays.equals(known, last)
        && isPrevious(way, status)
        && way.previous.attributes(way.name).equals(attributes)
        && to.link(name, way.previous, way.name) == 0) {
      return 0;
    }
    FileStatus blob = destination.blobs().status(known);
    return blob == null || !isLinkable(blob, status)
        ? SystemCallException.ENOENT
        : linkBlob(to, name, known, attributes);
  }

  /**
   * @return whether it did not get all of it
   */
  private boolean give(Way way, EntryFile made, FileStatus status, ExtendedAttributes attributes)
      throws IOException {
    TreeMetadata metadata = keeping.of(status, attributes);
    List<String> clauses = metadata.giveTo(made);
    for (String each : clauses) {
      lost.accept("/" + NameText.of(way.path) + ": " + each);
    }
    return !clauses.isEmpty();
  }

  /** A blob that is full, or not what its name says, gives way. */
  private void publish(Way way, byte[] known, int error, FileStatus status) throws IOException {
    BlobDirectory blobs = destination.blobs();
    FileStatus blob = blobs.status(known);
    boolean unfit =
        blob != null && (blob.size() != status.size() || destination.isBad(blob.inode()));
    if (error == SystemCallException.EMLINK
        || unfit
        || blob != null && !destination.isProven(known)) {
      blobs.replace(known, way.to, way.name);
    } else {
      blobs.publish(known, way.to, way.name);
    }
  }

  @Override
  public void close() {
    reading.close();
  }
}
