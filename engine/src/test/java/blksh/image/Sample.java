package blksh.image;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.util.Random;

/** Bytes to compress in tests, and ways to read them back. */
public final class Sample {

  private Sample() {}

  /** Bytes like those of a disk: text, noise and zeros in turn; the same for the same seed. */
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

  public static byte[] read(BlockSource source, long position, int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int count = source.read(position, buffer);
    byte[] bytes = new byte[count];
    buffer.flip().get(bytes);
    return bytes;
  }
}
