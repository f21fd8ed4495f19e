package blksh.snapshot;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Files that were looked at already, by inode, and what they came to. For any number of threads.
 */
final class SeenInodes {

  /** Inodes that are kept together; those of a file system lie close to each other. */
  private static final int CHUNK = 1024;

  private final Map<Long, int[]> right = new HashMap<>();
  private final Set<Long> wrong = new HashSet<>();

  /** Whether a file was found to have the contents of a digest. */
  synchronized boolean isRight(long inode, byte[] digest) {
    int[] chunk = right.get(inode / CHUNK);
    return chunk != null && chunk[(int) (inode % CHUNK)] == mark(digest);
  }

  synchronized boolean isWrong(long inode) {
    return wrong.contains(inode);
  }

  synchronized void right(long inode, byte[] digest) {
    right.computeIfAbsent(inode / CHUNK, none -> new int[CHUNK])[(int) (inode % CHUNK)] =
        mark(digest);
  }

  synchronized void wrong(long inode) {
    wrong.add(inode);
  }

  synchronized Set<Long> allWrong() {
    return Set.copyOf(wrong);
  }

  /** Never 0. */
  private static int mark(byte[] digest) {
    return 1
        | (digest[0] & 0xff) << 24
        | (digest[1] & 0xff) << 16
        | (digest[2] & 0xff) << 8
        | digest[3] & 0xfe;
  }
}
