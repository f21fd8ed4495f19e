package blksh.session;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.io.DirectoryHandle;
import blksh.kit.Component;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrustTest {

  private static final int NOBODY = 65534;

  @TempDir Path directory;
  private Path home;
  private Path file;

  @BeforeEach
  void make() throws IOException {
    home = Files.createDirectory(directory.resolve("home"));
    file = Files.writeString(home.resolve("init.kts"), "");
    mode(home, "rwxr-xr-x");
    mode(file, "rw-r--r--");
  }

  private static void mode(Path file, String mode) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static Optional<String> objection(Path file) {
    return Trust.objection("run " + file.getFileName(), file).map(BlkshException::getMessage);
  }

  @Test
  void trustsWhatOnlyTheUserCanHavePutThere() {
    assertThat(objection(file)).isEmpty();
    assertThat(objection(home.resolve("scripts/none.jar"))).isEmpty();
  }

  @Test
  void namesWhatOthersMayWrite() throws IOException {
    mode(file, "rw-rw-r--");
    assertThat(objection(file))
        .hasValue("cannot run init.kts: its group may write " + file + "; chmod go-w it");
    mode(file, "rw-r--rw-");
    assertThat(objection(file))
        .hasValue("cannot run init.kts: everybody may write " + file + "; chmod go-w it");
    mode(file, "rw-------");
    mode(home, "rwxrwx---");
    assertThat(objection(file))
        .hasValue("cannot run init.kts: its group may write " + home + "; chmod go-w it");
    assertThat(objection(home.resolve("scripts/none.jar"))).isPresent();
    mode(home, "rwx------");
    mode(directory, "rwxrwxrwx");
    assertThat(objection(file))
        .hasValue("cannot run init.kts: everybody may write " + directory + "; chmod go-w it");
  }

  @Test
  void aGroupOfTheUserAloneIsTheUser() {
    String ada = "ada:x:1000:1000:Ada,,,:/home/ada:/bin/sh";
    List<String> users = List.of("root:x:0:0:root:/root:/bin/sh", ada, "# note");
    assertThat(PrivateGroup.isPrivate(1000, 1000, users, List.of("ada:x:1000:"))).isTrue();
    assertThat(PrivateGroup.isPrivate(1000, 1000, users, List.of("ada:x:1000:ada"))).isTrue();
    for (String other :
        List.of(
            "ada:x:1000:bob",
            "ada:x:1000:ada,bob",
            "users:x:1000:",
            "ada:x:1001:",
            "ada:$6$salt$hash:1000:")) {
      assertThat(PrivateGroup.isPrivate(1000, 1000, users, List.of(other))).as(other).isFalse();
    }
    // Two groups of one number, another user's group, and one that another user has.
    assertThat(
            PrivateGroup.isPrivate(1000, 1000, users, List.of("ada:x:1000:", "staff:x:1000:bob")))
        .isFalse();
    for (String service : List.of("+::::::", "-bob", "+@staff")) {
      assertThat(PrivateGroup.isPrivate(1000, 1000, users, List.of("ada:x:1000:", service)))
          .as(service)
          .isFalse();
      assertThat(PrivateGroup.isPrivate(1000, 1000, List.of(ada, service), List.of("ada:x:1000:")))
          .as(service)
          .isFalse();
    }
    assertThat(PrivateGroup.isPrivate(1001, 1000, users, List.of("ada:x:1000:"))).isFalse();
    List<String> shared = List.of(ada, "bob:x:1001:1000::/home/bob:/bin/sh");
    assertThat(PrivateGroup.isPrivate(1000, 1000, shared, List.of("ada:x:1000:"))).isFalse();
  }

  @Test
  void anAccessListIsSeen() throws IOException {
    assertThat(PrivateGroup.hasAccessList(file)).isFalse();
    // acl(5) as the kernel takes it: a version; then what each entry is for, what it may, and who.
    int[][] entries = {{1, 6, -1}, {2, 6, NOBODY}, {4, 6, -1}, {0x10, 6, -1}, {0x20, 4, -1}};
    ByteBuffer list = ByteBuffer.allocate(4 + 8 * entries.length).order(ByteOrder.LITTLE_ENDIAN);
    list.putInt(2);
    for (int[] entry : entries) {
      list.putShort((short) entry[0]).putShort((short) entry[1]).putInt(entry[2]);
    }
    try (DirectoryHandle directory = DirectoryHandle.open(home)) {
      directory.setAttribute(
          "init.kts".getBytes(US_ASCII),
          "system.posix_acl_access".getBytes(US_ASCII),
          list.array());
    }
    assertThat(PrivateGroup.hasAccessList(file)).isTrue();
  }

  @Test
  void aDirectoryServiceMayHaveMembersNobodySees() {
    assertThat(PrivateGroup.isLocal(List.of("# all", "passwd: files systemd", "group:\tfiles")))
        .isTrue();
    for (String sources :
        List.of(
            "passwd: files sss\ngroup: files",
            "passwd: files\ngroup: files [SUCCESS=merge] ldap",
            "passwd: files\ngroup: files [!UNAVAIL=return x=y] winbind # no",
            "passwd: files\ngroup: files\ninitgroups: files nis",
            "passwd: files",
            "passwd:\ngroup: files")) {
      assertThat(PrivateGroup.isLocal(sources.lines().toList())).as(sources).isFalse();
    }
    assertThat(
            PrivateGroup.isLocal(List.of("passwd: compat", "group: files [!UNAVAIL=return] # sss")))
        .isTrue();
  }

  @Test
  void followsALinkToWhereItLeads() throws IOException {
    Path open = Files.createDirectory(directory.resolve("open"));
    Path there = Files.writeString(open.resolve("other.kts"), "");
    Path link = Files.createSymbolicLink(home.resolve("linked.kts"), there);
    assertThat(objection(link)).isEmpty();
    mode(open, "rwxrwxrwx");
    assertThat(objection(link)).isPresent();
  }

  @Test
  void namesWhomItBelongsTo() throws IOException {
    Component.needRoot();
    Files.setAttribute(file, "unix:uid", NOBODY);
    assertThat(objection(file).orElseThrow())
        .startsWith("cannot run init.kts: " + file + " belongs to nobody; ")
        .contains("--home");
    Files.setAttribute(file, "unix:uid", 0);
    Files.setAttribute(home, "unix:uid", NOBODY);
    assertThat(objection(file).orElseThrow()).contains(home + " belongs to nobody; ");
  }

  @Test
  void trustsTheUsersOwnFilesInADirectoryWhereEverybodyKeepsToTheirOwn() throws IOException {
    Files.setAttribute(directory, "unix:mode", 01777);
    assertThat(objection(file)).isEmpty();
  }
}
