package blksh.snapshot;

import blksh.io.FileStatus;
import blksh.io.Packed;
import java.io.Closeable;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The first name that was made of each file of a tree that has several. Who comes upon another name
 * while the first is made waits for it.
 */
final class HardLinks implements Closeable {

  private record Key(long device, long inode) {}

  /**
   * A name that was made.
   *
   * @param entry what was noted of it; null when that does not matter
   */
  record Made(byte[] path, RecordEntry entry) {

    private static final byte[] NONE = {};

    byte[] packed() {
      byte[] noted = entry == null ? NONE : RecordEntry.packed(List.of(entry));
      return new Packed.Packing(path.length + noted.length + 8)
          .bytes(path)
          .bytes(noted)
          .toByteArray();
    }

    static Made unpacked(byte[] packed) {
      Packed from = new Packed(packed);
      byte[] path = from.bytes();
      byte[] noted = from.bytes();
      return new Made(path, noted.length == 0 ? null : RecordEntry.unpacked(noted).get(0));
    }
  }

  /** Whose first name is being made now. Guarded by this. */
  private final Set<Key> making = new HashSet<>();

  /** Guarded by this. */
  private final InodeTable made = new InodeTable();

  /**
   * Comes upon a name of a file.
   *
   * @return the first name once that is made; null when this is the first, which is to be told to
   *     {@link #made}
   */
  synchronized Made first(FileStatus status) {
    Key key = new Key(status.device(), status.inode());
    boolean interrupted = false;
    while (making.contains(key)) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // the other is interrupted too, and ends
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    byte[] found = made.get(key.device, key.inode);
    if (found != null) {
      return Made.unpacked(found);
    }
    making.add(key);
    return null;
  }

  /** Says what the first name became; null when it was not made, and the next is the first. */
  synchronized void made(FileStatus status, Made first) {
    if (first != null) {
      made.put(status.device(), status.inode(), first.packed());
    }
    making.remove(new Key(status.device(), status.inode()));
    notifyAll();
  }

  @Override
  public synchronized void close() {
    made.close();
  }
}
