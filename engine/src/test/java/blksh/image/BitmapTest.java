package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitmapTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 63, 64, 65, 511, 512, 513, 5000, 600_000, 5_000_000})
  void ranksAndBlocksAgreeWithAPlainBitSet(int blocks) {
    Random random = new Random(5);
    BitSet expected = new BitSet(blocks);
    for (int i = 0; i < blocks; ) {
      int run = 1 + random.nextInt(200);
      if (random.nextBoolean()) {
        expected.set(i, Math.min(blocks, i + run));
      }
      i += run;
    }
    byte[] bytes = java.util.Arrays.copyOf(expected.toByteArray(), (blocks + 7) / 8);
    // spare bits at the end may be set and must not count
    if (blocks % 8 != 0) {
      bytes[bytes.length - 1] |= (byte) (0xff << (blocks % 8));
    }
    Bitmap.Builder builder = new Bitmap.Builder(blocks);
    builder.addBits(bytes, 0, bytes.length);
    assertAgrees(builder.build(), expected, blocks, random);
    // and once more with what does not fit into memory, given in uneven parts
    Bitmap.Builder spilled = new Bitmap.Builder(blocks, 0);
    for (int at = 0; at < bytes.length; ) {
      int some = Math.min(bytes.length - at, 1 + random.nextInt(5000));
      spilled.addBits(bytes, at, some);
      at += some;
    }
    assertAgrees(spilled.build(), expected, blocks, random);
  }

  private static void assertAgrees(Bitmap bitmap, BitSet expected, int blocks, Random random) {
    assertThat(bitmap.used()).isEqualTo(expected.cardinality());
    for (int i = 0; i < 300; i++) {
      int block = random.nextInt(blocks);
      assertThat(bitmap.rank(block)).isEqualTo(expected.get(0, block).cardinality());
      int next = expected.nextSetBit(block);
      assertThat(bitmap.nextUsed(block, blocks)).isEqualTo(next < 0 ? blocks : next);
      int clear = Math.min(blocks, expected.nextClearBit(block));
      assertThat(bitmap.nextUnused(block, blocks)).isEqualTo(clear);
      if (next >= 0) {
        assertThat(bitmap.block(bitmap.rank(next))).isEqualTo(next);
      }
    }
  }

  /** 64 TiB in blocks of 4 KiB: mostly alike, with a little in each of many pieces. */
  @Test
  void theMapOfAVeryLargePartitionTakesLittleMemory() {
    long blocks = 1L << 34;
    long step = (1L << 19) * 31 + 77;
    Bitmap.Builder builder = new Bitmap.Builder(blocks);
    long filled = 0;
    long used = 0;
    List<Long> set = new ArrayList<>();
    for (long at = step; at + 3 < blocks; at += step) {
      builder.addRun(false, at - filled);
      builder.addRun(true, 3);
      set.add(at);
      filled = at + 3;
      used += 3;
    }
    builder.addRun(false, blocks - filled);
    Bitmap bitmap = builder.build();
    assertThat(bitmap.used()).isEqualTo(used);
    for (int i = 0; i < set.size(); i += 7) {
      long at = set.get(i);
      assertThat(bitmap.rank(at)).isEqualTo(3L * i);
      assertThat(bitmap.block(3L * i + 2)).isEqualTo(at + 2);
      assertThat(bitmap.nextUnused(at, blocks)).isEqualTo(at + 3);
      assertThat(bitmap.nextUsed(at + 3, blocks))
          .isEqualTo(i + 1 < set.size() ? set.get(i + 1) : blocks);
    }
  }
}
