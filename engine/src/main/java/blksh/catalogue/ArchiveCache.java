package blksh.catalogue;

import blksh.io.IoFailure;
import blksh.io.OwnerOnly;
import blksh.io.PartFile.Durability;
import blksh.io.Sha256;
import blksh.io.WholeFile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Pieces of contents that were read from discs, each a file in a directory, with its SHA-256 behind
 * it: one that is damaged is as good as none. Those that were not asked for longest go when there
 * are too many bytes. It is there again the next time; several processes may share it.
 */
final class ArchiveCache {

  /** Bytes of a piece, but for the last of a content. */
  static final int PIECE = 1 << 20;

  private static final int DIGEST = 32;

  /** The most files: small contents are a file each. */
  private static final int MOST_FILES = 100_000;

  /** After how many pieces it is looked what others have put beside. */
  private static final int RECOUNT = 256;

  private final AtomicInteger puts = new AtomicInteger();

  private final Path directory;
  private final long most;

  /** Bytes by name, what was asked for last is last; guarded by this. */
  private final Map<String, Integer> files = new LinkedHashMap<>(256, 0.75f, true);

  private long bytes;

  /**
   * @param directory made when there is none, for its owner alone
   * @param most bytes that it takes, about
   */
  ArchiveCache(Path directory, long most) {
    this.directory = directory;
    this.most = most;
    try {
      OwnerOnly.makeDirectories(directory);
    } catch (IOException e) {
      throw IoFailure.told("use the cache " + directory, e);
    }
    count();
    dropOld();
  }

  /**
   * Looks what is there: others use it, too. What was changed longest ago counts as asked for so.
   */
  private void count() {
    Map<String, long[]> found = new HashMap<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(directory)) {
      for (Path folder : folders) {
        try (DirectoryStream<Path> pieces = Files.newDirectoryStream(folder)) {
          for (Path each : pieces) {
            BasicFileAttributes of = Files.readAttributes(each, BasicFileAttributes.class);
            String name = directory.relativize(each).toString();
            found.put(name, new long[] {of.lastModifiedTime().toMillis(), of.size()});
          }
        } catch (IOException | DirectoryIteratorException e) {
          // another process has dropped something of it
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // what is there is not known, and so not used
    }
    synchronized (this) {
      List<String> known = new ArrayList<>(files.keySet());
      files.clear();
      bytes = 0;
      List<String> others = new ArrayList<>(found.keySet());
      others.removeAll(new HashSet<>(known));
      others.sort(Comparator.comparingLong(each -> found.get(each)[0]));
      known.retainAll(found.keySet());
      others.addAll(known);
      for (String each : others) {
        files.put(each, (int) found.get(each)[1]);
        bytes += found.get(each)[1];
      }
    }
  }

  /** What a piece is called: by what is in it, whichever catalogue knows it. */
  static String name(byte[] sha256, long piece) {
    String digits = HexFormat.of().formatHex(sha256);
    return digits.substring(0, 2) + "/" + digits.substring(2) + "-" + piece;
  }

  /**
   * A piece; null when it is not here, or is damaged.
   *
   * @param expected its bytes
   */
  byte[] get(String name, int expected) {
    synchronized (this) {
      if (files.get(name) == null) {
        return null;
      }
    }
    try {
      byte[] all = Files.readAllBytes(directory.resolve(name));
      int length = all.length - DIGEST;
      if (length == expected
          && Arrays.equals(all, length, all.length, digest(all, length), 0, DIGEST)) {
        return Arrays.copyOf(all, length);
      }
    } catch (IOException e) {
      // another process has dropped it
    }
    drop(name);
    return null;
  }

  private static byte[] digest(byte[] bytes, int length) {
    MessageDigest digest = Sha256.begin();
    digest.update(bytes, 0, length);
    return digest.digest();
  }

  /** Keeps a piece, where there is room; a cache that cannot be written is none. */
  void put(String name, byte[] piece) {
    Path file = directory.resolve(name);
    try {
      OwnerOnly.makeDirectories(file.getParent());
      WholeFile.replace(
          file,
          Durability.WHOLE,
          out -> {
            out.write(piece);
            out.write(digest(piece, piece.length));
          });
    } catch (IOException e) {
      return;
    }
    synchronized (this) {
      Integer before = files.put(name, piece.length + DIGEST);
      bytes += piece.length + DIGEST - (before == null ? 0 : before);
    }
    if (puts.incrementAndGet() % RECOUNT == 0) {
      count();
    }
    dropOld();
  }

  private void drop(String name) {
    try {
      Files.deleteIfExists(directory.resolve(name));
    } catch (IOException e) {
      // it stays, and is no more counted
    }
    synchronized (this) {
      Integer length = files.remove(name);
      bytes -= length == null ? 0 : length;
    }
  }

  private void dropOld() {
    for (; ; ) {
      String oldest;
      synchronized (this) {
        if (files.size() <= 1 || bytes <= most && files.size() <= MOST_FILES) {
          return;
        }
        oldest = files.keySet().iterator().next();
      }
      drop(oldest);
    }
  }
}
