package blksh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.Place.Local;
import blksh.Place.Remote;
import blksh.Place.Scheme;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlaceTest {

  @ParameterizedTest
  @CsvSource({
    "s3://bucket, S3, bucket, ''",
    "s3://bucket/, S3, bucket, /",
    "s3://bucket/a/prefix, S3, bucket, /a/prefix",
    "ssh://server01, SSH, server01, ''",
    "ssh://root@server01/dev/sda, SSH, root@server01, /dev/sda",
    "ssh://root@[::1]:2222/dev/sda, SSH, root@[::1]:2222, /dev/sda",
    "ssh://h/a b/%20/?x=1#y/ä//z, SSH, h, /a b/%20/?x=1#y/ä//z",
    "nbd://host:10809/export, NBD, host:10809, /export",
    "nbds://host/, NBDS, host, /",
    "nbd+unix:///export?socket=/run/x y.sock, NBD_UNIX, '', /export?socket=/run/x y.sock",
    "nbds+unix:///?socket=/run/x, NBDS_UNIX, '', /?socket=/run/x",
  })
  void isBeyondThisMachineWithAScheme(String text, Scheme scheme, String authority, String path) {
    Place place = Place.parse(text);
    assertThat(place).isEqualTo(new Remote(scheme, authority, path)).hasToString(text);
    assertThat(Place.parse(place.toString())).isEqualTo(place).hasSameHashCodeAs(place);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/srv/backup",
        "backup",
        "../backup",
        ".",
        "",
        "-",
        "s3",
        "s3:",
        "s3:/b/p",
        "s3x://b",
        "./s3://b/p",
        "http://host/x",
        "://x",
        "a://b",
        "ä%20?#",
      })
  void isAPathWithout(String text) {
    Place place = Place.parse(text);
    assertThat(place).isEqualTo(new Local(Path.of(text))).isEqualTo(Place.of(Path.of(text)));
    assertThat(place).hasToString(Path.of(text).toString());
    assertThat(place.path("open store", "stores")).isEqualTo(Path.of(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "s3:// | it names no bucket",
        "s3:///prefix | it names no bucket",
        "ssh:///dev/sda | it names no host",
        "ssh://root@/dev/sda | it names no host",
        "ssh://-oProxyCommand=x/dev/sda | it names no host",
        "ssh://root@-oProxyCommand=x/dev/sda | it names no host",
        "ssh://a b/dev/sda | it names no host",
        "nbd:// | it names no host",
        "nbd+unix://host/x | it names no socket",
        "nbd+unix:// | it names no socket",
        "S3://bucket/p | its scheme is in capitals; begin it with s3://",
        "Ssh://h/p | its scheme is in capitals; begin it with ssh://",
        "file:///srv/backup | a path is written by itself; write /srv/backup",
        "FILE:///srv | a path is written by itself; write /srv",
      })
  void refusesWhatIsNeither(String text, String problem) {
    assertThatThrownBy(() -> Place.parse(text))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining(text)
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "s3://b/p | stores in a bucket are not supported yet",
        "ssh://h/p | stores on another machine are not supported yet",
        "nbd://h/e | stores behind a network block device are not supported yet",
      })
  void saysWhatIsNotSupportedYet(String text, String problem) {
    assertThatThrownBy(() -> Place.parse(text).path("open store", "stores"))
        .isInstanceOf(BlkshException.class)
        .hasMessage("cannot open store " + text + ": " + problem);
  }

  @ParameterizedTest
  @CsvSource({
    "s3://bucket/a/prefix, prefix",
    "s3://bucket/a/prefix/, prefix",
    "s3://bucket, bucket",
    "s3://bucket/, bucket",
    "ssh://root@h/dev/sda, sda",
    "/srv/backup, backup",
    "/srv/backup/., backup",
    "/, root",
  })
  void isCalledByItsLastPart(String text, String name) {
    assertThat(Place.parse(text).name()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ssh://root:secret@h/dev/sda",
        "SSH://root:secret@h/x",
        "ssh://a@b:secret@h:22/x",
        "nbd://u:secret@h/e",
        "s3://key:secret@bucket/p"
      })
  void refusesAPasswordWithoutRepeatingIt(String text) {
    assertThatThrownBy(() -> Place.parse(text))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("a password does not belong in a place")
        .hasMessageNotContaining("secret");
  }

  @Test
  void differsByWhatIsWritten() {
    assertThat(Place.parse("ssh://h/a")).isNotEqualTo(Place.parse("ssh://h//a"));
    assertThat(Place.parse("ssh://h/a")).isNotEqualTo(Place.parse("ssh://root@h/a"));
    assertThat(Place.parse("a")).isNotEqualTo(Place.parse("/a"));
  }
}
