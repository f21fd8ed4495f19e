package blksh.mount.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.Place;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NbdAddressTest {

  private static NbdAddress parse(String text) {
    return NbdAddress.of((Place.Remote) Place.parse(text));
  }

  @Test
  void hostsPortsAndExportsAreTold() {
    NbdAddress plain = parse("nbd://server01/vm/sda");
    assertThat(plain.host()).isEqualTo("server01");
    assertThat(plain.port()).isEqualTo(10809);
    assertThat(plain.export()).isEqualTo("vm/sda");
    assertThat(plain.name()).isEqualTo("sda");
    assertThat(plain.tls()).isFalse();
    NbdAddress other = parse("nbds://[::1]:7/a%20b%2F%25?tls-hostname=vm1");
    assertThat(other.host()).isEqualTo("::1");
    assertThat(other.port()).isEqualTo(7);
    assertThat(other.export()).isEqualTo("a b/%");
    assertThat(other.tls()).isTrue();
    assertThat(other.serverName()).isEqualTo("vm1");
    assertThat(parse("nbd://server01").export()).isEmpty();
    assertThat(parse("nbd://server01").name()).isEqualTo("server01");
  }

  @Test
  void socketsAreDecoded() {
    NbdAddress address = parse("nbd+unix:///?socket=/run/a%20b.sock");
    assertThat(address.socket()).contains(Path.of("/run/a b.sock"));
    assertThat(address.name()).isEqualTo("a b.sock");
    assertThat(parse("nbds+unix:///x?socket=/s&tls-certificates=/etc/pki").certificates())
        .contains(Path.of("/etc/pki"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nbd://server01:0/x",
        "nbd://server01:99999/x",
        "nbd://server01:x/x",
        "nbd://::1/x",
        "nbd://[::1/x",
        "nbd://ada@server01/x",
        "nbd://server01/x#y",
        "nbd://server01/x%2",
        "nbd://server01/x%zz",
        "nbd://server01/x%ff",
        "nbd://server01/x?socket=/s",
        "nbd://server01/x?tls-hostname=a",
        "nbd://server01/x?what=a",
        "nbd://server01?x=y",
        "nbd+unix:///x",
        "nbd+unix:///x?socket=",
      })
  void whatMeansNothingIsRefused(String text) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("cannot open " + text);
  }

  private static String host(String text) {
    return NbdSource.host((Place.Remote) Place.parse(text), "here");
  }

  @Test
  void guestsWithSocketsOfTheirOwnAreCalledOtherwise() {
    assertThat(host("nbd+unix:///vda?socket=/run/a.sock")).isEqualTo("here-run-a.sock");
    assertThat(host("nbd+unix:///vda?socket=/run/b/a.sock")).isEqualTo("here-run-b-a.sock");
    assertThat(host("nbd+unix:///vda?socket=/run/a%20b")).isEqualTo("here-run-a-b");
    assertThat(host("nbd://server01/vda")).isEqualTo("server01");
    assertThat(host("nbd://server01:7/vda")).isEqualTo("server01-7");
  }

  @Test
  void aPasswordIsRefusedAndNotRepeated() {
    assertThatThrownBy(() -> parse("nbd://ada:secret@server01/x"))
        .hasMessageContaining("a password does not belong in a place")
        .hasMessageNotContaining("secret");
  }
}
