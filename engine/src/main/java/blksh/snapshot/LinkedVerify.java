package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.ExtendedAttributes;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.task.Handoff;
import blksh.task.Task;
import blksh.task.Workers;
import blksh.tree.TreeEntry;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Compares the trees of snapshots with what was noted of them. A file that several snapshots have
 * is read once, and named in each of them when it is wrong.
 */
final class LinkedVerify {

  private static final int AHEAD = 16;

  private final LinkedDestination destination;
  private final Task task;
  private final Problems faults;
  private final SeenInodes seen = new SeenInodes();

  /** Digests of blobs that are wrong, with the inode. */
  private final Map<Long, byte[]> wrongBlobs = new ConcurrentHashMap<>();

  private final AtomicLong entries = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();

  LinkedVerify(LinkedDestination destination, Task task) {
    this.destination = destination;
    this.task = task;
    this.faults = new Problems(task);
  }

  /** A part of a snapshot. */
  private record Job(
      SnapshotRecord.Noted snapshot, DirectoryHandle root, SnapshotRecord.Part part) {}

  SnapshotVerification of(List<SnapshotRecord.Noted> snapshots) {
    for (SnapshotRecord.Noted each : snapshots) {
      if (each.id() < 0) {
        task.note(
            each.snapshot().name()
                + ": nothing was noted of it, as blksh did not take it; adopt it");
      } else {
        verify(each);
      }
    }
    if (!seen.allWrong().isEmpty()) {
      destination.alone(this::disown);
    }
    return new SnapshotVerification(
        snapshots.size(), entries.get(), bytes.get(), faults.sentences(), faults.count());
  }

  /** Takes what is wrong its name among the blobs, so that nothing is linked to it any more. */
  private void disown() throws IOException {
    destination.bad(seen.allWrong());
    for (Map.Entry<Long, byte[]> each : wrongBlobs.entrySet()) {
      FileStatus blob = destination.blobs().status(each.getValue());
      if (blob != null && blob.inode() == each.getKey() && blob.links() > 1) {
        destination.blobs().root().remove(BlobDirectory.path(each.getValue()));
      }
    }
  }

  private void verify(SnapshotRecord.Noted snapshot) {
    byte[] name = LinkedDestination.bytes(snapshot.snapshot().name());
    Handoff<Job> jobs = new Handoff<>(AHEAD);
    AtomicBoolean reads = new AtomicBoolean();
    try (DirectoryHandle root = destination.top().directory(name)) {
      Workers.run(
          task,
          Workers.count() + 1,
          () -> {
            if (reads.compareAndSet(false, true)) {
              RecordReading reading = new RecordReading(destination.record(), snapshot.id());
              boolean taken = true;
              while (taken && reading.next()) {
                task.checkCancelled();
                taken = jobs.put(new Job(snapshot, root, reading.part()));
              }
              jobs.close();
            } else {
              for (Job job = jobs.take(); job != null; job = jobs.take()) {
                verify(job);
              }
            }
          },
          jobs::end);
    } catch (IOException e) {
      fault(snapshot, new byte[0], IoFailure.reason(e));
    }
  }

  private void fault(SnapshotRecord.Noted snapshot, byte[] path, String clause) {
    faults.add("%s: /%s: %s".formatted(snapshot.snapshot().name(), NameText.of(path), clause));
  }

  private void verify(Job job) throws IOException {
    byte[] path = job.part.path();
    List<RecordEntry> noted = destination.record().entries(job.part.id());
    if (noted.isEmpty() && job.part.number() > 0) {
      return;
    }
    try (DirectoryHandle directory = job.root.directory(path)) {
      if (job.part.number() == 0) {
        lookForOthers(job, directory);
      }
      for (RecordEntry each : noted) {
        task.checkCancelled();
        entries.incrementAndGet();
        byte[] entryPath = TreeEntry.path(path, each.name());
        try {
          String fault = each.isMissing() ? null : fault(job, directory, each);
          if (fault != null) {
            fault(job.snapshot, entryPath, fault);
          }
        } catch (IOException e) {
          fault(job.snapshot, entryPath, "it cannot be read: " + IoFailure.reason(e));
        }
      }
    } catch (IOException e) {
      fault(job.snapshot, path, "it cannot be read: " + IoFailure.reason(e));
    }
  }

  /** Entries that were not there when the snapshot was taken. */
  private void lookForOthers(Job job, DirectoryHandle directory) throws IOException {
    TreeMap<byte[], Boolean> names = new TreeMap<>(Arrays::compareUnsigned);
    for (SnapshotRecord.Part each :
        destination.record().partsOf(job.snapshot.id(), job.part.path())) {
      destination.record().entries(each.id()).forEach(it -> names.put(it.name(), true));
    }
    directory.list(
        name -> {
          if (!names.containsKey(name)) {
            fault(
                job.snapshot,
                TreeEntry.path(job.part.path(), name),
                "it was not there when the snapshot was taken");
          }
        });
  }

  /** What is wrong with an entry, as a clause; null for nothing. */
  private String fault(Job job, DirectoryHandle directory, RecordEntry noted) throws IOException {
    FileStatus status = directory.statusIfAny(noted.name());
    if (status == null) {
      return "it is gone";
    }
    if (status.type() != noted.type()) {
      return "it is %s, and was %s".formatted(status.type().words(), noted.type().words());
    }
    if (noted.isWrong()) {
      return "it was found not to be what the original was when the snapshot was adopted";
    }
    if (status.isRegular()) {
      String fault = contents(directory, noted, status);
      if (fault != null) {
        return fault;
      }
    }
    if (noted.type() == FileType.LINK
        && !Arrays.equals(directory.readLink(noted.name()), noted.target())) {
      return "it leads elsewhere than it did";
    }
    Keeping keeping = new Keeping(job.snapshot.root());
    boolean link = noted.type() == FileType.LINK;
    if (!keeping.hasMetadata(
        status,
        link ? status.mode() : noted.mode(),
        noted.uid(),
        noted.gid(),
        noted.mtimeSeconds(),
        noted.mtimeNanos())) {
      return "its owner, permissions or time are not what they were";
    }
    return job.snapshot.root() ? attributes(directory, noted) : null;
  }

  private String attributes(DirectoryHandle directory, RecordEntry noted) throws IOException {
    ExtendedAttributes now = directory.attributes(noted.name());
    return noted.hasLost() || Arrays.equals(RecordEntry.digestOf(now), noted.attributes())
        ? null
        : "its attributes are not what they were";
  }

  private String contents(DirectoryHandle directory, RecordEntry noted, FileStatus status)
      throws IOException {
    if (seen.isRight(status.inode(), noted.digest())) {
      return null;
    }
    boolean wrong = seen.isWrong(status.inode()) || status.size() != noted.size();
    if (!wrong) {
      wrong =
          !Arrays.equals(
              BlobHash.digest(directory, noted.name(), destination.hash()), noted.digest());
      bytes.addAndGet(status.size());
      task.advance(status.size());
    }
    if (!wrong) {
      seen.right(status.inode(), noted.digest());
      return null;
    }
    seen.wrong(status.inode());
    wrongBlobs.put(status.inode(), noted.digest());
    return "its contents are not what they were (blob %s)".formatted(BlobHash.hex(noted.digest()));
  }
}
