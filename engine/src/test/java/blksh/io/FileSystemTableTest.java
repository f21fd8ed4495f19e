package blksh.io;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileSystemTableTest {

  private static final String TABLE =
      """
      # <file system> <mount point> <type> <options> <dump> <pass>
      UUID=0a3407de-014b-458b-b5c1-848e92a327a3 / ext4 errors=remount-ro 0 1
      /dev/sdb1\t\t/mnt/backup\text4\tnoauto\t0 2
        LABEL=two   /mnt/two\\040words   xfs   defaults
      UUID=f9fe0b69-a280-415d-a03a-a32752370dee none swap sw 0 0

      #/dev/sdc1 /mnt/old ext4
      incomplete
      """;

  private static MountTable mounted(String... points) {
    StringBuilder table = new StringBuilder();
    for (String point : points) {
      table.append("36 35 98:0 / ").append(point).append(" rw - ext4 /dev/root rw\n");
    }
    return MountTable.parse(table.toString().getBytes(UTF_8));
  }

  @Test
  void mountPointsAreReadWhateverIsBetweenTheFields() {
    assertThat(FileSystemTable.parse(TABLE.getBytes(UTF_8)).mountPoints())
        .isEqualTo(List.of(Path.of("/"), Path.of("/mnt/backup"), Path.of("/mnt/two words")));
  }

  @Test
  void aPathBelowAMountPointOnWhichNothingIsMountedIsTold() {
    FileSystemTable wanted = FileSystemTable.parse(TABLE.getBytes(UTF_8));
    MountTable mounted = mounted("/", "/mnt/two\\040words");
    assertThat(wanted.unmountedAbove(Path.of("/mnt/backup"), mounted))
        .isEqualTo(Path.of("/mnt/backup"));
    assertThat(wanted.unmountedAbove(Path.of("/mnt/backup/a/store"), mounted))
        .isEqualTo(Path.of("/mnt/backup"));
    assertThat(wanted.unmountedAbove(Path.of("/mnt/backup2"), mounted)).isNull();
    assertThat(wanted.unmountedAbove(Path.of("/mnt/two words/store"), mounted)).isNull();
    assertThat(wanted.unmountedAbove(Path.of("/srv/store"), mounted)).isNull();
    assertThat(wanted.unmountedAbove(Path.of("/mnt/backup/a"), mounted("/", "/mnt/backup")))
        .isNull();
  }

  @Test
  void theSystemsOwnIsRead() throws IOException {
    assertThat(FileSystemTable.read().mountPoints()).allMatch(Path::isAbsolute);
  }
}
