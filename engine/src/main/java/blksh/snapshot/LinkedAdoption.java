package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.task.Task;
import blksh.tree.TreeEntry;
import blksh.tree.TreePart;
import blksh.tree.TreeScan;
import blksh.tree.Unread;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Notes snapshots that cacheback took as if blksh had. Every blob is read: cacheback copied
 * straight to the final name, and hashed and copied in two reads, so a blob may be short, or
 * another's. What is wrong loses its name among the blobs, so that nothing is linked to it any
 * more.
 *
 * <p>A file of a snapshot is stale when the original still has the time, to the second, and the
 * size it had, but other contents: cacheback looked at no more than that.
 */
final class LinkedAdoption {

  private static final byte[] NONE = {};

  private final LinkedDestination destination;
  private final Task task;
  private final Problems faults;
  private final ContentReading reading;
  private final RememberedDigests digests;
  private final Set<Long> bad = new TreeSet<>();
  private long blobs;
  private long bytes;

  LinkedAdoption(LinkedDestination destination, Task task) {
    this.destination = destination;
    this.task = task;
    this.faults = new Problems(task);
    this.reading = new ContentReading(task);
    this.digests = new RememberedDigests(destination.record());
  }

  /** Adopts those, under the lock of the destination. */
  AdoptedSnapshots adopt(List<Snapshot> snapshots) throws IOException {
    try (digests;
        reading;
        DirectoryHandle system = DirectoryHandle.open(Path.of("/"))) {
      task.phase("reading blobs");
      readBlobs();
      destination.bad(bad);
      for (Snapshot each : snapshots) {
        task.phase("adopting " + each.name());
        adopt(each, system);
      }
      CachebackCache.of(destination).proven();
      return new AdoptedSnapshots(
          snapshots.size(), blobs, bytes, faults.sentences(), faults.count());
    }
  }

  private void readBlobs() throws IOException {
    DirectoryHandle root = destination.blobs().root();
    for (byte[] first : names(root, NONE)) {
      if (root.status(first).isDirectory()) {
        for (byte[] second : names(root, first)) {
          byte[] inner = TreeEntry.path(first, second);
          if (root.status(inner).isDirectory()) {
            for (byte[] third : names(root, inner)) {
              task.checkCancelled();
              readBlob(root, TreeEntry.path(inner, third));
            }
          }
        }
      }
    }
  }

  private static List<byte[]> names(DirectoryHandle root, byte[] path) throws IOException {
    List<byte[]> names = new ArrayList<>();
    try (DirectoryHandle directory = root.directory(path)) {
      directory.list(names::add);
    }
    return names;
  }

  private void readBlob(DirectoryHandle root, byte[] path) throws IOException {
    byte[] digest = BlobDirectory.digest(NameText.of(path));
    FileStatus status = root.status(path);
    if (digest == null || !status.isRegular()) {
      faults.add("blob " + NameText.of(path) + ": its name is no digest");
      return;
    }
    String hex = HexFormat.of().formatHex(digest);
    blobs++;
    bytes += status.size();
    List<MessageDigest> fed = ContentHash.begin(hex.length());
    MessageDigest own = destination.hash().begin();
    List<MessageDigest> all = new ArrayList<>(fed);
    all.add(own);
    String fault = null;
    try (EntryFile file = root.open(path)) {
      reading.read(file, status.size(), all, null);
      if (ContentHash.thatGave(hex, fed).isEmpty()) {
        fault = "its contents (%d bytes) are not what its name says".formatted(status.size());
      }
      digests.put(status.inode(), own.digest());
    } catch (IOException e) {
      fault = "it cannot be read: " + IoFailure.reason(e);
    }
    if (fault != null) {
      bad.add(status.inode());
      faults.add("blob " + hex + ": " + fault);
      root.remove(path);
    }
  }

  private void adopt(Snapshot snapshot, DirectoryHandle system) throws IOException {
    SnapshotRecord record = destination.record();
    long id = record.begin(snapshot.taken(), "", List.of(), List.of(), true);
    long[] counts = new long[2];
    TreeScan.of(destination.root().resolve(snapshot.name()), WalkOptions.ALL)
        .run(
            task,
            part -> {
              List<RecordEntry> noted = new ArrayList<>();
              for (Unread each : part.unread()) {
                fault(snapshot, TreeEntry.path(part.path(), each.name()), each.failure());
              }
              for (TreeEntry each : part.entries()) {
                noted.add(noted(snapshot, part, each, system));
                counts[0]++;
                counts[1] += each.status().isRegular() ? each.status().size() : 0;
              }
              record.add(id, part.path(), part.number(), RecordEntry.packed(noted));
            });
    record.whole(id, snapshot.name(), counts[0], counts[1], 0);
  }

  private void fault(Snapshot snapshot, byte[] path, IOException e) {
    faults.add("%s: /%s: %s".formatted(snapshot.name(), NameText.of(path), IoFailure.reason(e)));
  }

  private RecordEntry noted(
      Snapshot snapshot, TreePart part, TreeEntry entry, DirectoryHandle system)
      throws IOException {
    byte[] path = entry.path(part.path());
    FileStatus status = entry.status();
    byte[] digest = NONE;
    byte[] attributes = NONE;
    int flags = 0;
    try {
      attributes = RecordEntry.digestOf(part.handle().attributes(entry.name()));
      if (status.isRegular()) {
        digest = digest(part.handle(), entry);
        if (bad.contains(status.inode())) {
          flags = RecordEntry.WRONG;
          faults.add(
              "%s: /%s: it is a blob that is wrong".formatted(snapshot.name(), NameText.of(path)));
        } else if (isStale(path, status, digest, system)) {
          flags = RecordEntry.WRONG;
          faults.add(
              "%s: /%s: it is stale, the original of that second has other contents"
                  .formatted(snapshot.name(), NameText.of(path)));
        }
      }
    } catch (IOException e) {
      fault(snapshot, path, e);
      flags = RecordEntry.MISSING;
    }
    // What shares a file here need not have been one file.
    return RecordEntry.of(entry.name(), status, flags, digest, entry.target(), attributes)
        .withoutGroup();
  }

  private byte[] digest(DirectoryHandle directory, TreeEntry entry) throws IOException {
    long inode = entry.status().inode();
    byte[] known = digests.of(inode);
    if (known == null) {
      known = BlobHash.digest(directory, entry.name(), destination.hash());
      digests.put(inode, known);
    }
    return known;
  }

  private boolean isStale(byte[] path, FileStatus kept, byte[] digest, DirectoryHandle system) {
    try {
      FileStatus original = system.statusIfAny(path);
      return original != null
          && original.type() == FileType.REGULAR
          && original.size() == kept.size()
          && original.mtimeSeconds() == kept.mtimeSeconds()
          && !Arrays.equals(BlobHash.digest(system, path, destination.hash()), digest);
    } catch (IOException e) {
      return false;
    }
  }
}
