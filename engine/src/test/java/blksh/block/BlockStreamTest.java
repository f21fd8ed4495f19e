package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Content;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BlockStreamTest {

  private static final SourceInfo STDIN = new SourceInfo("stream", "stdin", "-");

  /** Bytes that come a few at a time, as through a pipe. */
  private static final class Trickle extends ByteArrayInputStream {
    Trickle(byte[] bytes) {
      super(bytes);
    }

    @Override
    public synchronized int read(byte[] buffer, int offset, int length) {
      return super.read(buffer, offset, Math.min(7, length));
    }
  }

  @Test
  void fillsTheBufferThoughTheBytesTrickle() {
    byte[] bytes = Content.random(250, 1);
    try (BlockStream stream = new BlockStream(new Trickle(bytes), STDIN)) {
      byte[] buffer = new byte[120];
      assertThat(stream.read(buffer, 10, 100)).isEqualTo(100);
      assertThat(Arrays.copyOfRange(buffer, 10, 110)).isEqualTo(Arrays.copyOf(bytes, 100));
      assertThat(stream.read(buffer, 0, 100)).isEqualTo(100);
      assertThat(stream.read(buffer, 0, 100)).isEqualTo(50);
      assertThat(Arrays.copyOf(buffer, 50)).isEqualTo(Arrays.copyOfRange(bytes, 200, 250));
      assertThat(stream.read(buffer, 0, 100)).isZero();
      assertThat(stream.position()).isEqualTo(250);
      assertThat(stream.describe()).isEqualTo(STDIN);
    }
  }

  @Test
  void aBrokenStreamNamesTheByteItBrokeAt() {
    InputStream broken =
        new InputStream() {
          private int left = 30;

          @Override
          public int read() throws IOException {
            if (left-- == 0) {
              throw new IOException("Connection reset");
            }
            return 1;
          }

          @Override
          public int read(byte[] buffer, int offset, int length) throws IOException {
            buffer[offset] = (byte) read();
            return 1;
          }
        };
    try (BlockStream stream = new BlockStream(broken, STDIN)) {
      assertThatThrownBy(() -> stream.read(new byte[100], 0, 100))
          .isInstanceOf(BlkshException.class)
          .hasMessage("cannot read - at byte 30: Connection reset");
    }
  }
}
