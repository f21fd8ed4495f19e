package blksh.store.pack;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Lz4BeginningTest {

  @Test
  void theBeginningOfABlockIsWhatAllOfItBeginsWith() {
    if (!Lz4Beginning.isAvailable()) {
      return; // then frames are read whole, which ManifestReadsTest shows
    }
    Random random = new Random(7);
    byte[] bytes = new byte[Frame.MAX_RAW];
    random.nextBytes(bytes);
    ByteBuffer raw = ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
    ByteBuffer block = ByteBuffer.allocateDirect(Frame.MAX_RAW + 4096);
    ByteBuffer out = ByteBuffer.allocateDirect(Frame.MAX_RAW);
    Arrays.fill(bytes, 0, 40_000, (byte) 3);
    raw.put(0, bytes);
    int stored;
    try (CodecChoice.Compressor compressor = CodecChoice.LZ4.compressor()) {
      stored = compressor.compress(raw, 0, bytes.length, block, 100, block.capacity() - 100);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    assertThat(stored).isPositive();
    for (int i = 0; i < 2000; i++) {
      int wanted = 1 + random.nextInt(bytes.length);
      int length = random.nextInt(4) == 0 ? random.nextInt(stored) : stored;
      boolean enough = Lz4Beginning.decompress(block, 100, length, out, wanted);
      assertThat(enough || length < stored).isTrue();
      if (enough) {
        byte[] found = new byte[wanted];
        out.get(0, found);
        assertThat(found).isEqualTo(Arrays.copyOf(bytes, wanted));
      }
    }
    // Damage yields other bytes or none, but stays inside its buffers.
    for (int i = 0; i < 2000; i++) {
      int at = 100 + random.nextInt(stored);
      byte old = block.get(at);
      block.put(at, (byte) random.nextInt());
      Lz4Beginning.decompress(block, 100, stored, out, 1 + random.nextInt(bytes.length));
      block.put(at, old);
    }
  }
}
