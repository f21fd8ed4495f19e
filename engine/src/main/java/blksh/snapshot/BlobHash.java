package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.io.NameText;
import blksh.io.SystemCallException;
import blksh.task.Task;
import blksh.tree.TreeEntry;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** With which hash blobs got their names, and whether they are what their names say. */
final class BlobHash {

  /** Blobs that are asked, at most. */
  private static final int ASKED = 64;

  private BlobHash() {}

  /**
   * The hash of a directory of blobs: cacheback wrote nowhere which one it was, so it is tried.
   *
   * @return the one that most of some blobs have; empty when there is none
   */
  static Optional<ContentHash> of(DirectoryHandle root) throws IOException {
    Map<ContentHash, Integer> found = new HashMap<>();
    for (byte[] path : some(root)) {
      String hex = NameText.of(path).replace("/", "");
      if (!ContentHash.ofDigits(hex.length()).isEmpty()) {
        that(root, path, hex).ifPresent(it -> found.merge(it, 1, Integer::sum));
      }
    }
    return found.entrySet().stream().max(Map.Entry.comparingByValue()).map(Map.Entry::getKey);
  }

  /** Some blobs, those of the first directories. */
  private static List<byte[]> some(DirectoryHandle root) throws IOException {
    List<byte[]> paths = List.of(new byte[0]);
    for (int depth = 0; depth < 3; depth++) {
      List<byte[]> below = new ArrayList<>();
      for (byte[] path : paths) {
        if (below.size() < ASKED) {
          try (DirectoryHandle directory = root.directory(path)) {
            directory.list(
                name -> {
                  if (below.size() < ASKED) {
                    below.add(TreeEntry.path(path, name));
                  }
                });
          } catch (SystemCallException e) {
            // no directory, or one that cannot be read: it tells nothing
          }
        }
      }
      paths = below;
    }
    return paths;
  }

  /** The hash that gives a blob its name; empty when none does. */
  static Optional<ContentHash> that(DirectoryHandle root, byte[] path, String hex)
      throws IOException {
    List<MessageDigest> fed = ContentHash.begin(hex.length());
    feed(root, path, fed);
    return ContentHash.thatGave(hex, fed);
  }

  /** Whether a blob is what its name says. */
  static boolean isRight(DirectoryHandle root, byte[] digest, ContentHash hash) throws IOException {
    MessageDigest one = hash.begin();
    feed(root, BlobDirectory.path(digest), List.of(one));
    return Arrays.equals(one.digest(), digest);
  }

  /** The digest of a file. */
  static byte[] digest(DirectoryHandle directory, byte[] name, ContentHash hash)
      throws IOException {
    MessageDigest one = hash.begin();
    feed(directory, name, List.of(one));
    return one.digest();
  }

  private static void feed(DirectoryHandle root, byte[] path, List<MessageDigest> digests)
      throws IOException {
    try (EntryFile file = root.open(path);
        ContentReading reading = new ContentReading(Task.unwatched())) {
      FileStatus status = file.status();
      if (!status.isRegular()) {
        throw new IOException(NameText.of(path) + " is " + status.type().words());
      }
      reading.read(file, status.size(), digests, null);
    }
  }

  /** A digest as its name is written. */
  static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }
}
