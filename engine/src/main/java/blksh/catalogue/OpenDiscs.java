package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.DirectSource;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import blksh.iso.DiscPlan;
import blksh.parity.ParityLayout;
import blksh.parity.RepairedSource;
import blksh.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Images and drives with discs of a catalogue in them, told by what their volume descriptor says.
 */
final class OpenDiscs implements Closeable {

  /**
   * Where UDF has its primary volume descriptors (ECMA-167, 3/10.1): the sectors that blksh gives
   * the main and the reserve sequence; and in them the volume set identifier, which begins with
   * what a disc is known by.
   */
  private static final int[] DESCRIPTORS = {32, 48};

  private static final int SET = 72;
  private static final int SET_LENGTH = 16;

  private final Map<Long, List<BlockSource>> open = new LinkedHashMap<>();

  /** The same once more, with what is damaged put right as it is read: of those with parity. */
  private final Map<Long, List<BlockSource>> repaired = new LinkedHashMap<>();

  /** Discs as they come from others; null when that was not asked for. */
  private RebuiltDiscs rebuilt;

  /** What a volume is known by, where that is told a third time; null when it has no such thing. */
  static String label(BlockSource source) {
    String label = volumeLabel(source);
    ParityLayout parity = label == null ? ParityLayout.find(source) : null;
    return parity == null ? label : parity.label();
  }

  private static String volumeLabel(BlockSource source) {
    for (int each : DESCRIPTORS) {
      ByteBuffer sector = ByteBuffer.allocate(DiscPlan.SECTOR).order(ByteOrder.LITTLE_ENDIAN);
      try {
        source.read((long) each * DiscPlan.SECTOR, sector);
      } catch (UnreadableException e) {
        continue; // the other says the same
      }
      // Tag 1, and a text of one byte for each character.
      if (sector.position() == DiscPlan.SECTOR && sector.getShort(0) == 1 && sector.get(SET) == 8) {
        return new String(sector.array(), SET + 1, SET_LENGTH, StandardCharsets.US_ASCII);
      }
    }
    return null;
  }

  /** Whether a file is there and is the image of a disc, going by its length and what it says. */
  static boolean isImageOf(Path path, Disc disc) {
    if (!Files.isRegularFile(path)) {
      return false;
    }
    try (BlockSource source = BlockSources.open(path)) {
      return source.size() == disc.size() && DiscLayout.label(disc).equals(label(source));
    } catch (BlkshException e) {
      return false; // it cannot be read, so nobody can say it is
    }
  }

  /**
   * Opens images and drives.
   *
   * @throws BlkshException when one is no disc of the catalogue
   */
  static OpenDiscs of(List<Path> sources, List<Disc> discs) {
    OpenDiscs all = new OpenDiscs();
    boolean ready = false;
    try {
      for (Path each : sources) {
        all.add(each, discs);
      }
      ready = true;
      return all;
    } finally {
      if (!ready) {
        all.close();
      }
    }
  }

  /**
   * A drive is read past the page cache: what cannot be read behind an image, or beside a sector,
   * takes nothing with it there.
   */
  private static BlockSource opened(Path path) {
    try {
      boolean drive = FileType.of(path) == FileType.BLOCK_DEVICE;
      return drive ? DirectSource.open(path) : BlockSources.open(path);
    } catch (IOException e) {
      throw IoFailure.told("open the disc " + path, e);
    }
  }

  private void add(Path path, List<Disc> discs) {
    BlockSource source = opened(path);
    boolean kept = false;
    try {
      String label = label(source);
      for (Disc each : discs) {
        if (!each.imported() && isOn(source, each, label)) {
          open.computeIfAbsent(each.id(), id -> new ArrayList<>()).add(source);
          kept = true;
          ParityLayout parity = ParityLayout.find(source, each.size());
          if (parity != null && parity.label().equals(DiscLayout.label(each))) {
            repaired
                .computeIfAbsent(each.id(), id -> new ArrayList<>())
                .add(new RepairedSource(source, parity));
          }
          return;
        }
      }
      throw new BlkshException("use the disc " + path, "it is no disc of this catalogue")
          .suggest("its restore.py needs no catalogue");
    } finally {
      if (!kept) {
        source.close();
      }
    }
  }

  /**
   * Whether it is a disc.
   *
   * @param label what it says it is; null when it does not, as where its beginning is lost: the
   *     catalogue knows where it would be said once more
   */
  private static boolean isOn(BlockSource source, Disc disc, String label) {
    if (label != null) {
      return DiscLayout.label(disc).equals(label);
    }
    ParityLayout parity = ParityLayout.find(source, disc.size());
    return parity != null && parity.label().equals(DiscLayout.label(disc));
  }

  /** A disc, the first copy of it that was named; null when it is not here. */
  BlockSource get(long disc) {
    List<BlockSource> copies = copies(disc);
    return copies.isEmpty() ? null : copies.get(0);
  }

  /** All copies of a disc that are here, in the order in which they were named. */
  List<BlockSource> copies(long disc) {
    return open.getOrDefault(disc, List.of());
  }

  /** Copies that are put right as they are read, by their parity; slower than those above. */
  List<BlockSource> repaired(long disc) {
    return repaired.getOrDefault(disc, List.of());
  }

  /**
   * Has discs come from the others of their set, where enough of these and parity discs are here.
   */
  void rebuild(Catalogue catalogue, Task task) {
    rebuilt = new RebuiltDiscs(catalogue, this, task);
  }

  /** A disc as it comes from others of its set; null when it does not. */
  BlockSource rebuilt(long disc) {
    return rebuilt == null ? null : rebuilt.get(disc);
  }

  List<Long> ids() {
    return new ArrayList<>(open.keySet());
  }

  @Override
  public void close() {
    open.values().forEach(copies -> copies.forEach(BlockSource::close));
  }
}
