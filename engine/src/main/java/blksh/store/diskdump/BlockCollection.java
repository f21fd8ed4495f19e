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
import java.util.HexFormat;
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
    return dryRun ? look() : DiskdumpLock.holding(place, this::change);
  }

  private CollectedBlocks change() throws IOException {
    try (BlockTable table = BlockTable.open(place.table());
        DigestTable all = table.digests()) {
      return collect(all, table);
    }
  }

  /** Nothing is made, not even a lock: also where nothing can be written. */
  private CollectedBlocks look() throws IOException {
    try (BlockTable table = BlockTable.look(place.table());
        DigestTable all = table == null ? files() : table.digests()) {
      return collect(all, null);
    }
  }

  /** The blocks there are files of; none without a table, as what has no row is not removed. */
  private DigestTable files() throws IOException {
    DigestTable.Maker maker = new DigestTable.Maker();
    if (Files.exists(place.table())) {
      task.note("the table of blocks is in use, or was not closed: its files are counted instead");
      BlockWalk walk = new BlockWalk(place, this::unlisted);
      for (List<Path> some = walk.next(); !some.isEmpty(); some = walk.next()) {
        for (Path file : some) {
          String hex = DiskdumpPlace.digestOf(file);
          if (hex != null) {
            maker.add(HexFormat.of().parseHex(hex), 0);
          }
        }
      }
    }
    return maker.finish();
  }

  private void unlisted(Path directory, IOException e) {
    task.finding(place.shown(directory) + " cannot be listed: " + IoFailure.reason(e));
  }

  /**
   * @param table null where nothing is to be changed
   */
  private CollectedBlocks collect(DigestTable all, BlockTable table) throws IOException {
    ByteBuffer needed = Scratch.room(Math.toIntExact(all.size() / Byte.SIZE + 1));
    task.phase("manifests");
    for (Path manifest : manifests(all.size())) {
      mark(manifest, all, needed);
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
      remove(unneeded, table);
    }
    return new CollectedBlocks(removed, bytes, all.size() - removed);
  }

  /**
   * All there are, also those that are versions of no name: 0.1.5 keeps the blocks of each.
   *
   * @param blocks there are
   * @throws BlkshException when there may be more of them, or there is none at all, as where they
   *     are kept on another disk that is not mounted
   */
  private List<Path> manifests(long blocks) {
    ManifestWalk.Walked walked = ManifestWalk.of(place);
    String action = "collect blocks in " + place.base();
    for (ManifestWalk.Hidden each : walked.hidden()) {
      throw new BlkshException(
              action,
              "%s may have manifests that need any of them: %s"
                  .formatted(place.shown(each.path()), each.problem()))
          .suggest("put what it leads to in its place, or take it away");
    }
    if (walked.files().isEmpty() && blocks > 0) {
      throw new BlkshException(
              action, "there is not a single manifest, and there are %d blocks".formatted(blocks))
          .suggest("look where the manifests are; without any the whole store can be deleted");
    }
    return walked.files();
  }

  private static int bit(long number) {
    return 1 << (number % Byte.SIZE);
  }

  /** What cannot be read may name any block: nothing is removed then. */
  private void mark(Path file, DigestTable all, ByteBuffer needed) {
    try (DumpManifest manifest = DumpManifest.open(file)) {
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
                  .formatted(place.shown(file), IoFailure.reason(e)),
              e)
          .suggest("mend it, or take it away if it is no manifest");
    }
  }

  private void remove(List<String> unneeded, BlockTable table) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String hex : unneeded) {
      files.add(place.block(hex));
      DiskdumpPlace.requireOwnDirectory(place.block(hex).getParent().getParent());
      DiskdumpPlace.requireOwnDirectory(place.block(hex).getParent());
      try {
        bytes += Files.size(place.block(hex));
      } catch (NoSuchFileException e) {
        // a row without its file
      }
    }
    removed += unneeded.size();
    if (table == null || unneeded.isEmpty()) {
      return;
    }
    table.remove(unneeded);
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
