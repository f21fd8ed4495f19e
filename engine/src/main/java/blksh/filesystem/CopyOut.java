package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** Copies out of a tree. Never writes over anything, nor through a link it made itself. */
final class CopyOut {

  private static final int CHUNK = 1 << 20;

  private final FileTree tree;
  private final Task task;
  private final TreeWalk walk;
  private final ByteBuffer buffer = ByteBuffer.allocate(CHUNK);

  CopyOut(FileTree tree, Task task) {
    this.tree = tree;
    this.task = task;
    this.walk = new TreeWalk(tree, task);
  }

  void copy(FileEntry entry, Path target) {
    task.checkCancelled();
    String action = "copy %s to %s".formatted(entry.path(), target);
    try {
      switch (entry.kind()) {
        case DIRECTORY -> copyDirectory(entry, target);
        case FILE -> copyFile(entry, target);
        case LINK -> Files.createSymbolicLink(target, tree.linkTarget(entry));
        case SPECIAL ->
            task.finding("left out %s: a device, pipe or socket".formatted(entry.path()));
      }
    } catch (FileAlreadyExistsException e) {
      throw new BlkshException(action, "it exists", e);
    } catch (InvalidPathException e) {
      throw new BlkshException(action, e.getMessage(), e);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  private void copyDirectory(FileEntry directory, Path target) throws IOException {
    walk.enter(directory);
    Files.createDirectory(target);
    List<FileEntry> inside = new ArrayList<>();
    tree.list(directory, inside::add);
    for (FileEntry entry : inside) {
      copy(entry, tree.pathIn(target, entry));
    }
    describe(directory, target);
  }

  private void copyFile(FileEntry file, Path target) throws IOException {
    try (BlockSource source = tree.open(file);
        OpenFile copy =
            OpenFile.open(target, OpenFile.Use.CREATE_NEW, OpenFile.WhenInterrupted.CANCEL)) {
      for (Iterator<Extent> extents = source.extents(); extents.hasNext(); ) {
        Extent extent = extents.next();
        if (extent.kind().readsAsZeros()) {
          task.advance(extent.length());
        } else {
          copyRange(source, extent, copy);
        }
      }
      copy.extend(source.size());
    }
    describe(file, target);
  }

  private void copyRange(BlockSource source, Extent extent, OpenFile copy) throws IOException {
    for (long at = extent.start(); at < extent.end(); ) {
      task.checkCancelled();
      buffer.clear().limit((int) Math.min(CHUNK, extent.end() - at));
      int count = source.read(at, buffer);
      buffer.flip();
      copy.write(at, buffer);
      task.advance(count);
      at += count;
    }
  }

  private static void describe(FileEntry entry, Path target) throws IOException {
    PosixFileAttributeView view = Files.getFileAttributeView(target, PosixFileAttributeView.class);
    if (view != null) {
      view.setPermissions(permissions(entry.mode()));
    }
    Files.setLastModifiedTime(target, FileTime.from(entry.modified()));
  }

  private static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    for (PosixFilePermission permission : PosixFilePermission.values()) {
      if ((mode >> (8 - permission.ordinal()) & 1) != 0) {
        permissions.add(permission);
      }
    }
    return permissions;
  }
}
