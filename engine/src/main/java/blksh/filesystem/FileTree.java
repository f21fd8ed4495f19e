package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.ExtendedAttributes;
import blksh.io.FileType;
import blksh.io.NameText;
import blksh.io.PathBytes;
import blksh.task.Task;
import blksh.tree.TreeEntry;
import blksh.tree.TreeMetadata;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The files of a file system, read straight from the source that holds it: nothing is mounted and
 * nothing is written. Memory does not grow with the files; while a tree is walked or copied, with
 * the directories that were entered, by some bytes each, and by those that are to be.
 *
 * <p>Names are bytes, shown as {@link NameText}, which can be typed back; no two have one text.
 *
 * <p>What is damaged keeps nothing else from being read: an entry of which only the name can be
 * told is {@link FileEntry.Kind#DAMAGED}, what of a directory cannot be read is told beside the
 * rest. A damaged file ends in a {@link BlkshException} when it is opened or read. Nothing hangs,
 * and no number found in a file system decides how much memory is taken. All methods may be called
 * from any thread at once.
 */
public interface FileTree extends Closeable {

  /** The file system by its usual name: {@code "ext4"}, {@code "FAT16"}. */
  String type();

  /** The name somebody gave to the volume; may be empty. */
  String label();

  /** The directory everything is in. */
  FileEntry root();

  /**
   * Hands out what is directly inside a directory, in the order of the file system.
   *
   * @param problems gets what of the directory cannot be read; entries that are damaged say so
   *     themselves
   * @throws BlkshException when it is no directory, or nothing of it can be read
   */
  void list(FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems);

  /**
   * As above.
   *
   * @throws BlkshException also when some of it cannot be read, once the rest was handed out
   */
  default void list(FileEntry directory, Consumer<FileEntry> each) {
    BlkshException[] first = {null};
    list(
        directory,
        each,
        problem -> {
          if (first[0] == null) {
            first[0] = problem;
          }
        });
    if (first[0] != null) {
      throw first[0];
    }
  }

  /**
   * The content of a file: read at any position, its holes as ZERO extents. Closing it leaves the
   * tree open.
   *
   * @throws BlkshException when it is none, or its content is not here or not known how to be read
   */
  BlockSource open(FileEntry file);

  /**
   * The entry with a path, or nothing; symbolic links are not followed.
   *
   * @throws BlkshException when it is not found, and part of the directory it would be in cannot be
   *     read
   */
  default Optional<FileEntry> find(String path) {
    FileEntry at = root();
    for (String name : path.split("/")) {
      if (name.isEmpty()) {
        continue;
      }
      if (at.kind() == FileEntry.Kind.DAMAGED) {
        throw new FileSystemDamageException("find " + path, at.problem());
      }
      if (!at.isDirectory()) {
        return Optional.empty();
      }
      FileEntry[] found = {null};
      BlkshException[] problem = {null};
      list(
          at,
          entry -> {
            boolean exactly = found[0] != null && found[0].name().equals(name);
            if (!exactly && isSameName(entry.name(), name)) {
              found[0] = entry;
            }
          },
          unread -> problem[0] = unread);
      if (found[0] == null && problem[0] != null) {
        throw problem[0];
      }
      if (found[0] == null) {
        return Optional.empty();
      }
      at = found[0];
    }
    return Optional.of(at);
  }

  /** Whether two names mean the same file here, the second as somebody typed it. */
  default boolean isSameName(String one, String other) {
    return one.equals(other) || Arrays.equals(NameText.name(one), NameText.name(other));
  }

  /**
   * Hands out a directory's whole content, each directory before what is inside it. Advances the
   * task by the sizes of the files. What cannot be read becomes a finding of the task.
   */
  default void walk(FileEntry top, Task task, Consumer<FileEntry> each) {
    new TreeWalk(this, task).walk(top, each);
  }

  /**
   * Copies a file, or a directory with all that is inside, out to a path where nothing is yet.
   * Holes stay holes; times, permissions and attributes are kept, hard links stay one file, and as
   * root files keep their owners. A file has its name once it is whole. What cannot be read or kept
   * is left out, and a finding of the task: damaged files, devices, pipes and sockets, attributes
   * that have no place in the target.
   *
   * @throws BlkshException when something is there already, when it is one file and cannot be read,
   *     or when nothing can be written
   */
  default void copyOut(FileEntry entry, Path target, Task task) {
    new CopyOut(this, task).copy(entry, target);
  }

  /** What an entry has beside its contents. */
  default TreeMetadata metadata(FileEntry entry) {
    return plainMetadata(entry);
  }

  /** What is known of an entry itself: no owner, which is -1, and nothing that runs as one. */
  static TreeMetadata plainMetadata(FileEntry entry) {
    FileType type =
        switch (entry.kind()) {
          case DIRECTORY -> FileType.DIRECTORY;
          case LINK -> FileType.LINK;
          default -> FileType.REGULAR;
        };
    return new TreeMetadata(
        type,
        entry.mode() & 01777,
        -1,
        -1,
        entry.modified().getEpochSecond(),
        entry.modified().getNano(),
        0,
        ExtendedAttributes.NONE);
  }

  /**
   * A number that all names of one file have, and no other file; 0 when it has but one name, or
   * that is not known.
   */
  default long sharedNumber(FileEntry file) {
    return 0;
  }

  /**
   * What an entry has that no copy of it gets, a clause each: {@code "its stream x is left"}. Of
   * each kind of tree the documents say what has no place in a copy at all.
   */
  List<String> leftBehind(FileEntry entry);

  /**
   * What somebody who reads the files should know, a sentence each, though nothing is lost by it:
   * that a second copy served for what is damaged, that a log was not replayed. More may come while
   * they are read.
   */
  default List<String> notes() {
    return List.of();
  }

  /**
   * A number of what a directory holds, which another has only when it holds the very same; that of
   * the entry, where directories have no content but their own.
   */
  default long place(FileEntry directory) {
    return directory.id();
  }

  /** Where an entry is copied to in a directory of this machine. */
  default Path pathIn(Path directory, FileEntry entry) {
    return PathBytes.path(TreeEntry.path(PathBytes.of(directory), NameText.name(entry.name())));
  }

  /** Closes the source underneath. */
  @Override
  void close();
}
