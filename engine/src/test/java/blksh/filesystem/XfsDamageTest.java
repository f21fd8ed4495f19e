package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Component;
import blksh.kit.Effort;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.kit.XfsChecksums;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** XFS, damaged in one place or made by somebody hostile. */
class XfsDamageTest {

  private static final int BLOCK = 1024;
  private static final int DIRECTORY_BLOCK = 4096;
  private static final int SECTOR = 512;

  /** Of files that are lost: as many as there are, or none. */
  private static final int ANY = 10_000;

  private static final String FILL =
      """
      python3 - <<'P'
      import os,random
      random.seed(19)
      def names(directory, count):
          os.mkdir(directory)
          open(directory + '/first', 'w').write(directory)
          for i in range(count):
              os.link(directory + '/first', '%s/a name of some length, that is %d' % (directory, i))
      names('short', 2)
      names('block', 30)
      names('leaf', 300)
      names('node', 1500)
      with open('pieces', 'wb') as f:
          for i in range(300):
              os.pwrite(f.fileno(), bytes([65 + i % 26]) * 1024, i * 2048)
      open('plain', 'wb').write(random.randbytes(30000))
      os.symlink('y' * 20, 'near')
      os.symlink('x' * 1000, 'far')
      for name, count in ('few', 2), ('leafy', 20), ('many', 200):
          open(name, 'w').write(name)
          for i in range(count):
              os.setxattr(name, 'user.%d-of-some-length' % i, random.randbytes(i))
      open('long', 'w').write('long')
      os.setxattr('long', 'user.long', random.randbytes(5000))
      P
      """;

  @TempDir static Path folder;

  private static byte[] good;
  private static Map<String, String> whole;

  @BeforeAll
  static void make() throws IOException {
    Component.needRoot();
    Path image = Volumes.blank(folder.resolve("volume"), 16 << 20);
    Tool.named("mkfs.xfs").run("--unsupported", "-q", "-b", "size=" + BLOCK, image);
    Volumes.mounted(
        image, "xfs", folder.resolve("mount"), mount -> blksh.kit.FileTrees.script(mount, FILL));
    good = Files.readAllBytes(image);
    List<String> problems = new ArrayList<>();
    whole = seen(good, problems);
    assertThat(problems).isEmpty();
    assertThat(whole).hasSizeGreaterThan(1830);
  }

  private static FileTree open(byte[] image) {
    return FileTrees.open(new ByteArraySource(image));
  }

  /** All there is, by path; what cannot be read is left out, and a problem. */
  private static Map<String, String> seen(byte[] image, List<String> problems) {
    Map<String, String> seen = new TreeMap<>();
    try (FileTree tree = open(image)) {
      Task task = new Task("walk", "it");
      tree.walk(
          tree.root(),
          task,
          entry -> {
            try {
              if (entry.kind() != FileEntry.Kind.DAMAGED) {
                seen.put(entry.path(), told(tree, entry));
              }
            } catch (BlkshException e) {
              problems.add(e.getMessage());
            }
          });
      problems.addAll(task.findings());
    } catch (BlkshException e) {
      problems.add(e.getMessage());
    }
    return seen;
  }

  private static String told(FileTree tree, FileEntry entry) {
    StringBuilder told = new StringBuilder();
    told.append(entry.kind()).append(entry.modified()).append(entry.mode()).append(entry.link());
    tree.metadata(entry)
        .attributes()
        .all()
        .forEach(
            each -> told.append(new String(each.name())).append(Arrays.hashCode(each.value())));
    if (entry.kind() == FileEntry.Kind.FILE) {
      try (BlockSource content = tree.open(entry)) {
        assertThat(content.size()).isLessThan(1 << 20);
        byte[] bytes = new byte[(int) content.size()];
        content.read(0, ByteBuffer.wrap(bytes));
        told.append(Arrays.hashCode(bytes));
      }
    }
    return told.toString();
  }

  // Where things are.

  private static XfsInode inode(String path) {
    Volume volume = new Volume(new ByteArraySource(good));
    try (FileTree tree = open(good)) {
      FileEntry entry = tree.find(path).orElseThrow();
      return XfsInode.read(volume, XfsSuperblock.of(Head.of(volume)), entry.id());
    }
  }

  private static FileEntry anyone() {
    return new FileEntry("/x", FileEntry.Kind.FILE, 0, Instant.EPOCH, 0, null, 0);
  }

  private static int at(XfsInode inode, XfsInode.Fork fork, long position) {
    FileRun run = new XfsExtents(anyone(), inode, fork, true).at(position);
    return (int) (run.at() + position - run.start());
  }

  private static int content(String path, long position) {
    XfsInode inode = inode(path);
    return at(inode, inode.content(), position);
  }

  private static int attributes(String path, long block) {
    XfsInode inode = inode(path);
    return at(inode, inode.attributes(), block * BLOCK);
  }

  /** The first block of the tree of a file's extents. */
  private static int extents(String path) {
    XfsInode inode = inode(path);
    Structure root = inode.content().bytes();
    int room = (root.length() - 4) / 16;
    return (int) inode.superblock().position(root.i64(4 + room * 8), 1);
  }

  private static ByteBuffer of(byte[] image) {
    return ByteBuffer.wrap(image);
  }

  /** What is lost, which is all that a prefix begins; and the problems, of which one says why. */
  private static void assertLost(byte[] image, String prefix, int most, String why) {
    List<String> problems = new ArrayList<>();
    Map<String, String> left = seen(image, problems);
    Map<String, String> lost = new TreeMap<>(whole);
    left.forEach((path, told) -> assertThat(whole).containsEntry(path, told));
    lost.keySet().removeAll(left.keySet());
    assertThat(lost.keySet())
        .allMatch(it -> it.startsWith(prefix))
        .hasSizeBetween(most == ANY ? 0 : 1, most);
    assertThat(problems).anyMatch(it -> it.contains(why));
  }

  private static byte[] flipped(int at) {
    byte[] bad = good.clone();
    bad[at] ^= 0x10;
    return bad;
  }

  @Test
  void damageCostsWhatItHolds() {
    int plain = (int) inode("/plain").position();
    assertLost(flipped(plain + 70), "/plain", 1, "at byte " + plain + " fails its checksum");
    int block = content("/block", 0);
    assertLost(
        flipped(block + 1000), "/block/", 40, "block at byte " + block + " fails its checksum");
    int leaf = content("/leaf", DIRECTORY_BLOCK);
    assertLost(flipped(leaf + 77), "/leaf/", 120, "block at byte " + leaf + " fails its checksum");
    int node = content("/node", 5 * DIRECTORY_BLOCK);
    assertLost(flipped(node), "/node/", 120, "block at byte " + node + " fails its checksum");
    int tree = extents("/pieces");
    assertLost(flipped(tree + 90), "/pieces", 1, "extents at byte " + tree + " fails its checksum");
    int far = content("/far", 0);
    assertLost(flipped(far + 99), "/far", 1, "byte " + far);
    int one = attributes("/leafy", 0);
    assertLost(flipped(one + 900), "/leafy", 1, "at byte " + one + ", fails its checksum");
    int many = attributes("/many", 0);
    assertLost(flipped(many + 9), "/many", 1, "at byte " + many + ", fails its checksum");
    XfsInode longInode = inode("/long");
    int value = at(longInode, longInode.attributes(), 2 * BLOCK);
    assertLost(flipped(value + 500), "/long", 1, "at byte " + value + ", fails its checksum");
  }

  @Test
  void aBlockOfAnotherPlaceInodeOrFileSystemIsDamage() {
    int one = content("/leaf", 0);
    int other = content("/leaf", DIRECTORY_BLOCK);
    byte[] moved = good.clone();
    System.arraycopy(good, one, moved, other, DIRECTORY_BLOCK);
    assertLost(moved, "/leaf/", 120, "block at byte " + other + " belongs elsewhere");
    byte[] owned = good.clone();
    of(owned).putLong(other + 40, inode("/node").number());
    XfsChecksums.correct(owned, other, DIRECTORY_BLOCK, 4);
    assertLost(owned, "/leaf/", 120, "belongs to inode " + inode("/node").number());
    byte[] foreign = good.clone();
    foreign[other + 24] ^= 1;
    XfsChecksums.correct(foreign, other, DIRECTORY_BLOCK, 4);
    assertLost(foreign, "/leaf/", 120, "is of another file system");
    byte[] inode = good.clone();
    int plain = (int) inode("/plain").position();
    of(inode).putLong(plain + 152, 5);
    XfsChecksums.correct(inode, plain, 512, 100);
    assertLost(inode, "/plain", 1, "belongs elsewhere");
  }

  /** Changes an inode and has its checksum agree. */
  private static byte[] changed(String path, int offset, long value) {
    byte[] image = good.clone();
    int at = (int) inode(path).position();
    of(image).putLong(at + offset, value);
    XfsChecksums.correct(image, at, 512, 100);
    return image;
  }

  @Test
  void hostileNumbersEnd() {
    assertLost(changed("/plain", 56, -5), "/plain", 1, "impossible size");
    assertLost(changed("/far", 56, 1L << 40), "/far", 1, "impossible length");
    assertLost(changed("/leaf", 56, 1L << 34), "/leaf/", ANY, "should have");
    assertLost(changed("/leaf", 56, 1L << 62), "/leaf/", ANY, "impossible size");
    // nextents, whose upper half is the extent size hint
    assertLost(changed("/plain", 72, 0x7fffffffL), "/plain", 1, "more extents than it holds");
    assertLost(changed("/plain", 176 + 8, -1), "/plain", 1, "where the volume has none");
    // an extent of two million blocks, of a directory
    byte[] wide = good.clone();
    int leaf = (int) inode("/leaf").position();
    of(wide).putLong(leaf + 184, of(wide).getLong(leaf + 184) | 0x1fffff);
    XfsChecksums.correct(wide, leaf, 512, 100);
    assertLost(wide, "/leaf/", ANY, "");
    // a tree of extents whose child is what is above it
    byte[] round = good.clone();
    int tree = extents("/pieces");
    of(round).putShort(tree + 4, (short) 1);
    XfsChecksums.correct(round, tree, BLOCK, 64);
    assertLost(round, "/pieces", 1, "cannot be");
    // leaves of attributes that follow each other in a circle
    int leafy = attributes("/leafy", 0);
    byte[] same = good.clone();
    XfsInode many = inode("/many");
    int second = -1;
    for (int block = 1; second < 0; block++) {
      int at = at(many, many.attributes(), (long) block * BLOCK);
      second = (of(good).getShort(at + 8) & 0xffff) == 0x3bee ? block : -1;
    }
    int at = at(many, many.attributes(), (long) second * BLOCK);
    of(same).putInt(at, second);
    XfsChecksums.correct(same, at, BLOCK, 12);
    assertLost(same, "/many", 1, "is none");
    byte[] counted = good.clone();
    of(counted).putShort(leafy + 56, (short) 0xffff);
    XfsChecksums.correct(counted, leafy, BLOCK, 12);
    assertLost(counted, "/leafy", 1, "counts more than it holds");
  }

  @Test
  void aDirectoryWhoseBlocksAreBehindTheVolumeIsToldOnce() {
    byte[] image = good.clone();
    of(image).putLong(8, 1L << 30).putInt(84, 1 << 30).putInt(88, 1).put(124, (byte) 30);
    XfsChecksums.correct(image, 0, SECTOR, 224);
    // the root alone is where it was, as its group is the first
    int root = (int) inode("/").position();
    of(image).put(root + 5, (byte) 2).putLong(root + 56, 1L << 35).putLong(root + 64, 1L << 40);
    of(image).putLong(root + 72, 2);
    for (int i = 0; i < 2; i++) {
      long start = i * ((1L << 21) - 4);
      long block = (1L << 25) + start;
      of(image).putLong(root + 176 + 16 * i, start << 9 | block >>> 43);
      of(image).putLong(root + 184 + 16 * i, block << 21 | (1 << 21) - 4);
    }
    XfsChecksums.correct(image, root, SECTOR, 100);
    List<String> problems = new ArrayList<>();
    seen(image, problems);
    assertThat(problems).hasSizeBetween(2, 4);
    assertThat(problems).anyMatch(it -> it.contains("blocks where the volume has none"));
  }

  @Test
  void whatIsMoreThanWasCountedIsTold() {
    byte[] image = good.clone();
    int few = (int) inode("/few").position();
    int fork = few + 176 + 8 * image[few + 82];
    assertThat(image[fork + 2]).isEqualTo((byte) 2);
    image[fork + 2] = 1;
    XfsChecksums.correct(image, few, SECTOR, 100);
    assertLost(image, "/few", 1, "has more than it counts");
    assertLost(changed("/few", 64, 0), "/few", 1, "more extents than blocks");
  }

  @Test
  void aDirectoryThatHoldsItsParentIsEnteredOnce() {
    byte[] image = good.clone();
    int at = content("/block", 0);
    Structure block = Structure.of(Arrays.copyOfRange(image, at, at + DIRECTORY_BLOCK));
    int first = 64 + 16 + 16; // behind itself and its parent
    assertThat(block.bigEndian().i64(first)).isEqualTo(inode("/block/first").number());
    of(image).putLong(at + first, inode("/").number());
    XfsChecksums.correct(image, at, DIRECTORY_BLOCK, 4);
    List<String> problems = new ArrayList<>();
    seen(image, problems);
    assertThat(problems).hasSize(1);
    assertThat(problems.get(0)).contains("more than one place in the tree");
  }

  @ParameterizedTest
  @CsvSource({
    "0x80, parent pointers",
    "0x100, metadata directory",
    "0x200, zoned",
    "0x10, in need of xfs_repair",
    "0x40000000, 0x40000000"
  })
  void whatIsNotKnownIsRefusedByName(int feature, String name) {
    byte[] image = good.clone();
    of(image).putInt(216, of(image).getInt(216) | feature);
    XfsChecksums.correct(image, 0, SECTOR, 224);
    assertThatThrownBy(() -> open(image))
        .isInstanceOf(UnknownFileSystemException.class)
        .hasMessageContaining(name);
  }

  @Test
  void aDamagedSuperblockIsTold() {
    assertThatThrownBy(() -> open(flipped(33)))
        .isInstanceOf(FileSystemDamageException.class)
        .hasMessageContaining("superblock at byte 0 fails its checksum");
    byte[] image = good.clone();
    of(image).putInt(84, 7); // blocks of a group
    XfsChecksums.correct(image, 0, SECTOR, 224);
    assertThatThrownBy(() -> open(image)).hasMessageContaining("contradicts itself");
  }

  @Test
  void metadataMayHaveAnIdentifierOfItsOwn() throws IOException {
    Path image = Files.write(folder.resolve("renamed"), good);
    Tool.named("xfs_admin").run("-U", "generate", image);
    byte[] renamed = Files.readAllBytes(image);
    assertThat(of(renamed).getInt(216) & 4).isEqualTo(4);
    List<String> problems = new ArrayList<>();
    assertThat(seen(renamed, problems)).isEqualTo(whole);
    assertThat(problems).isEmpty();
  }

  /** Sectors that hold anything but contents of files, and the log. */
  private static int[] metadata(byte[] image) {
    BitSet other = new BitSet();
    Structure superblock = Structure.of(image).bigEndian();
    XfsSuperblock geometry = new XfsSuperblock(superblock);
    int log = (int) geometry.position(superblock.i64(48), 1);
    other.set(
        log / SECTOR, log / SECTOR + (int) superblock.u32(96) * geometry.blockSize() / SECTOR);
    try (FileTree tree = open(image)) {
      tree.walk(
          tree.root(),
          Task.unwatched(),
          entry -> {
            if (entry.kind() == FileEntry.Kind.FILE) {
              Volume volume = new Volume(new ByteArraySource(image));
              XfsInode inode = XfsInode.read(volume, geometry, entry.id());
              XfsExtents extents = new XfsExtents(entry, inode, inode.content(), false);
              for (long at = 0; at < entry.size(); ) {
                FileRun run = extents.at(at);
                if (!run.isHole()) {
                  other.set((int) (run.at() / SECTOR), (int) ((run.at() + run.length()) / SECTOR));
                }
                at = run.end();
              }
            }
          });
    }
    List<Integer> sectors = new ArrayList<>();
    for (int i = 0; i < image.length / SECTOR; i++) {
      boolean zeros = Arrays.equals(image, i * SECTOR, (i + 1) * SECTOR, new byte[SECTOR], 0, 512);
      if (!zeros && !other.get(i)) {
        sectors.add(i);
      }
    }
    return sectors.stream().mapToInt(Integer::intValue).toArray();
  }

  /** In version 5 what is read in spite of any damage to metadata is what was there. */
  @Test
  void whateverIsChangedEndsInDamageOrInTheRightBytes() {
    int[] sectors = metadata(good);
    assertThat(sectors.length).isGreaterThan(300);
    int rounds = Effort.of("blksh.flips", 40, 5000);
    long until = System.nanoTime() + Duration.ofSeconds(Effort.isLong() ? 110 : 3).toNanos();
    Random random = new Random(Effort.isLong() ? System.nanoTime() : 19);
    for (int round = 0; round < rounds && System.nanoTime() < until; round++) {
      byte[] bad = good.clone();
      for (int i = 0; i <= round % 3 * 20; i++) {
        int at = sectors[random.nextInt(sectors.length)] * SECTOR + random.nextInt(SECTOR);
        bad[at] ^= (byte) (1 << random.nextInt(8));
      }
      List<String> problems = new ArrayList<>();
      Map<String, String> left = seen(bad, problems);
      left.forEach((path, told) -> assertThat(whole).containsEntry(path, told));
      if (left.size() < whole.size()) {
        assertThat(problems).isNotEmpty();
      }
    }
  }

  /** As above with checksums that agree: then nothing but a sentence may come of it. */
  @Test
  void whatIsChangedByWhoeverSealsItAgainEndsInASentence() {
    changeAndUse(good, 20);
  }

  private static void changeAndUse(byte[] image, long seed) {
    int[] sectors = metadata(image);
    int rounds = Effort.of("blksh.flips", 60, 5000);
    long until = System.nanoTime() + Duration.ofSeconds(Effort.isLong() ? 110 : 3).toNanos();
    Random random = new Random(Effort.isLong() ? System.nanoTime() : seed);
    for (int round = 0; round < rounds && System.nanoTime() < until; round++) {
      byte[] bad = image.clone();
      for (int i = 0; i <= round % 3 * 20; i++) {
        int at = sectors[random.nextInt(sectors.length)] * SECTOR + random.nextInt(SECTOR / 2);
        bad[at] = (byte) (random.nextInt(4) == 0 ? 0xff : random.nextInt());
      }
      XfsChecksums.correct(bad);
      try (FileTree tree = open(bad)) {
        tree.walk(tree.root(), Task.unwatched(), entry -> use(tree, entry));
      } catch (BlkshException expected) {
        assertThat(expected.getMessage()).startsWith("cannot ").doesNotContain("null");
      }
    }
  }

  /** Version 4 has no checksums: whatever is changed reaches the reader. */
  @Test
  void whatIsChangedInVersion4EndsInASentence() throws IOException {
    Path image = Volumes.blank(folder.resolve("old"), 16 << 20);
    Path file = Files.write(folder.resolve("one"), new byte[5000]);
    StringBuilder proto = new StringBuilder("boot\n0 0\nd--755 3 4\nsmall d--755 0 0\n$\n");
    proto.append("large ---644 0 0 %s\nmany d--755 0 0\n".formatted(file));
    for (int i = 0; i < 900; i++) {
      proto.append("a-name-of-some-length-%d p--644 0 0\n".formatted(i));
    }
    proto.append("$\nlink l--777 0 0 %s\n$\n".formatted("x".repeat(700)));
    Path list = Files.writeString(folder.resolve("proto"), proto);
    String[] options = "--unsupported -q -m crc=0 -b size=512 -i size=256 -n ftype=0".split(" ");
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) options));
    words.addAll(List.of("-p", list, image));
    Tool.named("mkfs.xfs").run(words.toArray());
    Tool.named("xfs_db")
        .run(
            "-x", "-c", "path /large", "-c", "attr_set -r -v 9000 a", "-c", "attr_set -u b", image);
    byte[] old = Files.readAllBytes(image);
    List<String> problems = new ArrayList<>();
    assertThat(seen(old, problems)).hasSize(904);
    assertThat(problems).isEmpty();
    changeAndUse(old, 21);
  }

  private static void use(FileTree tree, FileEntry entry) {
    try {
      if (entry.kind() != FileEntry.Kind.DAMAGED) {
        tree.metadata(entry);
        tree.leftBehind(entry);
      }
      if (entry.kind() == FileEntry.Kind.FILE) {
        try (BlockSource content = tree.open(entry)) {
          content.read(0, ByteBuffer.allocate(10_000));
          var extents = content.extents();
          for (int i = 0; i < 100 && extents.hasNext(); i++) {
            extents.next();
          }
        }
      }
    } catch (BlkshException expected) {
      assertThat(expected.getMessage()).startsWith("cannot ").doesNotContain("null");
    }
  }
}
