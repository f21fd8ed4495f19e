package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Lines as the kernel writes them, and worse. */
class MountTableTest {

  private static final String ROOT = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n";

  /** One byte for each character. */
  private static MountTable table(String lines) {
    return MountTable.parse(lines.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static MountTable.Entry only(String line) {
    MountTable table = table(line);
    assertThat(table.entries()).hasSize(1);
    return table.entries().get(0);
  }

  @Test
  void aLineIsAFileSystemAndWhereItIsMounted() {
    MountTable.Entry entry = only(ROOT);
    assertThat(entry.device()).isEqualTo("8:1");
    assertThat(entry.path()).isEqualTo(Path.of("/"));
    assertThat(entry.type()).isEqualTo("ext4");
    assertThat(entry.source()).isEqualTo("/dev/sda1");
    assertThat(entry.sourcePath()).isEqualTo(Path.of("/dev/sda1"));
    assertThat(entry.options()).containsExactly("rw", "relatime", "rw");
    assertThat(entry.isReadOnly()).isFalse();
  }

  @Test
  void optionalFieldsMayBeMissingOrMany() {
    assertThat(only("22 1 0:5 / /proc rw - proc proc rw\n").path()).isEqualTo(Path.of("/proc"));
    MountTable.Entry many =
        only("22 1 0:5 / /proc rw shared:2 master:1 propagate_from:7 unbindable - proc p rw\n");
    assertThat(many.type()).isEqualTo("proc");
    assertThat(many.source()).isEqualTo("p");
  }

  @Test
  void blanksNewlinesAndBackslashesInNamesAreAsTheyWere() {
    MountTable.Entry entry =
        only(
            "9 1 0:9 / /a\\040b\\011c\\012d\\134e\\043f rw - fuse.my\\040fs /x\\040y ro,o=\\040\n");
    assertThat(entry.path()).isEqualTo(Path.of("/a b\tc\nd\\e#f"));
    assertThat(entry.type()).isEqualTo("fuse.my fs");
    assertThat(entry.source()).isEqualTo("/x y");
    assertThat(entry.sourcePath()).isEqualTo(Path.of("/x y"));
    assertThat(entry.options()).containsExactly("rw", "ro", "o= ");
  }

  @Test
  void aBackslashThatIsNoEscapeStandsForItself() {
    MountTable.Entry entry = only("9 1 0:9 / /a\\9b\\04\\400\\ rw - t s rw");
    assertThat(entry.path().toUri().getRawPath()).isEqualTo("/a%5C9b%5C04%5C400%5C");
    assertThat(only("9 1 0:9 / /a\\1340401 rw - t s rw").path()).isEqualTo(Path.of("/a\\0401"));
  }

  @Test
  void bytesThatAreNoUtf8Survive() {
    MountTable.Entry entry = only("9 1 0:9 / /f\u00fcr\u00ff\\200%41 rw - t /\u00ff rw\n");
    assertThat(entry.path().toUri().getRawPath()).isEqualTo("/f%FCr%FF%80%2541");
    assertThat(entry.sourcePath().toUri().getRawPath()).isEqualTo("/%FF");
    assertThat(entry.source()).isEqualTo("/\ufffd");
  }

  @Test
  void aSourceMayBeEmptyOrNoPath() {
    MountTable.Entry empty = only("9 1 0:9 / /m rw - tmpfs  rw,size=1k\n");
    assertThat(empty.type()).isEqualTo("tmpfs");
    assertThat(empty.source()).isEmpty();
    assertThat(empty.sourcePath()).isNull();
    assertThat(empty.options()).contains("size=1k");
    assertThat(only("9 1 0:9 / /m rw - fuse.sshfs host:/srv rw\n").sourcePath()).isNull();
  }

  @Test
  void aMountIsReadOnlyByItselfOrByItsFileSystem() {
    assertThat(only("9 1 0:9 / /m ro,nosuid - ext4 /dev/a rw\n").isReadOnly()).isTrue();
    assertThat(only("9 1 0:9 / /m rw - iso9660 /dev/sr0 ro\n").isReadOnly()).isTrue();
    assertThat(only("9 1 0:9 / /m rw - ext4 /dev/a rw,errors=remount-ro\n").isReadOnly()).isFalse();
  }

  @Test
  void whatIsNoLineOfAMountIsPassedOver() {
    assertThat(table("\n\nnonsense\n9 1 0:9 / /m rw\n9 1 0:9 / /m rw - t\n9 1 0:9 / m rw - t s\n"))
        .isEqualTo(table(""));
    assertThat(table("9 1 0:9 / /m rw - t s\n" + ROOT).entries()).hasSize(2);
  }

  @Test
  void theLastMountOnAPathIsOnTop() {
    MountTable table =
        table(
            ROOT
                + "30 22 0:7 / /mnt\\040x rw - tmpfs first rw\n"
                + "31 30 0:8 / /mnt\\040x rw - tmpfs second rw\n"
                + "32 31 0:8 / /mnt\\040x/below rw - tmpfs third rw\n");
    assertThat(table.at(Path.of("/mnt x")).orElseThrow().source()).isEqualTo("second");
    assertThat(table.at(Path.of("/mnt"))).isEmpty();
  }

  @Test
  void swapsAreDevicesAndFiles() {
    String lines =
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
            + "/dev/dm-1                               partition\t8388604\t\t0\t\t-2\n"
            + "/swap\\040file\\012                      file\t\t1024\t\t0\t\t-3\n";
    assertThat(SwapTable.parse(lines.getBytes(StandardCharsets.US_ASCII)).paths())
        .containsExactly(Path.of("/dev/dm-1"), Path.of("/swap file\n"));
  }
}
