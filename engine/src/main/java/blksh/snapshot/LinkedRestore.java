package blksh.snapshot;

import blksh.BlkshException;
import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import blksh.io.ExtendedAttributes;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.task.Task;
import blksh.tree.TreeEntry;
import blksh.tree.TreeMetadata;
import blksh.tree.TreeWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes entries of a snapshot of the linked form again, as copies: with the owners and permissions
 * they had, and as names of one file where they were names of one. Contents are compared with what
 * was noted on the way.
 */
final class LinkedRestore {

  private final LinkedDestination destination;
  private final SnapshotRecord.Noted snapshot;
  private final List<byte[]> paths;
  private final LeadingDirectories leading;
  private final Task task;
  private final Problems problems;

  /** The first name that was made of a file with several, by device and inode it had. */
  private final InodeTable made = new InodeTable();

  /** Directories whose parts are to come, by path. */
  private final Map<byte[], RecordEntry> below = new TreeMap<>(Arrays::compareUnsigned);

  private final ContentReading reading;
  private final boolean[] found;
  private long entries;
  private long bytes;

  /**
   * @param paths in the snapshot; empty for all
   */
  LinkedRestore(
      LinkedDestination destination, SnapshotRecord.Noted snapshot, List<byte[]> paths, Task task) {
    if (snapshot.id() < 0) {
      throw new BlkshException(
              "restore from the snapshot " + snapshot.snapshot().name(),
              "it was not taken by blksh, so nothing is noted")
          .suggest("adopt the snapshots, or copy it: it is an ordinary directory");
    }
    this.destination = destination;
    this.snapshot = snapshot;
    this.paths = paths;
    this.leading = new LeadingDirectories(snapshot.snapshot(), paths);
    this.task = task;
    this.problems = new Problems(task);
    this.reading = new ContentReading(task);
    this.found = new boolean[paths.size()];
  }

  RestoredTree to(Path to, boolean dryRun) {
    byte[] name = LinkedDestination.bytes(snapshot.snapshot().name());
    try (DirectoryHandle from = destination.top().directory(name);
        reading;
        made) {
      if (dryRun) {
        go(from, null);
      } else {
        Files.createDirectories(to);
        try (TreeWriter writer = new TreeWriter(to, problems::add)) {
          go(from, writer);
          writer.finish();
        }
      }
    } catch (IOException e) {
      throw IoFailure.told("restore to " + to, e);
    }
    for (int i = 0; i < found.length; i++) {
      if (!found[i]) {
        problems.add("/%s: it is not in the snapshot".formatted(NameText.of(paths.get(i))));
      }
    }
    return new RestoredTree(entries, bytes, problems.sentences(), problems.count());
  }

  private enum Wish {
    NO,
    /** Only what is wanted in it. */
    ON_THE_WAY,
    YES
  }

  private Wish wish(byte[] path) {
    Wish wish = paths.isEmpty() ? Wish.YES : Wish.NO;
    for (int i = 0; i < found.length; i++) {
      byte[] wanted = paths.get(i);
      if (PathOrder.isWithin(path, path.length, wanted)) {
        found[i] = true;
        wish = Wish.YES;
      } else if (wish == Wish.NO && PathOrder.isWithin(wanted, wanted.length, path)) {
        wish = Wish.ON_THE_WAY;
      }
    }
    return wish;
  }

  private void go(DirectoryHandle from, TreeWriter writer) throws IOException {
    RecordReading reading = new RecordReading(destination.record(), snapshot.id());
    while (reading.next()) {
      task.checkCancelled();
      byte[] path = reading.path();
      if (path.length > 0 && wish(path) == Wish.NO) {
        continue;
      }
      DirectoryHandle directory;
      try {
        directory = from.directory(path);
      } catch (IOException e) {
        problems.add("/%s: %s".formatted(NameText.of(path), IoFailure.reason(e)));
        continue;
      }
      try (directory) {
        if (reading.part().number() == 0 && path.length > 0 && writer != null) {
          leading.make(writer, path, metadata(path, directory));
        }
        for (RecordEntry each : reading.entries()) {
          one(directory, path, each, writer);
        }
      }
    }
  }

  private TreeMetadata metadata(byte[] path, DirectoryHandle directory) throws IOException {
    RecordEntry noted = below.remove(path);
    return noted == null
        ? TreeMetadata.of(directory.status(), directory.attributes())
        : noted.metadata(directory.attributes());
  }

  private void one(DirectoryHandle from, byte[] path, RecordEntry entry, TreeWriter writer)
      throws IOException {
    byte[] whole = TreeEntry.path(path, entry.name());
    Wish wish = wish(whole);
    if (wish == Wish.NO || wish == Wish.ON_THE_WAY && !entry.isDirectory()) {
      return;
    }
    if (entry.isMissing()) {
      problems.add(
          "/%s: it could not be read when the snapshot was taken".formatted(NameText.of(whole)));
      return;
    }
    entries++;
    if (entry.isDirectory()) {
      below.put(whole, entry);
      return;
    }
    bytes += entry.type() == FileType.REGULAR ? entry.size() : 0;
    if (writer == null) {
      return;
    }
    try {
      make(from, whole, entry, writer);
    } catch (IOException e) {
      if (IoFailure.of(e) == IoFailure.NO_SPACE || IoFailure.of(e) == IoFailure.READ_ONLY) {
        throw e;
      }
      problems.add("/%s: %s".formatted(NameText.of(whole), IoFailure.reason(e)));
    }
  }

  private void make(DirectoryHandle from, byte[] path, RecordEntry entry, TreeWriter writer)
      throws IOException {
    boolean several = entry.groupInode() != 0;
    byte[] first = several ? made.get(entry.groupDevice(), entry.groupInode()) : null;
    if (first != null) {
      writer.name(path, first);
      return;
    }
    ExtendedAttributes attributes = from.attributes(entry.name());
    TreeMetadata metadata = entry.metadata(attributes);
    switch (entry.type()) {
      case REGULAR -> writer.file(path, metadata, file -> copy(from, entry, path, file));
      case LINK -> writer.link(path, metadata, entry.target());
      default -> writer.node(path, metadata);
    }
    if (several) {
      made.put(entry.groupDevice(), entry.groupInode(), path);
    }
  }

  private void copy(DirectoryHandle from, RecordEntry entry, byte[] path, EntryFile to)
      throws IOException {
    MessageDigest digest = destination.hash().begin();
    try (EntryFile file = from.open(entry.name())) {
      long size = file.status().size();
      boolean cloned = to.cloneFrom(file);
      reading.read(file, size, List.of(digest), cloned ? null : to);
      if (!cloned) {
        to.truncate(size);
      }
    }
    if (!Arrays.equals(digest.digest(), entry.digest())) {
      problems.add("/%s: its contents are not what they were".formatted(NameText.of(path)));
    }
  }
}
