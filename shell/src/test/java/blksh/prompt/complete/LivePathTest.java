package blksh.prompt.complete;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.prompt.complete.LivePath.Kind;
import blksh.prompt.complete.LivePath.Step;
import java.util.List;
import org.junit.jupiter.api.Test;

class LivePathTest {

  private static final Step STORES = new Step("stores", Kind.MEMBER);
  private static final Step MAIN = new Step("main", Kind.KEY);

  @Test
  void readsAPathBackwardsFromTheCursor() {
    assertThat(LivePath.before("sto")).isEqualTo(new LivePath(List.of(), "sto", false));
    assertThat(LivePath.before("")).isEqualTo(new LivePath(List.of(), "", false));
    assertThat(LivePath.before("val x = stores.si"))
        .isEqualTo(new LivePath(List.of(STORES), "si", false));
    assertThat(LivePath.before("f(stores[\"main\"]."))
        .isEqualTo(new LivePath(List.of(STORES, MAIN), "", false));
    assertThat(LivePath.before("stores[\"main\"].manifests[\"server01.s"))
        .isEqualTo(
            new LivePath(
                List.of(STORES, MAIN, new Step("manifests", Kind.MEMBER)), "server01.s", true));
    assertThat(LivePath.before("runs[0]?.fi"))
        .isEqualTo(
            new LivePath(
                List.of(new Step("runs", Kind.MEMBER), new Step("0", Kind.INDEX)), "fi", false));
  }

  @Test
  void knowsNothingOfWhatACallGives() {
    assertThat(LivePath.before("store(\"/x\").").steps()).isNull();
    assertThat(LivePath.before("a[i + 1].").steps()).isNull();
  }
}
