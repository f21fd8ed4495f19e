package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.store.ManifestDirectory.Version;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks whether parts of versions that were lost can be read by now: every page of them proven, as
 * whoever restores them would.
 */
final class LostRanges {

  /** Bytes read at once. */
  private static final int PIECE = 1 << 20;

  private final Repository repository;
  private final Task task;

  LostRanges(Repository repository, Task task) {
    this.repository = repository;
    this.task = task;
  }

  /**
   * Those that still cannot be read. A version that is gone has lost nothing.
   *
   * @param most bytes to read; what would be more counts as lost
   */
  List<AffectedRange> still(List<AffectedRange> ranges, long most) {
    List<AffectedRange> lost = new ArrayList<>();
    long left = most;
    for (AffectedRange range : ranges) {
      left -= range.length();
      if (left < 0 || !isReadable(range)) {
        lost.add(range);
      }
    }
    return lost;
  }

  private boolean isReadable(AffectedRange range) {
    Version version = repository.manifests().version(range.manifest());
    if (!VersionWalk.isThere(repository, version)) {
      return true;
    }
    try (BlockSource image = new ManifestSource(repository, repository.open(version), false)) {
      ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, Math.max(1, range.length())));
      long end = Math.min(image.size(), range.start() + range.length());
      for (long at = range.start(); at < end; at += piece.position()) {
        task.checkCancelled();
        piece.clear().limit((int) Math.min(piece.capacity(), end - at));
        if (image.read(at, piece) <= 0) {
          return false;
        }
      }
      return range.length() > 0;
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      return false;
    }
  }
}
