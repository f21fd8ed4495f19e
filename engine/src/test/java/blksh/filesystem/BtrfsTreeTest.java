package blksh.filesystem;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.compress.Compressed;
import blksh.io.UnreadableException;
import blksh.kit.Component;
import blksh.kit.Effort;
import blksh.kit.FileTrees;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.lz.BadChunkException;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** btrfs as its tools and the kernel write it, and damaged. */
class BtrfsTreeTest {

  private static final int MIB = 1 << 20;
  private static final int SAMPLE_NODE = 4096;
  private static final int SUPERBLOCK = BtrfsSuperblock.POSITION;

  private static final Path SAMPLE = Path.of("src/test/resources/images/files/btrfs.img.zst");

  @TempDir Path folder;

  private byte[] sample() {
    try (BlockSource image =
        Compressed.open(FileSource.open(SAMPLE), folder.resolve("index")).orElseThrow()) {
      return bytes(image);
    }
  }

  private static byte[] bytes(BlockSource source) {
    ByteBuffer all = ByteBuffer.allocate((int) source.size());
    source.read(0, all);
    return all.array();
  }

  private static byte[] bytes(FileTree tree, String path) {
    try (BlockSource content = tree.open(tree.find(path).orElseThrow())) {
      return bytes(content);
    }
  }

  private static FileTree open(byte[] image) {
    return blksh.filesystem.FileTrees.open(new ByteArraySource(image));
  }

  private static FileTree open(Path image) {
    return blksh.filesystem.FileTrees.open(FileSource.open(image));
  }

  private Path made(long size, String options, Volumes.Work work) throws IOException {
    Component.needRoot();
    Path image = Volumes.blank(folder.resolve("volume"), size);
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) options.split(" ")));
    words.add(image);
    Tool.named("mkfs.btrfs").run(words.toArray());
    Volumes.mounted(image, "btrfs", folder.resolve("mount"), work);
    return image;
  }

  /** All lines but those of what is never copied. */
  private static String withoutSpecial(String listing) {
    return listing
        .lines()
        .filter(line -> !line.matches("'/(pipe|null|disc)' .*"))
        .collect(Collectors.joining("\n"));
  }

  @ParameterizedTest(name = "mkfs.btrfs {0}")
  @ValueSource(
      strings = {
        "-q",
        "-q -n 65536 --csum xxhash",
        "-q -n 4096 -m single --csum sha256 -O ^no-holes -R ^free-space-tree",
        "-q -M --csum blake2"
      })
  void everythingIsCopiedAsTheKernelShowsIt(String options) throws IOException {
    String[] before = {""};
    Path image =
        made(
            300 * MIB,
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
                  ln -s "$(printf 'x%.0s' $(seq 2000))" far
                  head -c 900000 /dev/urandom > plain; seq 1 300 > within
                  python3 -c "import os; [os.link('plain', 'links/a-further-name-%d' % i)\\
                    for i in range(100)]"
                  touch unproven; chattr +C unproven; head -c 200000 /dev/urandom >> unproven
                  truncate -s +1000 within; truncate -s 123456 within
                  fallocate -l 1M reserved
                  printf abc | dd of=reserved bs=1 seek=300000 conv=notrunc status=none
                  cp --reflink=always plain shared
                  printf over | dd of=shared bs=1 seek=500000 conv=notrunc status=none
                  fallocate -p -o 8192 -l 65536 plain
                  for way in zlib lzo zstd; do
                    mount -o remount,compress-force=$way .
                    mkdir $way; seq 1 100000 > $way/seq; head -c 300 /dev/zero > $way/zeros
                    seq 1 500 > $way/little; head -c 400000 /bin/bash > $way/bash
                    head -c 70000 /bin/bash > $way/odd
                    sync -f .
                    printf over | dd of=$way/seq bs=1 seek=70000 conv=notrunc status=none
                    cp --reflink=always $way/seq $way/shared
                    printf over | dd of=$way/shared bs=1 seek=400000 conv=notrunc status=none
                    truncate -s 333333 $way/bash; truncate -s 600001 $way/odd; sync -f .
                  done
                  """);
              before[0] = FileTrees.listing(mount);
            });
    String dumped = Tool.named("btrfs").run("inspect-internal", "dump-tree", "-t", "5", image);
    assertThat(dumped)
        .contains("extent compression 1 (zlib)", "extent compression 2 (lzo)")
        .contains("extent compression 3 (zstd)", "inline extent data", "prealloc data");
    Task task = new Task("copy", "it");
    Path out = folder.resolve("out");
    try (FileTree tree = open(image)) {
      assertThat(tree.type()).isEqualTo("btrfs");
      tree.copyOut(tree.root(), out, task);
      assertThat(bytes(tree, "/shared")).isNotEqualTo(bytes(tree, "/plain")).hasSize(900_000);
    }
    String after = FileTrees.listing(out);
    FileTrees.script(folder, "rm -rf out"); // its paths are longer than Java takes
    assertThat(withoutSpecial(after)).isEqualTo(withoutSpecial(before[0]));
    assertThat(task.findings())
        .containsExactlyInAnyOrder(
            "left out /pipe: a device, pipe or socket",
            "left out /null: a device, pipe or socket",
            "left out /disc: a device, pipe or socket");
    assertThat(task.notes()).isEmpty();
  }

  /** This kernel mounts no sectors larger than its pages; a tool fills them. */
  @Test
  void sectorsOf64KiBAreRead() throws IOException {
    Path content = Files.createDirectories(folder.resolve("content/d")).getParent();
    byte[] large = new byte[700_001];
    new Random(19).nextBytes(large);
    Files.write(content.resolve("large"), large);
    Files.writeString(content.resolve("d/small"), "small");
    Path image = Volumes.blank(folder.resolve("volume"), 300L * MIB);
    Tool.named("mkfs.btrfs").run("-q", "-s", 65536, "-n", 65536, "--rootdir", content, image);
    Path out = folder.resolve("out");
    Task task = new Task("copy", "it");
    try (FileTree tree = open(image)) {
      tree.copyOut(tree.root(), out, task);
    }
    assertThat(task.findings()).isEmpty();
    assertThat(Tool.named("diff").run("-r", content, out)).isEmpty();
  }

  @Test
  void theIdentityOfAVolumeMayBeAnotherThanThatOfItsNodes() throws IOException {
    Path content = Files.createDirectory(folder.resolve("content"));
    Files.writeString(content.resolve("small"), "small");
    Path image = Volumes.blank(folder.resolve("volume"), 120L * MIB);
    Tool.named("mkfs.btrfs").run("-q", "--rootdir", content, image);
    Tool.named("btrfstune").run("-m", image);
    try (FileTree tree = open(image)) {
      assertThat(bytes(tree, "/small")).asString().isEqualTo("small");
    }
  }

  @Test
  void subvolumesAndSnapshotsAreDirectoriesWhereTheyAre() throws IOException {
    Path image =
        made(
            120 * MIB,
            "-q",
            mount ->
                FileTrees.script(
                    mount,
                    """
                    btrfs subvolume create sub; echo in > sub/file; mkdir d
                    btrfs subvolume create sub/nested; echo deep > sub/nested/file
                    btrfs subvolume snapshot sub d/before; echo later > sub/file
                    btrfs subvolume snapshot -r sub d/after; ln sub/file sub/two
                    btrfs subvolume create gone; btrfs subvolume delete gone
                    mv sub/nested sub/moved
                    btrfs subvolume set-default sub
                    """));
    try (FileTree tree = open(image)) {
      Task task = new Task("walk", "it");
      Map<String, Long> files = new TreeMap<>();
      Map<String, Long> all = new TreeMap<>();
      tree.walk(
          tree.root(),
          task,
          entry -> {
            all.put(entry.path(), entry.id());
            if (entry.kind() == FileEntry.Kind.FILE) {
              files.put(entry.path(), entry.id());
            }
          });
      assertThat(task.findings()).isEmpty();
      assertThat(files.keySet())
          .containsExactly(
              "/d/after/file", "/d/before/file", "/sub/file", "/sub/moved/file", "/sub/two");
      assertThat(all).hasSize(12).containsKeys("/d/before/nested", "/d/after/nested");
      assertThat(all).doesNotContainKey("/gone");
      assertThat(all.values().stream().distinct()).hasSize(11);
      assertThat(files.get("/sub/file")).isEqualTo(files.get("/sub/two"));
      assertThat(bytes(tree, "/d/before/file")).asString().isEqualTo("in\n");
      assertThat(bytes(tree, "/d/after/file")).asString().isEqualTo("later\n");
      assertThat(bytes(tree, "/sub/moved/file")).asString().isEqualTo("deep\n");
      Path out = folder.resolve("out");
      tree.copyOut(tree.find("/d").orElseThrow(), out, task);
      assertThat(task.findings()).isEmpty();
      assertThat(out.resolve("before/nested")).isEmptyDirectory();
    }
  }

  @Test
  void aLargeDirectoryIsListedInItsOrder() throws IOException {
    Path image =
        made(
            200 * MIB,
            "-q -n 4096",
            mount ->
                FileTrees.script(
                    mount,
                    "python3 -c \"for i in range(20000): open('the file of number %d' % i,"
                        + " 'w').close()\"; rm *77*"));
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      if (!Integer.toString(i).contains("77")) {
        expected.add("the file of number " + i);
      }
    }
    List<String> names = new ArrayList<>();
    try (FileTree tree = open(image)) {
      tree.list(tree.root(), entry -> names.add(entry.name()));
      assertThat(tree.find("/the file of number 19999")).isPresent();
    }
    assertThat(names).isEqualTo(expected);
  }

  private static void overwrite(Path image, long at, byte[] bytes) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.seek(at);
      file.write(bytes);
    }
  }

  /** All chunks of a volume. */
  private static List<BtrfsChunks.Chunk> chunks(Path image) {
    Volume volume = new Volume(FileSource.open(image));
    BtrfsSuperblock superblock = BtrfsSuperblock.of(volume);
    BtrfsChunks chunks = new BtrfsChunks(volume, superblock);
    BtrfsNodes nodes = new BtrfsNodes(volume, superblock, chunks, new BtrfsCopies());
    nodes.walk(
        nodes.rootOfChunks(),
        BtrfsKey.LEAST,
        BtrfsKey.GREATEST,
        problem -> {
          throw problem;
        },
        item -> {
          if (item.key().type() == BtrfsKey.CHUNK) {
            chunks.add(item);
          }
          return true;
        });
    return List.copyOf(chunks.all());
  }

  @Test
  void theSecondCopyOfEverythingServes() throws IOException {
    byte[] large = new byte[3_000_000];
    new Random(19).nextBytes(large);
    Path image =
        made(
            500 * MIB,
            "-q -m dup -d dup",
            mount -> {
              Files.write(mount.resolve("large"), large);
              Files.writeString(mount.resolve("small"), "small");
            });
    List<BtrfsChunks.Chunk> chunks = chunks(image);
    assertThat(chunks).hasSize(3).allMatch(chunk -> chunk.copies().size() == 2);
    byte[] mirror = new byte[4096];
    FileSource.open(image).read(BtrfsSuperblock.MIRRORS[0], ByteBuffer.wrap(mirror));
    byte[] other = new byte[MIB];
    Arrays.fill(other, (byte) 0x5a);
    for (BtrfsChunks.Chunk chunk : chunks) {
      for (long at = 0; at < chunk.length(); at += MIB) {
        overwrite(image, chunk.copies().get(0) + at, other);
      }
    }
    overwrite(image, BtrfsSuperblock.MIRRORS[0], mirror); // no chunk has it, but one lies around it
    overwrite(image, SUPERBLOCK + 300, new byte[] {1, 2, 3});
    Task task = new Task("copy", "it");
    Path out = folder.resolve("out");
    try (FileTree tree = open(image)) {
      tree.copyOut(tree.root(), out, task);
    }
    assertThat(task.findings()).isEmpty();
    assertThat(out.resolve("large")).hasBinaryContent(large);
    assertThat(task.notes()).hasSize(3);
    assertThat(task.notes().get(0)).contains("copy at byte 67108864 served");
    assertThat(task.notes().get(1)).matches("a second copy served for \\d+ nodes: .*checksum");
    assertThat(task.notes().get(2)).matches("a second copy served for 733 sectors of data: .*");
  }

  @Test
  void damagedDataIsDamageAtItsByte() throws IOException {
    byte[] large = new byte[1_000_000];
    new Random(19).nextBytes(large);
    Path image =
        made(
            120 * MIB,
            "-q -d single",
            mount -> {
              Files.write(mount.resolve("large"), large);
              Files.write(mount.resolve("beside"), large);
              FileTrees.script(
                  mount, "mount -o remount,compress-force=zstd .; seq 1 90000 > packed");
            });
    byte[] all = Files.readAllBytes(image);
    int at = indexOf(all, Arrays.copyOfRange(large, 499_712, 499_800));
    overwrite(image, at + 3, new byte[] {(byte) (all[at + 3] ^ 1)});
    Task task = new Task("copy", "it");
    Path out = folder.resolve("out");
    try (FileTree tree = open(image)) {
      String hurt = Arrays.equals(tryBytes(tree, "/large"), large) ? "/beside" : "/large";
      try (BlockSource content = tree.open(tree.find(hurt).orElseThrow())) {
        ByteBuffer buffer = ByteBuffer.allocate(1_000_000);
        assertThatThrownBy(() -> content.read(1000, buffer))
            .isInstanceOfSatisfying(
                UnreadableException.class,
                e -> {
                  assertThat(e.start()).isEqualTo(499_712);
                  assertThat(e.length()).isEqualTo(4096);
                  assertThat(e.getMessage()).contains("byte " + at, "checksum");
                });
        assertThat(buffer.position()).isEqualTo(498_712);
        assertThat(Arrays.copyOf(buffer.array(), 498_712))
            .isEqualTo(Arrays.copyOfRange(large, 1000, 499_712));
        ByteBuffer rest = ByteBuffer.allocate(2_000);
        assertThat(content.read(503_808, rest)).isEqualTo(2000);
      }
      tree.copyOut(tree.root(), out, task);
      assertThat(task.findings()).hasSize(1);
      assertThat(task.findings().get(0)).startsWith("left out " + hurt);
      assertThat(out.resolve("packed")).isRegularFile();
    }
    try (FileTree tree =
        blksh.filesystem.FileTrees.open(
            new FaultySource(FileSource.open(image)).unreadable(at / 4096 * 4096, 512))) {
      Task faulty = new Task("walk", "it");
      tree.walk(tree.root(), faulty, entry -> {});
      assertThat(faulty.findings()).isEmpty();
    }
  }

  private static byte[] tryBytes(FileTree tree, String path) {
    try {
      return bytes(tree, path);
    } catch (UnreadableException damaged) {
      return new byte[0];
    }
  }

  private static int indexOf(byte[] bytes, byte[] what) {
    for (int at = 0; at <= bytes.length - what.length; at++) {
      if (bytes[at] == what[0]
          && Arrays.equals(bytes, at, at + what.length, what, 0, what.length)) {
        return at;
      }
    }
    throw new AssertionError("it is not there");
  }

  @Test
  void theLogIsNotReplayedAndToldSo() throws IOException {
    Path crashed = folder.resolve("crashed");
    Path[] image = {null};
    image[0] = folder.resolve("volume");
    made(
        120 * MIB,
        "-q",
        mount -> {
          Path file = Files.writeString(mount.resolve("file"), "before");
          Tool.named("sync").run("-f", mount);
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap("after!".getBytes()), 0);
            channel.force(true);
          }
          Files.copy(image[0], crashed);
        });
    Task task = new Task("walk", "it");
    try (FileTree tree = open(crashed)) {
      assertThat(bytes(tree, "/file")).asString().isEqualTo("before");
      tree.walk(tree.root(), task, entry -> {});
    }
    assertThat(task.notes())
        .containsExactly("its log is not replayed: what was synced last may be missing, or older");
    assertThat(task.findings()).isEmpty();
  }

  @Test
  void oneMemberOfAMirrorIsEnough() throws IOException {
    Component.needRoot();
    Path one = Volumes.blank(folder.resolve("one"), 300L * MIB);
    Path two = Volumes.blank(folder.resolve("two"), 300L * MIB);
    byte[] large = new byte[2_000_000];
    new Random(19).nextBytes(large);
    Path mount = Files.createDirectory(folder.resolve("mount"));
    try (LoopDevice first = LoopDevice.attach(one, 512);
        LoopDevice second = LoopDevice.attach(two, 512)) {
      Tool.named("mkfs.btrfs")
          .run("-q", "-f", "-m", "raid1", "-d", "raid1", first.path(), second.path());
      Tool.named("btrfs").run("device", "scan", first.path(), second.path());
      Tool.named("mount").run("-o", "device=" + second.path(), first.path(), mount);
      try {
        Files.write(mount.resolve("large"), large);
      } finally {
        Tool.named("umount").run(mount);
        Tool.named("btrfs").attempt("device", "scan", "--forget", first.path(), second.path());
      }
    }
    for (Path member : List.of(one, two)) {
      try (FileTree tree = open(member)) {
        assertThat(bytes(tree, "/large")).isEqualTo(large);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2, -m raid1 -d raid0, RAID0",
    "2, -m raid1 -d single, another of its 2 devices",
    "3, -m raid1c3 -d raid5, RAID5",
    "4, -m raid10 -d raid10, RAID10",
    "4, -m raid1c4 -d raid6, RAID6"
  })
  void whatLiesOnSeveralDevicesIsRefusedByName(int devices, String profiles, String name)
      throws IOException {
    List<Object> words = new ArrayList<>(List.of("-q", "-f"));
    words.addAll(List.of(profiles.split(" ")));
    for (int i = 0; i < devices; i++) {
      words.add(Volumes.blank(folder.resolve("device" + i), 300L * MIB));
    }
    Tool.named("mkfs.btrfs").run(words.toArray());
    boolean anyRefused = false;
    for (int i = 0; i < devices; i++) {
      Path device = folder.resolve("device" + i);
      try (FileTree tree = open(device)) {
        assertThat(name).startsWith("another"); // one of them has all there is so far
        tree.walk(tree.root(), Task.unwatched(), entry -> {});
      } catch (UnknownFileSystemException refused) {
        assertThat(refused).hasMessageContaining(name);
        anyRefused = true;
      }
    }
    assertThat(anyRefused).isTrue();
  }

  /** Has the checksums of the superblock and of all nodes agree with what they hold. */
  private static void prove(byte[] image) {
    Structure all = Structure.of(image);
    byte[] owner = Arrays.copyOfRange(image, SUPERBLOCK + 32, SUPERBLOCK + 48);
    for (int at = SUPERBLOCK; at + SAMPLE_NODE <= image.length; at += SAMPLE_NODE) {
      if (at == SUPERBLOCK || Arrays.equals(image, at + 32, at + 48, owner, 0, 16)) {
        proveAlone(all, at);
      }
    }
  }

  private static void proveAlone(Structure all, int at) {
    byte[] sum =
        BtrfsChecksum.CRC32C.of(
            all.bytes(), at + BtrfsChecksum.FIELD, SAMPLE_NODE - BtrfsChecksum.FIELD);
    System.arraycopy(sum, 0, all.bytes(), at, sum.length);
  }

  @ParameterizedTest
  @CsvSource({
    "0x1000, zoned",
    "0x2000, extent-tree-v2",
    "0x4000, raid-stripe-tree",
    "0x4000000000, not known (0x4000000000)"
  })
  void featuresThatChangeWhatIsReadAreRefusedByName(String bit, String name) {
    byte[] image = sample();
    Structure all = Structure.of(image);
    all.putI64(SUPERBLOCK + 188, all.i64(SUPERBLOCK + 188) | Long.decode(bit));
    prove(image);
    assertThatThrownBy(() -> open(image))
        .isInstanceOf(UnknownFileSystemException.class)
        .hasMessageContaining(name);
  }

  @ParameterizedTest
  @CsvSource({
    "33, metadata alone",
    "40, btrfstune was changing it",
    "50, marks that are not known"
  })
  void marksOfWhatIsNoSoundFileSystemAreRefused(int bit, String words) {
    byte[] image = sample();
    Structure all = Structure.of(image);
    all.putI64(SUPERBLOCK + 56, all.i64(SUPERBLOCK + 56) | 1L << bit);
    prove(image);
    assertThatThrownBy(() -> open(image)).hasMessageContaining(words);
  }

  /** A change of features that was cut off leaves copies as they were. */
  @Test
  void whatIsRefusedIsNotReadByACopyThatLacksTheMark() {
    int mirror = (int) BtrfsSuperblock.MIRRORS[0];
    byte[] image = Arrays.copyOf(sample(), mirror + 4096);
    System.arraycopy(image, SUPERBLOCK, image, mirror, 4096);
    Structure all = Structure.of(image);
    all.putI64(mirror + 48, mirror);
    all.putI64(SUPERBLOCK + 188, all.i64(SUPERBLOCK + 188) | 0x1000);
    prove(image);
    assertThatThrownBy(() -> open(image)).hasMessageContaining("zoned");
    image[SUPERBLOCK + 300] ^= 1; // damage, for which the copy serves
    try (FileTree tree = open(image)) {
      assertThat(tree.notes()).anyMatch(note -> note.contains("copy at byte 67108864 served"));
    }
    all.putI64(mirror + 32, ~all.i64(mirror + 32)); // that of another file system
    proveAlone(all, mirror);
    assertThatThrownBy(() -> open(image)).hasMessageContaining("fails its checksum");
  }

  /** Every node of the sample that any tree leads to. */
  private static List<Integer> nodes(byte[] image) {
    byte[] owner = Arrays.copyOfRange(image, SUPERBLOCK + 32, SUPERBLOCK + 48);
    List<Integer> nodes = new ArrayList<>();
    for (int at = MIB; at + SAMPLE_NODE <= image.length; at += SAMPLE_NODE) {
      if (Arrays.equals(image, at + 32, at + 48, owner, 0, 16)) {
        nodes.add(at);
      }
    }
    return nodes;
  }

  /** Every file that can be read, and its bytes. */
  private static Map<String, byte[]> read(FileTree tree, Task task) {
    Map<String, byte[]> files = new TreeMap<>();
    tree.walk(
        tree.root(),
        task,
        entry -> {
          if (entry.kind() == FileEntry.Kind.FILE) {
            try (BlockSource content = tree.open(entry)) {
              files.put(entry.path(), content.size() > 4 * MIB ? new byte[0] : bytes(content));
              content.extents().forEachRemaining(extent -> {});
            } catch (BlkshException e) {
              task.finding(e.getMessage());
            }
          }
        });
    return files;
  }

  @Test
  void aDamagedNodeCostsOnlyWhatItHolds() {
    byte[] good = sample();
    Map<String, byte[]> all;
    try (FileTree tree = open(good)) {
      all = read(tree, Task.unwatched());
    }
    List<Integer> nodes = nodes(good);
    assertThat(nodes).hasSizeGreaterThan(40);
    int most = 0;
    int partly = 0;
    for (int node : nodes) {
      byte[] bad = good.clone();
      bad[node + 2000] ^= 4;
      Task task = new Task("walk", "it");
      Map<String, byte[]> found;
      try (FileTree tree = open(bad)) {
        found = read(tree, task);
      } catch (FileSystemDamageException e) {
        assertThat(e.getMessage()).contains("byte " + node, "checksum");
        continue;
      }
      found.forEach((path, bytes) -> assertThat(bytes).as(path).isEqualTo(all.get(path)));
      most = Math.max(most, found.size());
      if (found.size() < all.size()) {
        partly++;
        assertThat(task.findings()).anyMatch(it -> it.contains("byte " + node));
      } else {
        assertThat(task.findings()).isEmpty();
      }
    }
    assertThat(most).isEqualTo(all.size());
    assertThat(partly).isGreaterThan(10);
  }

  /** Changes that nothing has proven otherwise end in damage, or the right bytes. */
  @Test
  void changedBytesEndInDamageOrInTheRightBytes() {
    byte[] good = sample();
    Map<String, byte[]> all;
    try (FileTree tree = open(good)) {
      all = read(tree, Task.unwatched());
    }
    Random random = new Random(19);
    int rounds = Effort.of("blksh.btrfs.flips", 60, 20_000);
    for (int round = 0; round < rounds; round++) {
      byte[] bad = good.clone();
      for (int i = 0; i < 20; i++) {
        int at = 5 * MIB + random.nextInt(MIB);
        bad[at] ^= (byte) (1 << random.nextInt(8));
      }
      Task task = new Task("walk", "it");
      try (FileTree tree = open(bad)) {
        read(tree, task)
            .forEach((path, bytes) -> assertThat(bytes).as(path).isEqualTo(all.get(path)));
      } catch (FileSystemDamageException e) {
        assertThat(e.getMessage()).startsWith("cannot ");
      }
    }
  }

  /**
   * In a node: the tree it is of, how many items a leaf has, and the last part of its first key.
   */
  private static final int OWNER = 88;

  private static final int ITEMS = 96;
  private static final int FIRST_KEY_OFFSET = 101 + 9;

  private static void attempt(Runnable what) {
    try {
      what.run();
    } catch (BlkshException e) {
      assertThat(e.getMessage()).startsWith("cannot ").doesNotContain("null");
    }
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void whatDoesNotDecodeIsNamed(BtrfsCompression kind) {
    for (byte[] bad : List.of(new byte[0], new byte[40], "nothing of the kind".getBytes(UTF_8))) {
      assertThatThrownBy(() -> kind.decode(bad, 8192, 4096)).isInstanceOf(BadChunkException.class);
    }
  }

  /** The tree of checksums begins behind all data. */
  @Test
  void dataBeforeAllChecksumsHasNone() {
    byte[] bad = sample();
    Structure all = Structure.of(bad);
    for (int node : nodes(bad)) {
      if (all.i64(node + OWNER) == BtrfsNodes.SUMS) {
        all.putI32(node + ITEMS, 1);
        all.putI64(node + FIRST_KEY_OFFSET, Long.MAX_VALUE);
      }
    }
    prove(bad);
    Task task = new Task("walk", "it");
    try (FileTree tree = open(bad)) {
      read(tree, task);
    }
    assertThat(task.findings()).asString().contains("should have a checksum, and has none");
  }

  /** As somebody who means harm would: the checksums of all nodes agree. */
  @Test
  void nothingThatNodesSayHangsOrTakesMemory() {
    byte[] good = sample();
    List<Integer> nodes = nodes(good);
    Random random = new Random(19);
    int rounds = Effort.of("blksh.btrfs.forged", 300, 100_000);
    long[] values = {0, 1, -1, 0xff, 1L << 31, 1L << 40, Long.MAX_VALUE, Long.MIN_VALUE};
    int opened = 0;
    for (int round = 0; round < rounds; round++) {
      byte[] bad = good.clone();
      Structure all = Structure.of(bad);
      for (int i = 0; i <= random.nextInt(4); i++) {
        int node = random.nextInt(8) == 0 ? SUPERBLOCK : nodes.get(random.nextInt(nodes.size()));
        int at = node + 48 + random.nextInt(SAMPLE_NODE - 56);
        switch (random.nextInt(3)) {
          case 0 -> all.putI64(at, values[random.nextInt(values.length)]);
          case 1 -> bad[at] ^= (byte) (1 << random.nextInt(8));
          default -> all.putI32(at, (int) values[random.nextInt(values.length)]);
        }
      }
      prove(bad);
      Task task = new Task("walk", "it");
      try (FileTree tree = open(bad)) {
        opened++;
        int[] entries = {0};
        tree.walk(
            tree.root(),
            task,
            entry -> {
              attempt(() -> tree.metadata(entry));
              attempt(() -> tree.leftBehind(entry));
              assertThat(++entries[0]).isLessThan(5000);
            });
        read(tree, task);
        tree.notes();
      } catch (BlkshException e) {
        assertThat(e.getMessage()).startsWith("cannot ").doesNotContain("null");
      }
    }
    assertThat(opened).isGreaterThan(rounds / 3);
  }

  @Test
  void holesAndWhatIsReservedAreZeroExtents() throws IOException {
    Path image =
        made(
            120 * MIB,
            "-q",
            mount ->
                FileTrees.script(
                    mount,
                    """
                    truncate -s 10G sparse; printf data | dd of=sparse bs=1 seek=5G status=none \
                      conv=notrunc
                    fallocate -l 1M reserved
                    printf abc | dd of=reserved bs=1 seek=524288 conv=notrunc status=none
                    """));
    try (FileTree tree = open(image)) {
      for (String path : List.of("/sparse", "/reserved")) {
        try (BlockSource content = tree.open(tree.find(path).orElseThrow())) {
          List<Extent> data = new ArrayList<>();
          content
              .extents()
              .forEachRemaining(
                  extent -> {
                    if (extent.kind() == Extent.Kind.DATA) {
                      data.add(extent);
                    }
                  });
          long at = path.equals("/sparse") ? 5L << 30 : 524_288;
          assertThat(data).containsExactly(new Extent(at, 4096, Extent.Kind.DATA));
          ByteBuffer four = ByteBuffer.allocate(4);
          content.read(at - 1, four);
          assertThat(four.get(0)).isZero();
          assertThat(four.get(1)).isNotZero();
        }
      }
    }
  }
}
