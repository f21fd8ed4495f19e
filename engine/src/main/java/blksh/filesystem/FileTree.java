package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.task.Task;
import java.io.Closeable;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The files of a file system, read straight from the source that holds it: nothing is mounted and
 * nothing is written. Memory does not grow with the files, except for 8 bytes or so a directory
 * while the tree is walked.
 *
 * <p>A damaged file system ends in a {@link FileSystemDamageException} for the part concerned; it
 * never hangs, and no number found in it decides how much memory is taken. All methods may be
 * called from any thread at once.
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
   * @throws BlkshException when it is none
   */
  void list(FileEntry directory, Consumer<FileEntry> each);

  /**
   * The content of a file: read at any position, its holes as ZERO extents. Closing it leaves the
   * tree open.
   *
   * @throws BlkshException when it is none
   */
  BlockSource open(FileEntry file);

  /** The entry with a path, or nothing; symbolic links are not followed. */
  default Optional<FileEntry> find(String path) {
    FileEntry at = root();
    for (String name : path.split("/")) {
      if (name.isEmpty()) {
        continue;
      }
      if (!at.isDirectory()) {
        return Optional.empty();
      }
      FileEntry[] found = {null};
      list(
          at,
          entry -> {
            if (isSameName(entry.name(), name)) {
              found[0] = entry;
            }
          });
      if (found[0] == null) {
        return Optional.empty();
      }
      at = found[0];
    }
    return Optional.of(at);
  }

  /** Whether two names mean the same file here. */
  default boolean isSameName(String one, String other) {
    return one.equals(other);
  }

  /**
   * Hands out a directory's whole content, each directory before what is inside it. Advances the
   * task by the sizes of the files.
   */
  default void walk(FileEntry top, Task task, Consumer<FileEntry> each) {
    new TreeWalk(this, task).walk(top, each);
  }

  /**
   * Copies a file, or a directory with all that is inside, out to a path where nothing is yet.
   * Holes stay holes; times and permission bits (without set-id bits) are kept; symbolic links stay
   * as they are. Devices, pipes and sockets are left out and noted as findings of the task.
   *
   * @throws BlkshException when something is there already, or cannot be read or written
   */
  default void copyOut(FileEntry entry, Path target, Task task) {
    new CopyOut(this, task).copy(entry, target);
  }

  /** Where an entry is copied to in a directory of this machine. */
  default Path pathIn(Path directory, FileEntry entry) {
    return directory.resolve(entry.name());
  }

  /** Where a symbolic link leads, to be made again. */
  default Path linkTarget(FileEntry link) {
    return Path.of(link.link());
  }

  /** Closes the source underneath. */
  @Override
  void close();
}
