package blksh.cache;

import java.time.Duration;

/**
 * How a cache reads and remembers.
 *
 * @param block bytes a miss reads at least, aligned: a power of two, no less than the source's
 *     sector
 * @param largest bytes read ahead at most: no less than {@code block}
 * @param interval how often the map is written while it changes
 */
public record CacheOptions(int block, int largest, Duration interval) {

  private static final int LARGEST = 64 << 20;

  public CacheOptions {
    checkBlock(block);
    if (largest < block || largest > LARGEST) {
      throw new IllegalArgumentException(
          "read-ahead of %d bytes; it must be from %d to %d".formatted(largest, block, LARGEST));
    }
    if (interval.isNegative() || interval.isZero()) {
      throw new IllegalArgumentException("interval " + interval);
    }
  }

  /** 64 KiB at a time, up to 4 MiB ahead, the map every 5 seconds. */
  public static CacheOptions defaults() {
    return new CacheOptions(64 << 10, 4 << 20, Duration.ofSeconds(5));
  }

  public CacheOptions withBlock(long block) {
    checkBlock(block);
    return new CacheOptions((int) block, Math.max((int) block, largest), interval);
  }

  private static void checkBlock(long block) {
    if (block < 512 || Long.bitCount(block) != 1 || block > LARGEST) {
      throw new IllegalArgumentException(
          "block of %d bytes; it must be a power of two from 512 to %d".formatted(block, LARGEST));
    }
  }
}
