package blksh.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.DeviceSource;
import blksh.block.FileSource;
import blksh.kit.Child;
import blksh.kit.Component;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceIdentityTest {

  @TempDir Path folder;

  private Path sparse(long size) throws Exception {
    Path file = folder.resolve("medium");
    try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
      made.setLength(size);
    }
    return file;
  }

  private static void run(String... command) throws Exception {
    Tool.named(command[0]);
    assertThat(Child.of(command).start().waitFor()).isZero();
  }

  private static String mark(Path file, String name) {
    try (BlockSource source = FileSource.open(file)) {
      return SourceIdentity.of(source).marks().get(name);
    }
  }

  @Test
  void theUuidOfAFileSystemIsPartOfIt() throws Exception {
    String uuid = "01234567-89ab-4def-8123-456789abcdef";
    String hex = uuid.replace("-", "");
    Path medium = sparse(128 << 20);
    run("mkfs.ext4", "-q", "-F", "-U", uuid, medium.toString());
    assertThat(mark(medium, "filesystem")).isEqualTo(hex);
    run("mkfs.btrfs", "-q", "-f", "-U", uuid, medium.toString());
    assertThat(mark(medium, "filesystem")).isEqualTo(hex);
  }

  @Test
  void aDiskAndAPartitionOfItAreKnownByTheirUuids() throws Exception {
    Component.needRoot();
    Tool.named("sfdisk");
    Path medium = sparse(16 << 20);
    Path table = folder.resolve("table");
    Files.writeString(
        table,
        "label: gpt\nlabel-id: 01020304-0506-0708-090A-0B0C0D0E0F10\n"
            + "start=2048, size=4096, uuid=11111111-2222-3333-4444-555555555555\n");
    assertThat(
            Child.of("sfdisk", "-q", medium.toString())
                .redirectInput(table.toFile())
                .start()
                .waitFor())
        .isZero();
    assertThat(mark(medium, "disk"))
        .isEqualTo("040302010605080709 0a0b0c0d0e0f10".replace(" ", ""));
    try (LoopDevice loop = LoopDevice.attach(medium, 512)) {
      run("partx", "-u", loop.path().toString());
      Path partition = Path.of(loop.path() + "p1");
      if (!Files.exists(partition)) {
        Component.missing("device nodes of the partitions of loop devices");
      }
      try (BlockSource source = DeviceSource.open(partition)) {
        assertThat(SourceIdentity.of(source).marks())
            .containsEntry("partition", "11111111-2222-3333-4444-555555555555");
      }
      run("partx", "-d", loop.path().toString());
    }
  }

  private static void compare(Map<String, String> noted, Map<String, String> found) {
    new SourceIdentity("", 5, found).check(noted, "open cache x");
  }

  @Test
  void anythingThatDiffersRefusesAndWhatIsNotKnownDoesNot() {
    for (String mark : new String[] {"serial", "cid", "wwid", "partition", "disk", "filesystem"}) {
      assertThatThrownBy(() -> compare(Map.of(mark, "one"), Map.of(mark, "two")))
          .isInstanceOf(OtherMediumException.class)
          .hasMessageContaining("begun with another medium");
      assertThatCode(() -> compare(Map.of(mark, "one"), Map.of())).doesNotThrowAnyException();
      assertThatCode(() -> compare(Map.of(), Map.of(mark, "two"))).doesNotThrowAnyException();
    }
  }

  @Test
  void anotherAdapterMayShowAnotherKindOfIdentifier() {
    assertThatCode(() -> compare(Map.of("wwid", "naa.1"), Map.of("wwid", "eui.1")))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> compare(Map.of("wwid", "naa.1"), Map.of("wwid", "naa.2")))
        .isInstanceOf(OtherMediumException.class);
  }

  @Test
  void whatIsNotedComesBackAndBreaksNoLine() {
    Map<String, String> marks = new LinkedHashMap<>();
    marks.put("serial", "a\n0 ? 1");
    marks.put("disk", "12");
    marks.put("cid", "");
    SourceIdentity identity = new SourceIdentity("ab", 7, marks);
    assertThat(identity.notes(false))
        .containsExactly(
            Map.entry("size", "7"),
            Map.entry("fingerprint", "ab"),
            Map.entry("serial", "a?0 ? 1"),
            Map.entry("disk", "12"));
    assertThat(identity.notes(true)).containsOnlyKeys("size", "serial");
    assertThat(SourceIdentity.noted(identity.notes(false), new ByteArraySource(new byte[7])))
        .isEqualTo(identity);
  }
}
