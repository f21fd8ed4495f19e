package blksh.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.Content;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames of LZ4 in memory, against the lz4 of the system. */
class Lz4FrameTest {

  @TempDir Path folder;

  private byte[] packed(byte[] content, String... options) throws IOException {
    Path plain = Files.write(folder.resolve("plain"), content);
    Path packed = folder.resolve("packed");
    Object[] words = Arrays.copyOf(options, options.length + 4, Object[].class);
    System.arraycopy(
        new Object[] {"-qf", "--content-size", plain, packed}, 0, words, options.length, 4);
    Tool.named("lz4").run(words);
    return Files.readAllBytes(packed);
  }

  private static byte[] decoded(byte[] frame, int most) throws IOException {
    byte[] to = new byte[most];
    return Arrays.copyOf(to, Lz4Frame.decode(frame, frame.length, to));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 65_536, 65_537, 131_072, 1_000_000, 5_000_000})
  void theSystemReadsWhatIsWritten(int length) throws IOException {
    for (byte[] content :
        new byte[][] {Content.disk(length, 1), Content.random(length, 2), new byte[length]}) {
      byte[] frame = Lz4Frame.encode(content, 0, length);
      assertThat(frame.length).isLessThanOrEqualTo(Lz4Frame.longest(length));
      assertThat(Lz4Frame.content(frame)).isEqualTo(length);
      assertThat(Arrays.equals(decoded(frame, length), content)).isTrue();
      Path packed = Files.write(folder.resolve("frame.lz4"), frame);
      Path plain = folder.resolve("frame");
      Tool.named("lz4").run("-qdf", packed, plain);
      assertThat(Arrays.equals(Files.readAllBytes(plain), content)).isTrue();
    }
  }

  @Test
  void whatTheSystemWritesIsRead() throws IOException {
    for (int length : new int[] {0, 7, 131_072, 700_001}) {
      byte[] content = Content.disk(length, 3);
      for (String[] options :
          new String[][] {
            {"-B4", "-BD"},
            {"-B4"},
            {"-BD", "-BX"},
            {"-B7"},
            {"-BD", "--no-frame-crc"},
            {"-9", "-BD"}
          }) {
        byte[] frame = packed(content, options);
        assertThat(Arrays.equals(decoded(frame, length), content)).isTrue();
        if (length > 0) {
          assertThatThrownBy(() -> decoded(frame, length - 1)).isInstanceOf(IOException.class);
        }
      }
    }
  }

  /** Whatever the bytes are, it is the content or a failure, and soon. */
  @Test
  void damageIsAFailure() throws IOException {
    byte[] content = Content.disk(200_000, 4);
    byte[] frame = packed(content, "-B4", "-BD");
    Random random = new Random(5);
    for (int i = 0; i < 3000; i++) {
      byte[] damaged = frame.clone();
      int at = i < 40 ? i : random.nextInt(damaged.length);
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      if (i % 5 == 0) {
        damaged = Arrays.copyOf(damaged, random.nextInt(damaged.length));
      }
      try {
        assertThat(Arrays.equals(decoded(damaged, content.length), content)).isTrue();
      } catch (IOException expected) {
        assertThat(expected).hasMessageContaining("lz4");
      }
    }
  }
}
