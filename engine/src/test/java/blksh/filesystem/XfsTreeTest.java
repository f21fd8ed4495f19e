package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.kit.Component;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** XFS as mkfs.xfs and this kernel write it. */
class XfsTreeTest {

  private static final long SIZE = 320L << 20;

  /** Directories of every form, files in many pieces, attributes of every form. */
  private static final String FILL =
      """
      mkdir block leaf node emptied attributes pieces symlinks acl; ln -s symlinks/40 linked
      python3 - <<'P'
      import os,struct
      def names(directory, count, stem):
          open(directory + '/first', 'w').write(directory)
          for i in range(count):
              os.link(directory + '/first', '%s/%s-%d' % (directory, stem, i))
      names('block', 30, 'n')
      names('leaf', 700, 'a name of some length, that is')
      names('node', MANY, 'another name of some length, that is longer than the first one')
      names('emptied', 1500, 'a name that goes away again, but for some of them')
      for i in range(200, 1400):
          os.unlink('emptied/a name that goes away again, but for some of them-%d' % i)
      block = os.statvfs('.').f_bsize
      with open('pieces/alternate', 'wb') as f:
          for i in range(PIECES):
              os.pwrite(f.fileno(), (b'%09d' % i) * (block // 9), i * 2 * block)
      one, two = open('pieces/one', 'wb', 0), open('pieces/two', 'wb', 0)
      for i in range(12):
          for f in one, two:
              f.write(os.urandom(block))
              os.fsync(f.fileno())
      f = os.open('pieces/reserved', os.O_CREAT | os.O_WRONLY)
      os.posix_fallocate(f, 0, 100 * block)
      os.pwrite(f, b'written' * 1000, 30 * block + 17)
      os.ftruncate(f, 90 * block + 5)
      for length in 1, 40, 300, 500, 968, 969, 1023:
          os.symlink('x' * length, 'symlinks/%d' % length)
      def attributes(name, *pairs):
          open('attributes/' + name, 'w').write(name)
          for key, value in pairs:
              os.setxattr('attributes/' + name, key, value)
      attributes('small', ('user.a', b''), ('trusted.b', b'\\0\\xff'), ('security.c', b'sec'))
      attributes('leaf', *[('user.%d-of-some-length' % i, b'v' * i) for i in range(40)])
      attributes('node', *[('trusted.%d-of-some-length' % i, os.urandom(i)) for i in range(700)])
      attributes('remote', ('user.long', os.urandom(65536)), ('user.other', os.urandom(9000)))
      def acl(*entries):
          return struct.pack('<I',2)+b''.join(struct.pack('<HHI',*e) for e in entries)
      none=0xffffffff
      some=acl((1,6,none),(2,6,1234),(4,4,none),(8,4,77),(16,6,none),(32,4,none))
      os.setxattr('attributes/small','system.posix_acl_access',some)
      os.setxattr('acl','system.posix_acl_default',some)
      os.setxattr('linked','trusted.link',b'l',follow_symlinks=False)
      P
      cp --reflink=auto pieces/one pieces/shared
      touch -d '2400-01-02 03:04:05.123456789' pieces/two
      """;

  @TempDir Path folder;

  private static void fill(Path mount, boolean every, int many, int pieces) throws IOException {
    if (every) {
      blksh.kit.FileTrees.makeEveryKind(mount);
    }
    blksh.kit.FileTrees.script(
        mount, FILL.replace("MANY", "" + many).replace("PIECES", "" + pieces));
  }

  private Path made(String options, int sector) throws IOException {
    Component.needRoot();
    Path image = Volumes.blank(folder.resolve("volume"), SIZE);
    try (LoopDevice drive = LoopDevice.attach(image, sector)) {
      make(options, drive.path());
    }
    return image;
  }

  private static void make(String options, Path where) throws IOException {
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) options.split(" ")));
    words.addAll(List.of("-q", "-f", where));
    Tool.named("mkfs.xfs").run(words.toArray());
  }

  /** All lines but those of what is never copied. */
  private static String withoutSpecial(String listing) {
    return listing
        .lines()
        .filter(line -> !line.matches("'/(pipe|null|disc)' .*"))
        .collect(Collectors.joining("\n"));
  }

  @ParameterizedTest(name = "mkfs.xfs {0}, sectors of {1}")
  @CsvSource({
    "-b size=1024 -m rmapbt=1 -i nrext64=1 -L small, 512, true, 1500, 1500",
    "-b size=4096 -n size=65536 -i size=2048, 4096, false, 900, 300",
    "-b size=4096 -m bigtime=0 -m reflink=0 -i sparse=0, 512, true, 900, 300",
    "-b size=65536, 512, false, 900, 300"
  })
  void everyGeometryIsReadAsTheKernelReadsIt(
      String options, int sector, boolean every, int many, int pieces) throws IOException {
    Path image = made(options, sector);
    Volumes.mounted(
        image, "xfs", folder.resolve("mount"), mount -> fill(mount, every, many, pieces));
    Path target = Volumes.blank(folder.resolve("target"), SIZE);
    make(options, target);
    Task task = new Task("copy", "it");
    Volumes.mounted(
        target,
        "xfs",
        folder.resolve("mount"),
        mount -> {
          try (FileTree tree = FileTrees.open(FileSource.open(image))) {
            assertThat(tree.type()).isEqualTo("XFS");
            assertThat(tree.label()).isEqualTo(label(options));
            tree.copyOut(tree.root(), mount.resolve("out"), task);
          }
        });
    String before = listing(image, "");
    String after = listing(target, "out");
    assertThat(withoutSpecial(after)).isEqualTo(withoutSpecial(before));
    assertThat(task.findings())
        .hasSize(every ? 3 : 0)
        .allMatch(it -> it.matches("left out /(pipe|null|disc): a device, pipe or socket"));
  }

  @Test
  void tenThousandsOfNamesAreListedInTheOrderOfTheirBlocks() throws IOException {
    Path image = made("-b size=4096", 512);
    Volumes.mounted(
        image,
        "xfs",
        folder.resolve("mount"),
        mount ->
            blksh.kit.FileTrees.script(
                mount,
                """
                mkdir d; python3 - <<'P'
                import os
                open('d/0', 'w').write('one')
                for i in range(1, 30000): os.link('d/0', 'd/%d' % i)
                P
                """));
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 30_000; i++) {
      expected.add("" + i);
    }
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(names(tree, "/d")).isEqualTo(expected);
      assertThat(tree.sharedNumber(tree.find("/d/7").orElseThrow())).isPositive();
    }
  }

  private static List<String> names(FileTree tree, String directory) {
    List<String> names = new ArrayList<>();
    tree.list(tree.find(directory).orElseThrow(), entry -> names.add(entry.name()));
    return names;
  }

  private static byte[] bytes(FileTree tree, String path) {
    try (BlockSource content = tree.open(tree.find(path).orElseThrow())) {
      ByteBuffer all = ByteBuffer.allocate((int) content.size());
      content.read(0, all);
      return all.array();
    }
  }

  @Test
  void inodesMayHaveNumbersOfMoreThan32Bits() throws IOException {
    Component.needRoot();
    Path image = Volumes.blank(folder.resolve("volume"), 12L << 40);
    make("-l size=64m", image);
    Volumes.mounted(
        image,
        "xfs",
        folder.resolve("mount"),
        mount ->
            blksh.kit.FileTrees.script(
                mount, "for i in 1 2 3 4 5 6; do mkdir $i; printf $i > $i/f; done"));
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(names(tree, "/")).containsExactly("1", "2", "3", "4", "5", "6");
      assertThat(tree.find("/6").orElseThrow().id()).isGreaterThan(1L << 32);
      assertThat(bytes(tree, "/6/f")).asString().isEqualTo("6");
    }
  }

  /** A volume that mkfs.xfs fills itself: this kernel mounts neither version 4 nor these names. */
  private Path filledByMkfs(String options, int many, byte[] large) throws IOException {
    Path image = Volumes.blank(folder.resolve("volume"), SIZE);
    Path one = Files.write(folder.resolve("one"), large);
    Path two = Files.writeString(folder.resolve("two"), "two");
    StringBuilder proto = new StringBuilder("boot\n0 0\nd--755 3 4\n");
    proto.append("large -u-640 5 6 %s\n".formatted(one));
    proto.append("Short d--700 1 2\nsmall ---600 0 0 %s\n$\n".formatted(two));
    proto.append("many d--755 0 0\n");
    for (int i = 0; i < many; i++) {
      proto.append("a-name-of-some-length-%d ---644 0 0 %s\n".formatted(i, two));
    }
    proto.append("$\nlink l--777 0 0 Short/small\n");
    proto.append("long l--777 0 0 %s\n".formatted("x".repeat(longest(options))));
    proto.append("null c--666 0 0 1 3\nfifo p--644 0 0\n$\n");
    Path file = Files.writeString(folder.resolve("proto"), proto);
    make(options + " -p " + file, image);
    return image;
  }

  /** In version 5 mkfs.xfs 6.1 leaves out the header of a link that has blocks. */
  private static int longest(String options) {
    return options.contains("crc=0") ? 700 : 200;
  }

  @ParameterizedTest(name = "mkfs.xfs {0}")
  @ValueSource(
      strings = {
        "-m crc=0 -b size=512 -i size=256 -n ftype=0",
        "-m crc=0 -b size=4096 -n size=65536 -n ftype=1",
        "-m crc=0 -b size=2048 -s size=1024",
        "-n version=ci"
      })
  void whatThisKernelDoesNotMountIsReadToo(String options) throws IOException {
    byte[] large = new byte[200_000];
    new Random(19).nextBytes(large);
    Path image = filledByMkfs(options, 2000, large);
    Path out = folder.resolve("out");
    Task task = new Task("copy", "it");
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(names(tree, "/"))
          .containsExactly("large", "Short", "many", "link", "long", "null", "fifo");
      assertThat(names(tree, "/many"))
          .hasSize(2000)
          .startsWith("a-name-of-some-length-0")
          .endsWith("a-name-of-some-length-1999");
      if (options.contains("size=512")) {
        assertThat(format(image, tree, "/many")).isEqualTo(XfsInode.TREE);
      }
      assertThat(bytes(tree, "/large")).isEqualTo(large);
      assertThat(bytes(tree, "/many/a-name-of-some-length-1234")).asString().isEqualTo("two");
      assertThat(tree.find("/long").orElseThrow().link()).isEqualTo("x".repeat(longest(options)));
      assertThat(tree.find("/link").orElseThrow().link()).isEqualTo("Short/small");
      assertThat(tree.find("/large").orElseThrow().mode()).isEqualTo(04640);
      assertThat(tree.metadata(tree.find("/large").orElseThrow()).uid()).isEqualTo(5);
      assertThat(tree.metadata(tree.find("/large").orElseThrow()).gid()).isEqualTo(6);
      assertThat(tree.find("/short").isPresent()).isEqualTo(options.endsWith("ci"));
      tree.copyOut(tree.find("/Short").orElseThrow(), out, task);
    }
    assertThat(task.findings()).isEmpty();
    assertThat(out.resolve("small")).hasContent("two");
  }

  /** How a file keeps what it holds. */
  private static int format(Path image, FileTree tree, String path) {
    Volume volume = new Volume(FileSource.open(image));
    long number = tree.find(path).orElseThrow().id();
    return XfsInode.read(volume, XfsSuperblock.of(Head.of(volume)), number).content().format();
  }

  @Test
  void attributesOfVersion4AreRead() throws IOException {
    Path image = filledByMkfs("-m crc=0 -b size=512 -i size=256", 1, new byte[9]);
    Tool.named("xfs_db")
        .run(
            "-x",
            "-c",
            "path /large",
            "-c",
            "attr_set -u -v 3 one",
            "-c",
            "attr_set -r -v 9000 two",
            "-c",
            "attr_set -s -v 100 three",
            image);
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      assertThat(tree.metadata(tree.find("/large").orElseThrow()).attributes().all())
          .extracting(it -> new String(it.name()) + " " + it.value().length)
          .containsExactly("security.three 100", "trusted.two 9000", "user.one 3");
    }
  }

  @Test
  void whatIsOnTheRealTimeDeviceIsRefused() throws IOException {
    Path image = filledByMkfs("-b size=4096", 1, new byte[99_999]);
    Tool.named("xfs_db").run("-x", "-c", "path /large", "-c", "write core.realtime 1", image);
    Path out = folder.resolve("out");
    Task task = new Task("copy", "it");
    try (FileTree tree = FileTrees.open(FileSource.open(image))) {
      FileEntry large = tree.find("/large").orElseThrow();
      assertThatThrownBy(() -> tree.open(large))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("real-time device");
      tree.copyOut(tree.root(), out, task);
    }
    assertThat(task.findings()).anyMatch(it -> it.startsWith("left out /large: "));
    assertThat(out.resolve("large")).doesNotExist();
    assertThat(out.resolve("Short/small")).hasContent("two");
  }

  @Test
  void whatWasReservedAndNeverWrittenIsAHole() throws IOException {
    Path image = made("-b size=4096", 512);
    Volumes.mounted(
        image,
        "xfs",
        folder.resolve("mount"),
        mount ->
            blksh.kit.FileTrees.script(
                mount, "fallocate -l 1M f; printf x | dd of=f bs=1 seek=65536 conv=notrunc"));
    try (FileTree tree = FileTrees.open(FileSource.open(image));
        BlockSource content = tree.open(tree.find("/f").orElseThrow())) {
      List<Extent> extents = new ArrayList<>();
      content.extents().forEachRemaining(extents::add);
      assertThat(extents)
          .containsExactly(
              new Extent(0, 65536, Extent.Kind.ZERO),
              new Extent(65536, 4096, Extent.Kind.DATA),
              new Extent(69632, (1 << 20) - 69632, Extent.Kind.ZERO));
    }
  }

  /** Of a fresh mount: holes of what was just written are told otherwise. */
  private String listing(Path image, String inside) throws IOException {
    String[] listing = {""};
    Volumes.mounted(
        image,
        "xfs",
        folder.resolve("mount"),
        mount -> listing[0] = blksh.kit.FileTrees.listing(mount.resolve(inside)));
    return listing[0];
  }

  private static String label(String options) {
    int at = options.indexOf("-L ");
    return at < 0 ? "" : options.substring(at + 3);
  }
}
