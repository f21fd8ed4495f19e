package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Component;
import blksh.kit.FileTrees;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.task.Task;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Plans, images, what they say after years, and the way back. */
class DiscsTest {

  private static final Instant MADE = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir Path dir;

  private Path tree;
  private Path isos;
  private Catalogue catalogue;

  @BeforeEach
  void open() throws IOException {
    tree = Files.createDirectory(dir.resolve("tree"));
    isos = Files.createDirectory(dir.resolve("isos"));
    catalogue = Catalogue.openOrCreate(dir.resolve("c.catalogue"), "photos");
  }

  @AfterEach
  void close() {
    catalogue.close();
  }

  private void scan() {
    assertThat(catalogue.scan(tree, WalkOptions.ALL, Task.unwatched()).problemCount()).isZero();
  }

  private static SegmentOptions options(long capacity, boolean together) {
    return new SegmentOptions(Media.of(capacity), together, List.of(), 0, true, false, MADE);
  }

  private DiscSet segment(long capacity, boolean together) {
    return catalogue.segment(options(capacity, together), false, Task.unwatched());
  }

  private List<Path> write(DiscSet set) throws IOException {
    List<Path> images = new ArrayList<>();
    for (Disc each : set.discs()) {
      if (each.written() == null) {
        Path image = isos.resolve(each.name() + ".iso");
        WrittenDisc written = catalogue.write(each, image, false, false, Task.unwatched());
        assertThat(written.faults()).isEmpty();
        assertThat(Files.size(image)).as("predicted").isEqualTo(each.size());
        assertThat(each.size()).isLessThanOrEqualTo(each.capacity());
        images.add(image);
      }
    }
    return images;
  }

  private String differences(Path back) throws IOException {
    return Tool.named("rsync")
        .run("-aHAXcni", "--delete", "--modify-window=-1", tree + "/", back + "/");
  }

  private void random(int files, int seed) throws IOException {
    Random random = new Random(seed);
    int[] sizes = {0, 1, 2048, 2049, 70_000, 300_001, 650_000};
    for (int i = 0; i < files; i++) {
      Path in = tree.resolve("dir%02d/%s".formatted(i % 30, "s".repeat(i % 5)));
      Files.createDirectories(in);
      byte[] bytes = new byte[sizes[random.nextInt(sizes.length)]];
      random.nextBytes(bytes);
      Files.write(in.resolve("file%02d%s".formatted(i, ".ext".repeat(i % 3))), bytes);
    }
  }

  private static void needPrograms() {
    Component.need(Tool.isThere("rsync"), "there is no rsync");
    Component.need(Tool.isThere("python3"), "there is no python3");
    Component.need(Tool.isThere("xorriso"), "there is no xorriso");
  }

  @Test
  void whatIsOnDiscsComesBackAsItWas() throws IOException {
    needPrograms();
    Component.needRoot();
    FileTrees.makeEveryKind(tree);
    FileTrees.script(
        tree, "rm -r sparse deep; setfattr -n user.note -v hi one 2>/dev/null || true");
    random(40, 6);
    scan();
    List<Path> images = write(segment(3_000_000, true));
    assertThat(images.size()).isGreaterThan(1);

    Path back = dir.resolve("back");
    RestoreReport report = catalogue.restore(images, List.of(), back, Task.unwatched());

    assertThat(report.problems()).isEmpty();
    assertThat(differences(back)).isEmpty();
    RestoreReport again = catalogue.restore(images, List.of(), back, Task.unwatched());
    assertThat(again.bytes()).as("all of it is there").isZero();

    Path byScript = dir.resolve("script");
    List<Object> words = new ArrayList<>(List.of("-I", script(images.get(0)), byScript));
    words.addAll(images);
    Tool.named("python3").run(words.toArray());
    assertThat(differences(byScript)).isEmpty();
  }

  /** The script as it is on a disc. */
  private Path script(Path image) throws IOException {
    Path out = Files.createDirectories(dir.resolve("unpacked"));
    Tool.named("xorriso")
        .run("-osirrox", "on", "-indev", image, "-extract", "/restore.py", out + "/restore.py");
    return out.resolve("restore.py");
  }

  @Test
  void aPlanIsToTheByteAndFitsWhatever() throws IOException {
    random(40, 6);
    scan();
    for (boolean together : new boolean[] {true, false}) {
      DiscSet three = segment(3_000_000, together);
      long fullest = three.discs().stream().mapToLong(Disc::size).max().orElseThrow();
      assertThat(fullest).isLessThanOrEqualTo(3_000_000);

      DiscSet exact = segment(fullest, together);
      assertThat(sizes(exact)).as("no byte is guessed").isEqualTo(sizes(three));

      DiscSet less = segment(fullest - 2048, together);
      assertThat(less.discs()).allMatch(each -> each.size() <= fullest - 2048);
      assertThat(sizes(segment(3_000_000, together))).isEqualTo(sizes(three));
      assertThat(three.discs().size())
          .isLessThanOrEqualTo(three.bound() + (together ? three.bound() : 1));
    }
    write(segment(2_500_000, false));
  }

  @Test
  void whatOtherComputersShowOtherwiseIsTold() throws IOException {
    FileTrees.script(
        tree,
        """
        mkdir d; echo 1 > d/README; echo 2 > d/readme; echo 3 > plain
        echo 4 > "$(printf 'l%.0s' $(seq 120)).txt"; touch -d 2200-01-01 plain""");
    scan();
    DiscSet set = segment(3_000_000, true);
    WrittenDisc written =
        catalogue.write(
            set.discs().get(0), isos.resolve("one.iso"), false, false, Task.unwatched());
    assertThat(written.faultCount()).isZero();
    assertThat(written.notes())
        .contains("DATA/d/README, DATA/d/readme: one name where case does not count, as on Windows")
        .contains("DATA/plain: Rock Ridge has times from 1900 to 2155 only")
        .anyMatch(each -> each.matches("DATA/l{120}\\.txt: Joliet has it as l{50,}.*\\.txt"))
        .anyMatch(each -> each.matches("DATA/d/(README|readme): Joliet has it as .*"))
        .noneMatch(each -> each.startsWith("DATA/plain: Joliet"));
  }

  @Test
  void everybodyMayReadADiscWhenThatIsWanted() throws IOException {
    FileTrees.script(
        tree,
        """
        mkdir -m 700 d; echo 1 > d/own; chmod 0600 d/own; echo 2 > d/run; chmod 4710 d/run
        ln -s own d/link""");
    scan();
    Disc planned = segment(3_000_000, true).discs().get(0);
    Path image = isos.resolve("one.iso");
    Disc disc = catalogue.write(planned, image, false, true, Task.unwatched()).disc();
    assertThat(modes(image))
        .contains("dr-xr-xr-x 0 0 d", "-r--r--r-- 0 0 own", "-r-xr-xr-x 0 0 run");
    assertThat(catalogue.verify(disc, image, Task.unwatched()).faults()).isEmpty();

    Path again = isos.resolve("again.iso");
    catalogue.write(disc, again, false, false, Task.unwatched());
    assertThat(Files.mismatch(image, again)).as("written once more").isEqualTo(-1);

    Path back = isos.resolve("back");
    catalogue.restore(List.of(image), List.of(), back, Task.unwatched());
    assertThat(differences(back)).isEmpty();
  }

  /** What Rock Ridge has of each entry below DATA. */
  private static List<String> modes(Path image) throws IOException {
    return Tool.named("xorriso")
        .run("-indev", image.toString(), "-find", "/DATA", "-exec", "lsdl")
        .lines()
        .filter(line -> line.contains("'/DATA"))
        .map(line -> line.split("\\s+"))
        .map(
            it ->
                "%s %s %s %s"
                    .formatted(it[0], it[2], it[3], it[it.length - 1].replaceAll(".*/|'", "")))
        .toList();
  }

  @Test
  void aDriveThatCannotBeReadBehindTheImageIsGood() throws IOException {
    Component.needRoot();
    random(30, 7);
    scan();
    SegmentOptions with = options(6_000_000, true).withParity(0.1, 0);
    Disc planned = catalogue.segment(with, false, Task.unwatched()).discs().get(0);
    Path image = isos.resolve("one.iso");
    Disc disc = catalogue.write(planned, image, false, false, Task.unwatched()).disc();
    long length = Files.size(image);
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(length + 150 * 2048);
      try (LoopDevice drive = LoopDevice.attach(image, 512)) {
        file.setLength(length);
        WrittenDisc read = catalogue.verify(disc, drive.path(), Task.unwatched());
        assertThat(read.faults()).isEmpty();
        assertThat(read.faultCount()).isZero();
      }
    }
  }

  private static List<Long> sizes(DiscSet set) {
    return set.discs().stream().map(Disc::size).toList();
  }

  @Test
  void largeFilesAreSpannedByPartsThatCatJoins() throws IOException {
    needPrograms();
    FileTrees.script(
        tree,
        """
        head -c 5500000 /dev/urandom > video.mkv; head -c 5000 /dev/urandom > video.mkv.001
        head -c 1999999 /dev/urandom > b.iso; head -c 4000001 /dev/urandom > c.bin; mkdir small
        for i in $(seq 25); do head -c $((i*1500)) /dev/urandom > small/f$i; done; sleep 0.1
        """);
    scan();
    assertThatThrownBy(
            () ->
                catalogue.segment(
                    new SegmentOptions(Media.of(2_000_000), true, List.of(), 0, false, false, MADE),
                    false,
                    Task.unwatched()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("fits on none");

    List<Path> images = write(segment(2_000_000, true));

    Path unpacked = Files.createDirectories(dir.resolve("all"));
    for (Path each : images) {
      Tool.named("xorriso").run("-osirrox", "on", "-indev", each, "-extract", "/", unpacked);
      FileTrees.script(
          unpacked, "chmod -R u+w .; sha256sum -c --quiet sha256sums.txt; rm sha256sums.txt");
    }
    FileTrees.script(
        unpacked.resolve("DATA"),
        """
        cat video.mkv.part* | cmp - %1$s/video.mkv; cmp video.mkv.001 %1$s/video.mkv.001
        cat c.bin.0* | cmp - %1$s/c.bin
        """
            .formatted(tree));
    Path back = dir.resolve("back");
    List<Path> some = images.subList(1, images.size());
    RestoreReport part = catalogue.restore(some, List.of(), back, Task.unwatched());
    assertThat(part.lost()).isPositive();
    assertThat(part.missingDiscs()).containsExactly("PHOTOS_0001");
    assertThat(catalogue.restore(images, List.of(), back, Task.unwatched()).lost()).isZero();
    assertThat(differences(back)).isEmpty();
    for (Path each : images) {
      Tool.named("python3").runAllowing(3, script(images.get(0)), dir.resolve("one-by-one"), each);
    }
    assertThat(differences(dir.resolve("one-by-one"))).isEmpty();
  }

  @Test
  void aDiscThatIsWrittenIsFixedAndWhatIsNewGoesToFurtherOnes() throws IOException {
    needPrograms();
    random(20, 1);
    scan();
    List<Path> images = write(segment(2_000_000, true));
    int before = catalogue.discSet().discs().size();

    assertThat(segment(2_000_000, true).discs()).as("nothing is new").hasSize(before);

    FileTrees.script(
        tree,
        "head -c 100000 /dev/urandom > new; cp dir01/s/file01.ext copy; mkdir hollow; sleep 0.1");
    scan();
    DiscSet more = segment(2_000_000, true);
    assertThat(more.discs()).hasSize(before + 1);
    images.addAll(write(more));
    Path back = dir.resolve("back");
    assertThat(catalogue.restore(images, List.of(), back, Task.unwatched()).problems()).isEmpty();
    assertThat(differences(back)).isEmpty();
    assertThat(catalogue.which("new").get(0).discs())
        .containsExactly(more.discs().get(before).name());

    DiscSet anew =
        catalogue.segment(
            new SegmentOptions(
                Media.of(2_000_000), true, List.of("new"), 0, true, true, MADE.plusSeconds(9)),
            true,
            Task.unwatched());
    assertThat(anew.discs()).hasSizeGreaterThanOrEqualTo(before);
    assertThat(catalogue.discSet().discs()).as("it was only told").hasSize(before + 1);
  }

  @Test
  void whatChangedSinceTheScanIsNamedAndTheDiscMarked() throws IOException {
    needPrograms();
    FileTrees.script(
        tree,
        """
        mkdir d; for n in grows shrinks changes vanishes becomes stays1 stays2; do
        head -c 300000 /dev/urandom > d/$n; done; touch -d 2024-01-01 d/*
        """);
    scan();
    DiscSet set = segment(4_000_000, true);
    assertThat(set.discs()).hasSize(1);
    FileTrees.script(
        tree,
        """
        head -c 90000 /dev/urandom >> d/grows; truncate -s 1000 d/shrinks
        printf changed | dd of=d/changes bs=1 seek=150000 conv=notrunc status=none
        touch -d 2024-01-01 d/changes; rm d/vanishes d/becomes; mkdir d/becomes; printf i > d/new
        """);
    Disc disc = set.discs().get(0);
    Path image = isos.resolve("x.iso");
    Task task = new Task("write", "x");

    WrittenDisc written = catalogue.write(disc, image, false, false, task);

    assertThat(Files.size(image)).isEqualTo(disc.size());
    assertThat(written.faultCount()).isEqualTo(5);
    assertThat(String.join("\n", written.faults()))
        .contains("d/grows", "d/shrinks", "d/changes", "d/vanishes", "d/becomes")
        .doesNotContain("stays", "d/new");
    assertThat(task.findings()).hasSize(5);
    assertThat(written.disc().marked()).isTrue();
    Path unpacked = Files.createDirectories(dir.resolve("all"));
    Tool.named("xorriso").run("-osirrox", "on", "-indev", image, "-extract", "/", unpacked);
    FileTrees.script(unpacked, "sha256sum -c --quiet sha256sums.txt");
    assertThat(Files.readString(unpacked.resolve("sha256sums.txt")))
        .contains("DATA/d/stays1", "# not as it was catalogued");
    assertThat(Files.readString(unpacked.resolve("disc_info.json")))
        .contains("\"complete\": false");
    assertThat(catalogue.verify(written.disc(), image, Task.unwatched()).faults()).isEmpty();

    scan();
    DiscSet again = segment(4_000_000, true);
    assertThat(again.discs()).as("what is missing is planned anew").hasSize(2);
  }

  @Test
  void everyByteIsComparedAndNothingBehindTheImage() throws IOException {
    random(25, 3);
    scan();
    DiscSet set = segment(20_000_000, true);
    Path image = write(set).get(0);
    Disc disc = catalogue.discSet().discs().get(0);
    byte[] bytes = Files.readAllBytes(image);

    assertThat(verified(disc, bytes, bytes.length)).isEmpty();
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 150 * 2048);
    Arrays.fill(longer, bytes.length, longer.length, (byte) 0xa5);
    assertThat(verified(disc, longer, longer.length)).isEmpty();
    assertThat(verified(disc, bytes, bytes.length - 16 * 2048)).isNotEmpty();

    byte[] content = Files.readAllBytes(largest());
    int at = indexOf(bytes, Arrays.copyOf(content, 64)) + 5000;
    assertThat(flipped(disc, bytes, at))
        .singleElement()
        .asString()
        .contains(largest().getFileName().toString());
    assertThat(flipped(disc, bytes, 16 * 2048 + 700))
        .singleElement()
        .asString()
        .contains("no file");
    assertThat(flipped(disc, bytes, 300 * 2048 + 20)).isNotEmpty();
  }

  private Path largest() throws IOException {
    try (var files = Files.walk(tree)) {
      return files
          .filter(Files::isRegularFile)
          .max(
              java.util.Comparator.comparingLong((Path it) -> it.toFile().length())
                  .thenComparing(Path::toString))
          .orElseThrow();
    }
  }

  private static int indexOf(byte[] all, byte[] wanted) {
    for (int i = 0; i + wanted.length <= all.length; i += 2048) {
      if (Arrays.equals(all, i, i + wanted.length, wanted, 0, wanted.length)) {
        return i;
      }
    }
    throw new AssertionError("it is not on the disc");
  }

  private List<String> flipped(Disc disc, byte[] bytes, int at) throws IOException {
    byte[] other = bytes.clone();
    other[at] ^= 4;
    return verified(disc, other, other.length);
  }

  private List<String> verified(Disc disc, byte[] bytes, int length) throws IOException {
    Path image = dir.resolve("verified.iso");
    Files.write(image, bytes);
    try (FileChannel file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.truncate(length);
    }
    return catalogue.verify(disc, image, Task.unwatched()).faults();
  }

  @Test
  void theSameFilesAndJobMakeTheSameImages() throws IOException {
    FileTrees.script(
        tree,
        """
        for i in $(seq 40); do mkdir -p d$((i%7)); head -c $((i*3700)) /dev/urandom > d$((i%7))/f$i
        done; ln d0/f7 d1/hard; ln -s f1 d1/soft; find . -type d -exec touch -d 2022-01-01 {} +
        """);
    Path other = dir.resolve("other");
    Tool.named("cp").run("-a", tree, other);
    List<byte[]> images = new ArrayList<>();
    for (Path each : List.of(tree, other)) {
      try (Catalogue one =
          Catalogue.openOrCreate(dir.resolve(each.getFileName() + ".catalogue"), "same")) {
        one.job("Same", "fcc806dd-a94e-4876-a1f5-d82ef968ea72", "me", "/src");
        one.scan(each, WalkOptions.ALL, Task.unwatched());
        Disc disc = one.segment(options(8_000_000, true), false, Task.unwatched()).discs().get(0);
        Path image = isos.resolve(each.getFileName() + ".iso");
        one.write(disc, image, false, false, Task.unwatched());
        images.add(Files.readAllBytes(image));
      }
    }
    assertThat(Arrays.mismatch(images.get(0), images.get(1))).isEqualTo(-1);
  }

  @Test
  void aLargeCatalogueIsCompressedBesideTheDiscsOwn() throws IOException {
    needPrograms();
    FileTrees.script(
        tree,
        "for i in $(seq 900); do printf $i > name-of-some-length-$i; done; head -c 260000 /dev/urandom > big");
    scan();
    List<Path> images = write(segment(4_000_000, false));
    Path unpacked = Files.createDirectories(dir.resolve("all"));
    Tool.named("xorriso").run("-osirrox", "on", "-indev", images.get(0), "-extract", "/", unpacked);
    Component.need(Tool.isThere("zstd"), "there is no zstd");
    FileTrees.script(
        unpacked,
        """
        zstd -dq catalogue.json.zst -o all.json; python3 -c '
        import json
        a = json.load(open("all.json")); o = json.load(open("catalogue.json"))
        assert len(a["files"]) == 901, len(a["files"])
        assert all(v["disc_num"] == 0 for v in o["files"].values()) and len(o["files"]) > 100
        '
        """);
  }

  @Test
  void aSpannedFileOnDiscsWithACompressedCatalogueAndAScanBeforeTheyAreWritten()
      throws IOException {
    needPrograms();
    FileTrees.script(
        tree,
        """
        mkdir a b; for i in $(seq 700); do printf $i > a/name-of-some-length-$i; done
        head -c 700000 /dev/urandom > a/fill; head -c 5500000 /dev/urandom > b/video; cp a/fill b/copy
        for i in $(seq 700); do printf $i > b/another-name-$i; done; sleep 0.1""");
    scan();
    DiscSet set = segment(3_000_000, true);
    assertThat(set.discs()).hasSizeGreaterThan(2);
    FileTrees.script(tree, "echo later > later; rm a/name-of-some-length-9; sleep 0.1");
    scan();

    List<Path> images = new ArrayList<>();
    for (Disc each : set.discs()) {
      Path image = isos.resolve(each.name() + ".iso");
      images.add(image);
      List<String> faults = catalogue.write(each, image, false, false, Task.unwatched()).faults();
      assertThat(String.join(" ", faults)).doesNotContain("video");
      assertThat(Files.size(image)).isEqualTo(each.size());
      Disc written = catalogue.discSet().discs().get(each.number() - 1);
      assertThat(catalogue.verify(written, image, Task.unwatched()).faults()).isEmpty();
    }
    Path all = Files.createDirectories(dir.resolve("all"));
    Tool.named("xorriso").run("-osirrox", "on", "-indev", images.get(0), "-extract", "/", all);
    assertThat(all.resolve("catalogue.json.zst")).exists();
    Path back = dir.resolve("back");
    catalogue.restore(images, List.of("b".getBytes()), back, Task.unwatched());
    assertThat(Files.mismatch(back.resolve("b/video"), tree.resolve("b/video"))).isEqualTo(-1);
  }

  /** A tree with all that a plan has to see to, its times fixed. */
  private static final String MANY_KINDS =
      """
      mkdir -p a b/c d
      for i in $(seq 60); do head -c $((i % 7 * 1500 + i)) /dev/urandom > a/f$i; done
      for i in $(seq 40); do head -c 30000 /dev/urandom > b/g$i; done
      for i in $(seq 2 3 60); do cp a/f$i b/c/copy$i; ln a/f$i d/link$i; done
      for i in $(seq 1 2 40); do cp b/g$i d/again$i; ln d/again$i d/more$i; done
      head -c 1900000 /dev/urandom > d/video; cp d/video a/video; ln -s ../a/f1 b/soft; mkdir d/none
      """;

  private static final String FIXED_TIMES =
      "find . -exec touch -h -d 2022-01-01T00:00:00.25 {} +; sleep 0.1";

  @Test
  void aPlanAndItsImagesDoNotDependOnHowTheCatalogueCameToBe() throws IOException {
    Path one = Files.createDirectories(dir.resolve("one/photos"));
    Path two = Files.createDirectories(dir.resolve("two/photos"));
    Path oneMore = Files.createDirectories(dir.resolve("one/letters"));
    Path twoMore = Files.createDirectories(dir.resolve("two/letters"));
    FileTrees.script(one, MANY_KINDS + FIXED_TIMES);
    FileTrees.script(oneMore, "cp ../photos/a/f9 ../photos/b/g3 .; echo hi > hi; " + FIXED_TIMES);
    for (boolean together : new boolean[] {true, false}) {
      FileTrees.script(dir, "rm -rf two isos/*; mkdir isos/one isos/two; cp -a one two");
      try (Catalogue first = Catalogue.openOrCreate(dir.resolve("1-" + together), "same");
          Catalogue other = Catalogue.openOrCreate(dir.resolve("2-" + together), "same")) {
        for (Catalogue each : List.of(first, other)) {
          each.job("Same", "fcc806dd-a94e-4876-a1f5-d82ef968ea72", "me", "/src");
        }
        first.scan(one, WalkOptions.ALL, Task.unwatched());
        first.scan(oneMore, WalkOptions.ALL, Task.unwatched());
        // The other learns of it bit by bit, so that nothing has the number it has there.
        FileTrees.script(two, "mv a ../a; mv d/video ../video; " + FIXED_TIMES);
        other.scan(two, WalkOptions.ALL, Task.unwatched());
        FileTrees.script(two, "mv ../video d/; " + FIXED_TIMES);
        other.scan(two, WalkOptions.ALL, Task.unwatched());
        FileTrees.script(two, "mv ../a a; " + FIXED_TIMES);
        other.scan(two, WalkOptions.ALL, Task.unwatched());
        other.scan(twoMore, WalkOptions.ALL, Task.unwatched());

        compare(first, other, together, 1);
        for (Path each : List.of(oneMore, twoMore)) {
          FileTrees.script(
              each, "for i in $(seq 9); do cp ../photos/a/f$i n$i; echo $i > new$i; done; ");
          FileTrees.script(each, "head -c 700000 /dev/zero > zeros; " + FIXED_TIMES);
        }
        first.scan(oneMore, WalkOptions.ALL, Task.unwatched());
        other.scan(twoMore, WalkOptions.ALL, Task.unwatched());
        compare(first, other, together, 0);
      }
    }
  }

  /** Plans, and writes so many of what is not written; 0 for all. */
  private void compare(Catalogue first, Catalogue other, boolean together, int many)
      throws IOException {
    List<List<byte[]>> images = new ArrayList<>();
    for (Catalogue each : List.of(first, other)) {
      List<byte[]> all = new ArrayList<>();
      DiscSet set = each.segment(options(1_200_000, together), false, Task.unwatched());
      assertThat(set.discs()).hasSizeGreaterThan(3);
      for (Disc disc : set.discs()) {
        if (disc.written() == null && (many == 0 || all.size() < many)) {
          Path image = isos.resolve((each == first ? "one/" : "two/") + disc.name());
          assertThat(each.write(disc, image, false, false, Task.unwatched()).faults()).isEmpty();
          all.add(Files.readAllBytes(image));
        }
      }
      images.add(all);
    }
    assertThat(images.get(0)).hasSameSizeAs(images.get(1));
    for (int i = 0; i < images.get(0).size(); i++) {
      assertThat(Arrays.mismatch(images.get(0).get(i), images.get(1).get(i))).isEqualTo(-1);
    }
  }

  /** Files that a disc tells of whose contents it has not got. */
  private static final String REFERENCES =
      """
      SELECT count(*) FROM place o JOIN entry e ON e.id = o.entry JOIN content c ON c.id = e.content
      WHERE c.size > 0 AND NOT EXISTS
        (SELECT 1 FROM part p WHERE p.disc = o.disc AND p.content = e.content)""";

  @Test
  void aNameThatFindsNoRoomBesideItsContentsRefersToThem() throws IOException {
    FileTrees.script(
        tree,
        """
        for i in $(seq 250); do head -c 2000 /dev/urandom > f$i; done
        for i in $(seq 1 4 250); do cp f$i the-copy-of-$i; done; sleep 0.1""");
    scan();
    CatalogueFile file = catalogue.file();
    for (long capacity = 1_048_576; capacity < 1_400_000; capacity += 131_072) {
      DiscSet set = segment(capacity, false);
      assertThat(set.discs().size()).isGreaterThan(1);
      assertThat(file.call("count", () -> file.number(0, REFERENCES))).isPositive();
      for (Disc each : set.discs()) {
        DiscSetTable.Planned planned = DiscSetTable.planned(file, each.id());
        DiscLayout layout = new DiscLayout(catalogue, planned, Task.unwatched());
        assertThat(layout.plan().bytes()).isEqualTo(each.size());
        CountedOutput tree = new CountedOutput(null);
        CountedOutput sums = new CountedOutput(null);
        layout.texts().lists(tree, sums);
        assertThat(tree.count()).isEqualTo(planned.tree());
        assertThat(sums.count()).isEqualTo(planned.sums());
      }
    }
  }
}
