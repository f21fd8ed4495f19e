package blksh.store.diskdump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.SourceDigest;
import blksh.io.UnreadableException;
import blksh.kit.Component;
import blksh.kit.Content;
import blksh.kit.DumpFiles;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.kit.Reading;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.store.AffectedRange;
import blksh.store.Damage;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Stores of diskdump, as it leaves them, are read; what is wrong with them is told by name. */
class DiskdumpTest {

  private static final int BLOCK = DumpRequest.USUAL_BLOCK;
  private static final String DAY = "2026/04/19/server01-sda.manifest";

  @TempDir(factory = InMemory.class)
  Path base;

  /** Three whole blocks, of which the second is zeros, and a rest. */
  private static byte[] image(long seed) {
    byte[] bytes = Content.compressible(3 * BLOCK + 1000, seed);
    Arrays.fill(bytes, BLOCK, 2 * BLOCK, (byte) 0);
    return bytes;
  }

  private Diskdump opened() {
    return Diskdump.open(base);
  }

  /** A dump whose manifest can be spoiled: that ours are as diskdump's is tested elsewhere. */
  private Path recorded() {
    Diskdump store = Diskdump.isDiskdump(base) ? opened() : Diskdump.create(base, BLOCK);
    try (BlockSource source = new ByteArraySource(image(1))) {
      DumpRequest request = DumpRequest.of("disk", "server01:/dev/sda");
      return store.record(source, request, Task.unwatched()).dump().manifest();
    }
  }

  private static byte[] read(Diskdump store, Dump dump) {
    try (BlockSource source = store.source(dump)) {
      return Reading.read(source, 0, Math.toIntExact(source.size()));
    }
  }

  private DiskdumpReport verify() {
    return opened().verify(Task.unwatched());
  }

  private static void assertSame(byte[] found, byte[] expected) {
    assertThat(Arrays.mismatch(found, expected)).isEqualTo(-1);
  }

  @Test
  void everyDumpIsReadFromWhereverDiskdumpHasIt() throws IOException {
    DumpFiles.write(base, image(1), "server01.sda", 0);
    DumpFiles.write(base, image(2), "server01.sda", 1);
    DumpFiles.write(base, image(3), "usb/stick", 0);
    DumpFiles.write(base, image(4), DAY, "server01:/dev/sda", "2026-04-19T02:00:00+00:00", 65_536);
    Diskdump store = Diskdump.open(base.resolve(".blockstore"));
    assertThat(store.base()).isEqualTo(base.toAbsolutePath());
    assertThat(store.dumps())
        .extracting(Dump::reference)
        .containsExactly(
            "server01-sda@2026-04-19", "server01.sda@0", "server01.sda@1", "usb/stick@0");
    Dump first = store.dump("server01.sda/0.manifest");
    assertThat(first.date()).isEqualTo(Instant.parse("2026-04-20T02:00:11.123456Z"));
    assertThat(first.source()).isEqualTo("server01:/dev/sda");
    assertThat(first.isTruncated()).isFalse();
    assertSame(read(store, first), image(1));
    assertSame(read(store, store.dump("server01.sda")), image(2));
    assertSame(read(store, store.dump("server01.sda@0")), image(1));
    assertSame(read(store, store.dump("usb/stick/0")), image(3));
    assertSame(read(store, store.dump(DAY)), image(4));
    assertSame(read(store, store.dump(base.resolve(DAY).toString())), image(4));
    assertThatThrownBy(() -> store.dump("server01.sda@7")).hasMessageContaining("no such dump");
    assertThat(store.info().dumps()).isEqualTo(4);
    DumpCensus census = store.census(first, Task.unwatched());
    assertThat(census).isEqualTo(new DumpCensus(4, 0));
    assertThat(verify().damage()).isEmpty();
  }

  @Test
  void blocksOfZerosAreKnownWithoutBeingRead() throws IOException {
    DumpFiles.write(base, image(1), "disk", 0);
    Diskdump store = opened();
    try (BlockSource source = store.source(store.dump("disk"))) {
      assertThat(Reading.list(source.extents()))
          .containsExactly(
              new Extent(0, BLOCK, Extent.Kind.DATA),
              new Extent(BLOCK, BLOCK, Extent.Kind.ZERO),
              new Extent(2L * BLOCK, BLOCK + 1000, Extent.Kind.DATA));
      assertThat(Reading.read(source, BLOCK - 10, 20))
          .isEqualTo(Arrays.copyOfRange(image(1), BLOCK - 10, BLOCK + 10));
      assertThat(Reading.read(source, 3L * BLOCK + 990, 100)).hasSize(10);
      assertThat(Reading.read(source, source.size(), 1)).isEmpty();
    }
  }

  private Map<String, String> files() throws IOException {
    Map<String, String> found = new TreeMap<>();
    try (Stream<Path> all = Files.walk(base)) {
      for (Path each : all.toList()) {
        found.put(each.toString(), Files.getLastModifiedTime(each) + " " + Files.size(each));
      }
    }
    return found;
  }

  private void lookAtEverything() {
    Diskdump store = opened();
    assertSame(read(store, store.dump("disk")), image(1));
    assertThat(store.info().blocks()).isEqualTo(4);
    assertThat(store.unreadable()).isEmpty();
    assertThat(store.census(store.dump("disk"), Task.unwatched()).missing()).isZero();
    assertThat(verify().clean()).isTrue();
    assertThat(store.collect(true, Task.unwatched()).blocks()).isZero();
  }

  @Test
  void lookingChangesNothingAlsoWhereDiskdumpWasKilled() throws IOException {
    DumpFiles.write(base, image(1), "disk", 0);
    Map<String, String> before = files();
    lookAtEverything();
    assertThat(files()).isEqualTo(before);
    // As a diskdump leaves it that did not come to close its database.
    Files.write(base.resolve(".blockstore/blocks.db-wal"), new byte[32]);
    before = files();
    lookAtEverything();
    assertThat(files()).isEqualTo(before);
    Files.delete(base.resolve(".blockstore/blocks.db-wal"));
    Files.delete(base.resolve(".blockstore/blocks.db"));
    before = files();
    lookAtEverything();
    assertThat(files()).isEqualTo(before);
  }

  @Test
  void aMediumThatCannotBeWrittenWillDo() throws IOException {
    Component.needRoot();
    Path content = Files.createDirectory(base.resolve("content"));
    DumpFiles.write(content, image(1), "disk", 0);
    Path medium = base.resolve("medium");
    Files.createDirectory(medium);
    Tool.named("mount").run("--bind", content, medium);
    try {
      Tool.named("mount").run("-o", "remount,bind,ro", medium);
      base = medium;
      lookAtEverything();
      assertThatThrownBy(() -> opened().reindex(Task.unwatched()))
          .isInstanceOf(BlkshException.class);
    } finally {
      Volumes.unmount(medium);
    }
  }

  private static void keepLines(Path manifest, int lines) throws IOException {
    List<String> all = Files.readAllLines(manifest);
    Files.write(manifest, all.subList(0, lines));
  }

  @Test
  void aDumpThatEndedEarlyIsToldAndEndsWhereItEnded() throws IOException {
    Path manifest = recorded();
    keepLines(manifest, 6 + 2);
    // It says of itself how many came, and how many bytes there should be.
    Files.writeString(
        manifest, Files.readString(manifest).replace("total_blocks: 4", "total_blocks: 2"));
    Diskdump store = opened();
    Dump dump = store.dump("disk");
    assertThat(dump.isTruncated()).isTrue();
    assertThat(dump.missing()).isEqualTo(2);
    try (BlockSource source = store.source(dump)) {
      assertThat(source.size()).isEqualTo(3 * BLOCK + 1000);
      assertThat(Reading.list(source.extents()))
          .contains(new Extent(2L * BLOCK, BLOCK + 1000, Extent.Kind.BAD));
      assertThatThrownBy(() -> Reading.read(source, BLOCK, 2 * BLOCK))
          .isInstanceOfSatisfying(
              UnreadableException.class, e -> assertThat(e.start()).isEqualTo(2L * BLOCK))
          .hasMessageContaining("ended before");
    }
    Damage damage = verify().damage().get(0);
    assertThat(damage.problem()).contains("truncated", "2 of 4");
    assertThat(damage.affected())
        .containsExactly(new AffectedRange("disk@0", 2L * BLOCK, BLOCK + 1000));
  }

  private Path block(Path manifest, int number) throws IOException {
    String hex = Files.readAllLines(manifest).get(6 + number);
    return new DiskdumpPlace(base).block(hex);
  }

  @Test
  void damagedAndMissingBlocksAreNamedWithWhatTheyHit() throws IOException {
    Path manifest = recorded();
    Path damaged = block(manifest, 0);
    byte[] bytes = Files.readAllBytes(damaged);
    bytes[bytes.length / 2] ^= 1;
    Files.write(damaged, bytes);
    Files.delete(block(manifest, 2));
    // A block that is whole, and another than its name says.
    Files.copy(block(manifest, 1), block(manifest, 3), StandardCopyOption.REPLACE_EXISTING);
    Diskdump store = opened();
    try (BlockSource source = store.source(store.dump("disk"))) {
      assertThatThrownBy(() -> Reading.read(source, 5, 10))
          .isInstanceOfSatisfying(
              UnreadableException.class,
              e -> {
                assertThat(e.start()).isEqualTo(5);
                assertThat(e.length()).isEqualTo(10);
              });
      assertThatThrownBy(() -> Reading.read(source, 2L * BLOCK, 10))
          .hasMessageContaining("its file is missing");
      assertThatThrownBy(() -> Reading.read(source, 3L * BLOCK, 10))
          .hasMessageContaining("not the SHA-256");
      assertThat(Reading.read(source, BLOCK, BLOCK)).isEqualTo(new byte[BLOCK]);
    }
    assertThat(store.census(store.dump("disk"), Task.unwatched())).isEqualTo(new DumpCensus(4, 1));
    DiskdumpReport report = verify();
    assertThat(report.blocks()).isEqualTo(1);
    assertThat(report.damage()).hasSize(3);
    assertThat(report.damage().get(2).affected())
        .containsExactly(
            new AffectedRange("disk@0", 0, BLOCK),
            new AffectedRange("disk@0", 2L * BLOCK, BLOCK + 1000));
  }

  @ParameterizedTest(name = "{0} for {1}")
  @CsvSource({
    "diskdump manifest v1, anything, does not begin with",
    "manifest v1, manifest v2, is of version 2",
    "block_size: 131072, block_size: 0, blocks have 0 bytes",
    "block_size: 131072, block_size: 1099511627776, blocks have 1099511627776 bytes",
    "block_size: 131072, block_size: much, is no number",
    "total_size: 394216, total_size: -1, makes no sense",
    "total_size: 394216, total_size: 9223372036854775807, makes no sense",
    "total_size: 394216, total_size: 131072, have only 1",
  })
  void aManifestThatMakesNoSenseIsRefusedByName(String there, String instead, String problem)
      throws IOException {
    Path manifest = recorded();
    String text = Files.readString(manifest);
    assertThat(text).contains(there);
    Files.writeString(manifest, text.replace(there, instead));
    assertThat(opened().dumps()).isEmpty();
    assertThat(opened().unreadable())
        .singleElement()
        .satisfies(
            damage -> {
              assertThat(damage.file()).isEqualTo(".blockstore/manifests/disk/0.manifest");
              assertThat(damage.problem()).contains(problem);
            });
    assertThatThrownBy(() -> opened().dump("disk")).hasMessageContaining(problem);
    assertThat(verify().damage()).extracting(Damage::problem).anyMatch(it -> it.contains(problem));
    assertThatThrownBy(() -> opened().collect(false, Task.unwatched()))
        .hasMessageContaining("disk/0.manifest");
  }

  @Test
  void linesThatAreNoDigestsAreRefusedWhereTheyStand() throws IOException {
    Path manifest = recorded();
    String text = Files.readString(manifest);
    int last = text.length() - 65;
    Files.writeString(
        manifest, text.substring(0, last) + "../../../etc/passwd".repeat(3) + "01234567\n");
    Diskdump store = opened();
    assertThatThrownBy(() -> read(store, store.dump("disk")))
        .hasMessageContaining("at byte " + last, "no SHA-256");
    assertThat(verify().damage()).anyMatch(damage -> damage.problem().contains("no SHA-256"));
    Files.writeString(manifest, "# diskdump manifest v1\n" + "x".repeat(100_000));
    assertThat(store.unreadable()).anyMatch(damage -> damage.problem().contains("too long"));
    Files.write(manifest, new byte[0]);
    assertThat(store.unreadable()).anyMatch(damage -> damage.problem().contains("empty"));
  }

  @Test
  void linesMayBeBlankOrCommentsOrOfWindows() throws IOException {
    Path manifest = recorded();
    String text = Files.readString(manifest);
    Files.writeString(
        manifest,
        "\n" + text.replace("\n", "\r\n").replace("# date", "# mood: fine\n# date") + "\n# end");
    Diskdump store = opened();
    assertSame(read(store, store.dump("disk")), image(1));
    // Without its size it is as long as its blocks are.
    Files.writeString(manifest, text.replaceAll("# total_.*\n", "").stripTrailing());
    assertSame(read(store, store.dump("disk")), image(1));
    assertThat(store.dump("disk").isTruncated()).isFalse();
  }

  @Test
  void whatIsNoFileOfABlockIsNotOpenedAsOne() throws IOException {
    Path manifest = recorded();
    Path block = block(manifest, 0);
    Files.delete(block);
    Tool.named("mkfifo").run(block);
    Diskdump store = opened();
    assertThatThrownBy(() -> read(store, store.dump("disk"))).hasMessageContaining("pipe");
    Files.delete(block);
    Volumes.blank(block, 1L << 40);
    assertThatThrownBy(() -> read(store, store.dump("disk")))
        .hasMessageContaining("1099511627776 bytes, more than");
    Files.write(block, new byte[10]);
    assertThatThrownBy(() -> read(store, store.dump("disk"))).hasMessageContaining("no lz4 frame");
    Files.write(block.resolveSibling("noise.lz4"), new byte[10]);
    assertThat(verify().damage())
        .extracting(Damage::problem)
        .anyMatch(problem -> problem.contains("it is no block"));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "'{\"version\": 2}', is of version 2",
    "'{\"hash_algo\": \"md5\"}', named by md5",
  })
  void anotherFormatIsRefusedByName(String config, String problem) throws IOException {
    recorded();
    Files.writeString(base.resolve(".blockstore/config.json"), config);
    assertThatThrownBy(this::opened).hasMessageContaining(problem);
  }

  /** Each manifest has its own block size, so a store is of use without its config. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "'', is empty",
    "'{\"block_size\": 13', no JSON",
    "'{\"version\": 1', no JSON",
    "'{\"block_size\": 1}', makes no sense",
    "'{\"block_size\": 33554432}', makes no sense",
    "'{\"block_size\": 99999999999999999999999}', makes no sense",
    "'[1]', is no object",
  })
  void aConfigThatSaysNothingOfUseIsNamedAndDoneWithout(String config, String problem)
      throws IOException {
    recorded();
    Files.writeString(base.resolve(".blockstore/config.json"), config);
    assertThat(opened().blockSize()).isEqualTo(BLOCK);
    assertSame(read(opened(), opened().dump("disk")), image(1));
    Damage damage = verify().damage().get(0);
    assertThat(damage.file()).isEqualTo(".blockstore/config.json");
    assertThat(damage.problem()).contains(problem);
    assertThat(damage.affected()).isEmpty();
  }

  @Test
  void whereThereIsNoneIsSaid() {
    assertThat(Diskdump.isDiskdump(base)).isFalse();
    assertThatThrownBy(this::opened).hasMessageContaining("no .blockstore");
    assertThatThrownBy(() -> Diskdump.open(base.resolve("none")))
        .hasMessageContaining("no such directory");
  }

  /** The store that diskdump 0.1.5 itself has made, where somebody has unpacked it. */
  @Test
  void theStoreOfTheFixturesIsWhatItShouldBe() throws IOException {
    Path fixture = Effort.needFixtures().resolve("dd");
    Effort.need(Files.exists(fixture), "-Dblksh.fixtures=DIRECTORY with dd of diskdump in it");
    Diskdump store = Diskdump.open(fixture);
    Map<String, String> expected =
        Map.of(
            "server01.sda@0", "374413975e486dd154eedd7809659b8ea4a60fa528f5716a9e996500b431e928",
            "server01.sda@1", "99d6e1d4e1188afd8fb0ff8595d794193a712099bc986f8264454355d71cab44",
            "usb.sdb@0", "c674c56fb25381381510dffb091382ccb49c913fcaa2b2c3966eeb1378fe1454");
    assertThat(store.dumps()).hasSize(expected.size());
    expected.forEach(
        (reference, sha) -> {
          try (BlockSource source = store.source(store.dump(reference))) {
            assertThat(SourceDigest.sha256(source, Task.unwatched())).isEqualTo(sha);
          }
        });
    assertThat(store.verify(Task.unwatched()).clean()).isTrue();
  }
}
