package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.MediaSlot;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A drive whose discs change, or an image. Before and after each read it is looked whether the
 * medium is the one that was asked for: what comes from another is never returned.
 */
final class DiscPlace implements Closeable {

  private final MediaSlot slot;

  /** The medium that was looked at; null when none was, or it could not be read. */
  private volatile Looked looked;

  /**
   * A medium.
   *
   * @param medium what tells it from others
   * @param label what its volume is known by; null when it has no such thing
   */
  private record Looked(String medium, String label) {}

  private BlockSource source;

  DiscPlace(Path path) {
    this.slot = MediaSlot.at(path);
  }

  Path path() {
    return slot.path();
  }

  /**
   * What tells the medium at a path from others that were or will be there; nothing when there is
   * none. Of a file also its length and times, as others may be written over it.
   */
  static Optional<String> medium(MediaSlot slot) {
    return slot.medium().map(each -> each + times(slot.path()));
  }

  private static String times(Path path) {
    try {
      return Files.isRegularFile(path)
          ? " " + Files.readAttributes(path, "unix:size,lastModifiedTime,ctime")
          : "";
    } catch (IOException e) {
      return " gone";
    }
  }

  /**
   * What the volume in it is known by; null when there is none, or it cannot be read. Of a medium
   * that was looked at it waits for nobody who reads.
   */
  String label() {
    Looked known = looked;
    Optional<String> now = medium(slot);
    if (known != null && now.isPresent() && now.get().equals(known.medium)) {
      return known.label;
    }
    synchronized (this) {
      look();
      return looked == null ? null : looked.label;
    }
  }

  private void look() {
    Optional<String> now = medium(slot);
    if (looked != null && now.isPresent() && now.get().equals(looked.medium)) {
      return;
    }
    close();
    if (now.isEmpty()) {
      return;
    }
    try (BlockSource opened = BlockSources.open(slot.path())) {
      looked = new Looked(now.get(), OpenDiscs.label(opened));
    } catch (BlkshException e) {
      looked = null; // and looked at again the next time: a drive may need a while
    }
  }

  /**
   * Reads from a disc.
   *
   * @param wanted what its volume is known by
   * @return false when it is not in here, or was not all the time
   * @throws BlkshException when it cannot be read
   */
  synchronized boolean read(String wanted, long position, ByteBuffer target) {
    look();
    if (looked == null || !wanted.equals(looked.label)) {
      return false;
    }
    if (source == null) {
      source = BlockSources.open(slot.path());
    }
    int from = target.position();
    int read = 0;
    BlkshException failed = null;
    try {
      read = source.read(position, target);
    } catch (BlkshException e) {
      failed = e;
    }
    boolean isSame = medium(slot).map(now -> now.equals(looked.medium)).orElse(false);
    if (!isSame) {
      target.position(from);
      return false;
    }
    if (failed != null) {
      throw failed;
    }
    if (target.hasRemaining()) {
      throw new BlkshException(
          "read " + slot.path(), "it ends at byte %d".formatted(position + read));
    }
    return true;
  }

  /** Lets go of the medium. */
  synchronized void release() {
    if (source != null) {
      source.close();
      source = null;
    }
  }

  @Override
  public synchronized void close() {
    release();
    looked = null;
  }
}
