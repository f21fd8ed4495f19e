package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockGroupTest {

  private final BlockGroup group = new BlockGroup();

  private List<String> unsynced() {
    List<String> found = new ArrayList<>();
    group.takeUnsynced(
        (from, to, zero) -> found.add(from + " to " + to + (zero ? " zero" : " data")));
    return found;
  }

  @Test
  void atFirstAllIsAsUnderneath() {
    assertThat(group.kind(0)).isNull();
    assertThat(group.endOfRun(0)).isEqualTo(BlockGroup.BLOCKS);
    assertThat(unsynced()).isEmpty();
  }

  @Test
  void runsEndWhereTheKindChanges() {
    group.change(10, 30, false);
    group.change(20, 25, true);
    assertThat(group.kind(9)).isNull();
    assertThat(group.kind(10)).isEqualTo(Extent.Kind.DATA);
    assertThat(group.kind(20)).isEqualTo(Extent.Kind.ZERO);
    assertThat(group.endOfRun(0)).isEqualTo(10);
    assertThat(group.endOfRun(10)).isEqualTo(20);
    assertThat(group.endOfRun(22)).isEqualTo(25);
    assertThat(group.endOfRun(25)).isEqualTo(30);
    assertThat(group.endOfRun(30)).isEqualTo(BlockGroup.BLOCKS);
    group.change(0, BlockGroup.BLOCKS, true);
    assertThat(group.endOfRun(5)).isEqualTo(BlockGroup.BLOCKS);
  }

  @Test
  void onlyWhatTheMapDoesNotKnowIsUnsynced() {
    group.learn(0, 10, false);
    group.change(5, 15, false);
    assertThat(unsynced()).containsExactly("10 to 15 data");
    assertThat(unsynced()).isEmpty();
    group.change(0, 3, true);
    group.change(2, 4, false);
    assertThat(unsynced()).containsExactly("0 to 2 zero", "2 to 3 data");
  }

  @Test
  void whatIsGivenBackIsUnsyncedAsItIsThen() {
    group.change(0, 4, false);
    unsynced();
    group.change(2, 3, true);
    group.giveBack(0, 4);
    assertThat(unsynced()).containsExactly("0 to 2 data", "2 to 3 zero", "3 to 4 data");
  }
}
