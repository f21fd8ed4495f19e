package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.store.pack.Pack;
import java.util.List;
import org.junit.jupiter.api.Test;

class LivePagesTest {

  /** The numbers come from a page index that may be damaged: 24 bits there, 15 in a pack. */
  @Test
  void aPageThatNoPackCanHaveIsNotNeeded() {
    LivePages live = new LivePages(List.of(1L, 2L));
    live.need(1, 0, Pack.MAX_PAGES);
    live.need(2, 0, Pack.MAX_PAGES);

    assertThat(live.isNeeded(1, Pack.MAX_PAGES - 1)).isTrue();
    for (int page : new int[] {Pack.MAX_PAGES, Pack.MAX_PAGES + 1, (1 << 24) - 1, -1}) {
      assertThat(live.isNeeded(1, page)).as("page %d of the first pack", page).isFalse();
      assertThat(live.isNeeded(2, page)).as("page %d of the last pack", page).isFalse();
    }
  }
}
