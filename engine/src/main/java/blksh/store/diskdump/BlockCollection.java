package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.Scratch;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Removes the blocks that no manifest names, whichever of the two places it is in. A row goes
 * before its file: what is killed between leaves a file that diskdump would store again, never a
 * row that makes it leave a block out.
 */
final class BlockCollection {

  private static final int DIGEST = DiskdumpPlace.DIGEST;
  private static final int CHUNK = 1024;

  private final DiskdumpPlace place;
  private final Task task;
  private long removed;
  private long bytes;

  BlockCollection(DiskdumpPlace place, Task task) {
    this.place = place;
    this.task = task;
  }

  CollectedBlocks run(boolean dryRun) throws IOException {
    if (dryRun) {
      // Nothing is made, not even a lock: also where nothing can be written.
      try (BlockTable table = BlockTable.look(place.table())) {
        if (table != null) {
          return collect(table, true);
        }
      }
    }
    return DiskdumpLock.holding(
        place,
        () -> {
          try (BlockTable table = BlockTable.open(place.table())) {
            return collect(table, dryRun);
          }
        });
  }

  private CollectedBlocks collect(BlockTable table, boolean dryRun) throws IOException {
    try (DigestTable all = table.digests()) {
      ByteBuffer needed = Scratch.room(Math.toIntExact(all.size() / Byte.SIZE + 1));
      task.phase("manifests");
      for (DumpListing.Found found : new DumpListing(place).found()) {
        mark(found, all, needed);
      }
      task.phase("blocks");
      byte[] digests = new byte[CHUNK * DIGEST];
      for (long first = 0; first < all.size(); first += CHUNK) {
        task.checkCancelled();
        int count = (int) Math.min(CHUNK, all.size() - first);
        all.read(first, digests, count);
        List<String> unneeded = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          if ((needed.get((int) ((first + i) / Byte.SIZE)) & bit(first + i)) == 0) {
            unneeded.add(DiskdumpPlace.hex(digests, i * DIGEST));
          }
        }
        remove(unneeded, table, dryRun);
      }
      return new CollectedBlocks(removed, bytes, all.size() - removed);
    }
  }

  private static int bit(long number) {
    return 1 << (number % Byte.SIZE);
  }

  /** What cannot be read may name any block: nothing is removed then. */
  private void mark(DumpListing.Found found, DigestTable all, ByteBuffer needed) {
    try (DumpManifest manifest = DumpManifest.open(found.file())) {
      byte[] digests = new byte[CHUNK * DIGEST];
      for (long first = 0; first < manifest.blocks(); first += CHUNK) {
        task.checkCancelled();
        int count = (int) Math.min(CHUNK, manifest.blocks() - first);
        manifest.digests(first, count, digests);
        for (int i = 0; i < count; i++) {
          long number = all.find(digests, i * DIGEST);
          if (number >= 0) {
            int at = (int) (number / Byte.SIZE);
            needed.put(at, (byte) (needed.get(at) | bit(number)));
          }
        }
      }
    } catch (IOException e) {
      throw new BlkshException(
              "collect blocks in " + place.base(),
              "%s cannot be read, and may need any of them: %s"
                  .formatted(place.shown(found.file()), IoFailure.reason(e)),
              e)
          .suggest("mend it, or take it away if it is no manifest");
    }
  }

  private void remove(List<String> unneeded, BlockTable table, boolean dryRun) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String hex : unneeded) {
      files.add(place.block(hex));
      try {
        bytes += Files.size(place.block(hex));
      } catch (NoSuchFileException e) {
        // a row without its file
      }
    }
    removed += unneeded.size();
    if (dryRun || unneeded.isEmpty()) {
      return;
    }
    table.remove(unneeded);
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
