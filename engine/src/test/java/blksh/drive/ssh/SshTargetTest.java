package blksh.drive.ssh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SshTargetTest {

  @ParameterizedTest
  @CsvSource({
    "srv, -- srv",
    "root@srv, -l root -- srv",
    "root@srv:2222, -l root -p 2222 -- srv",
    "a@b@srv, -l a@b -- srv",
    "[::1]:22, -p 22 -- ::1",
    "root@[fe80::1%eth0], -l root -- fe80::1%eth0",
  })
  void whatStandsBeforeThePathIsTheWordsOfSsh(String authority, String words) {
    assertThat(String.join(" ", SshTarget.parse(authority).words())).isEqualTo(words);
  }

  @Test
  void machinesBehindPortsOfOneNameAreCalledDifferently() {
    assertThat(SshTarget.parse("root@gw:2201").label()).isEqualTo("gw-2201");
    assertThat(SshTarget.parse("root@gw").label()).isEqualTo("gw");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"srv:", "srv:0", "srv:65536", "srv:x", "::1", "[::1", "[::1]x", "@srv", ":22"})
  void whatNamesNoHostIsRefused(String authority) {
    assertThatThrownBy(() -> SshTarget.parse(authority))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("cannot reach " + authority);
  }

  @Test
  void aPasswordIsRefusedAndNotRepeated() {
    assertThatThrownBy(() -> SshTarget.parse("root:secret@srv"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("a password does not belong in a place")
        .hasMessageNotContaining("secret");
  }

  @ParameterizedTest
  @ValueSource(strings = {"s$(id)v", "s`id`", "s;id", "s|id", "a'b@srv", "$(id)@srv", "a;b@srv"})
  void whatAShellOfTheConfigurationWouldRunIsRefused(String authority) {
    assertThatThrownBy(() -> SshTarget.parse(authority))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("characters");
  }

  @Test
  void aHostIsNeverAnOption() {
    assertThatThrownBy(() -> SshTarget.parse("root@-oProxyCommand=x"))
        .isInstanceOf(BlkshException.class);
  }
}
