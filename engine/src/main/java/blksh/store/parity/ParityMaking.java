package blksh.store.parity;

import blksh.io.Checksum;
import blksh.io.Sha256;
import blksh.parity.BlockMultiples;
import blksh.parity.ReedSolomon;
import blksh.store.shelf.Blob;
import blksh.store.shelf.Part;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Makes the parity of a blob: reads it once for what it is known by, its digest and the checksums
 * of its blocks, and once more band after band of stripes, as many as their parity has room in
 * memory. The same blob gets the same parity.
 */
final class ParityMaking {

  /** Bytes of parity in memory, about. */
  private static final int MEMORY = 16 << 20;

  private final Blob blob;
  private final ParityPlan plan;
  private final Runnable between;
  private final BlobBlocks blocks;
  private final int block;
  private final int[] sums;

  private ParityMaking(Blob blob, ParityPlan plan, int[] sums, Runnable between)
      throws IOException {
    this.blob = blob;
    this.plan = plan;
    this.between = between;
    this.block = plan.block();
    this.blocks = new BlobBlocks(blob, block);
    this.sums = sums;
  }

  /**
   * Writes the parity of a blob to an empty part.
   *
   * @param between called now and then; may throw to end it
   * @throws IOException also when the blob cannot be read
   */
  static void write(Blob blob, int percent, Part to, Runnable between) throws IOException {
    ParityPlan form = new ParityPlan(percent, blob.size(), tail(blob), new byte[0]);
    ParityMaking making = new ParityMaking(blob, form, new int[form.entries()], between);
    ParityPlan plan = form.of(making.sumData());
    blob.forget(); // each look is one of its own, or what came damaged would be vouched for
    making.bands(to);
    byte[][] index = plan.index(making.sums);
    for (int i = 0; i < index.length; i++) {
      to.write(plan.indexAt(i), index[i], 0, index[i].length);
    }
  }

  /** CRC-32C of the last bytes of a blob. */
  static int tail(Blob blob) throws IOException {
    int length = (int) Math.min(ParityPlan.TAIL, blob.size());
    return Checksum.of(blob.read(blob.size() - length, length), 0, length);
  }

  /** SHA-256 of a blob. */
  static byte[] digest(Blob blob, Runnable between) throws IOException {
    MessageDigest digest = Sha256.begin();
    byte[] some = new byte[1 << 20];
    long size = blob.size();
    for (long at = 0; at < size; at += some.length) {
      between.run();
      int length = (int) Math.min(some.length, size - at);
      blob.read(at, some, 0, length);
      digest.update(some, 0, length);
    }
    return digest.digest();
  }

  /** Sums all blocks of data, and gives the SHA-256 of the blob. */
  private byte[] sumData() throws IOException {
    MessageDigest digest = Sha256.begin();
    blocks.each(
        0,
        plan.blocks(),
        between,
        (number, bytes, at) -> {
          mustBeRead(number, bytes);
          sums[number] = blocks.sum(bytes, at);
          digest.update(bytes, at, (int) Math.min(block, plan.length() - (long) number * block));
        });
    return digest.digest();
  }

  private void mustBeRead(int number, byte[] bytes) throws IOException {
    if (bytes == null) {
      blob.read((long) number * block, 1); // says why
      throw new IOException("byte %d cannot be read".formatted((long) number * block));
    }
  }

  private void bands(Part to) throws IOException {
    int stripes = plan.stripes();
    int most = Math.max(1, Math.min(stripes, MEMORY / block / plan.rows()));
    long[][] parity = new long[plan.rows()][most * (block / Long.BYTES)];
    for (int first = 0; first < stripes; first += most) {
      band(first, Math.min(most, stripes - first), parity, to);
    }
  }

  private void band(int first, int count, long[][] parity, Part to) throws IOException {
    ReedSolomon code = plan.code();
    int longs = block / Long.BYTES;
    BlockMultiples multiples = new BlockMultiples(longs);
    long[] one = new long[longs];
    for (long[] row : parity) {
      Arrays.fill(row, 0);
    }
    int all = plan.blocks();
    for (int column = 0; column < plan.columns(); column++) {
      int from = plan.data(first, column);
      int there = Math.max(0, Math.min(count, all - from));
      int[] factors = new int[parity.length];
      for (int row = 0; row < factors.length; row++) {
        factors[row] = code.coefficient(row, column);
      }
      blocks.each(
          (long) from * block,
          there,
          between,
          (i, bytes, at) -> {
            mustBeRead(from + i, bytes);
            if (blocks.sum(bytes, at) != sums[from + i]) {
              throw new IOException(
                  "what is at byte %d reads differently each time"
                      .formatted((long) (from + i) * block));
            }
            longs(bytes, at, block, one);
            multiples.of(one, 0);
            for (int row = 0; row < factors.length; row++) {
              multiples.add(factors[row], parity[row], i * longs);
            }
          });
    }
    byte[] bytes = new byte[block];
    for (int row = 0; row < parity.length; row++) {
      for (int i = 0; i < count; i++) {
        bytes(parity[row], i * longs, bytes);
        int entry = plan.row(first + i, row);
        sums[entry] = blocks.sum(bytes, 0);
        to.write(plan.parityAt(entry), bytes, 0, block);
      }
    }
  }

  static void longs(byte[] bytes, int at, int length, long[] to) {
    ByteBuffer.wrap(bytes, at, length).order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(to);
  }

  static void bytes(long[] from, int at, byte[] to) {
    ByteBuffer.wrap(to)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asLongBuffer()
        .put(from, at, to.length / Long.BYTES);
  }
}
