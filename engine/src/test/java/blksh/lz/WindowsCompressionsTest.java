package blksh.lz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.WofSample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** Bits as LZX has them. */
  private static final class Bits {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int unit;
    private int count;

    Bits put(int bits, int value) {
      for (int i = bits - 1; i >= 0; i--) {
        unit = unit << 1 | value >> i & 1;
        if (++count % 16 == 0) {
          bytes.write(unit);
          bytes.write(unit >> 8);
          unit = 0;
        }
      }
      return this;
    }

    /** Lengths of words, all 0 but for two of one bit, in a code of three symbols. */
    void lengths(int before, boolean two, int after) {
      for (int symbol = 0; symbol < 20; symbol++) {
        put(4, symbol == 18 ? 1 : symbol == 16 || symbol == 17 ? 2 : 0);
      }
      zeros(before);
      if (two) {
        put(2, 2).put(2, 2);
      }
      zeros(after);
    }

    /** A chunk of "aa", and bits that fill its last unit. */
    static byte[] twoLiterals(int rest) {
      Bits bits = new Bits().put(3, 1).put(1, 0).put(16, 2).codes().put(2, 0);
      int left = (16 - bits.count % 16) % 16;
      assertThat(left).isPositive();
      return bits.put(left, rest).bytes.toByteArray();
    }

    private void zeros(int number) {
      int left = number;
      while (left >= 20) {
        int run = Math.min(51, left);
        put(1, 0).put(5, run - 20);
        left -= run;
      }
      if (left > 0) {
        put(2, 3).put(4, left - 4);
      }
    }

    /** The codes of a block of two literals: one bit each. */
    Bits codes() {
      lengths(97, true, 157);
      lengths(0, false, 240);
      lengths(0, false, 249);
      return this;
    }
  }

  /** As Windows writes them, and wimlib does not: padding comes before the three distances. */
  @ParameterizedTest(name = "{0} bits before")
  @ValueSource(ints = {0, 1, 7, 15})
  void blocksThatAreNotCompressedBeginBehindTheirPadding(int rest) throws BadChunkException {
    int literals = 500;
    int before = new Bits().put(20, 0).codes().count + 20;
    while ((before + literals) % 16 != rest) {
      literals++;
    }
    Bits bits = new Bits().put(3, 1).put(1, 0).put(16, literals).codes();
    byte[] expected = new byte[literals + 300];
    for (int i = 0; i < literals; i++) {
      bits.put(1, i % 3 == 0 ? 1 : 0);
      expected[i] = (byte) (i % 3 == 0 ? 'b' : 'a');
    }
    bits.put(3, 3).put(1, 0).put(16, 300);
    assertThat(bits.count % 16).isEqualTo(rest);
    bits.put(16 - rest, 0);
    for (int i = 0; i < 3; i++) {
      bits.bytes.writeBytes(new byte[] {1, 0, 0, 0});
    }
    for (int i = 0; i < 300; i++) {
      expected[literals + i] = (byte) (i * 7);
      bits.bytes.write(i * 7);
    }
    byte[] to = new byte[expected.length];
    Lzx.decode(bits.bytes.toByteArray(), to, to.length);
    assertThat(to).isEqualTo(expected);
  }

  @ParameterizedTest(name = "{0} bytes")
  @ValueSource(ints = {1, 2, 3, 100})
  void whatIsLeftOfAChunkOfLzxIsDamage(int more) throws Exception {
    byte[] chunk = chunk(WofSample.stored("lzx"), 32768, 0);
    byte[] to = new byte[32768];
    Lzx.decode(chunk, to, to.length);
    byte[] longer = Arrays.copyOf(chunk, chunk.length + more);
    assertThatThrownBy(() -> Lzx.decode(longer, to, to.length))
        .isInstanceOf(BadChunkException.class)
        .hasMessageContaining("goes on behind its end");
    byte[] shorter = Arrays.copyOf(chunk, chunk.length - more);
    assertThatThrownBy(() -> Lzx.decode(shorter, to, to.length))
        .isInstanceOf(BadChunkException.class);
    byte[] unfinished = Bits.twoLiterals(1);
    assertThatThrownBy(() -> Lzx.decode(unfinished, to, 2)).isInstanceOf(BadChunkException.class);
    Lzx.decode(Bits.twoLiterals(0), to, 2);
    assertThat(to).startsWith('a', 'a');
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
