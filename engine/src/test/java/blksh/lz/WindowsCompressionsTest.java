package blksh.lz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.WofSample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowsCompressionsTest {

  /** Decodes a chunk into a buffer. */
  private static void decode(String format, byte[] from, byte[] to, int length)
      throws BadChunkException {
    if (format.equals("lzx")) {
      Lzx.decode(from, to, length);
    } else {
      XpressHuffman.decode(from, to, length);
    }
  }

  private static byte[] chunk(byte[] stored, int size, int number) {
    int count = (WofSample.content().length + size - 1) / size;
    ByteBuffer places = ByteBuffer.wrap(stored).order(ByteOrder.LITTLE_ENDIAN);
    int table = 4 * (count - 1);
    int start = table + (number == 0 ? 0 : places.getInt(4 * (number - 1)));
    int end = number == count - 1 ? stored.length : table + places.getInt(4 * number);
    return Arrays.copyOfRange(stored, start, end);
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"xpress4k, 4096", "xpress8k, 8192", "xpress16k, 16384", "lzx, 32768"})
  void decodesWhatWimlibCompressed(String format, int size) throws Exception {
    byte[] content = WofSample.content();
    byte[] stored = WofSample.stored(format);
    for (int at = 0, number = 0; at < content.length; at += size, number++) {
      int length = Math.min(size, content.length - at);
      byte[] chunk = chunk(stored, size, number);
      byte[] to = new byte[size];
      if (chunk.length < length) {
        decode(format, chunk, to, length);
        assertThat(Arrays.copyOf(to, length))
            .isEqualTo(Arrays.copyOfRange(content, at, at + length));
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({"xpress4k, 4096", "xpress16k, 16384", "lzx, 32768"})
  void damageIsFoundOrDecodesToTheLengthAskedFor(String format, int size) throws IOException {
    byte[] stored = WofSample.stored(format);
    Random random = new Random(19);
    int refused = 0;
    for (int round = 0; round < 300; round++) {
      byte[] chunk = chunk(stored, size, round % 3);
      for (int i = 0; i < 1 + round % 5; i++) {
        chunk[random.nextInt(chunk.length)] ^= (byte) (1 + random.nextInt(255));
      }
      byte[] cut = round % 4 == 0 ? Arrays.copyOf(chunk, random.nextInt(chunk.length)) : chunk;
      try {
        decode(format, cut, new byte[size], size);
      } catch (BadChunkException damaged) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(60);
  }

  /**
   * "abc" three times over, as the document of the format has it, and a piece that did not shrink.
   */
  @Test
  void decodesPiecesOfLznt1() throws BadChunkException {
    byte[] out = new byte[8192 + 10];
    ByteBuffer unit = ByteBuffer.allocate(5000).order(ByteOrder.LITTLE_ENDIAN);
    unit.putShort((short) (0xb000 | 5)).put((byte) 0b1000).put((byte) 'a').put((byte) 'b');
    unit.put((byte) 'c').putShort((short) (2 << 12 | 3));
    unit.putShort((short) (0x3000 | 4095));
    for (int i = 0; i < 4096; i++) {
      unit.put((byte) i);
    }
    Arrays.fill(out, (byte) 7);
    Lznt1.decode(Arrays.copyOf(unit.array(), unit.position()), out);
    assertThat(new String(out, 0, 9)).isEqualTo("abcabcabc");
    assertThat(out[9]).isZero();
    assertThat(out[4096 + 300]).isEqualTo((byte) 300);
    assertThat(out[8192]).isZero();
    assertThatThrownBy(() -> Lznt1.decode(new byte[] {5, (byte) 0xb0, 1, 0, 0, 0, 0, 0}, out))
        .isInstanceOf(BadChunkException.class);
    assertThatThrownBy(() -> Lznt1.decode(new byte[16], out)).isInstanceOf(BadChunkException.class);
  }
}
