package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.PartitionTable;
import blksh.drive.UsedBlocks;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Iterator;

/**
 * What the fuzzer runs: any bytes are opened and used as far as they go. Nothing but a {@link
 * BlkshException} may come out; the fuzzer itself watches memory and time.
 *
 * <p>So that changes get past the checksums of headers, inputs of an even last byte have theirs
 * corrected first.
 */
public final class ImageFuzz {

  private static final Path INDEXES =
      Path.of(System.getProperty("java.io.tmpdir"), "blksh-fuzz-" + ProcessHandle.current().pid());

  private static final int MOST_EXTENTS = 64;
  private static final int LARGEST_READ = 256 << 10;

  private ImageFuzz() {}

  public static void fuzzerTestOneInput(byte[] input) {
    byte[] bytes = input.clone();
    boolean corrected = bytes.length > 0 && bytes[bytes.length - 1] % 2 == 0;
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
    HeaderBytes header = new HeaderBytes(bytes);
    if (header.has(0, PartcloneImage.MAGIC) && bytes.length > PartcloneImage.HEADER) {
      int summed = PartcloneImage.HEADER_SUMMED;
      header.putI32(summed, RawCrc.of(bytes, 0, summed));
      long map = (header.i64(60) + 7) / 8;
      if (map > 0 && map < bytes.length - PartcloneImage.HEADER - 4) {
        int end = PartcloneImage.HEADER + (int) map;
        header.putI32(end, RawCrc.of(bytes, PartcloneImage.HEADER, (int) map));
      }
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

  private static void correctSum(byte[] bytes, int start, int length) {
    if (start + length + 4 <= bytes.length) {
      int sum = 0;
      for (int i = start; i < start + length; i++) {
        sum += bytes[i];
      }
      new HeaderBytes(bytes).putI32(start + length, sum);
    }
  }
}
