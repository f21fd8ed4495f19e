package blksh.snapshot;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.filesystem.FileEntry;
import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.PathBytes;
import blksh.io.SystemCallException;
import blksh.tree.TreeEntry;
import blksh.tree.TreeMetadata;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** The files of a snapshot of hard links: what is in its directory. */
final class LinkedTree extends SnapshotFiles {

  /** What the system takes in one piece, in bytes (linux/limits.h). */
  private static final int LONGEST_PATH = 4096;

  private final Path path;
  private final DirectoryHandle top;

  LinkedTree(Path path, Snapshot snapshot) {
    super(snapshot.name(), snapshot.taken());
    this.path = path;
    try {
      this.top = DirectoryHandle.open(path);
    } catch (IOException e) {
      throw IoFailure.told("open the snapshot " + snapshot.name(), e);
    }
  }

  @Override
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    byte[] at = bytes(directory.path());
    try (DirectoryHandle handle = top.directory(at)) {
      List<byte[]> names = new ArrayList<>();
      handle.list(names::add);
      names.sort(Arrays::compareUnsigned);
      for (byte[] name : names) {
        FileStatus status = handle.statusIfAny(name);
        if (status != null) {
          each.accept(entry(handle, at, name, status));
        }
      }
    } catch (IOException e) {
      throw IoFailure.told("list " + directory.path() + " of the snapshot " + label(), e);
    }
  }

  /** Does something with an entry, in its directory and by its name there. */
  private interface Look<T> {
    T at(DirectoryHandle directory, byte[] name) throws IOException;
  }

  private <T> T look(FileEntry entry, String action, Look<T> look) {
    byte[] whole = bytes(entry.path());
    int slash = PathOrder.directoryLength(whole, whole.length);
    byte[] name = Arrays.copyOfRange(whole, slash == 0 ? 0 : slash + 1, whole.length);
    try (DirectoryHandle handle = top.directory(Arrays.copyOf(whole, slash))) {
      return look.at(handle, name);
    } catch (IOException e) {
      throw IoFailure.told("%s %s of the snapshot %s".formatted(action, entry.path(), label()), e);
    }
  }

  /** What the snapshot has of it, which is what could be kept when it was taken. */
  @Override
  public TreeMetadata metadata(FileEntry entry) {
    if (bytes(entry.path()).length == 0) {
      return super.metadata(entry);
    }
    return look(
        entry,
        "read what is kept beside",
        (directory, name) -> TreeMetadata.of(directory.status(name), directory.attributes(name)));
  }

  /** Other snapshots have names of the file too, so that most have more than one. */
  @Override
  public long sharedNumber(FileEntry file) {
    return look(
        file,
        "look at",
        (directory, name) -> {
          FileStatus status = directory.status(name);
          return status.links() > 1 ? status.inode() : 0;
        });
  }

  @Override
  public List<String> leftBehind(FileEntry entry) {
    return List.of();
  }

  private static FileEntry entry(
      DirectoryHandle in, byte[] directory, byte[] name, FileStatus status) throws IOException {
    return new FileEntry(
        text(TreeEntry.path(directory, name)),
        kind(status.type()),
        status.isDirectory() ? 0 : status.size(),
        Instant.ofEpochSecond(status.mtimeSeconds(), status.mtimeNanos()),
        status.mode(),
        status.type() == FileType.LINK ? NameText.of(in.readLink(name)) : null,
        status.inode());
  }

  @Override
  public Optional<FileEntry> find(String wanted) {
    byte[] whole = bytes(wanted);
    if (whole.length == 0) {
      return Optional.of(root());
    }
    int slash = PathOrder.directoryLength(whole, whole.length);
    byte[] directory = Arrays.copyOf(whole, slash);
    byte[] name = Arrays.copyOfRange(whole, slash == 0 ? 0 : slash + 1, whole.length);
    try (DirectoryHandle handle = top.directory(directory)) {
      FileStatus status = handle.statusIfAny(name);
      return status == null
          ? Optional.empty()
          : Optional.of(entry(handle, directory, name, status));
    } catch (IOException e) {
      if (e instanceof SystemCallException failure && failure.isNoSuchEntry()) {
        return Optional.empty();
      }
      throw IoFailure.told("find " + wanted + " in the snapshot " + label(), e);
    }
  }

  @Override
  public BlockSource open(FileEntry file) {
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("read " + file.path() + " of " + label(), "it is no file");
    }
    byte[] whole = TreeEntry.path(PathBytes.of(path), bytes(file.path()));
    return whole.length < LONGEST_PATH
        ? BlockSources.open(PathBytes.path(whole))
        : look(file, "read", (directory, name) -> BlockSources.open(directory.path(name)));
  }

  @Override
  public void close() {
    top.close();
  }
}
