package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.filesystem.FileEntry;
import blksh.filesystem.FileTree;
import blksh.filesystem.FileTrees;
import blksh.filesystem.Structure;
import blksh.filesystem.UsedBlocks;
import blksh.io.Checksum;
import blksh.kit.XfsChecksums;
import blksh.partition.PartitionTable;
import blksh.task.Task;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the fuzzer runs: any bytes are opened and used as far as they go, down to the files inside.
 * Nothing but a {@link BlkshException} may come out; the fuzzer itself watches memory and time.
 *
 * <p>An input that begins with {@link #PATCH} is a list of changes to one of the files in the
 * directory {@code -Dblksh.fuzz.bases}, so that large images are changed where they hold something:
 * the number of the file, and changes of 8 bytes each: which of its sectors that are not zero (16
 * bits), the byte in it and how many bytes are changed (9 and 2 bits of 16), and the value (32).
 *
 * <p>So that changes get past the checksums of headers, and of the metadata of XFS, inputs of an
 * even last byte have theirs corrected first.
 */
public final class ImageFuzz {

  private static final Path INDEXES =
      Path.of(System.getProperty("java.io.tmpdir"), "blksh-fuzz-" + ProcessHandle.current().pid());

  private static final int MOST_EXTENTS = 64;
  private static final int LARGEST_READ = 256 << 10;

  /** The first byte of a list of changes. */
  static final byte PATCH = (byte) 0xFE;

  private static final int CHANGE = 8;
  private static final int MOST_ENTRIES = 400;
  private static final int SECTOR = 512;

  /** Where the superblock of btrfs is. */
  private static final int BTRFS = 64 << 10;

  /** A file to change, and the places of its sectors that are not zero. */
  private record Base(byte[] bytes, int[] sectors) {}

  private static final List<Base> BASES = bases();

  private ImageFuzz() {}

  private static List<Base> bases() {
    List<Base> bases = new ArrayList<>();
    String directory = System.getProperty("blksh.fuzz.bases");
    if (directory == null) {
      return bases;
    }
    try (Stream<Path> files = Files.list(Path.of(directory))) {
      for (Path file : files.sorted().toList()) {
        byte[] bytes = Files.readAllBytes(file);
        int[] sectors = new int[bytes.length / SECTOR];
        int count = 0;
        for (int at = 0; at + SECTOR <= bytes.length; at += SECTOR) {
          for (int i = at; i < at + SECTOR; i++) {
            if (bytes[i] != 0) {
              sectors[count++] = at;
              break;
            }
          }
        }
        if (count > 0) {
          bases.add(new Base(bytes, Arrays.copyOf(sectors, count)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bases;
  }

  private static byte[] patched(byte[] input) {
    Base base = BASES.get((input[1] & 0xff) % BASES.size());
    byte[] bytes = base.bytes.clone();
    ByteBuffer changes = ByteBuffer.wrap(input, 2, input.length - 2);
    while (changes.remaining() >= CHANGE) {
      int sector = base.sectors[(changes.getShort() & 0xffff) % base.sectors.length];
      int where = changes.getShort() & 0xffff;
      int value = changes.getInt();
      int width = 1 << (where >> 14);
      for (int i = 0; i < width; i++) {
        int at = sector + (where & SECTOR - 1) + i;
        if (at < bytes.length) {
          bytes[at] = (byte) ((long) value >> 8 * i);
        }
      }
    }
    return bytes;
  }

  public static void fuzzerTestOneInput(byte[] input) {
    boolean isPatch = input.length >= 2 && input[0] == PATCH && !BASES.isEmpty();
    byte[] bytes = isPatch ? patched(input) : input.clone();
    boolean corrected = input.length > 0 && input[input.length - 1] % 2 == 0;
    if (corrected) {
      correctChecksums(bytes);
    }
    ImageOptions options = ImageOptions.defaults().withIndexDirectory(INDEXES);
    for (boolean tolerant : new boolean[] {false, true}) {
      try (Image image =
          Images.open(new ByteArraySource("fuzz", bytes), options.withTolerant(tolerant))) {
        use(image);
      } catch (BlkshException e) {
        requireMessage(e);
      }
    }
    try {
      PartitionTable.of(new ByteArraySource(bytes));
      readExtents(UsedBlocks.skipFree(new ByteArraySource(bytes)));
    } catch (BlkshException e) {
      requireMessage(e);
    }
  }

  private static void use(Image image) {
    image.describe();
    if (image.info().size() < 0) {
      throw new IllegalStateException("a size below 0");
    }
    readExtents(image);
    try {
      image.read(Math.max(0, image.size() - 10), ByteBuffer.allocate(20));
    } catch (BlkshException e) {
      requireMessage(e);
    }
    image.verify(Task.unwatched());
    try {
      readFiles(FileTrees.open(image));
    } catch (BlkshException e) {
      requireMessage(e);
    }
  }

  private static void readFiles(FileTree tree) {
    Task task = new Task("walk", "");
    int[] entries = {0};
    tree.walk(
        tree.root(),
        task,
        entry -> {
          if (++entries[0] == MOST_ENTRIES) {
            task.cancel();
          }
          if (entry.kind() != FileEntry.Kind.DAMAGED) {
            readMetadata(tree, entry);
          }
          if (entry.kind() == FileEntry.Kind.FILE) {
            try (BlockSource file = tree.open(entry)) {
              readExtents(file);
            } catch (BlkshException e) {
              requireMessage(e);
            }
          }
        });
  }

  private static void readMetadata(FileTree tree, FileEntry entry) {
    try {
      tree.metadata(entry);
      tree.leftBehind(entry);
      tree.sharedNumber(entry);
    } catch (BlkshException e) {
      requireMessage(e);
    }
  }

  private static void readExtents(BlockSource source) {
    int count = 0;
    long at = 0;
    Iterator<Extent> extents = source.extents();
    while (extents.hasNext() && count++ < MOST_EXTENTS) {
      Extent extent = extents.next();
      if (extent.start() != at || extent.end() > source.size()) {
        throw new IllegalStateException("extents that do not cover the source: " + extent);
      }
      at = extent.end();
      try {
        int wanted = (int) Math.min(LARGEST_READ, extent.length());
        int read = source.read(extent.start(), ByteBuffer.allocate(wanted));
        if (read != wanted) {
          throw new IllegalStateException(read + " bytes read of " + extent);
        }
      } catch (BlkshException e) {
        requireMessage(e);
      }
    }
  }

  private static void requireMessage(BlkshException e) {
    if (e.getMessage().contains("null")) {
      throw new IllegalStateException("no sentence: " + e.getMessage(), e);
    }
  }

  private static void correctChecksums(byte[] bytes) {
    Structure header = Structure.of(bytes);
    if (header.has(0, PartcloneImage.MAGIC) && bytes.length > PartcloneImage.HEADER) {
      int summed = PartcloneImage.HEADER_SUMMED;
      header.putI32(summed, RawCrc.of(bytes, 0, summed));
      long map = (header.i64(60) + 7) / 8;
      if (map > 0 && map < bytes.length - PartcloneImage.HEADER - 4) {
        int end = PartcloneImage.HEADER + (int) map;
        header.putI32(end, RawCrc.of(bytes, PartcloneImage.HEADER, (int) map));
      }
    } else if (header.has(0, "XFSB")) {
      XfsChecksums.correct(bytes);
    } else if (header.has(BTRFS + 64, "_BHRfS_M")) {
      correctNodes(bytes);
    } else if (header.has(0, PartimageImage.MAGIC)) {
      correctSum(bytes, 512, 16384);
      int local =
          new String(bytes, java.nio.charset.StandardCharsets.ISO_8859_1)
              .indexOf("MAGIC-BEGIN-LOCALHEADER");
      if (local > 0) {
        correctSum(bytes, local + 23, 16384);
      }
    }
  }

  /** Of btrfs the superblock and every node: what begins with the identity of the file system. */
  private static void correctNodes(byte[] bytes) {
    Structure all = Structure.of(bytes);
    int size = all.i32(BTRFS + 148);
    boolean sound = size >= 4096 && size <= 65536 && Integer.bitCount(size) == 1;
    for (int at = BTRFS; sound && at + size <= bytes.length; at += 4096) {
      if (Arrays.equals(bytes, at + 32, at + 48, bytes, BTRFS + 32, BTRFS + 48)) {
        int length = at == BTRFS ? 4096 : size;
        all.putI32(at, Checksum.of(bytes, at + 32, length - 32));
      }
    }
  }

  private static void correctSum(byte[] bytes, int start, int length) {
    if (start + length + 4 <= bytes.length) {
      int sum = 0;
      for (int i = start; i < start + length; i++) {
        sum += bytes[i];
      }
      Structure.of(bytes).putI32(start + length, sum);
    }
  }
}
