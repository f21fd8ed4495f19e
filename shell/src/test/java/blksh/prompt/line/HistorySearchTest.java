package blksh.prompt.line;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HistorySearchTest {

  private static final List<String> ENTRIES =
      List.of("val alpha = 1", "Alpha(2)", "fun f() {\n  alpha\n}", "beta");

  private static String found(HistorySearch search) {
    return search.place() < 0 ? null : ENTRIES.get(search.place());
  }

  @Test
  void goesOnFromWhereItIsWhileTheTermGrows() {
    HistorySearch search = new HistorySearch(ENTRIES, true);
    assertThat(found(search)).isNull();
    for (String typed : "alph".split("")) {
      search.type(typed);
    }
    assertThat(found(search)).startsWith("fun f()");
    assertThat(search.offset()).isEqualTo(12);
    search.type("a = ");
    assertThat(found(search)).isEqualTo("val alpha = 1");
    assertThat(search.offset()).isEqualTo(4);
  }

  @Test
  void findsEachEntryOnceInEitherDirection() {
    HistorySearch search = new HistorySearch(ENTRIES, true);
    search.type("a");
    assertThat(found(search)).isEqualTo("beta");
    search.next(true);
    search.next(true);
    assertThat(found(search)).isEqualTo("Alpha(2)");
    search.next(true);
    assertThat(found(search)).isEqualTo("val alpha = 1");
    search.next(true);
    assertThat(search.failing()).isTrue();
    assertThat(found(search)).isEqualTo("val alpha = 1");
    search.next(false);
    assertThat(search.failing()).isFalse();
    assertThat(found(search)).isEqualTo("Alpha(2)");
  }

  @Test
  void takesCapitalsAsTheyAre() {
    HistorySearch search = new HistorySearch(ENTRIES, true);
    search.type("A");
    assertThat(found(search)).isEqualTo("Alpha(2)");
  }

  @Test
  void takesStepsBack() {
    HistorySearch search = new HistorySearch(ENTRIES, true);
    search.type("al");
    search.type("x");
    assertThat(search.failing()).isTrue();
    assertThat(search.offset()).isEqualTo(12);
    search.back();
    assertThat(search.failing()).isFalse();
    assertThat(search.term()).isEqualTo("al");
    search.back();
    search.back();
    assertThat(found(search)).isNull();
  }

  @Test
  void findsNothingNewerThanTheNewest() {
    HistorySearch search = new HistorySearch(ENTRIES, false);
    search.type("beta");
    assertThat(search.failing()).isTrue();
    assertThat(found(search)).isNull();
  }
}
