package blksh.filesystem;

import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a btrfs uses as btrfs-progs tells it, in blocks of 4 KiB: its extents, in all their copies,
 * the first MiB and the superblocks. partclone 0.3.23 is no measure: it keeps blocks at the logical
 * addresses of extents, too, and not all second copies.
 */
public final class BtrfsTrees {

  private static final int BLOCK = 4096;
  private static final Pattern CHUNK =
      Pattern.compile(
          "key \\(\\w+ CHUNK_ITEM (\\d+)\\)|length (\\d+) owner|stripe \\d+ devid 1 offset (\\d+)");
  private static final Pattern EXTENT =
      Pattern.compile("key \\((\\d+) (EXTENT_ITEM|METADATA_ITEM) (\\d+)\\)");

  private final Path image;
  private final List<long[]> copies = new ArrayList<>(); // logical, length, physical
  private final BitSet used = new BitSet();

  private BtrfsTrees(Path image) {
    this.image = image;
  }

  /** Compares block by block. @return blocks that only one of the two takes as used */
  public static List<Long> disagreement(UsedBlocks ours, Path image) throws IOException {
    BtrfsTrees trees = new BtrfsTrees(image);
    trees.read();
    List<Long> wrong = new ArrayList<>();
    long blocks = trees.number("total_bytes") / BLOCK;
    for (long block = 0; block < blocks; block++) {
      if (ours.isUsed(block * BLOCK) != trees.used.get((int) block)) {
        wrong.add(block);
      }
    }
    return wrong;
  }

  private String dump(String... words) throws IOException {
    List<Object> all = new ArrayList<>(List.of("inspect-internal"));
    all.addAll(List.of(words));
    all.add(image);
    return Tool.named("btrfs").run(all.toArray());
  }

  private long number(String field) throws IOException {
    Matcher value = Pattern.compile("(?m)^" + field + "\\s+(\\d+)").matcher(dump("dump-super"));
    if (!value.find()) {
      throw new AssertionError("no " + field);
    }
    return Long.parseLong(value.group(1));
  }

  private void read() throws IOException {
    long node = number("nodesize");
    long logical = 0;
    long length = 0;
    Matcher chunks = CHUNK.matcher(dump("dump-tree", "-t", "chunk"));
    while (chunks.find()) {
      if (chunks.group(1) != null) {
        logical = Long.parseLong(chunks.group(1));
      } else if (chunks.group(2) != null) {
        length = Long.parseLong(chunks.group(2));
      } else {
        copies.add(new long[] {logical, length, Long.parseLong(chunks.group(3))});
      }
    }
    Matcher extents = EXTENT.matcher(dump("dump-tree", "-t", "extent"));
    while (extents.find()) {
      boolean metadata = extents.group(2).startsWith("M");
      use(Long.parseLong(extents.group(1)), metadata ? node : Long.parseLong(extents.group(3)));
    }
    mark(0, 1 << 20);
    mark(64L << 20, BLOCK);
  }

  private void use(long logical, long length) {
    for (long[] copy : copies) {
      if (logical >= copy[0] && logical < copy[0] + copy[1]) {
        mark(copy[2] + logical - copy[0], length);
      }
    }
  }

  private void mark(long start, long length) {
    used.set((int) (start / BLOCK), (int) ((start + length) / BLOCK));
  }
}
