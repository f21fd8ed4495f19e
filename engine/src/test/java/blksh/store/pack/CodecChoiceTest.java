package blksh.store.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.Content;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How frames are compressed, by what is chosen. */
class CodecChoiceTest {

  private static final int BYTES = Frame.MAX_RAW;

  @ParameterizedTest
  @CsvSource({
    "lz4, lz4",
    "RAW, raw",
    "zstd, zstd",
    "zstd-3, zstd",
    "Zstd-19, zstd-19",
    "auto, auto",
    "auto-1, auto-1",
    "zstd-022, zstd-22"
  })
  void aTextSaysWhichAndIsWrittenInOneWay(String text, String written) {
    CodecChoice found = CodecChoice.parse(text);
    assertThat(found).hasToString(written);
    assertThat(CodecChoice.parse(written)).isEqualTo(found);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "zst",
        "zstd-",
        "zstd-0",
        "zstd-23",
        "zstd--1",
        "zstd-9.5",
        "zstd-1000",
        "lz4-3",
        "raw-0",
        "auto-0",
        "auto 3",
        "zstd-3-3"
      })
  void whatSaysNoneIsRefused(String text) {
    assertThatThrownBy(() -> CodecChoice.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  /** What became of bytes. */
  private record Result(Codec codec, int length) {}

  private static Result compress(CodecChoice compression, byte[] bytes) {
    try (CodecChoice.Compressor compressor = compression.compressor()) {
      ByteBuffer from = ByteBuffer.allocateDirect(bytes.length).put(0, bytes);
      ByteBuffer to = ByteBuffer.allocateDirect(bytes.length + 16);
      int stored = compressor.compress(from, 0, bytes.length, to, 16, bytes.length - 1);
      Codec codec = stored < 0 ? Codec.RAW : compressor.codec();
      if (stored >= 0) {
        byte[] again = new byte[bytes.length];
        assertThat(codec.decompress(to, 16, stored, again, bytes.length)).isTrue();
        assertThat(again).isEqualTo(bytes);
      }
      return new Result(codec, stored < 0 ? bytes.length : stored);
    }
  }

  /** Words in an order that only entropy coding makes smaller than LZ4 does. */
  private static byte[] text() {
    byte[] bytes = Content.random(BYTES, 3);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) ('a' + (bytes[i] & 7));
    }
    return bytes;
  }

  /** Words, as in documents: what a higher level makes smaller. */
  private static byte[] words(int length, long seed) {
    Random random = new Random(seed);
    String[] words = new String[2000];
    for (int i = 0; i < words.length; i++) {
      StringBuilder word = new StringBuilder();
      for (int left = 2 + random.nextInt(8); left > 0; left--) {
        word.append((char) ('a' + random.nextInt(26)));
      }
      words[i] = word.append(' ').toString();
    }
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      text.append(words[(int) (Math.abs(random.nextGaussian()) * 500) % words.length]);
    }
    return text.substring(0, length).getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void aHigherLevelTakesLessSpace() {
    byte[] bytes = words(BYTES, 1);
    int fast = compress(CodecChoice.zstd(1), bytes).length();
    int small = compress(CodecChoice.zstd(19), bytes).length();
    assertThat(small).isLessThan(fast);
    assertThat(compress(CodecChoice.LZ4, bytes).codec()).isEqualTo(Codec.LZ4);
    assertThat(compress(CodecChoice.RAW, bytes).codec()).isEqualTo(Codec.RAW);
  }

  @Test
  void whatDeservesItIsCompressedByZstandardAndTheRestIsNot() {
    assertThat(compress(CodecChoice.AUTO, text()).codec()).isEqualTo(Codec.ZSTD);
    assertThat(compress(CodecChoice.AUTO, text()).length())
        .isEqualTo(compress(CodecChoice.ZSTD, text()).length());
    assertThat(compress(CodecChoice.AUTO, Content.random(BYTES, 2)).codec()).isEqualTo(Codec.RAW);
    // Random bytes of which each page is repeated once: LZ4 finds all there is to find.
    byte[] twice = Content.random(BYTES, 4);
    for (int at = 0; at < BYTES; at += 2 * Page.SIZE) {
      System.arraycopy(twice, at, twice, at + Page.SIZE, Page.SIZE);
    }
    Result found = compress(CodecChoice.AUTO, twice);
    assertThat(found.codec()).isEqualTo(Codec.LZ4);
    assertThat(found.length()).isLessThan(BYTES * 6 / 10);
  }

  @Test
  void oneThatFailedOnAFrameIsAsGoodForTheNext() {
    for (CodecChoice.Kind kind : CodecChoice.Kind.values()) {
      try (CodecChoice.Compressor compressor = CodecChoice.parse(kind.name()).compressor()) {
        ByteBuffer to = ByteBuffer.allocateDirect(BYTES);
        ByteBuffer noise = ByteBuffer.allocateDirect(BYTES).put(0, Content.random(BYTES, 5));
        ByteBuffer text = ByteBuffer.allocateDirect(BYTES).put(0, Content.compressible(BYTES, 5));
        assertThat(compressor.compress(noise, 0, BYTES, to, 0, BYTES - 1)).isEqualTo(-1);
        compressor.compress(text, 0, BYTES, to, 0, BYTES - 1);
        int stored = compressor.compress(text, 0, BYTES, to, 0, BYTES - 1);
        if (kind == CodecChoice.Kind.RAW) {
          assertThat(stored).isEqualTo(-1);
        } else {
          byte[] bytes = Content.compressible(BYTES, 5);
          assertThat(stored).isEqualTo(compress(CodecChoice.parse(kind.name()), bytes).length());
        }
      }
    }
  }
}
