package blksh.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyTest {

  @Test
  void theLastStayAndTheOldestGoFirst() {
    List<String> all = List.of("a", "b", "c");
    assertThat(new Policy(1).expendable(all)).containsExactly("a", "b");
    assertThat(new Policy(2).expendable(all)).containsExactly("a");
    assertThat(new Policy(3).expendable(all)).isEmpty();
    assertThat(new Policy(4).expendable(all)).isEmpty();
    assertThat(new Policy(1).expendable(List.of())).isEmpty();
  }

  @Test
  void noneWouldBeNoPolicy() {
    assertThatThrownBy(() -> new Policy(0)).isInstanceOf(IllegalArgumentException.class);
  }
}
