package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.FileSource;
import blksh.io.PathBytes;
import blksh.kit.Component;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What files have beside their contents, and their names, byte for byte. */
class CopiedFilesTest {

  @TempDir Path folder;

  private Path made(String options, Volumes.Work work) throws IOException {
    Component.needRoot();
    Path image = Volumes.blank(folder.resolve("volume"), 64 << 20);
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) options.split(" ")));
    words.addAll(List.of("-q", "-F", image));
    Tool.named("mkfs.ext4").run(words.toArray());
    Volumes.mounted(image, "ext4", folder.resolve("mount"), work);
    return image;
  }

  /** All lines but those of what is never copied. */
  private static String withoutSpecial(String listing) {
    return listing
        .lines()
        .filter(line -> !line.matches("'/(pipe|null|disc)' .*"))
        .collect(Collectors.joining("\n"));
  }

  @ParameterizedTest(name = "mkfs.ext4 {0}")
  @ValueSource(strings = {"-b 4096", "-b 4096 -O inline_data,ea_inode -I 256"})
  void everythingThatFilesHaveIsCopiedOut(String options) throws IOException {
    String[] before = {""};
    Path image =
        made(
            options,
            mount -> {
              FileTrees.makeEveryKind(mount);
              FileTrees.script(
                  mount,
                  """
                  mkdir acl
                  python3 - <<'P'
                  import os,struct
                  def acl(*entries):
                      return struct.pack('<I',2)+b''.join(struct.pack('<HHI',*e) for e in entries)
                  none=0xffffffff
                  some=acl((1,6,none),(2,6,1234),(4,4,none),(8,4,77),(16,6,none),(32,4,none))
                  os.setxattr('one','user.note',b'hi')
                  os.setxattr('two','trusted.mark',b'\\0\\xff')
                  os.setxattr('C','user.long',b'x'*700)
                  os.setxattr('C','system.posix_acl_access',some)
                  os.setxattr('acl','system.posix_acl_default',some)
                  os.setxattr('there','trusted.link',b'l',follow_symlinks=False)
                  P
                  printf inline > tiny; ln tiny tiny2; sync; rmdir lost+found
                  """);
              before[0] = FileTrees.listing(mount);
            });
    Task task = new Task("copy", "it");
    Path out = folder.resolve("out");
    try (FileTree tree = blksh.filesystem.FileTrees.open(FileSource.open(image))) {
      tree.copyOut(tree.root(), out, task);
    }
    String after = FileTrees.listing(out);
    FileTrees.script(folder, "rm -rf out"); // its paths are longer than Java takes
    assertThat(withoutSpecial(after)).isEqualTo(withoutSpecial(before[0]));
    assertThat(task.findings())
        .containsExactlyInAnyOrder(
            "left out /pipe: a device, pipe or socket",
            "left out /null: a device, pipe or socket",
            "left out /disc: a device, pipe or socket");
  }

  @Test
  void whatHasNoPlaceInTheTargetIsTold() throws IOException {
    Path image =
        made(
            "-b 1024",
            mount ->
                FileTrees.script(
                    mount,
                    "for i in 1 2 3; do echo $i > $i; done; ln -s 1 link; python3 -c \"import os;"
                        + " [os.setxattr(n,'user.note',b'x') for n in '123']\""));
    Path fat = Volumes.blank(folder.resolve("fat"), 8 << 20);
    Tool.named("mkfs.exfat").run(fat);
    Task task = new Task("copy", "it");
    Volumes.mounted(
        fat,
        "exfat",
        folder.resolve("target"),
        target -> {
          try (FileTree tree = blksh.filesystem.FileTrees.open(FileSource.open(image))) {
            tree.copyOut(tree.root(), target.resolve("out"), task);
          }
          assertThat(target.resolve("out/3")).hasContent("3");
        });
    assertThat(task.findings())
        .anyMatch(it -> it.startsWith("left out /link: "))
        .anyMatch(it -> it.matches("out/1 and 2 more: its attribute user\\.note is lost .*"));
  }

  /** A name as the bytes of a path in a directory of this machine. */
  private static Path named(Path directory, int... name) {
    byte[] parent = PathBytes.of(directory);
    byte[] path = Arrays.copyOf(parent, parent.length + 1 + name.length);
    path[parent.length] = '/';
    for (int i = 0; i < name.length; i++) {
      path[parent.length + 1 + i] = (byte) name[i];
    }
    return PathBytes.path(path);
  }

  @Test
  void namesThatDifferOnlyInBytesStayTwo() throws IOException {
    Path image =
        made(
            "-b 1024",
            mount ->
                FileTrees.script(
                    mount,
                    "printf latin > $'caf\\xe9'; printf utf8 > $'caf\\xc3\\xa9'; printf x >"
                        + " $'\\xff\\xfe'"));
    try (FileTree tree = blksh.filesystem.FileTrees.open(FileSource.open(image))) {
      List<String> names = new ArrayList<>();
      tree.list(tree.root(), entry -> names.add(entry.name()));
      assertThat(names).contains("caf\\xe9", "café", "\\xff\\xfe");
      assertThat(tree.find("/caf\\xe9")).isPresent();
      Path out = folder.resolve("out");
      tree.copyOut(tree.root(), out, Task.unwatched());
      assertThat(Files.readString(named(out, 'c', 'a', 'f', 0xe9))).isEqualTo("latin");
      assertThat(Files.readString(named(out, 'c', 'a', 'f', 0xc3, 0xa9))).isEqualTo("utf8");
      assertThat(Files.readString(named(out, 0xff, 0xfe))).isEqualTo("x");
    }
  }

  @Test
  void halfASurrogatePairInNtfsIsANameToo() throws IOException {
    Component.needRoot();
    Path image = Volumes.blank(folder.resolve("n.img"), 20 << 20);
    Tool.named("mkntfs").run("-q", "-F", "-Q", image);
    Volumes.mounted(
        image,
        "ntfs",
        folder.resolve("mount"),
        mount ->
            FileTrees.script(
                mount, "printf a > $'x\\xf0\\x9f\\x98\\x80'; printf b > y12; printf c > y13"));
    byte[] bytes = Files.readAllBytes(image);
    // no tool writes half a pair: "y12" becomes one, in its directory and in its record
    byte[] name = "y12".getBytes(StandardCharsets.UTF_16LE);
    int changed = 0;
    for (int at = 0; at < bytes.length - 6; at += 2) {
      if (Arrays.equals(bytes, at, at + 6, name, 0, 6)) {
        bytes[at + 2] = 0;
        bytes[at + 3] = (byte) 0xd8;
        changed++;
      }
    }
    assertThat(changed).isGreaterThanOrEqualTo(2);
    Files.write(image, bytes);
    try (FileTree tree = blksh.filesystem.FileTrees.open(FileSource.open(image))) {
      Path out = folder.resolve("out");
      tree.copyOut(tree.root(), out, Task.unwatched());
      assertThat(Files.readString(named(out, 'x', 0xf0, 0x9f, 0x98, 0x80))).isEqualTo("a");
      assertThat(Files.readString(named(out, 'y', 0xed, 0xa0, 0x80, '2'))).isEqualTo("b");
      assertThat(tree.find("/y\\xed\\xa0\\x802")).isPresent();
      assertThat(tree.find("/y13")).isPresent();
    }
  }
}
