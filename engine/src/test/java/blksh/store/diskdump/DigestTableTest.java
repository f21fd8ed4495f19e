package blksh.store.diskdump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.io.Sha256;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Digests put in order on the disk, and found again. */
class DigestTableTest {

  private static final int DIGEST = DiskdumpPlace.DIGEST;

  private static byte[] digest(int number) {
    return Sha256.begin().digest(Integer.toString(number).getBytes());
  }

  private static DigestTable sorted(List<byte[]> digests) {
    try (DigestSort sort = new DigestSort()) {
      digests.forEach(digest -> sort.add(digest, 0));
      return sort.finish();
    }
  }

  @Test
  void whatDoesNotComeInOrderIsNoTable() {
    DigestTable.Maker maker = new DigestTable.Maker();
    byte[] low = new byte[DIGEST];
    byte[] high = new byte[DIGEST];
    high[0] = (byte) 0x80;
    maker.add(low, 0);
    maker.add(high, 0);
    maker.add(high, 0);
    assertThatThrownBy(() -> maker.add(low, 0)).isInstanceOf(DigestTable.Disordered.class);
  }

  @Test
  void moreThanARunAreInOrderEachOnce() {
    int count = 150_000;
    List<byte[]> digests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      digests.add(digest(i));
      if (i % 3 == 0) {
        digests.add(digest(i / 2));
      }
    }
    try (DigestTable table = sorted(digests)) {
      assertThat(table.size()).isEqualTo(count);
      byte[] all = new byte[count * DIGEST];
      table.read(0, all, count);
      for (int i = 1; i < count; i++) {
        int at = i * DIGEST;
        assertThat(Arrays.compareUnsigned(all, at - DIGEST, at, all, at, at + DIGEST)).isNegative();
      }
      Random random = new Random(1);
      for (int i = 0; i < 1000; i++) {
        int number = random.nextInt(2 * count);
        long found = table.find(digest(number), 0);
        assertThat(found >= 0).isEqualTo(number < count);
        if (found >= 0) {
          byte[] there =
              Arrays.copyOfRange(all, (int) found * DIGEST, (int) found * DIGEST + DIGEST);
          assertThat(there).isEqualTo(digest(number));
        }
      }
    }
  }

  @Test
  void manyThatBeginAlikeAreFoundToo() {
    List<byte[]> digests = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      byte[] digest = digest(i);
      digest[0] = 7;
      digest[1] = 7;
      digests.add(digest);
    }
    try (DigestTable table = sorted(digests)) {
      assertThat(table.size()).isEqualTo(1000);
      digests.forEach(digest -> assertThat(table.find(digest, 0)).isNotNegative());
      assertThat(table.find(digest(0), 0)).isEqualTo(-1);
    }
  }

  @Test
  void ofNoneNothingIsFound() {
    try (DigestTable table = sorted(List.of())) {
      assertThat(table.size()).isZero();
      assertThat(table.find(digest(0), 0)).isEqualTo(-1);
    }
  }
}
