package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.Extent;
import blksh.partition.Partition;
import blksh.partition.PartitionTable;
import blksh.partition.TableMove;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What of an image goes to a file or a drive that is there: all of it, some of its partitions to
 * the same partitions there, or all of it on a drive of another size.
 */
final class RestoreLayout {

  private final long size;
  private final List<Extent> ranges;
  private final List<TableMove.Piece> pieces;
  private final boolean inPlace;

  /**
   * @param size bytes the target must have
   * @param ranges null for all of the image
   * @param inPlace whether what is there stays but for what is written
   */
  private RestoreLayout(
      long size, List<Extent> ranges, List<TableMove.Piece> pieces, boolean inPlace) {
    this.size = size;
    this.ranges = ranges;
    this.pieces = pieces;
    this.inPlace = inPlace;
  }

  /**
   * Looks at both.
   *
   * @throws BlkshException when what is asked for cannot be done there; nothing was written
   */
  static RestoreLayout of(BlockSource image, Path target, RestoreOptions options) {
    boolean some = !options.partitions().isEmpty();
    if (!some && !options.fit()) {
      return new RestoreLayout(image.size(), null, List.of(), false);
    }
    String action = "restore to " + target;
    if (some && options.fit()) {
      throw new BlkshException(action, "some partitions go where they were, whatever the size")
          .suggest("say either which partitions, or that it is to fit");
    }
    if (!Files.exists(target)) {
      throw new BlkshException(action, "there is nothing it could be restored into")
          .suggest("restore all of it, to a new file");
    }
    try (BlockSource there = BlockSources.open(target)) {
      return some
          ? partitions(image, there, target, options.partitions())
          : fitted(image, there.size(), target);
    }
  }

  private static RestoreLayout partitions(
      BlockSource image, BlockSource there, Path target, List<String> keys) {
    String action = "restore partitions to " + target;
    PartitionTable has = PartitionTable.of(image);
    PartitionTable table = PartitionTable.of(there);
    List<Extent> ranges = new ArrayList<>();
    for (String key : keys) {
      Partition wanted =
          has.partition(key)
              .orElseThrow(
                  () ->
                      new BlkshException(action, "the image has no partition " + key)
                          .suggest("it has " + names(has)));
      boolean same =
          table.partitions().stream()
              .anyMatch(p -> p.start() == wanted.start() && p.length() == wanted.length());
      if (!same) {
        throw new BlkshException(
                action,
                "no partition there begins at byte %d and has %d bytes, as %s has in the image"
                    .formatted(wanted.start(), wanted.length(), wanted.name()))
            .suggest(
                "restore all of the image, or the partition by itself to one that is as large");
      }
      ranges.add(new Extent(wanted.start(), wanted.length(), Extent.Kind.DATA));
    }
    ranges.sort(Comparator.comparingLong(Extent::start));
    return new RestoreLayout(there.size(), ranges, List.of(), true);
  }

  private static String names(PartitionTable table) {
    List<String> names = table.partitions().stream().map(Partition::name).toList();
    return names.isEmpty() ? "no partition table" : String.join(", ", names);
  }

  private static RestoreLayout fitted(BlockSource image, long size, Path target) {
    TableMove move;
    try {
      move = TableMove.of(image, size);
    } catch (IllegalArgumentException e) {
      throw new BlkshException(
              "restore to " + target + ", which has " + size + " bytes", e.getMessage(), e)
          .suggest("take a larger drive, or restore partitions by themselves");
    }
    List<Extent> ranges = new ArrayList<>();
    long at = 0;
    for (TableMove.Piece piece : move.pieces()) {
      long end = Math.min(move.length(), piece.position());
      if (end > at) {
        ranges.add(new Extent(at, end - at, Extent.Kind.DATA));
      }
      at = Math.max(at, piece.position() + piece.bytes().length);
    }
    if (move.length() > at) {
      ranges.add(new Extent(at, move.length() - at, Extent.Kind.DATA));
    }
    return new RestoreLayout(size, ranges, move.pieces(), true);
  }

  /** Opens the target for it. */
  RestoreTarget open(Path path, RestoreOptions options) throws IOException {
    boolean changes = options.onlyChanged() || inPlace && Files.isRegularFile(path);
    return on(RestoreTarget.of(path, size, options.withOnlyChanged(changes)));
  }

  /** Has a target get what of the image goes there. */
  RestoreTarget on(RestoreTarget target) {
    return ranges == null ? target : new PartialTarget(target, ranges, pieces);
  }
}
