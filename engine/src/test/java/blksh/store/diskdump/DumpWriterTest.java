package blksh.store.diskdump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Await;
import blksh.kit.ChildJvm;
import blksh.kit.Component;
import blksh.kit.Content;
import blksh.kit.DumpFiles;
import blksh.kit.Effort;
import blksh.kit.InMemory;
import blksh.kit.Reading;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written into a store of diskdump, whatever else is there, and whenever it ends. */
class DumpWriterTest {

  private static final int BLOCK = DumpRequest.USUAL_BLOCK;
  private static final int KILLS = Effort.of("blksh.kills", 3, 100);
  private static final int MOST_KILLS = 20;
  private static final int SOMEBODY = 12_345;

  @TempDir(factory = InMemory.class)
  Path folder;

  private Diskdump create() {
    return Diskdump.create(folder.resolve("base"), BLOCK);
  }

  private static RecordedDump record(Diskdump store, byte[] image, String name) {
    DumpRequest request = DumpRequest.of(name, "localhost:/dev/sda");
    return store.record(new ByteArraySource(image), request, Task.unwatched());
  }

  // ---- links ---------------------------------------------------------------------------------

  private static Path blockOfZeros(Diskdump store) {
    return new DiskdumpPlace(store.base()).block(DiskdumpPlace.hex(Digests.ofZeros(BLOCK), 0));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLinkInThePlaceOfABlockIsReplacedAndNotFollowed(boolean leadsSomewhere) throws IOException {
    Diskdump store = create();
    Path precious = folder.resolve("precious");
    if (leadsSomewhere) {
      Files.writeString(precious, "precious");
    }
    Path block = blockOfZeros(store);
    Files.createDirectories(block.getParent());
    Files.createSymbolicLink(block, precious);
    byte[] image = new byte[2 * BLOCK];
    record(store, image, "disk");
    if (leadsSomewhere) {
      assertThat(precious).hasContent("precious");
    } else {
      assertThat(precious).doesNotExist();
    }
    assertThat(Files.isSymbolicLink(block)).isFalse();
    DumpFiles.assertRestores(store.base(), "disk/0.manifest", image);
  }

  @Test
  void aLinkInThePlaceOfADirectoryIsRefused() throws IOException {
    for (int levels = 0; levels < 2; levels++) {
      Diskdump store = Diskdump.create(folder.resolve("base" + levels), BLOCK);
      Path elsewhere = Files.createDirectory(folder.resolve("elsewhere" + levels));
      Path directory = blockOfZeros(store).getParent();
      directory = levels == 0 ? directory : directory.getParent();
      Files.createDirectories(directory.getParent());
      Files.createSymbolicLink(directory, elsewhere);
      assertThatThrownBy(() -> record(store, new byte[BLOCK], "disk"))
          .isInstanceOf(BlkshException.class)
          .hasMessageContainingAll(directory.toString(), "a symbolic link");
      assertThat(elsewhere).isEmptyDirectory();
      assertThat(store.dumps()).isEmpty();
    }
  }

  @Test
  void nothingIsRemovedThroughALink() throws IOException {
    Diskdump store = create();
    Path manifest = record(store, new byte[BLOCK], "disk").dump().manifest();
    record(store, Content.random(BLOCK, 1), "other");
    Files.delete(manifest);
    Path directory = blockOfZeros(store).getParent();
    Path elsewhere = folder.resolve("elsewhere");
    Files.move(directory, elsewhere);
    Files.createSymbolicLink(directory, elsewhere);
    assertThatThrownBy(() -> store.collect(false, Task.unwatched()))
        .hasMessageContaining("a symbolic link");
    assertThat(elsewhere.resolve(blockOfZeros(store).getFileName())).exists();
  }

  @Test
  void aNameThatIsALinkIsRefused() throws IOException {
    Diskdump store = create();
    record(store, new byte[BLOCK], "old");
    Path link = store.base().resolve(".blockstore/manifests/new");
    Files.createSymbolicLink(link, Path.of("old"));
    assertThatThrownBy(() -> record(store, new byte[BLOCK], "new"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContainingAll(link.toString(), "a symbolic link");
    assertThat(store.dumps()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"blocks.db", "blocks.db-wal", "lock"})
  void aLinkInThePlaceOfTheTableOrTheLockIsRefused(String name) throws IOException {
    Diskdump store = create();
    Path elsewhere = folder.resolve("elsewhere");
    Path link = store.base().resolve(".blockstore").resolve(name);
    Files.deleteIfExists(link);
    Files.createSymbolicLink(link, elsewhere);
    assertThatThrownBy(() -> record(store, new byte[BLOCK], "disk"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("symbolic link");
    assertThat(elsewhere).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {".blockstore", ".blockstore/manifests"})
  void aLinkOfAnotherUserIsNotWrittenThrough(String name) throws IOException {
    Component.needRoot();
    Diskdump store = create();
    record(store, new byte[BLOCK], "disk");
    Path link = store.base().resolve(name);
    Path elsewhere = folder.resolve("elsewhere");
    Files.move(link, elsewhere);
    Files.createSymbolicLink(link, elsewhere);
    assertThat(record(store, new byte[BLOCK], "disk").dump().reference()).isEqualTo("disk@1");
    Files.setAttribute(link, "unix:uid", SOMEBODY, LinkOption.NOFOLLOW_LINKS);
    assertThatThrownBy(() -> record(store, new byte[BLOCK], "disk"))
        .hasMessageContainingAll(link.toString(), "of another user");
    assertThatThrownBy(() -> store.collect(false, Task.unwatched()))
        .hasMessageContaining("of another user");
    assertThat(store.dumps()).hasSize(2);
  }

  // ---- memory --------------------------------------------------------------------------------

  @Test
  void theLargestBlocksFitIntoTheMemoryOfTheLauncher() throws Exception {
    Path image = Files.write(folder.resolve("image"), Content.random(40 << 20, 1));
    Path said = folder.resolve("said");
    Process child =
        ChildJvm.start(
            said,
            List.of("-Xmx160m", "-XX:+UseSerialGC"),
            LargeBlockProgram.class,
            folder.resolve("large").toString(),
            image.toString());
    assertThat(child.waitFor()).isZero();
    Diskdump store = Diskdump.open(folder.resolve("large"));
    assertThat(store.blockSize()).isEqualTo(16 << 20);
    assertThat(store.dumps()).hasSize(2);
  }

  // ---- others --------------------------------------------------------------------------------

  private String[] images(Diskdump store, String name) throws IOException {
    String[] arguments = new String[5];
    arguments[0] = store.base().toString();
    arguments[1] = name;
    for (int i = 0; i < 3; i++) {
      byte[] image = Content.compressible(40 * BLOCK, 1);
      byte[] own = Content.compressible(20 * BLOCK, 2 + i);
      System.arraycopy(own, 0, image, 10 * BLOCK, own.length);
      arguments[2 + i] = Files.write(folder.resolve("image" + i), image).toString();
    }
    return arguments;
  }

  /** What one collects while another records are blocks that the other takes for there. */
  @Test
  void ofTwoProcessesOneWritesAfterTheOther() throws Exception {
    Diskdump store = create();
    String[] arguments = images(store, "theirs");
    Path said = folder.resolve("said");
    Process child = ChildJvm.start(said, List.of("-Xmx128m"), DumpProgram.class, arguments);
    long collected = 0;
    try {
      ChildJvm.awaitOutput(child, said);
      for (int i = 0; i < 9; i++) {
        collected += DumpProgram.round(store, "mine", arguments[2 + i % 3]);
      }
      assertThat(child.isAlive()).isTrue();
    } finally {
      child.destroyForcibly().waitFor();
    }
    boolean theirs = whole(Files.readString(said)).anyMatch(it -> it.matches("collected [1-9].*"));
    assertThat(collected > 0 || theirs).as("blocks were collected").isTrue();
    check(store, Files.readString(said));
  }

  /**
   * Whenever it is killed, each manifest that is there has all its blocks, and each row its file.
   */
  @Test
  void aProcessKilledAtAnyInstantLeavesAStoreThatIsWhole() throws Exception {
    Diskdump store = create();
    String[] arguments = images(store, "disk");
    Path said = folder.resolve("said");
    Random random = new Random(1);
    int hits = 0;
    for (int kill = 0; kill < KILLS || hits == 0 && kill < MOST_KILLS; kill++) {
      Process child = ChildJvm.start(said, List.of("-Xmx128m"), DumpProgram.class, arguments);
      ChildJvm.awaitOutput(child, said);
      if (kill % 2 == 0) {
        // In a collection that has something to remove: not the first.
        Await.await(() -> count(said) > 1 && lastLine(said).equals(DumpProgram.COLLECTING));
        Await.pause(random.nextInt(6));
      } else {
        Await.pause(random.nextInt(1000));
      }
      assertThat(child.isAlive()).as("the child lives").isTrue();
      child.destroyForcibly().waitFor();
      hits += lastLine(said).equals(DumpProgram.COLLECTING) ? 1 : 0;
      check(store, Files.readString(said));
    }
    assertThat(hits).as("kills while blocks were collected").isPositive();
  }

  private static long count(Path said) throws IOException {
    return whole(Files.readString(said)).filter(DumpProgram.COLLECTING::equals).count();
  }

  private static String lastLine(Path said) throws IOException {
    return whole(Files.readString(said)).reduce("", (before, line) -> line);
  }

  private static Stream<String> whole(String said) {
    return said.substring(0, said.lastIndexOf('\n') + 1).lines();
  }

  private static void check(Diskdump store, String said) throws IOException {
    assertThat(store.unreadable()).isEmpty();
    assertThat(store.verify(Task.unwatched()).damage()).as(said).isEmpty();
    List<String> deleted =
        whole(said)
            .filter(line -> line.startsWith(DumpProgram.DELETING))
            .map(line -> line.substring(DumpProgram.DELETING.length()))
            .toList();
    for (String line : whole(said).filter(it -> it.startsWith(DumpProgram.RECORDED)).toList()) {
      String[] words = line.split(" ");
      if (deleted.contains(words[1])) {
        continue;
      }
      try (BlockSource source = store.source(store.dump(words[1]))) {
        byte[] found = Reading.read(source, 0, (int) source.size());
        byte[] image = Files.readAllBytes(Path.of(words[2]));
        assertThat(Arrays.equals(found, image)).as(line).isTrue();
      }
    }
    DiskdumpPlace place = new DiskdumpPlace(store.base());
    try (BlockTable table = BlockTable.open(place.table());
        DigestTable rows = table.digests()) {
      byte[] digest = new byte[DiskdumpPlace.DIGEST];
      for (long i = 0; i < rows.size(); i++) {
        rows.read(i, digest, 1);
        assertThat(place.block(DiskdumpPlace.hex(digest, 0))).exists();
      }
    }
    // A part of a file that nobody writes any more is in nobody's way.
    try (Stream<Path> files = Files.walk(place.store())) {
      assertThat(files.filter(file -> file.toString().endsWith(".part")).count()).isLessThan(20);
    }
  }

  // ---- the medium ----------------------------------------------------------------------------

  /** What the device of a file system holds when a dump is reported is what a power cut leaves. */
  @Test
  void whatIsReportedIsOnTheMedium() throws IOException {
    Component.needRoot();
    Path device = Volumes.blank(folder.resolve("device"), 64 << 20);
    Path cut = folder.resolve("cut");
    Tool.named("mkfs.ext4").run("-q", "-F", device);
    byte[] image = Content.random(20 * BLOCK + 77, 1);
    Volumes.mounted(
        device,
        "ext4",
        folder.resolve("mounted"),
        mounted -> {
          Diskdump store = Diskdump.create(mounted.resolve("base"), BLOCK);
          record(store, image, "some/disk");
          Files.copy(device, cut);
        });
    Volumes.mounted(
        cut,
        "ext4",
        folder.resolve("after"),
        mounted -> {
          Diskdump store = Diskdump.open(mounted.resolve("base"));
          assertThat(store.verify(Task.unwatched()).damage()).isEmpty();
          assertThat(store.verify(Task.unwatched()).blocks()).isEqualTo(21);
          try (BlockSource source = store.source(store.dump("some/disk"))) {
            byte[] found = Reading.read(source, 0, image.length);
            assertThat(Arrays.mismatch(found, image)).isEqualTo(-1);
          }
          assertThat(record(store, image, "some/disk").stored()).isZero();
        });
  }

  /** Rows of files that somebody else wrote and never flushed, as diskdump does not. */
  @Test
  void whatIsReindexedIsOnTheMedium() throws IOException {
    Component.needRoot();
    Path device = Volumes.blank(folder.resolve("device"), 64 << 20);
    Path cut = folder.resolve("cut");
    Tool.named("mkfs.ext4").run("-q", "-F", device);
    Path made = folder.resolve("made");
    record(Diskdump.create(made, BLOCK), Content.random(20 * BLOCK, 1), "some/disk");
    Volumes.mounted(
        device,
        "ext4",
        folder.resolve("mounted"),
        mounted -> {
          Diskdump.create(mounted.resolve("base"), BLOCK);
          Tool.named("cp").run("-r", made + "/.blockstore/.", mounted.resolve("base/.blockstore"));
          Files.delete(mounted.resolve("base/.blockstore/blocks.db"));
          Diskdump.open(mounted.resolve("base")).reindex(Task.unwatched());
          Files.copy(device, cut);
        });
    Volumes.mounted(
        cut,
        "ext4",
        folder.resolve("after"),
        mounted ->
            assertThat(Diskdump.open(mounted.resolve("base")).verify(Task.unwatched()).damage())
                .isEmpty());
  }
}
