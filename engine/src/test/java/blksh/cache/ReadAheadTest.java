package blksh.cache;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadAheadTest {

  private static final int BLOCK = 4096;
  private static final int LARGEST = 16 * BLOCK;
  private static final long FAST = 1_000_000;
  private static final long SLOW = 300_000_000;

  private final ReadAhead ahead = new ReadAhead(BLOCK, LARGEST);

  /** Reads at a position as a miss does. @return the first byte that was not read */
  private long read(long position, long nanos) {
    int window = ahead.window(position);
    ahead.done(position, position + window, window, nanos);
    return position + window;
  }

  @Test
  void readingOnDoublesTheWindowUpToTheLargest() {
    long at = 0;
    for (int window = BLOCK; window < LARGEST; window *= 2) {
      assertThat(ahead.window(at)).isEqualTo(window);
      at = read(at, FAST);
    }
    assertThat(ahead.window(at)).isEqualTo(LARGEST);
    at = read(at, FAST);
    assertThat(ahead.window(at)).isEqualTo(LARGEST);
  }

  @Test
  void readingElsewhereBeginsWithABlock() {
    read(read(0, FAST), FAST);
    assertThat(ahead.window(1 << 30)).isEqualTo(BLOCK);
  }

  @Test
  void severalStreamsAreTold() {
    long[] at = {0, 1 << 20, 1 << 24, 1 << 28};
    for (int round = 0; round < 4; round++) {
      for (int stream = 0; stream < at.length; stream++) {
        assertThat(ahead.window(at[stream])).isEqualTo(BLOCK << round);
        at[stream] = read(at[stream], FAST);
      }
    }
  }

  @Test
  void slowReadsHalveTheLargestWindowAndFastOnesDoubleItAgain() {
    long at = 0;
    for (int i = 0; i < 8; i++) {
      at = read(at, SLOW);
    }
    assertThat(ahead.window(at)).isEqualTo(BLOCK);
    for (int i = 0; i < 8; i++) {
      at = read(at, FAST);
    }
    assertThat(ahead.window(at)).isEqualTo(LARGEST);
  }

  @Test
  void nothingIsReadAheadOfAFailure() {
    long at = read(read(0, FAST), FAST);
    ahead.failed();
    assertThat(ahead.window(at)).isEqualTo(BLOCK);
  }
}
