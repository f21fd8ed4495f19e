package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.PathBytes;
import blksh.io.SystemCallException;
import java.io.Closeable;
import java.io.IOException;
import java.util.Arrays;

/**
 * The files of trees that were scanned, by the bytes of their paths; no link is followed on the
 * way. The directory that was used last stays open, as the next file is in it most of the time.
 */
final class ScannedDirectories implements Closeable {

  private byte[] root;
  private DirectoryHandle top;
  private byte[] in;
  private DirectoryHandle directory;

  /** What is done in a directory. */
  private interface Use<T> {
    T in(DirectoryHandle directory, byte[] name) throws IOException;
  }

  /**
   * Opens a file.
   *
   * @param root bytes of the path of the tree
   * @param path relative to that
   * @throws BlkshException when it cannot be opened, or is no file
   */
  ScannedFile open(byte[] root, byte[] path) {
    try {
      return use(root, path, (directory, name) -> ScannedFile.open(directory, name, path));
    } catch (IOException e) {
      throw IoFailure.told("read " + NameText.of(path), e);
    }
  }

  /**
   * What is there now, without opening it.
   *
   * @return null when it is gone
   * @throws BlkshException when nobody can say
   */
  FileStatus look(byte[] root, byte[] path) {
    try {
      return use(root, path, DirectoryHandle::status);
    } catch (IOException e) {
      if (IoFailure.of(e) == IoFailure.NO_SUCH_FILE
          || e instanceof SystemCallException call && call.isGone()) {
        return null;
      }
      throw IoFailure.told("look at " + NameText.of(path), e);
    }
  }

  private synchronized <T> T use(byte[] root, byte[] path, Use<T> use) throws IOException {
    int slash = path.length;
    while (slash > 0 && path[slash - 1] != '/') {
      slash--;
    }
    byte[] above = Arrays.copyOf(path, Math.max(0, slash - 1));
    byte[] name = Arrays.copyOfRange(path, slash, path.length);
    if (directory != null && Arrays.equals(this.root, root) && Arrays.equals(in, above)) {
      try {
        return use.in(directory, name);
      } catch (SystemCallException e) {
        // Another may be called so by now.
      }
    }
    return use.in(enter(root, above), name);
  }

  private DirectoryHandle enter(byte[] root, byte[] above) throws IOException {
    close();
    this.root = root;
    top = DirectoryHandle.open(PathBytes.path(root));
    in = above;
    directory = top.directory(above);
    return directory;
  }

  @Override
  public synchronized void close() {
    if (directory != null) {
      directory.close();
      directory = null;
    }
    if (top != null) {
      top.close();
      top = null;
    }
  }
}
