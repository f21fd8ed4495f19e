package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.MediaSlot;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A drive whose discs change, or an image. Before and after each read it is looked whether the
 * medium is the one that was asked for: what comes from another is never returned.
 */
final class DiscPlace implements Closeable {

  private final MediaSlot slot;

  /** What tells the medium that was looked at; null when none was, or it could not be read. */
  private String medium;

  /** What the volume in it is known by; null when it has no such thing. */
  private String label;

  private BlockSource source;

  DiscPlace(Path path) {
    this.slot = MediaSlot.at(path);
  }

  Path path() {
    return slot.path();
  }

  /** What the volume in it is known by; null when there is none, or it cannot be read. */
  synchronized String label() {
    look();
    return label;
  }

  private void look() {
    Optional<String> now = slot.medium();
    if (now.isPresent() && now.get().equals(medium)) {
      return;
    }
    close();
    if (now.isEmpty()) {
      return;
    }
    try (BlockSource opened = BlockSources.open(slot.path())) {
      label = OpenDiscs.label(opened);
      medium = now.get();
    } catch (BlkshException e) {
      label = null; // and looked at again the next time: a drive may need a while
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
    if (!wanted.equals(label)) {
      return false;
    }
    if (source == null) {
      source = BlockSources.open(slot.path());
    }
    int from = target.position();
    int read = source.read(position, target);
    boolean isSame = slot.medium().map(now -> now.equals(medium)).orElse(false);
    if (!isSame) {
      target.position(from);
      return false;
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
    medium = null;
    label = null;
  }
}
