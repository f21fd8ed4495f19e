package blksh.drive.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SshFailureTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Connection to srv closed by remote host. | false | BUSY",
        "ssh: connect to host srv port 22: Connection refused | false | UNREACHABLE",
        "ssh: Could not resolve hostname srv: Name or service not known | false | UNKNOWN",
        "tput: No value for $TERM and no -T specified | false | UNKNOWN",
        "root@srv: Permission denied (publickey). | false | FINAL",
        "Host key verification failed. | false | FINAL",
        "sudo: a password is required | true | FINAL",
        "ada is not in the sudoers file. | true | FINAL",
        "access is not allowed to others | true | UNKNOWN",
        "sudo: a password is required | false | UNKNOWN",
      })
  void onlyWhatNoAttemptChangesIsFinal(String said, boolean sudo, SshFailure.Kind kind) {
    assertThat(SshFailure.kind(said, sudo)).isEqualTo(kind);
  }

  @Test
  void aBannerIsNotTakenForWordsOfSudo() {
    String said =
        "Unauthorised access is not allowed to anybody.\nConnection reset by 10.0.0.1 port 22";
    SshTarget target = SshTarget.parse("srv");
    assertThat(SshFailure.told(target, said, "", 255, false).getMessage())
        .contains("cannot reach srv: the connection was closed")
        .doesNotContain("root");
    assertThat(SshFailure.told(target, said, "", 255, true).getMessage()).doesNotContain("root");
    String refused = said + "\nSorry, user ada is not allowed to execute '/bin/sh' as root on srv.";
    assertThat(SshFailure.told(target, refused, "", 1, true).getMessage())
        .contains("cannot become root on srv");
  }
}
