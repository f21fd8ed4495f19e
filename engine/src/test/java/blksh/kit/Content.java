package blksh.kit;

import java.util.Arrays;
import java.util.Random;

/** Bytes to store, read and compare; the same for the same seed. */
public final class Content {

  public static final int KIB = 1 << 10;
  public static final int MIB = 1 << 20;

  private Content() {}

  /** Bytes nothing can compress, of which none is zero. */
  public static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    for (int i = 0; i < length; i++) {
      if (bytes[i] == 0) {
        bytes[i] = 1;
      }
    }
    return bytes;
  }

  /** Bytes that compress about four to one, every page different. */
  public static byte[] compressible(int length, long seed) {
    byte[] bytes = random(length, seed);
    for (int at = 0; at < length; at += 64) {
      Arrays.fill(bytes, Math.min(length, at + 16), Math.min(length, at + 64), (byte) 7);
    }
    return bytes;
  }

  /** Bytes like those of a disk: text, noise and zeros in turn. */
  public static byte[] disk(int length, long seed) {
    byte[] bytes = new byte[length];
    Random random = new Random(seed);
    for (int at = 0; at < length; ) {
      int run = Math.min(length - at, 1 + random.nextInt(200_000));
      switch (random.nextInt(4)) {
        case 0 -> {
          byte[] noise = new byte[run];
          random.nextBytes(noise);
          System.arraycopy(noise, 0, bytes, at, run);
        }
        case 1, 2 -> {
          for (int i = 0; i < run; i++) {
            bytes[at + i] = (byte) ('a' + (random.nextInt(8) * random.nextInt(4)));
          }
        }
        default -> {}
      }
      at += run;
    }
    return bytes;
  }
}
