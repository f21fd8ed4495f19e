package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ChangedBlocksTest {

  private static final int BLOCK = Overlay.BLOCK;
  private static final long GROUP = ChangedBlocks.GROUP_BYTES;

  private final ChangedBlocks blocks = new ChangedBlocks();

  @Test
  void runsGoOnThroughGroupsOfWhichNothingIsChanged() {
    assertThat(blocks.isEmpty()).isTrue();
    assertThat(blocks.runAt(0, 100 * GROUP)).isEqualTo(new ChangedBlocks.Run(100 * GROUP, null));
    blocks.learn(50 * BlockGroup.BLOCKS + 3, 2, false);
    assertThat(blocks.isEmpty()).isFalse();
    assertThat(blocks.runAt(0, 100 * GROUP)).isEqualTo(new ChangedBlocks.Run(50 * GROUP, null));
    long changed = 50 * GROUP + 3 * BLOCK;
    assertThat(blocks.runAt(50 * GROUP, 100 * GROUP))
        .isEqualTo(new ChangedBlocks.Run(changed, null));
    assertThat(blocks.runAt(changed + 7, 100 * GROUP))
        .isEqualTo(new ChangedBlocks.Run(changed + 2 * BLOCK, Extent.Kind.DATA));
    assertThat(blocks.runAt(changed + 7, changed + 9))
        .isEqualTo(new ChangedBlocks.Run(changed + 9, Extent.Kind.DATA));
  }

  @Test
  void whatTheMapSaysMaySpanGroups() {
    blocks.learn(BlockGroup.BLOCKS - 1, BlockGroup.BLOCKS + 2L, true);
    assertThat(blocks.find(0).kind(BlockGroup.BLOCKS - 1)).isEqualTo(Extent.Kind.ZERO);
    assertThat(blocks.find(1).endOfRun(0)).isEqualTo(BlockGroup.BLOCKS);
    assertThat(blocks.find(2).kind(0)).isEqualTo(Extent.Kind.ZERO);
    assertThat(blocks.find(2).kind(1)).isNull();
    assertThat(blocks.find(3)).isNull();
    assertThat(blocks.takeUnsynced()).isEmpty();
  }

  @Test
  void whatIsTakenForTheMapCanBeGivenBack() {
    blocks.group(7).change(1, 4, false);
    blocks.group(2).change(0, 1, true);
    OverlayMap.Change zero = new OverlayMap.Change(2 * BlockGroup.BLOCKS, 1, true);
    OverlayMap.Change data = new OverlayMap.Change(7 * BlockGroup.BLOCKS + 1, 3, false);
    assertThat(blocks.takeUnsynced()).containsExactly(zero, data);
    assertThat(blocks.takeUnsynced()).isEmpty();
    blocks.giveBack(data);
    assertThat(blocks.takeUnsynced()).containsExactly(data);
  }

  @Test
  void clearedItIsAsUnderneath() {
    blocks.learn(5, 1, false);
    blocks.lockAll();
    blocks.clear();
    blocks.unlockAll();
    assertThat(blocks.isEmpty()).isTrue();
    assertThat(blocks.runAt(0, GROUP)).isEqualTo(new ChangedBlocks.Run(GROUP, null));
  }
}
