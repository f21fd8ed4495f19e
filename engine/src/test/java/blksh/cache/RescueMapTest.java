package blksh.cache;

import static blksh.cache.RescueStatus.BAD_SECTOR;
import static blksh.cache.RescueStatus.FINISHED;
import static blksh.cache.RescueStatus.NON_SCRAPED;
import static blksh.cache.RescueStatus.NON_TRIED;
import static blksh.cache.RescueStatus.NON_TRIMMED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RescueMapTest {

  @Test
  void isNonTriedAtFirst() {
    RescueMap map = new RescueMap(1000);
    assertThat(map.ranges()).containsExactly(new RescueRange(0, 1000, NON_TRIED));
    assertThat(map.bytes(NON_TRIED)).isEqualTo(1000);
    assertThat(map.isFinished()).isFalse();
  }

  @Test
  void neighboursOfOneStatusAreOneRange() {
    RescueMap map = new RescueMap(1000);
    map.mark(100, 200, FINISHED);
    map.mark(300, 400, FINISHED);
    map.mark(200, 300, FINISHED);
    assertThat(map.ranges())
        .containsExactly(
            new RescueRange(0, 100, NON_TRIED),
            new RescueRange(100, 400, FINISHED),
            new RescueRange(400, 1000, NON_TRIED));
  }

  @Test
  void anyMarksGiveWhatMarkingByteByByteGives() {
    Random random = new Random(1);
    RescueStatus[] all = RescueStatus.values();
    for (int round = 0; round < 200; round++) {
      int size = 1 + random.nextInt(60);
      RescueMap map = new RescueMap(size);
      RescueStatus[] bytes = new RescueStatus[size];
      Arrays.fill(bytes, NON_TRIED);
      for (int i = 0; i < 30; i++) {
        int start = random.nextInt(size + 5) - 2;
        int end = start + random.nextInt(12);
        RescueStatus status = all[random.nextInt(all.length)];
        map.mark(start, end, status);
        for (int at = Math.max(0, start); at < Math.min(size, end); at++) {
          bytes[at] = status;
        }
        check(map, bytes);
      }
    }
  }

  /** So many ranges that they take many chunks, which are cut, joined and shared with copies. */
  @Test
  void manyRangesAreWhatMarkingByteByByteGives() {
    Random random = new Random(2);
    RescueStatus[] all = RescueStatus.values();
    int size = 30_000;
    RescueMap map = new RescueMap(size);
    RescueStatus[] bytes = new RescueStatus[size];
    Arrays.fill(bytes, NON_TRIED);
    RescueMap copy = map.copy();
    RescueStatus[] copied = bytes.clone();
    for (int i = 1; i <= 40_000; i++) {
      boolean wide = random.nextInt(1000) == 0;
      int start = random.nextInt(size);
      int end = start + 1 + random.nextInt(wide ? 5000 : 3);
      RescueStatus status = all[random.nextInt(all.length)];
      map.mark(start, end, status);
      Arrays.fill(bytes, start, Math.min(size, end), status);
      if (i % 8000 == 0) {
        check(map, bytes);
        check(copy, copied);
        copy = map.copy();
        copied = bytes.clone();
        copy.mark(i / 2, i / 2 + 1, BAD_SECTOR);
        copied[Math.min(size - 1, i / 2)] = BAD_SECTOR;
      }
    }
  }

  @Test
  void forwardsAndBackwardsAllRangesOfAStatusAreFound() {
    RescueMap map = new RescueMap(1L << 40);
    for (int i = 0; i < 20_000; i++) {
      map.mark(i * 50_000_000L, i * 50_000_000L + 1 + i % 700, FINISHED);
    }
    int forwards = 0;
    for (RescueRange at = map.next(0, FINISHED); at != null; at = map.next(at.end(), FINISHED)) {
      assertEquals(forwards * 50_000_000L, at.start());
      assertEquals(1 + forwards++ % 700, at.length());
    }
    assertThat(forwards).isEqualTo(20_000);
    RescueRange at = map.previous(map.size(), FINISHED);
    for (; at != null; at = map.previous(at.start(), FINISHED)) {
      assertEquals(--forwards * 50_000_000L, at.start());
    }
    assertThat(forwards).isZero();
  }

  /** Each found in no more time than the one before. */
  @Test
  void manyRangesAreNoTrouble() {
    int count = 300_000;
    RescueMap map = new RescueMap(2L * count * 512);
    for (int i = 0; i < count; i++) {
      map.mark(2L * i * 512, (2L * i + 1) * 512, BAD_SECTOR);
    }
    assertThat(map.bytes(BAD_SECTOR)).isEqualTo(512L * count);
    assertThat(map.ranges()).hasSize(2 * count);
    RescueMap copy = map.copy();
    for (int i = count - 1; i >= 0; i--) {
      map.mark((2L * i + 1) * 512, (2L * i + 2) * 512, BAD_SECTOR);
    }
    assertThat(map.ranges()).containsExactly(new RescueRange(0, map.size(), BAD_SECTOR));
    assertThat(copy.bytes(NON_TRIED)).isEqualTo(512L * count);
  }

  private static void check(RescueMap map, RescueStatus[] bytes) {
    RescueStatus before = null;
    long at = 0;
    for (RescueRange range : map.ranges()) {
      assertThat(range.start()).isEqualTo(at);
      assertThat(range.status()).isNotEqualTo(before);
      for (long i = range.start(); i < range.end(); i++) {
        if (bytes[(int) i] != range.status() || !map.at(i).equals(range)) {
          throw new AssertionError(i + " in " + range);
        }
      }
      at = range.end();
      before = range.status();
    }
    assertThat(at).isEqualTo(bytes.length);
    for (RescueStatus status : RescueStatus.values()) {
      assertThat(map.bytes(status))
          .isEqualTo(Arrays.stream(bytes).filter(each -> each == status).count());
      List<RescueRange> of = new ArrayList<>();
      map.ranges(status).forEach(of::add);
      assertThat(map.next(0, status)).isEqualTo(of.isEmpty() ? null : of.get(0));
      assertThat(map.previous(bytes.length, status))
          .isEqualTo(of.isEmpty() ? null : of.get(of.size() - 1));
    }
  }

  @Test
  void aCellOfThePictureShowsTheWorstInIt() {
    RescueMap map = new RescueMap(1000);
    map.mark(0, 400, FINISHED);
    map.mark(210, 211, BAD_SECTOR);
    map.mark(500, 510, NON_TRIMMED);
    map.mark(600, 800, NON_SCRAPED);
    assertThat(map.picture(5))
        .containsExactly(FINISHED, BAD_SECTOR, NON_TRIMMED, NON_SCRAPED, NON_TRIED);
    assertThat(new RescueMap(3).picture(80)).hasSize(3);
    assertThat(new RescueMap(0).picture(80)).isEmpty();
  }
}
