package blksh.prompt.complete;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.prompt.complete.LivePath.Kind;
import blksh.prompt.complete.LivePath.Step;
import org.junit.jupiter.api.Test;

class LivePathTest {

  private static final Step STORES = new Step("stores", Kind.MEMBER);
  private static final Step MAIN = new Step("main", Kind.KEY);

  @Test
  void readsAPathToItsEnd() {
    assertThat(LivePath.of("sto")).containsExactly(new Step("sto", Kind.MEMBER));
    assertThat(LivePath.of("")).isEmpty();
    assertThat(LivePath.of("val x = stores")).containsExactly(STORES);
    assertThat(LivePath.of("stores[\"main\"]")).containsExactly(STORES, MAIN);
    assertThat(LivePath.of("stores[\"main\"].manifests"))
        .containsExactly(STORES, MAIN, new Step("manifests", Kind.MEMBER));
    assertThat(LivePath.of("runs[0]?.finished"))
        .containsExactly(
            new Step("runs", Kind.MEMBER),
            new Step("0", Kind.INDEX),
            new Step("finished", Kind.MEMBER));
    assertThat(LivePath.of("x[\"a]b\"]"))
        .containsExactly(new Step("x", Kind.MEMBER), new Step("a]b", Kind.KEY));
  }

  @Test
  void knowsNothingOfWhatACallGives() {
    assertThat(LivePath.of("store(\"/x\")")).isEmpty();
    assertThat(LivePath.of("a[i + 1]")).isEmpty();
    assertThat(LivePath.of("a[\"b\" + \"c\"]")).isEmpty();
  }
}
