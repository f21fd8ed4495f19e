package blksh.kit;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Looks through the image of a disc as the standards describe it, apart from the code that writes
 * and reads it here, and says what is not as they want it.
 */
public final class DiscJudge {

  static final int SECTOR = 2048;

  /** Bytes of an image that belong to something. */
  record Piece(long start, long length, String what) {
    long end() {
      return start + length;
    }
  }

  /**
   * A file in one of the trees.
   *
   * @param kind {@code f} or {@code l}
   * @param links how many names it says it has; -1 where the tree says nothing
   * @param seconds when it was modified
   */
  public record File(
      char kind, long size, List<long[]> pieces, int mode, long uid, int links, long seconds) {}

  private final BlockSource image;
  private final List<String> faults = new ArrayList<>();
  private final Map<Long, Piece> contents = new HashMap<>();
  private final List<Piece> structures = new ArrayList<>();
  private final Map<String, File> iso;
  private final Map<String, File> joliet;
  private final Map<String, File> udf;
  private final List<String> directories;

  public DiscJudge(BlockSource image) {
    this.image = image;
    check(image.size() % SECTOR == 0, "the image is no whole sectors");
    IsoJudge tree = new IsoJudge(this, true);
    iso = tree.files();
    directories = tree.directories();
    joliet = new IsoJudge(this, false).files();
    udf = new UdfJudge(this).files();
    overlaps();
  }

  /** What is wrong, a sentence each. */
  public List<String> faults() {
    return faults;
  }

  /** The files of ISO 9660 by the names of Rock Ridge, a character a byte. */
  public Map<String, File> iso() {
    return iso;
  }

  /** The directories of that tree, the root being empty. */
  public List<String> directories() {
    return directories;
  }

  public Map<String, File> joliet() {
    return joliet;
  }

  public Map<String, File> udf() {
    return udf;
  }

  long sectors() {
    return image.size() / SECTOR;
  }

  void check(boolean good, String fault, Object... of) {
    if (!good && faults.size() < 20) {
      faults.add(fault.formatted(of));
    }
  }

  /** Bytes as numbers with the least significant byte first; zeros beyond the end of the image. */
  ByteBuffer read(long position, long length) {
    check(position >= 0 && position + length <= image.size(), "byte %d is outside", position);
    ByteBuffer bytes = ByteBuffer.allocate((int) length).order(ByteOrder.LITTLE_ENDIAN);
    if (position >= 0 && position < image.size()) {
      image.read(position, bytes);
    }
    return bytes.clear();
  }

  ByteBuffer sector(long number) {
    return read(number * SECTOR, SECTOR);
  }

  void structure(long position, long length, String what) {
    structures.add(new Piece(position, (length + SECTOR - 1) / SECTOR * SECTOR, what));
  }

  void content(long position, long length, String path) {
    check(position + length <= image.size(), "%s lies outside", path);
    if (length > 0) {
      Piece before = contents.put(position, new Piece(position, length, path));
      check(
          before == null || before.length == length,
          "%s and another begin at one place and have two sizes",
          path);
    }
  }

  /** No two contents share bytes but those that are the same, and none lies over a structure. */
  private void overlaps() {
    TreeMap<Long, Piece> placed = new TreeMap<>();
    for (Piece structure : structures) {
      Piece other = placed.put(structure.start, structure);
      check(other == null, "%s and %s lie at one place", structure, other);
    }
    Piece before = null;
    for (Piece content : new TreeMap<>(contents).values()) {
      check(before == null || before.end() <= content.start, "%s and %s overlap", before, content);
      Map.Entry<Long, Piece> below = placed.lowerEntry(content.end());
      check(
          below == null || below.getValue().end() <= content.start,
          "%s lies over %s",
          content,
          below);
      before = content;
    }
    Piece last = null;
    for (Piece structure : placed.values()) {
      check(last == null || last.end() <= structure.start, "%s and %s overlap", last, structure);
      last = structure;
    }
  }

  /** All bytes of a file. */
  public byte[] content(File file) {
    ByteBuffer bytes = ByteBuffer.allocate((int) file.size);
    for (long[] piece : file.pieces) {
      bytes.put(read(piece[0], piece[1]).array());
    }
    return bytes.array();
  }
}
