package blksh.snapshot;

import blksh.BlkshException;
import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.LockFile;
import blksh.io.OwnerOnly;
import blksh.io.PathBytes;
import blksh.io.SystemCallException;
import blksh.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A directory with snapshots of the linked form, and what is hidden in it. cacheback's form, of
 * which it goes on with {@code .cacheback.d/blob}; what blksh adds is in {@code
 * .cacheback.d/blksh}:
 *
 * <pre>
 *   NAME/home/joe/letter         snapshots, each from the root of the system on
 *   .cacheback.d/blob/abc/def/…  contents, each under its digest
 *   .cacheback.d/blksh/lock      held by whoever changes anything
 *                     /record    what was noted of each snapshot
 *                     /scan      what was seen when files were read last; derived
 *                     /taking    what is to become a snapshot
 *                     /removed   what was one
 * </pre>
 */
final class LinkedDestination implements Closeable {

  static final String HIDDEN = ".cacheback.d";

  private static final String BOOT = "boot";
  private static final String HASH = "hash";
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final byte[] PROBE = "probe".getBytes(StandardCharsets.US_ASCII);

  private final Path root;
  private final Path own;
  private final DirectoryHandle top;
  private final DirectoryHandle ownHandle;
  private final BlobDirectory blobs;
  private final SnapshotRecord record;
  private final ContentHash hash;

  /** Whether all blobs were made, or looked at, by blksh. */
  private final boolean proven;

  /** Inodes whose contents were found wrong. */
  private volatile Set<Long> bad;

  /** Devices from which nothing can be cloned to here. */
  private final Set<Long> unclonable = ConcurrentHashMap.newKeySet();

  private LinkedDestination(Path root, ContentHash wanted) throws IOException {
    this.root = root;
    this.own = ownOf(root);
    OwnerOnly.makeDirectories(root.resolve(HIDDEN));
    OwnerOnly.makeDirectories(own);
    for (String each : List.of("taking", "removed")) {
      OwnerOnly.makeDirectories(own.resolve(each));
    }
    OwnerOnly.makeDirectories(root.resolve(HIDDEN).resolve("blob"));
    List<Closeable> opened = new ArrayList<>();
    boolean ready = false;
    try {
      opened.add(this.top = DirectoryHandle.open(root));
      opened.add(this.ownHandle = DirectoryHandle.open(own));
      opened.add(this.blobs = new BlobDirectory(root.resolve(HIDDEN).resolve("blob")));
      probe();
      opened.add(this.record = SnapshotRecord.open(own.resolve("record")));
      this.hash = hash(wanted);
      this.bad = record.bad();
      this.proven = CachebackCache.of(this).isProven();
      ready = true;
    } finally {
      if (!ready) {
        for (Closeable each : opened) {
          each.close();
        }
      }
    }
  }

  static Path ownOf(Path root) {
    return root.resolve(HIDDEN).resolve("blksh");
  }

  /**
   * Opens a destination to write to it, or makes one.
   *
   * @param wanted the hash of one that has none yet, and of no other; null for any
   */
  static LinkedDestination open(Path root, ContentHash wanted) {
    try {
      Files.createDirectories(root);
      return new LinkedDestination(root.toRealPath(), wanted);
    } catch (IOException e) {
      throw IoFailure.told("keep snapshots in " + root, e);
    }
  }

  /** Snapshots and blobs are names of the same files: what cannot have them is refused at once. */
  private void probe() throws IOException {
    TreeRemoval.remove(ownHandle, PROBE, Task.unwatched());
    TreeRemoval.remove(top, probeName(), Task.unwatched());
    TreeRemoval.remove(blobs.root(), PROBE, Task.unwatched());
    try {
      ownHandle.create(PROBE).close();
      for (DirectoryHandle each : List.of(top, blobs.root())) {
        byte[] name = each == top ? probeName() : PROBE;
        int error = each.link(name, ownHandle, PROBE);
        if (error != 0) {
          String why = IoFailure.reason(new SystemCallException(root.toString(), error));
          throw new BlkshException(
                  "keep snapshots in " + root,
                  error == SystemCallException.EXDEV
                      ? "a part of it is on another file system, so files cannot be linked"
                      : "its file system makes no hard links (%s)".formatted(why))
              .suggest("name a directory on one file system that does, or take into a store");
        }
        each.remove(name);
      }
    } finally {
      TreeRemoval.remove(ownHandle, PROBE, Task.unwatched());
    }
  }

  private static byte[] probeName() {
    return ".blksh-probe".getBytes(StandardCharsets.US_ASCII);
  }

  private ContentHash hash(ContentHash wanted) throws IOException {
    String known = record.fact(HASH);
    ContentHash found =
        known != null ? ContentHash.named(known) : BlobHash.of(blobs.root()).orElse(null);
    if (found != null && wanted != null && !found.equals(wanted)) {
      throw new BlkshException(
          "hash with %s in %s".formatted(wanted.name(), root),
          "its contents are called by " + found.name());
    }
    ContentHash hash = found != null ? found : wanted != null ? wanted : ContentHash.SHA_256;
    if (known == null) {
      record.fact(HASH, hash.name());
    }
    return hash;
  }

  Path root() {
    return root;
  }

  /** Where the snapshots are. */
  DirectoryHandle top() {
    return top;
  }

  BlobDirectory blobs() {
    return blobs;
  }

  SnapshotRecord record() {
    return record;
  }

  ContentHash hash() {
    return hash;
  }

  Path scanCache() {
    return own.resolve("scan");
  }

  /** Does something while nobody else changes anything; waits for those who do. */
  void alone(LockFile.Action action) {
    try {
      new LockFile(own.resolve("lock")).hold(action);
    } catch (IOException e) {
      throw IoFailure.told("change the snapshots in " + root, e);
    }
  }

  /** Whether a file was found to have other contents than it should. */
  boolean isBad(long inode) {
    return bad.contains(inode);
  }

  /** Notes files that were found to have other contents than they should. */
  void bad(Set<Long> inodes) {
    record.bad(inodes, false);
    bad = record.bad();
  }

  /** Whether a file may be cloned from a device, as far as is known. */
  boolean mayClone(long device) {
    return !unclonable.contains(device);
  }

  void cloned(long device, boolean done) {
    if (!done) {
      unclonable.add(device);
    }
  }

  /** Whether a blob is what its name says: one that somebody else may have made is read for it. */
  boolean isProven(byte[] digest) throws IOException {
    return proven || BlobHash.isRight(blobs.root(), digest, hash);
  }

  /** Where a snapshot grows, empty. @return the path, relative to what is hidden here */
  DirectoryHandle growing(long id) throws IOException {
    byte[] name = growingName(id);
    ownHandle.makeDirectory(name, 0700);
    return ownHandle.directory(name);
  }

  private static byte[] growingName(long id) {
    return ("taking/" + id).getBytes(StandardCharsets.US_ASCII);
  }

  /** Says that blobs are being made that are not durable yet. */
  void begin() throws IOException {
    bad = record.bad();
    record.fact(BOOT, bootId());
  }

  /** Says that all blobs are durable. */
  void end() {
    record.fact(BOOT, "");
  }

  private static String bootId() throws IOException {
    return Files.exists(BOOT_ID) ? Files.readString(BOOT_ID).strip() : "unknown";
  }

  /** Returns when all that was written here is on the medium. */
  void sync() throws IOException {
    top.syncFileSystem();
  }

  /** Gives a snapshot its name, durably. */
  void publish(long id, String name) throws IOException {
    top.move(bytes(name), ownHandle, growingName(id));
    top.sync();
  }

  /** The bytes of a snapshot's name. */
  static byte[] bytes(String name) {
    return name.getBytes(StandardCharsets.UTF_8);
  }

  /** Takes a snapshot its name, durably. What it held is removed by {@link #tidy}. */
  void withdraw(String name) throws IOException {
    byte[] removed =
        ("removed/" + System.nanoTime() + "." + Thread.currentThread().getId())
            .getBytes(StandardCharsets.US_ASCII);
    ownHandle.move(removed, top, bytes(name));
    top.sync();
  }

  /** Empties a directory hidden here. */
  private void empty(String name, Task task) throws IOException {
    try (DirectoryHandle directory = ownHandle.directory(bytes(name))) {
      List<byte[]> names = new ArrayList<>();
      directory.list(names::add);
      for (byte[] each : names) {
        TreeRemoval.remove(directory, each, task);
      }
    }
  }

  /**
   * Removes what was made of a snapshot that will not be.
   *
   * @param blobsToo whether contents go too; they would be of use to the next try
   */
  void abandon(boolean blobsToo) throws IOException {
    Task task = Task.unwatched();
    empty("taking", task);
    if (blobsToo) {
      UnusedBlobs.remove(blobs.root(), false, task);
    }
    record.rollBack();
    record.forgetRest();
  }

  /** Removes what others left, under the lock: what is not durable, what has no name any more. */
  void tidy(Task task) throws IOException {
    empty("removed", task);
    empty("taking", task);
    String boot = record.fact(BOOT);
    if (boot != null && !boot.isEmpty()) {
      if (!boot.equals(bootId())) {
        // They may be empty: the machine stopped before they were on the medium.
        UnusedBlobs.remove(blobs.root(), false, task);
      } else {
        sync();
      }
      end();
    }
    List<Long> nameless = new ArrayList<>();
    for (SnapshotRecord.Noted each : record.snapshots()) {
      if (top.statusIfAny(bytes(each.snapshot().name())) == null) {
        nameless.add(each.id());
      }
    }
    record.forget(nameless);
    record.forgetRest();
  }

  /** What a walk must not enter. */
  FileStatus status() throws IOException {
    return top.status();
  }

  byte[] rootBytes() {
    return PathBytes.of(root);
  }

  @Override
  public void close() {
    record.close();
    blobs.close();
    ownHandle.close();
    top.close();
  }
}
