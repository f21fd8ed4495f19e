package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.catalogue.ArchiveDiscs;
import blksh.catalogue.ArchiveTree;
import blksh.catalogue.Catalogue;
import blksh.catalogue.Disc;
import blksh.catalogue.DiscChanger;
import blksh.catalogue.Media;
import blksh.catalogue.SegmentOptions;
import blksh.kit.Component;
import blksh.kit.FileTrees;
import blksh.kit.LoopDevice;
import blksh.kit.Tool;
import blksh.mount.fuse.FuseMount;
import blksh.mount.fuse.MountOptions;
import blksh.task.Task;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All discs of a catalogue as one tree, of which each is there when it is needed. */
class ArchiveMountTest {

  private static final long CACHE = 64L << 20;

  @TempDir Path folder;
  private Path tree;
  private Path isos;
  private Path away;
  private Catalogue catalogue;
  private final List<String> asked = Collections.synchronizedList(new ArrayList<>());

  @BeforeEach
  void makeArchive() throws IOException {
    Component.needFuse();
    tree = Files.createDirectory(folder.resolve("tree"));
    isos = Files.createDirectory(folder.resolve("isos"));
    away = Files.createDirectory(folder.resolve("away"));
    FileTrees.script(
        tree,
        """
        for i in 1 2 3; do
          mkdir -p year$i/few; head -c $((700000 + i)) /dev/urandom > year$i/photo; echo $i > year$i/few/note
        done
        : > year1/empty; ln -s ../year2/photo year1/link; chmod 640 year1/photo; mkdir year3/nothing
        touch -d 2021-02-03T04:05:06 year1/photo; cp -a year1/few/note year1/copy; sleep 0.1
        """);
    catalogue = Catalogue.openOrCreate(folder.resolve("c.catalogue"), "photos");
    scan();
    write(1_600_000);
    assertThat(catalogue.discs()).hasSize(3);
  }

  @AfterEach
  void close() {
    catalogue.close();
  }

  private void scan() {
    catalogue.scan(tree, WalkOptions.ALL, Task.unwatched());
  }

  private void write(long capacity) {
    SegmentOptions options = SegmentOptions.of(Media.of(capacity));
    for (Disc each : catalogue.segment(options, false, Task.unwatched()).discs()) {
      if (each.written() == null) {
        Path image = isos.resolve(each.name() + ".iso");
        assertThat(catalogue.write(each, image, false, false, Task.unwatched()).faults()).isEmpty();
      }
    }
  }

  private FuseMount mount(DiscChanger changer, Path... places) {
    ArchiveDiscs discs = new ArchiveDiscs(List.of(places), changer);
    ArchiveTree archive = ArchiveTree.open(catalogue, discs, folder.resolve("cache"), CACHE);
    MountSource source = MountSource.of(archive, "photos");
    FuseMount mount =
        FuseMount.mount(folder.resolve("mnt"), source.tree(), MountOptions.defaults());
    mount.whenEnded(source::close);
    return mount;
  }

  private Path image(String disc) {
    return isos.resolve(disc + ".iso");
  }

  private String discOf(String name) {
    return catalogue.which(name).get(0).discs().get(0);
  }

  private static void assertSame(Path file, Path shown) throws IOException {
    assertThat(Files.mismatch(file, shown)).as("%s", shown).isEqualTo(-1);
  }

  /** Brings the images from where they are put away. */
  private DiscChanger bring() {
    return (disc, isThere) -> {
      asked.add(disc.name());
      return Optional.of(away.resolve(disc.name() + ".iso"));
    };
  }

  private void putAway() throws IOException {
    try (Stream<Path> images = Files.list(isos)) {
      for (Path each : images.toList()) {
        Files.move(each, away.resolve(each.getFileName()));
      }
    }
  }

  @Test
  void allThatWasScannedIsOneTreeWithOwnersTimesAndLinks() throws IOException {
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      Tool.named("diff").run("-r", "--no-dereference", tree, mount.path());
      for (String each : List.of("year1/photo", "year1/empty", "year3/nothing", "year2")) {
        assertThat(Tool.named("stat").answer("-c", "%A %u %g %Y", mount.path().resolve(each)))
            .as(each)
            .isEqualTo(Tool.named("stat").answer("-c", "%A %u %g %Y", tree.resolve(each)));
      }
      assertThat(Files.readSymbolicLink(mount.path().resolve("year1/link")))
          .isEqualTo(Path.of("../year2/photo"));
      assertThatThrownBy(() -> Files.writeString(mount.path().resolve("new"), "x"))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aDiscIsAskedForWhenItIsNeededAndWhatWasReadIsKept() throws IOException {
    putAway();
    try (FuseMount mount = mount(bring(), isos)) {
      assertThat(mount.path().resolve("year2/photo")).hasSize(700_002);
      assertThat(asked).as("to look costs no disc").isEmpty();
      assertSame(tree.resolve("year2/photo"), mount.path().resolve("year2/photo"));
      assertThat(asked).containsExactly(discOf("year2/photo"));
      assertSame(tree.resolve("year3/photo"), mount.path().resolve("year3/photo"));
      assertThat(asked).containsExactly(discOf("year2/photo"), discOf("year3/photo"));
    }
    Tool.named("rm").run("-r", away);

    asked.clear();
    try (FuseMount mount = mount(bring(), isos)) {
      assertSame(tree.resolve("year2/photo"), mount.path().resolve("year2/photo"));
      assertThat(asked).as("another mount has it from the cache").isEmpty();
    }
  }

  @Test
  void whatNobodyCanBringIsRefusedAndTheRestIsThere() throws IOException {
    String needed = discOf("year3/photo");
    Files.delete(image(needed));
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      Path shown = mount.path().resolve("year3/photo");
      assertThatThrownBy(() -> Files.readAllBytes(shown)).isInstanceOf(IOException.class);
      assertThat(mount.traffic().lastFailure()).contains(needed, "nobody can be asked");
      assertSame(tree.resolve("year1/photo"), mount.path().resolve("year1/photo"));
    }
  }

  @Test
  void aDriveHasOneDiscAfterTheOther() throws IOException {
    Component.needRoot();
    LoopDevice[] drive = {LoopDevice.attach(image(discOf("year1/photo")), 512)};
    Path path = drive[0].path();
    DiscChanger changer =
        (disc, isThere) -> {
          asked.add(disc.name());
          try {
            drive[0].close();
            Tool.named("losetup").run(path, image(disc.name()));
          } catch (IOException e) {
            throw new BlkshException("change the disc", e.getMessage(), e);
          }
          return Optional.empty();
        };
    try (FuseMount mount = mount(changer, path)) {
      for (int i = 1; i <= 3; i++) {
        String photo = "year" + i + "/photo";
        assertSame(tree.resolve(photo), mount.path().resolve(photo));
      }
      assertThat(asked).containsExactly(discOf("year2/photo"), discOf("year3/photo"));
    } finally {
      drive[0].close();
    }
  }

  @Test
  void aCommandBringsDiscsOrSaysWhyNot() throws IOException {
    putAway();
    String command = "test $2 != 3 || { echo the robot is stuck; exit 5; }; echo %s/$1.iso";
    String lost = catalogue.discs().get(2).name();
    DiscChanger changer = DiscChanger.command(command.formatted(away), Duration.ofMinutes(1));
    List<String> refused = new ArrayList<>();
    try (FuseMount mount = mount(changer, isos)) {
      for (int i = 1; i <= 3; i++) {
        String photo = "year" + i + "/photo";
        if (discOf(photo).equals(lost)) {
          Path shown = mount.path().resolve(photo);
          assertThatThrownBy(() -> Files.readAllBytes(shown)).isInstanceOf(IOException.class);
          refused.add(mount.traffic().lastFailure());
        } else {
          assertSame(tree.resolve(photo), mount.path().resolve(photo));
        }
      }
    }
    assertThat(refused).singleElement().asString().contains(lost, "status 5", "robot is stuck");
  }

  @Test
  void whatIsNotAsItWasIsNeverReturnedAndComesFromAnotherDisc() throws IOException {
    String photo = "year2/photo";
    Path image = image(discOf(photo));
    byte[] bytes = Files.readAllBytes(image);
    byte[] content = Files.readAllBytes(tree.resolve(photo));
    int at = 0;
    while (bytes[at] != content[0] || !starts(bytes, at, content)) {
      at += 2048;
    }
    bytes[at + 400_000] ^= 1;
    Files.write(image, bytes);
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      Path shown = mount.path().resolve(photo);
      assertThatThrownBy(() -> Files.readAllBytes(shown)).isInstanceOf(IOException.class);
      assertThat(mount.traffic().lastFailure()).contains("not as it was catalogued");
    }

    assertThat(catalogue.verify(catalogue.discAt(image), image, Task.unwatched()).faults())
        .hasSize(1);
    write(1_600_000); // which plans it anew
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      assertSame(tree.resolve(photo), mount.path().resolve(photo));
    }
  }

  private static boolean starts(byte[] bytes, int at, byte[] content) {
    for (int i = 0; i < 64; i++) {
      if (bytes[at + i] != content[i]) {
        return false;
      }
    }
    return true;
  }

  @Test
  void aFileInPartsIsReadFromAllItsDiscsInAnyOrder() throws IOException {
    FileTrees.script(tree, "head -c 21000000 /dev/urandom > video; sleep 0.1");
    scan();
    write(6_000_000);
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      String[] tail = {"-c", "tail -c 9000000 \"$1\" | head -c 5000000 | sha256sum", "sh", ""};
      tail[3] = tree.resolve("video").toString();
      String there = Tool.named("sh").run((Object[]) tail);
      tail[3] = mount.path().resolve("video").toString();
      assertThat(Tool.named("sh").run((Object[]) tail)).isEqualTo(there);
      assertSame(tree.resolve("video"), mount.path().resolve("video"));
    }
  }

  @Test
  void wherePartsAreMissingNothingElseIsShown() throws IOException {
    FileTrees.script(tree, "head -c 21000000 /dev/urandom > video; sleep 0.1");
    scan();
    write(6_000_000);
    byte[] all = Files.readAllBytes(tree.resolve("video"));
    List<Path> images;
    try (Stream<Path> files = Files.list(isos)) {
      images = files.sorted().toList();
    }
    for (Path each : images.subList(images.size() - 2, images.size())) {
      Files.delete(each);
    }
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      Path copy = folder.resolve("copy");
      Tool.named("dd")
          .attempt(
              "if=" + mount.path().resolve("video"),
              "of=" + copy,
              "bs=128k",
              "conv=noerror,sync",
              "status=none");
      byte[] read = Files.readAllBytes(copy);
      int right = 0;
      for (int at = 0; at + 2048 <= Math.min(all.length, read.length); at += 2048) {
        boolean isSame = Arrays.equals(all, at, at + 2048, read, at, at + 2048);
        boolean isZero = Arrays.equals(read, at, at + 2048, new byte[2048], 0, 2048);
        assertThat(isSame || isZero).as("byte %d", at).isTrue();
        right += isSame ? 2048 : 0;
      }
      assertThat(right).isBetween(2_000_000, 19_000_000);
    }
  }

  @Test
  void anImageThatAnotherIsWrittenOverIsLookedAtAnew() throws IOException {
    putAway();
    Path stage = folder.resolve("stage.iso");
    DiscChanger changer =
        (disc, isThere) -> {
          asked.add(disc.name());
          try {
            Files.write(stage, Files.readAllBytes(away.resolve(disc.name() + ".iso")));
          } catch (IOException e) {
            throw new BlkshException("change the disc", e.getMessage(), e);
          }
          return Optional.of(stage);
        };
    try (FuseMount mount = mount(changer, isos)) {
      for (int i = 1; i <= 3; i++) {
        String photo = "year" + i + "/photo";
        assertSame(tree.resolve(photo), mount.path().resolve(photo));
      }
    }
    assertThat(asked).hasSize(3);
  }

  @Test
  void aCommandThatDoesNotEndIsEnded() throws IOException {
    putAway();
    DiscChanger changer = DiscChanger.command("sleep 1000 & wait", Duration.ofSeconds(1));
    try (FuseMount mount = mount(changer, isos)) {
      Path shown = mount.path().resolve("year1/photo");
      assertThatThrownBy(() -> Files.readAllBytes(shown)).isInstanceOf(IOException.class);
      assertThat(mount.traffic().lastFailure()).contains("has not ended after 1 seconds");
    }
  }

  @Test
  void whoWaitsForADiscHoldsNobodyUp() throws Exception {
    String missing = discOf("year3/photo");
    Files.move(image(missing), away.resolve(missing + ".iso"));
    CountDownLatch isAsked = new CountDownLatch(1);
    CountDownLatch isBrought = new CountDownLatch(1);
    DiscChanger changer =
        (disc, isThere) -> {
          isAsked.countDown();
          try {
            isBrought.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return Optional.of(away.resolve(disc.name() + ".iso"));
        };
    try (FuseMount mount = mount(changer, isos)) {
      AtomicReference<byte[]> late = new AtomicReference<>();
      Thread waiting =
          new Thread(
              () -> {
                try {
                  late.set(Files.readAllBytes(mount.path().resolve("year3/photo")));
                } catch (IOException e) {
                  late.set(new byte[0]);
                }
              });
      waiting.start();
      isAsked.await();
      assertSame(tree.resolve("year1/photo"), mount.path().resolve("year1/photo"));
      isBrought.countDown();
      waiting.join();
      assertThat(late.get()).isEqualTo(Files.readAllBytes(tree.resolve("year3/photo")));
    }
  }

  @Test
  void ofALargeFileNothingComesFromADiscThatIsKnownToBeDamaged() throws IOException {
    FileTrees.script(tree, "head -c 20000000 /dev/urandom > large; sleep 0.1");
    scan();
    write(30_000_000);
    Path image = image(discOf("large"));
    byte[] bytes = Files.readAllBytes(image);
    byte[] content = Files.readAllBytes(tree.resolve("large"));
    int at = 0;
    while (bytes[at] != content[0] || !starts(bytes, at, content)) {
      at += 2048;
    }
    bytes[at + 5_000_000] ^= 1;
    Files.write(image, bytes);
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      assertThat(Files.mismatch(tree.resolve("large"), mount.path().resolve("large")))
          .as("nobody knows yet: docs/discs.md says so")
          .isEqualTo(5_000_000);
    }
    catalogue.verify(catalogue.discAt(image), image, Task.unwatched());
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      Path shown = mount.path().resolve("large");
      assertThatThrownBy(() -> Files.readAllBytes(shown)).isInstanceOf(IOException.class);
      assertThat(mount.traffic().lastFailure()).contains("found damaged");
    }
    write(30_000_000);
    Path good = image(catalogue.discs().get(catalogue.discs().size() - 1).name());
    Files.move(good, away.resolve(good.getFileName()));
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      Path shown = mount.path().resolve("large");
      assertThatThrownBy(() -> Files.readAllBytes(shown))
          .as("the bad disc is at hand, and the good one is not")
          .isInstanceOf(IOException.class);
    }
    try (FuseMount mount = mount(bring(), isos)) {
      assertSame(tree.resolve("large"), mount.path().resolve("large"));
    }
  }

  @Test
  void whatIsOnNoDiscYetShowsAndSaysSo() throws IOException {
    FileTrees.script(tree, "echo fresh > year1/fresh; sleep 0.1");
    scan();
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      Path shown = mount.path().resolve("year1/fresh");
      assertThat(shown).hasSize(6);
      assertThatThrownBy(() -> Files.readAllBytes(shown)).isInstanceOf(IOException.class);
      assertThat(mount.traffic().lastFailure()).contains("no disc that was written");
    }
  }

  @Test
  void severalDirectoriesAreInOneTreeAndNamesThatAreNoText() throws IOException {
    Path second = Files.createDirectory(folder.resolve("second"));
    FileTrees.script(second, "echo two > two; printf x > $'\\xff'; sleep 0.1");
    catalogue.scan(second, WalkOptions.ALL, Task.unwatched());
    write(3_000_000);
    try (FuseMount mount = mount(DiscChanger.none(), isos)) {
      assertThat(mount.path().resolve("second/two")).hasContent("two\n");
      assertThat(Tool.named("ls").run(mount.path().resolve("second"))).contains("\\xff");
      assertThat(Tool.named("cat").run(mount.path().resolve("second/\\xff"))).isEqualTo("x");
      assertThat(mount.path().resolve("year1/few/note")).hasContent("1\n");
      assertThat(Tool.named("ls").run(mount.path()).getBytes(StandardCharsets.UTF_8))
          .asString(StandardCharsets.UTF_8)
          .contains("second", "year1", "year3");
    }
  }
}
