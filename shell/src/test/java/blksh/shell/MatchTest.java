package blksh.shell;

import static org.assertj.core.api.Assertions.assertThat;

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
}
