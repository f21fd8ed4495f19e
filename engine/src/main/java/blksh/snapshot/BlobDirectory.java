package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.NameText;
import blksh.io.SystemCallException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The contents of a destination, each under its digest: {@code abc/def/0123…}. A blob is one more
 * name of a file of a snapshot, the first that had the contents; others that differ in owner,
 * permissions, time or attributes have none here.
 */
final class BlobDirectory implements Closeable {

  /** Hexadecimal digits of each of the two directories a blob is in. */
  private static final int STEP = 3;

  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private final DirectoryHandle root;

  BlobDirectory(Path root) throws IOException {
    this.root = DirectoryHandle.open(root);
  }

  DirectoryHandle root() {
    return root;
  }

  /** Where a blob is, relative to the directory. */
  static byte[] path(byte[] digest) {
    byte[] path = new byte[digest.length * 2 + 2];
    int to = 0;
    for (int i = 0; i < digest.length * 2; i++) {
      if (i == STEP || i == 2 * STEP) {
        path[to++] = '/';
      }
      path[to++] = HEX[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    }
    return path;
  }

  /** The digest a path of a blob tells; null when it is none. */
  static byte[] digest(String path) {
    String hex = path.replace("/", "");
    boolean fits =
        path.length() == hex.length() + 2
            && path.charAt(STEP) == '/'
            && path.charAt(2 * STEP + 1) == '/'
            && !ContentHash.ofDigits(hex.length()).isEmpty();
    try {
      return fits ? HexFormat.of().parseHex(hex) : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** What is known of a blob; null when there is none. */
  FileStatus status(byte[] digest) throws IOException {
    return root.statusIfAny(path(digest));
  }

  /** Gives a blob a name in a snapshot. @return 0, or the error number of the system */
  int link(byte[] digest, DirectoryHandle directory, byte[] name) {
    return directory.link(name, root, path(digest));
  }

  /** Makes a file of a snapshot a blob, unless there is one. */
  void publish(byte[] digest, DirectoryHandle directory, byte[] name) throws IOException {
    byte[] path = path(digest);
    int error = root.link(path, directory, name);
    if (error == SystemCallException.ENOENT) {
      makeDirectories(path);
      error = root.link(path, directory, name);
    }
    if (error != 0 && error != SystemCallException.EEXIST) {
      throw new SystemCallException("the blob " + NameText.of(path), error);
    }
  }

  /** As {@link #publish}, in place of the blob there is. */
  void replace(byte[] digest, DirectoryHandle directory, byte[] name) throws IOException {
    byte[] path = path(digest);
    byte[] beside = beside(digest);
    int error = root.link(beside, directory, name);
    if (error != 0) {
      throw new SystemCallException("the blob " + NameText.of(path), error);
    }
    makeDirectories(path);
    root.move(path, root, beside);
  }

  /** A name in the directory that no other thread uses, for a moment. */
  static byte[] beside(byte[] digest) {
    return ("new." + Thread.currentThread().getId() + "." + HexFormat.of().formatHex(digest))
        .getBytes(StandardCharsets.US_ASCII);
  }

  private void makeDirectories(byte[] path) throws IOException {
    root.makeDirectoryIfNone(Arrays.copyOf(path, STEP), 0777);
    root.makeDirectoryIfNone(Arrays.copyOf(path, 2 * STEP + 1), 0777);
  }

  @Override
  public void close() {
    root.close();
  }
}
