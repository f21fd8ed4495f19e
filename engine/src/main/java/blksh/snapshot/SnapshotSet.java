package blksh.snapshot;

import blksh.filesystem.FileTree;
import blksh.io.PathBytes;
import blksh.retention.Policy;
import blksh.task.Task;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The snapshots of file trees that are in one place, whatever their form. A snapshot is a tree as
 * it was, from the root of the system on: {@code home/joe/letter} is what {@code /home/joe/letter}
 * was. Paths in it are bytes, relative, without a slash at their end.
 *
 * <p>What could not be read is named in the result and a {@link Task#finding} of the task; nothing
 * else is missing. All of it throws {@link blksh.BlkshException}, and does nothing when the place
 * is none.
 */
public interface SnapshotSet extends Closeable {

  /** Where they are, for people. */
  String place();

  /** All that are whole, the oldest first; their sizes only as far as they are known at once. */
  List<Snapshot> list();

  /** As above, with what each alone keeps and shares, for which all of them are looked at. */
  List<Snapshot> listWithSizes(Task task);

  /**
   * Takes a snapshot, which appears when it is whole.
   *
   * @return what was taken; of a dry run what would be
   */
  TakenSnapshot take(SnapshotRequest request, Task task);

  /**
   * Removes snapshots; what others have stays.
   *
   * @param dryRun whether it is only looked at what would go
   */
  void delete(List<String> names, boolean dryRun, Task task);

  /** The files of a snapshot, to look into and to read; open as long as this is. */
  FileTree files(String name);

  /** What is another in the second than in the first, in the order of paths. */
  void diff(String before, String after, Task task, Consumer<TreeDifference> differences);

  /**
   * Entries of snapshots whose path fits a pattern.
   *
   * @param pattern as of a .gitignore file
   * @param names of the snapshots; empty for all
   */
  void find(String pattern, List<String> names, Task task, Consumer<FoundEntry> found);

  /**
   * Reads what snapshots hold and compares it with what was noted when they were taken.
   *
   * @param names empty for all
   */
  SnapshotVerification verify(List<String> names, Task task);

  /**
   * Makes entries of a snapshot again, with all their metadata.
   *
   * @param paths in it; empty for all of it
   * @param to a directory, which is made when there is none; the paths go below it from the
   *     snapshot's root on. Nothing that is there is written over.
   */
  RestoredTree restore(String name, List<byte[]> paths, Path to, boolean dryRun, Task task);

  /**
   * Removes those a policy does not keep.
   *
   * @return of each snapshot whether it stays and why, the oldest first
   */
  List<Policy.Verdict<Snapshot>> forget(Policy policy, boolean dryRun, Task task);

  @Override
  void close();

  /** A path of this machine as it is called in a snapshot. */
  static byte[] pathIn(Path path) {
    byte[] bytes = PathBytes.of(path);
    return Arrays.copyOfRange(bytes, 1, bytes.length);
  }
}
