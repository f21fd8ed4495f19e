package blksh.prompt.complete;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MatchTest {

  @Test
  void ranksBeginningsBeforeHumpsBeforeTheMiddle() {
    assertThat(Match.rank("sto", "stores")).isZero();
    assertThat(Match.rank("sto", "Stores")).isZero();
    assertThat(Match.rank("bL", "BlockMap")).isNotZero();
    assertThat(Match.rank("", "stores")).isZero();
    assertThat(Match.rank("sD", "sampleDisk(…)")).isEqualTo(1);
    assertThat(Match.rank("sadi", "sampleDisk(…)")).isEqualTo(1);
    assertThat(Match.rank("s.sda", "server01.sda")).isEqualTo(-1);
    assertThat(Match.rank("ssda", "server01.sda")).isEqualTo(1);
    assertThat(Match.rank("ver01", "server01.sda")).isEqualTo(2);
    assertThat(Match.rank("x", "stores")).isEqualTo(-1);
  }

  private static List<String> best(String word, String... names) {
    return Match.best(word, List.of(names), name -> name);
  }

  @Test
  void joinsWhatBeginsSoWithWhatHasItFurtherOn() {
    assertThat(best("size", "storedSize", "resized", "size", "name"))
        .containsExactly("size", "storedSize", "resized");
    assertThat(best("sto", "existingStore", "history", "store", "stores"))
        .containsExactly("store", "stores", "existingStore", "history");
  }

  @Test
  void joinsLessTheLessWasTyped() {
    assertThat(best("s", "lastUsed", "map", "used", "size")).containsExactly("size");
    assertThat(best("si", "storedSize", "resized", "size")).containsExactly("size", "storedSize");
    assertThat(best("u", "lastUsed", "map")).containsExactly("lastUsed");
    assertThat(best("ew", "newest", "map")).containsExactly("newest");
  }

  @Test
  void leavesOutWhatFitsWorseWhereThereIsPlenty() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      names.add("stored" + i);
    }
    names.add("lastStored");
    assertThat(Match.best("sto", names, name -> name)).hasSize(20).doesNotContain("lastStored");
    assertThat(best("sto", "sto1", "sto2", "sto3", "sto4", "sto5", "lastStored", "history"))
        .endsWith("lastStored");
  }
}
