package blksh.cache;

import static blksh.cache.RescueStatus.BAD_SECTOR;
import static blksh.cache.RescueStatus.FINISHED;
import static blksh.cache.RescueStatus.NON_SCRAPED;
import static blksh.cache.RescueStatus.NON_TRIED;
import static blksh.cache.RescueStatus.NON_TRIMMED;
import static org.assertj.core.api.Assertions.assertThat;

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

  private static void check(RescueMap map, RescueStatus[] bytes) {
    RescueStatus before = null;
    long at = 0;
    for (RescueRange range : map.ranges()) {
      assertThat(range.start()).isEqualTo(at);
      assertThat(range.status()).isNotEqualTo(before);
      for (long i = range.start(); i < range.end(); i++) {
        assertThat(bytes[(int) i]).isEqualTo(range.status());
        assertThat(map.at(i)).isEqualTo(range);
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
