package blksh.iso;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.block.SourceInfo;
import blksh.filesystem.FileEntry;
import blksh.filesystem.FileTree;
import blksh.filesystem.FileTrees;
import blksh.iso.DiscFault.Kind;
import blksh.kit.DiscJudge;
import blksh.kit.SampleDisc;
import blksh.kit.SparseImage;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiscImageTest {

  private static final DiscLabel LABEL =
      new DiscLabel("SAMPLE_0001", "0123456789abcdef", "blksh", 1_700_000_000L);

  @TempDir Path directory;

  private static SparseImage write(DiscTree tree, DiscContents contents) {
    SparseImage image = new SparseImage();
    DiscPlan plan = DiscPlan.of(tree, LABEL);
    DiscReport report = DiscWriter.write(plan, contents, image, Task.unwatched());
    assertThat(image.size()).isEqualTo(plan.bytes()).isEqualTo(report.bytes());
    return image;
  }

  private static byte[] bytes(BlockSource source) {
    ByteBuffer bytes = ByteBuffer.allocate((int) source.size());
    source.read(0, bytes);
    return bytes.array();
  }

  /** The content of every file in a tree, by its path. */
  private static Map<String, byte[]> contents(DiscJudge judge, Map<String, DiscJudge.File> tree) {
    Map<String, byte[]> contents = new TreeMap<>();
    tree.forEach(
        (path, file) -> {
          if (file.kind() == 'f') {
            contents.put(path, judge.content(file));
          }
        });
    return contents;
  }

  private static void assertSame(Map<String, byte[]> found, Map<String, byte[]> expected) {
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach((path, bytes) -> assertThat(found.get(path)).as(path).isEqualTo(bytes));
  }

  private static List<String> sorted(Map<String, byte[]> contents) {
    return contents.values().stream().map(Arrays::hashCode).map(String::valueOf).sorted().toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 60, 700})
  void everyTreeOfAnImageIsSoundAndHoldsEveryFile(int entries) {
    for (int seed = 0; seed < 8; seed++) {
      SampleDisc disc = SampleDisc.of(seed, entries);
      DiscTree tree = disc.tree(seed);
      SparseImage image = write(tree, disc);
      DiscJudge judge = new DiscJudge(image);
      assertThat(judge.faults()).as("seed %d", seed).isEmpty();
      assertThat(disc.faults).isEmpty();
      assertSame(contents(judge, judge.iso()), disc.files());
      assertThat(sorted(contents(judge, judge.joliet()))).isEqualTo(sorted(disc.files()));
      assertThat(sorted(contents(judge, judge.udf()))).isEqualTo(sorted(disc.files()));
      for (SampleDisc.Entry entry : disc.entries()) {
        if (entry.kind() == 'f' || entry.kind() == 'l') {
          DiscJudge.File file = judge.iso().get(entry.path());
          assertThat(file.kind()).isEqualTo(entry.kind());
          assertThat(file.mode() & 07777).isEqualTo(entry.attributes().mode());
          assertThat(file.uid()).isEqualTo(entry.attributes().uid() & 0xffffffffL);
          assertThat(file.seconds()).isEqualTo(entry.attributes().seconds());
        }
      }
    }
  }

  @Test
  void namesThatUdfHoldsAreTheTrueOnesAndTheOthersAreTold() {
    for (int seed = 20; seed < 30; seed++) {
      SampleDisc disc = SampleDisc.of(seed, 200);
      DiscTree tree = disc.tree(seed);
      DiscJudge judge = new DiscJudge(write(tree, disc));
      Map<String, String> changed = new HashMap<>();
      tree.changedNames(
          each -> {
            if (each.tree() == ChangedName.Tree.UDF) {
              changed.put("/" + new String(each.path(), StandardCharsets.ISO_8859_1), each.name());
            }
          });
      Map<String, byte[]> expected = new TreeMap<>();
      disc.files()
          .forEach(
              (path, bytes) -> {
                StringBuilder shown = new StringBuilder();
                for (int at = 1; at <= path.length(); at++) {
                  if (at == path.length() || path.charAt(at) == '/') {
                    String to = path.substring(0, at);
                    byte[] name =
                        to.substring(to.lastIndexOf('/') + 1).getBytes(StandardCharsets.ISO_8859_1);
                    assertThat(changed.containsKey(to)).isEqualTo(!ChangedName.isHeldByUdf(name));
                    String held = new String(name, StandardCharsets.UTF_8);
                    shown.append('/').append(changed.getOrDefault(to, held));
                  }
                }
                expected.put(shown.toString(), bytes);
              });
      assertSame(contents(judge, judge.udf()), expected);
    }
  }

  @Test
  void theSameTreeMakesTheSameBytesInWhateverOrderItIsGiven() {
    SampleDisc disc = SampleDisc.of(77, 400);
    byte[] one = bytes(write(disc.tree(1), disc));
    byte[] other = bytes(write(disc.tree(2), disc));
    assertThat(Arrays.equals(one, other)).isTrue();
  }

  @Test
  void ourOwnReaderFindsAllOfIt() {
    SampleDisc disc = SampleDisc.of(5, 300);
    try (FileTree tree = FileTrees.open(write(disc.tree(1), disc))) {
      List<byte[]> found = new ArrayList<>();
      int[] links = {0};
      tree.walk(
          tree.root(),
          Task.unwatched(),
          entry -> {
            if (entry.kind() == FileEntry.Kind.FILE) {
              try (BlockSource content = tree.open(entry)) {
                found.add(bytes(content));
              }
            } else if (entry.kind() == FileEntry.Kind.LINK) {
              links[0]++;
            }
          });
      assertThat(found.stream().map(Arrays::hashCode).map(String::valueOf).sorted().toList())
          .isEqualTo(sorted(disc.files()));
      assertThat(links[0])
          .isEqualTo((int) disc.entries().stream().filter(each -> each.kind() == 'l').count());
    }
  }

  /** A source of zeros with a byte other than zero here and there. */
  private record Marked(long size, long every) implements BlockSource {
    private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(1 << 20);

    @Override
    public int read(long position, ByteBuffer target) {
      int count = (int) Math.min(target.remaining(), size - position);
      int start = target.position();
      target.put(ZEROS.slice(0, count));
      for (long at = (position + every - 1) / every * every; at < position + count; at += every) {
        target.put(start + (int) (at - position), (byte) (1 + at / every % 200));
      }
      return count;
    }

    @Override
    public SourceInfo describe() {
      return new SourceInfo("test", "marked", "");
    }

    @Override
    public void close() {}
  }

  /** Contents without digests, all of one kind. */
  private interface Unproven extends DiscContents {
    @Override
    default ContentDigest digest(long content) {
      return null;
    }
  }

  @Test
  void filesOverFourGibibytesAreWholeInEveryTree() {
    long[] sizes = {(1L << 30) - 2047, (1L << 32) + 1};
    long every = 0x3FFFF800L / 2;
    DiscTreeBuilder builder = new DiscTreeBuilder(SampleDisc.ROOT);
    for (int i = 0; i < sizes.length; i++) {
      builder.file(("f" + i).getBytes(), SampleDisc.ROOT, DiscContent.of(i, sizes[i]));
    }
    Unproven marked = content -> new Marked(sizes[(int) content], every);
    SparseImage image = write(builder.build(), marked);
    DiscJudge judge = new DiscJudge(image);
    assertThat(judge.faults()).isEmpty();
    for (int i = 0; i < sizes.length; i++) {
      for (Map<String, DiscJudge.File> tree : List.of(judge.iso(), judge.joliet(), judge.udf())) {
        DiscJudge.File file = tree.get("/f" + i);
        assertThat(file.size()).isEqualTo(sizes[i]);
        ByteBuffer last = ByteBuffer.allocate(1);
        long at = (sizes[i] - 1) / every * every;
        image.read(file.pieces().get(0)[0] + at, last);
        assertThat(last.get(0)).isEqualTo((byte) (1 + at / every % 200));
      }
    }
    try (FileTree files = FileTrees.open(image)) {
      FileEntry last = files.find("/f1").orElseThrow();
      assertThat(last.size()).isEqualTo(sizes[1]);
      ByteBuffer byteAt = ByteBuffer.allocate(1);
      files.open(last).read(8 * every, byteAt);
      assertThat(byteAt.get(0)).isEqualTo((byte) 9);
    }
  }

  @Test
  void moreThan65535DirectoriesAndADepthOf40() {
    DiscTreeBuilder builder = new DiscTreeBuilder(SampleDisc.ROOT);
    DiscContent content = DiscContent.of(0, 3);
    builder.file("/d".repeat(40).substring(1).concat("/file").getBytes(), SampleDisc.ROOT, content);
    for (int i = 0; i < 66_000; i++) {
      byte[] path = "%c/%03d/%d".formatted('a' + i % 3, i / 200, i).getBytes();
      builder.directory(path, SampleDisc.ROOT);
    }
    SparseImage image =
        write(builder.build(), (Unproven) number -> new ByteArraySource(new byte[] {1, 2, 3}));
    DiscJudge judge = new DiscJudge(image);
    assertThat(judge.faults()).isEmpty();
    assertThat(judge.directories()).hasSizeGreaterThan(66_000);
    assertThat(judge.udf()).containsKey("/d".repeat(40) + "/file");
  }

  @Test
  void aHundredThousandFilesInOneDirectory() {
    DiscTreeBuilder builder = new DiscTreeBuilder(SampleDisc.ROOT);
    for (int i = 0; i < 100_000; i++) {
      String name = "one/" + "name-".repeat(i % 11) + "%06d".formatted(i);
      builder.file(name.getBytes(), SampleDisc.ROOT, DiscContent.of(i % 100, i % 100));
    }
    Unproven bytes = content -> new ByteArraySource(new byte[(int) content]);
    DiscJudge judge = new DiscJudge(write(builder.build(), bytes));
    assertThat(judge.faults()).isEmpty();
    assertThat(judge.udf()).hasSize(100_000);
    assertThat(judge.joliet()).hasSize(100_000);
  }

  /** Contents that are not what they were, by their numbers. */
  private static final class Spoilt implements DiscContents {
    static final int SIZE = 300_000;
    final List<DiscFault> faults = new ArrayList<>();
    final Map<Long, ContentDigest> digests = new TreeMap<>();
    String list = "";

    static byte[] bytes(long content) {
      return SampleDisc.bytes(DiscContent.of(content, SIZE));
    }

    @Override
    public BlockSource open(long content) {
      byte[] bytes = bytes(content);
      return switch ((int) content) {
        case 1 -> new ByteArraySource(Arrays.copyOf(bytes, SIZE + 90_000));
        case 2 -> new ByteArraySource(Arrays.copyOf(bytes, 1000));
        case 3 -> {
          bytes[150_000] ^= 1;
          yield new ByteArraySource(bytes);
        }
        case 4 -> throw new BlkshException("open d/4", "it is gone");
        case 5 -> new FaultySource(new ByteArraySource(bytes)).unreadable(8192, 4096);
        case 9 -> new ByteArraySource(list().getBytes(StandardCharsets.ISO_8859_1));
        default -> new ByteArraySource(bytes);
      };
    }

    /** What the list says: written when all others are told. */
    private String list() {
      assertThat(digests).hasSize(7);
      list = "%-5000s".formatted(faults.stream().map(fault -> fault.kind().name()).toList());
      return list;
    }

    @Override
    public ContentDigest digest(long content) {
      return content == 9 ? null : SampleDisc.digest(bytes(content));
    }

    @Override
    public void written(long content, ContentDigest digest, DiscFault fault) {
      if (content != 9) {
        digests.put(content, digest);
      }
      if (fault != null) {
        faults.add(fault);
      }
    }
  }

  @Test
  void whatChangedSinceItWasLookedAtIsToldAndTheImageStaysSound() {
    DiscTreeBuilder builder = new DiscTreeBuilder(SampleDisc.ROOT);
    builder.file("a list".getBytes(), SampleDisc.ROOT, new DiscContent(9, 5000, true));
    for (int i = 0; i < 7; i++) {
      builder.file(("d/" + i).getBytes(), SampleDisc.ROOT, DiscContent.of(i, Spoilt.SIZE));
    }
    Spoilt spoilt = new Spoilt();
    DiscJudge judge = new DiscJudge(write(builder.build(), spoilt));
    assertThat(judge.faults()).isEmpty();
    Map<Long, Kind> kinds = new TreeMap<>();
    spoilt.faults.forEach(fault -> kinds.put(fault.content(), fault.kind()));
    assertThat(kinds)
        .isEqualTo(
            Map.of(
                1L, Kind.LONGER,
                2L, Kind.SHORTER,
                3L, Kind.CHANGED,
                4L, Kind.UNREADABLE,
                5L, Kind.UNREADABLE));
    assertThat(spoilt.faults.get(0).sentence()).startsWith("d/1: it has 90000 bytes more");
    Map<String, byte[]> udf = contents(judge, judge.udf());
    for (int good : new int[] {0, 1, 6}) {
      assertThat(udf.get("/d/" + good)).isEqualTo(Spoilt.bytes(good));
    }
    byte[] partly = Spoilt.bytes(5);
    Arrays.fill(partly, 8192, 8192 + 4096, (byte) 0);
    assertThat(udf.get("/d/5")).isEqualTo(partly);
    assertThat(udf.get("/d/4")).isEqualTo(new byte[Spoilt.SIZE]);
    assertThat(udf.get("/d/2"))
        .isEqualTo(Arrays.copyOf(Arrays.copyOf(Spoilt.bytes(2), 1000), Spoilt.SIZE));
    spoilt.digests.forEach(
        (content, digest) ->
            assertThat(digest).isEqualTo(SampleDisc.digest(udf.get("/d/" + content))));
    assertThat(new String(udf.get("/a list"), StandardCharsets.ISO_8859_1))
        .isEqualTo(spoilt.list)
        .contains("CHANGED");
  }

  @Test
  void thePlanSaysWhereEveryContentIs() {
    SampleDisc disc = SampleDisc.of(3, 200);
    DiscTree tree = disc.tree(1);
    DiscPlan plan = DiscPlan.of(tree, LABEL);
    SparseImage image = write(tree, disc);
    long[] end = {0};
    plan.contents(
        (content, position, path) -> {
          assertThat(position).isGreaterThanOrEqualTo(end[0]);
          end[0] = position + content.size();
          ByteBuffer bytes = ByteBuffer.allocate((int) content.size());
          image.read(position, bytes);
          assertThat(bytes.array()).isEqualTo(SampleDisc.bytes(content));
          assertThat(disc.files()).containsKey("/" + new String(path, StandardCharsets.ISO_8859_1));
        });
    assertThat(end[0]).isPositive();
  }

  @Test
  void aFileHasItsNameOnlyWhenItIsWhole() throws Exception {
    SampleDisc disc = SampleDisc.of(8, 100);
    DiscPlan plan = DiscPlan.of(disc.tree(1), LABEL);
    Path image = directory.resolve("disc.iso");
    Task stopped = new Task("write", "disc.iso");
    stopped.cancel();
    assertThatThrownBy(() -> DiscWriter.write(plan, disc, image, false, stopped))
        .isInstanceOf(CancelledException.class);
    assertThat(image).doesNotExist();
    Task task = new Task("write", "disc.iso");
    DiscWriter.write(plan, disc, image, false, task);
    assertThat(task.done()).isEqualTo(plan.bytes()).isEqualTo(Files.size(image));
    assertThat(Files.readAllBytes(image)).isEqualTo(bytes(write(disc.tree(2), disc)));
    assertThatThrownBy(() -> DiscWriter.write(plan, disc, image, false, Task.unwatched()))
        .hasMessageContaining("exists");
  }

  @Test
  void whatNoDiscCanHoldIsRefusedByName() {
    DiscTreeBuilder builder = new DiscTreeBuilder(SampleDisc.ROOT);
    DiscContent content = DiscContent.of(1, 10);
    for (String path : List.of("", "/a", "a//b", "a/", ".", "a/..", "x".repeat(256), "a\0b")) {
      assertThatThrownBy(() -> builder.file(path.getBytes(), SampleDisc.ROOT, content))
          .as(path)
          .isInstanceOf(BlkshException.class)
          .hasMessageStartingWith("cannot put ");
    }
    builder.file("a/b".getBytes(), SampleDisc.ROOT, content);
    assertThatThrownBy(() -> builder.file("a/b".getBytes(), SampleDisc.ROOT, content))
        .hasMessageContaining("given before");
    assertThatThrownBy(() -> builder.file("a/b/c".getBytes(), SampleDisc.ROOT, content))
        .hasMessageContaining("a/b is no directory");
    assertThatThrownBy(() -> builder.file("c".getBytes(), SampleDisc.ROOT, DiscContent.of(1, 11)))
        .hasMessageContaining("content 1");
    assertThatThrownBy(() -> builder.symlink("l".getBytes(), SampleDisc.ROOT, new byte[1024]))
        .hasMessageContaining("impossible");
    assertThatThrownBy(
            () -> builder.symlink("l".getBytes(), SampleDisc.ROOT, "t".repeat(1024).getBytes()))
        .hasMessageContaining("more than 1023");
    assertThatThrownBy(() -> new DiscLabel("photos", "0123456789abcdef", "", 0))
        .hasMessageContaining("volume");
    assertThat(DiscLabel.volume("Photos 2020, Größe")).isEqualTo("PHOTOS_2020__GR_");
  }
}
