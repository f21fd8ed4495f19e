package blksh.failing;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.kit.Reading;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What something that is written may hold: what was synced last, or was written since. */
final class Contents {

  /** What a drive writes whole or not at all. */
  private static final int SECTOR = 512;

  private byte[] now;
  private final List<byte[]> possible = new ArrayList<>();

  Contents(byte[] first) {
    now = first.clone();
    synced();
  }

  /** A write is about to be tried. */
  ByteBuffer write(int position, byte[] bytes) {
    now = now.clone();
    System.arraycopy(bytes, 0, now, position, bytes.length);
    possible.add(now);
    return ByteBuffer.wrap(bytes);
  }

  /** All that was written is durable. */
  void synced() {
    possible.clear();
    possible.add(now);
  }

  /** The last sync is what counts; what was written since was refused or may be lost. */
  byte[] now() {
    return now;
  }

  void assertIn(BlockSource source) {
    byte[] found = Reading.read(source, 0, now.length);
    assertThat(found).as("bytes").hasSize(now.length);
    for (int at = 0; at < found.length; at += SECTOR) {
      int from = at;
      int to = Math.min(found.length, at + SECTOR);
      assertThat(possible.stream().anyMatch(one -> Arrays.equals(one, from, to, found, from, to)))
          .as("sector %d holds one of %d states", at / SECTOR, possible.size())
          .isTrue();
    }
  }

  /** Goes on from what was found, all of which is durable. */
  void adopt(BlockSource source) {
    now = Reading.read(source, 0, now.length);
    synced();
  }
}
