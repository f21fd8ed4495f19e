package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitmapTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 63, 64, 65, 511, 512, 513, 5000, 600_000})
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
    Bitmap bitmap = builder.build();
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
}
