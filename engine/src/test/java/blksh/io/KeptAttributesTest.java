package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Component;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a file that is written over keeps. */
class KeptAttributesTest {

  private static final int SOMEBODY = 65534;

  private static final String ACL = "system.posix_acl_access";
  private static final String CAPABILITIES = "security.capability";

  @TempDir Path folder;
  private Path file;
  private Posix posix;

  @BeforeEach
  void make() throws IOException {
    Component.needRoot();
    posix = Posix.instance().orElseThrow();
    file = Files.writeString(folder.resolve("file"), "before");
  }

  private List<String> replace() throws IOException {
    try (TargetFile target = TargetFile.open(file, "restore", 5, true, false)) {
      target.write(0, ByteBuffer.wrap("after".getBytes()));
      target.finish();
      assertThat(file).hasContent("after");
      return target.lost();
    }
  }

  private void set(Path path, String name, byte[] value) {
    ByteBuffer bytes = ByteBuffer.allocateDirect(value.length).put(value);
    assertThat(posix.setAttribute(path, name.getBytes(), bytes, value.length)).as(name).isZero();
  }

  private byte[] get(String name) {
    ByteBuffer value = ByteBuffer.allocateDirect(1 << 12);
    byte[] bytes = new byte[Math.max(0, posix.attribute(file, name.getBytes(), value))];
    value.get(bytes);
    return bytes;
  }

  /** As linux/posix_acl_xattr.h lays it down: one user may read besides the owner. */
  private static byte[] accessControlList() {
    ByteBuffer list = ByteBuffer.allocate(44).order(ByteOrder.LITTLE_ENDIAN).putInt(2);
    int[][] entries = {{1, 6, -1}, {2, 4, SOMEBODY}, {4, 0, -1}, {16, 4, -1}, {32, 0, -1}};
    for (int[] entry : entries) {
      list.putShort((short) entry[0]).putShort((short) entry[1]).putInt(entry[2]);
    }
    return list.array();
  }

  /** Version 2 of linux/capability.h: CAP_NET_RAW, permitted and effective. */
  private static byte[] capabilities() {
    ByteBuffer bytes = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.putInt(0x02000001).putInt(1 << 13).array();
  }

  @Test
  void ownerModeListAndAttributesStay() throws IOException {
    Files.setAttribute(file, "unix:uid", SOMEBODY);
    Files.setAttribute(file, "unix:gid", SOMEBODY);
    set(file, ACL, accessControlList());
    set(file, "user.note", "kept".getBytes());
    set(file, "trusted.note", "kept too".getBytes());
    set(file, CAPABILITIES, capabilities());
    Files.setAttribute(file, "unix:mode", 0100640 | 04000);
    assertThat(replace()).isEmpty();
    assertThat(Files.getAttribute(file, "unix:uid")).isEqualTo(SOMEBODY);
    assertThat(Files.getAttribute(file, "unix:gid")).isEqualTo(SOMEBODY);
    assertThat((Integer) Files.getAttribute(file, "unix:mode") & 07777).isEqualTo(04640);
    assertThat(get(ACL)).isEqualTo(accessControlList());
    assertThat(get("user.note")).asString().isEqualTo("kept");
    assertThat(get("trusted.note")).asString().isEqualTo("kept too");
    assertThat(get(CAPABILITIES)).isEqualTo(capabilities());
  }

  @Test
  void aListThatNewFilesInheritIsNotGivenToAFileThatHadNone() throws IOException {
    set(folder, "system.posix_acl_default", accessControlList());
    Files.setAttribute(file, "unix:mode", 0100644);
    assertThat(replace()).isEmpty();
    assertThat(get(ACL)).isEmpty();
    assertThat((Integer) Files.getAttribute(file, "unix:mode") & 07777).isEqualTo(0644);
  }

  @Test
  void otherNamesThatKeepTheOldContentsAreTold() throws IOException {
    Path other = Files.createLink(folder.resolve("other"), file);
    assertThat(replace())
        .containsExactly("1 other name of the file (hard links) keeps the old contents");
    assertThat(other).hasContent("before");
  }

  @Test
  void nobodyElseReadsAFileBeforeItIsWhole() throws IOException {
    Files.setAttribute(file, "unix:mode", 0100644);
    try (TargetFile target = TargetFile.open(file, "restore", 5, true, false)) {
      target.write(0, ByteBuffer.wrap(new byte[5]));
      assertThat((Integer) Files.getAttribute(PartFile.beside(file), "unix:mode") & 07777)
          .isEqualTo(0600);
    }
    assertThat(file).hasContent("before");
  }

  @Test
  void aFileThatMayNotBeReplacedIsRefusedByTheKernel() throws IOException {
    Component.need(
        Tool.named("chattr").attempt("+i", file).status() == 0, "there are no immutable files");
    try {
      assertThatThrownBy(this::replace)
          .isInstanceOfAny(BlkshException.class, IOException.class)
          .hasMessageContaining("not permitted");
      assertThat(file).hasContent("before");
    } finally {
      Tool.named("chattr").run("-i", file);
    }
  }

  @Test
  void whoIsNotRootIsToldWhoseItWas() throws IOException {
    Files.setAttribute(folder, "unix:mode", 0040777);
    for (Path above = folder.getParent(); above.getNameCount() > 1; above = above.getParent()) {
      Files.setAttribute(above, "unix:mode", 0040755);
    }
    Files.setAttribute(file, "unix:mode", 0104755);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path");
    Tool.Ended ended =
        Tool.named("setpriv")
            .attempt(
                "--reuid=" + SOMEBODY,
                "--regid=" + SOMEBODY,
                "--clear-groups",
                java,
                "-cp",
                classes,
                Stranger.class.getName(),
                file);
    assertThat(ended.output()).contains("it no longer belongs to user root");
    assertThat((Integer) Files.getAttribute(file, "unix:mode") & 07777).isEqualTo(0755);
  }

  /** Replaces a file as another user. */
  static final class Stranger {
    public static void main(String[] arguments) throws IOException {
      Path path = Path.of(arguments[0]);
      try (TargetFile target = TargetFile.open(path, "restore", 1, true, false)) {
        target.write(0, ByteBuffer.wrap(new byte[1]));
        target.finish();
        target.lost().forEach(System.out::println);
      }
    }
  }
}
