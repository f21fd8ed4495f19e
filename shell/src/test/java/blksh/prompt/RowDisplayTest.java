package blksh.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RowDisplayTest {

  @Test
  void rowsThatGotTooWideAreCutByTheTerminalsThatAreKnownForIt() {
    assertThat(RowDisplay.breaksRows("xterm-256color", Map.of())).isTrue();
    assertThat(RowDisplay.breaksRows("vte-256color", Map.of())).isTrue();
    assertThat(RowDisplay.breaksRows("screen", Map.of("TMUX", "/tmp/tmux"))).isTrue();
    assertThat(RowDisplay.breaksRows("xterm", Map.of("XTERM_VERSION", "XTerm(390)"))).isFalse();
    for (String type : new String[] {"screen", "screen-256color", "st", "st-256color", "linux"}) {
      assertThat(RowDisplay.breaksRows(type, Map.of())).as(type).isFalse();
    }
  }
}
