package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.store.VerifyOptions;
import blksh.store.pack.CodecChoice;
import blksh.view.Percent;
import blksh.view.Size;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store as scripts use it, and the stores that are known. */
class StoreTest {

  private static final int PAGE = 4 * KIB;

  @TempDir Path folder;
  @AutoClose private Sitting sitting;
  private Path path;
  private Store store;

  @BeforeEach
  void open() {
    sitting = new Sitting(folder);
    path = folder.resolve("main");
    store = sitting.words.store(path);
  }

  private Captured capture(long seed) throws IOException {
    return sitting.capture(store, random(4 * PAGE, seed));
  }

  @Test
  void aStoreIsMadeWhenItIsFirstNeeded() throws IOException {
    assertThat(store).hasToString(path.toString());
    assertThat(store.getName()).isEqualTo("main");
    assertThat(store.getReachable()).isFalse();
    assertThat(store.getLastUsed()).isNull();
    assertThat(path).doesNotExist();
    capture(1);
    assertThat(store.getReachable()).isTrue();
    assertThat(store.getNames()).containsExactly("disk");
    assertThat(store.getId()).isNotEmpty();
    assertThat(Sitting.value(store, "manifests")).hasToString("1");
    assertThat(Sitting.value(store, "images")).isEqualTo(new Size(4 * PAGE));
    assertThat(Sitting.value(store, "unique")).isEqualTo(new Size(4 * PAGE));
    assertThat(Sitting.value(store, "last verified")).isNull();
  }

  @Test
  void aPlaceThatHoldsNoStoreIsRefused() throws IOException {
    Path full = Files.createDirectory(folder.resolve("full"));
    Files.writeString(full.resolve("notes"), "mine");
    Sitting.refused(
        () -> sitting.words.store(full).getNames(),
        "cannot open store "
            + full
            + ": there is no store in it; name the directory of a store; a capture or create makes"
            + " one");
    assertThat(full.resolve("notes")).hasContent("mine");
    Sitting.refused(
        () -> sitting.words.existingStore(path),
        "cannot open store "
            + path
            + ": there is no store, and no such directory; name the directory of a store; a capture"
            + " or create makes one");
    assertThat(path).doesNotExist();
    Sitting.refused(
        () -> sitting.words.store("ssh://host/a").getNames(),
        "cannot open store ssh://host/a: stores on another machine are not supported yet");
  }

  @Test
  void anEmptyDirectoryBecomesAStoreOnlyWhenThatIsAskedFor() throws IOException {
    Files.createDirectory(path);
    Sitting.refused(
        () -> capture(1),
        ("cannot open store %1$s: the directory is there and empty: is its drive mounted?; mount"
                + " what it is on, or make a new store there with: blksh run create --store %1$s")
            .formatted(path));
    assertThat(path).isEmptyDirectory();
    try (Sitting dry = new Sitting(folder, "--dry-run")) {
      assertThat(
              dry.words
                  .store(path)
                  .create(CodecChoice.ZSTD, new Size(PAGE), new Percent(0), false, null)
                  .getNames())
          .isEmpty();
      assertThat(path).isEmptyDirectory();
    }
    assertThat(
            store.create(CodecChoice.ZSTD, new Size(PAGE), new Percent(0), false, null).getCodec())
        .isEqualTo(CodecChoice.ZSTD);
    capture(1);
    assertThat(store.getNames()).containsExactly("disk");
    assertThatThrownBy(
            () ->
                sitting
                    .words
                    .store(path)
                    .create(CodecChoice.LZ4, new Size(PAGE), new Percent(0), false, null))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("the directory is not empty");
  }

  @Test
  void pagesHaveTheSizeTheStoreWasMadeWith() throws IOException {
    Sitting.refused(
        () -> store.create(CodecChoice.LZ4, new Size(12 * KIB), new Percent(0), false, null),
        ("cannot make store %s: pages have 4, 8, 16, 32 or 64 KiB, and not 12288 bytes")
            .formatted(path));
    assertThat(path).doesNotExist();
    store.create(CodecChoice.LZ4, new Size(16 * KIB), new Percent(0), false, null);
    assertThat(store.getPageSize()).isEqualTo(new Size(16 * KIB));
    assertThat(Sitting.value(store, "page size")).isEqualTo(new Size(16 * KIB));
    capture(1);
    assertThat(Sitting.value(store, "pages")).hasToString("1");
  }

  @Test
  void theOutputOfAProgramCountsOnlyWhenItEndsWell() throws IOException {
    Stream good = sitting.words.output("printf", "a 'b' $c");
    assertThat(good.getName()).isEqualTo("printf");
    Manifest made = store.capture(good, "good", false, false).getManifest();
    assertThat(made.getSize()).isEqualTo(new Size(8));
    Stream bad = sitting.words.output("sh", "-c", "head -c 3000000 /dev/zero; exit 7");
    assertThatThrownBy(() -> store.capture(bad, "bad", false, false))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("sh ended with status 7");
    assertThatThrownBy(() -> store.capture(sitting.words.output("no-such"), "bad", false, false))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("cannot run no-such");
    assertThat(store.getNames()).containsExactly("good");
  }

  @Test
  void aStreamThatDeliversNothingIsNoVersionUnlessThatIsMeant() {
    Stream nothing = sitting.words.output("true");
    Sitting.refused(
        () -> store.capture(nothing, "db", false, false),
        "cannot capture db: true delivered nothing at all; see why; if that is meant, say"
            + " allowEmpty = true (--allow-empty)");
    assertThat(store.getNames()).isEmpty();
    Manifest made = store.capture(sitting.words.output("true"), "db", false, true).getManifest();
    assertThat(made.getReference()).isEqualTo("db@1");
  }

  @Test
  void theVersionsOfANameThatIsNotThereAreRefused() throws IOException {
    capture(1);
    assertThat(store.versions("disk")).hasSize(1);
    Sitting.refused(
        () -> store.versions("dusk"),
        "cannot list dusk: store " + path + " has no such name; did you mean disk? it has disk");
  }

  @Test
  void whatWasNotCapturedIsNotFound() throws IOException {
    capture(1);
    assertThat(store.manifest("disk").getVersion()).isEqualTo(1);
    assertThat(store.manifest("disk@latest").getVersion()).isEqualTo(1);
    for (String[] asked :
        new String[][] {
          {"disc", "did you mean disk?"},
          {"disk@2", "it has disk@1"},
          {"Disk", "did you mean disk?"},
          {"other", "list the store to see what it has"}
        }) {
      Sitting.refused(
          () -> store.manifest(asked[0]),
          "cannot find " + asked[0] + ": store " + path + " has no such manifest; " + asked[1]);
    }
    for (String version : List.of("first", "", "0", "-1", "99999999999")) {
      Sitting.refused(
          () -> store.manifest("disk@" + version),
          "cannot find disk@"
              + version
              + ": \""
              + version
              + "\" is no version; use NAME, NAME@latest or NAME@NUMBER");
    }
  }

  @Test
  void aNameMustBeOneThatEveryFileSystemTakes() throws IOException {
    Drive drive = sitting.words.drive(sitting.file("disk", random(PAGE, 1)));
    for (String name : List.of("", ".hidden", "-x", "a/b", "a@1", "a ", "a\nb")) {
      assertThatThrownBy(() -> store.capture(drive, name, false, false))
          .as(name)
          .hasMessageStartingWith("cannot use manifest name \"");
    }
    assertThat(store.capture(drive, "größe 1", false, false).getManifest().getReference())
        .isEqualTo("größe 1@1");
  }

  @Test
  void onlyTheLastVersionsAreKept() throws IOException {
    for (int seed = 1; seed <= 4; seed++) {
      capture(seed);
    }
    assertThat(store.keepLast("disk", 4).getReferences()).isEmpty();
    Deleted deleted = store.keepLast("disk", 2);
    assertThat(deleted.getReferences()).containsExactly("disk@1", "disk@2");
    assertThat(store.getManifests()).extracting(Manifest::getVersion).containsExactly(3, 4);
    assertThat(store.keepLast("disc", 1).getReferences()).isEmpty();
    Sitting.refused(
        () -> store.keepLast("disk", 0), "cannot keep the last 0 of disk: at least one must stay");
    assertThat(capture(5).getManifest().getVersion()).isEqualTo(5);
  }

  @Test
  void aVersionIsRestoredByItsReference() throws IOException {
    capture(1);
    capture(2);
    Path back = folder.resolve("back");
    Restored restored =
        store.restore(
            "disk@1",
            back.toString(),
            false,
            false,
            false,
            false,
            null,
            null,
            List.of(),
            false,
            false);
    assertThat(restored.getWritten()).isEqualTo(new Size(4 * PAGE));
    assertThat(Files.readAllBytes(back)).isEqualTo(random(4 * PAGE, 1));
    store.restore(
        "disk", back.toString(), true, false, false, false, null, null, List.of(), false, false);
    assertThat(Files.readAllBytes(back)).isEqualTo(random(4 * PAGE, 2));
    Sitting.refused(
        () ->
            store.restore(
                "disk",
                "s3://bucket/x",
                false,
                false,
                false,
                false,
                null,
                null,
                List.of(),
                false,
                false),
        "cannot write s3://bucket/x: files and drives in a bucket are not supported yet");
    Sitting.refused(
        () ->
            store.restore(
                "disk",
                "nbd://server01/x",
                true,
                false,
                false,
                true,
                null,
                null,
                List.of(),
                false,
                false),
        "cannot write nbd://server01/x: files and drives behind a network block device are not"
            + " supported yet");
    Sitting.refused(
        () ->
            store.restore(
                "disk",
                back.toString(),
                true,
                false,
                false,
                true,
                null,
                null,
                List.of(),
                false,
                false),
        "cannot write "
            + back
            + " by sudo: it is not on another machine; run blksh as root"
            + " instead");
  }

  @Test
  void aVerificationReadsAsMuchAsItIsTold() throws IOException {
    capture(1);
    Verified quick = store.verify(VerifyOptions.Mode.QUICK, null);
    assertThat(quick.getClean()).isTrue();
    assertThat(Sitting.value(quick, "mode")).isEqualTo(VerifyOptions.Mode.QUICK);
    Verified full = store.verify(null, null);
    assertThat(Sitting.value(full, "mode")).isEqualTo(VerifyOptions.Mode.FULL);
    assertThat((Size) Sitting.value(full, "read"))
        .isGreaterThan((Size) Sitting.value(quick, "read"));
    Verified sample = store.verify(null, new Percent(50));
    assertThat(Sitting.value(sample, "mode")).isEqualTo(VerifyOptions.Mode.SAMPLE);
    assertThat(sample.getClean()).isTrue();
    assertThat(store.verify(null, new Percent(0)).getClean()).isTrue();
    assertThat(Sitting.value(store, "last verified")).isNotNull();
    for (double share : new double[] {-1, 100.5, Double.NaN}) {
      Percent wrong = new Percent(share);
      Sitting.refused(
          () -> store.verify(null, wrong),
          "cannot verify " + path + ": a sample of " + wrong + " is not from 0 to 100 %");
    }
  }

  @Test
  void picturesTellWhatEachNameBroughtAndWhen() throws IOException {
    capture(1);
    capture(2);
    store.capture(
        sitting.words.drive(sitting.file("copy", random(4 * PAGE, 2))), "copy", false, false);
    Space space = store.getSpace();
    assertThat(space.getShares()).extracting(Space.Share::getName).containsExactly("disk", "copy");
    assertThat(space.getShares().get(1).getStored()).isEqualTo(new Size(0));
    assertThat(store.getGrowth().getStored()).isEqualTo(space.getStored());
    assertThat(sitting.words.getRuns().getGrowth().getStored()).isEqualTo(space.getStored());
    BlockMap map = store.getMap();
    assertThat(Sitting.value(map, "used once")).isEqualTo(new Size(4 * PAGE));
    assertThat(Sitting.value(map, "shared")).isEqualTo(new Size(4 * PAGE));
    store.delete("disk@1");
    assertThat(Sitting.value(store.getMap(), "unused")).isEqualTo(new Size(4 * PAGE));
  }

  @Test
  void aDryRunChangesNothingAndSaysWhatItWould() throws IOException {
    capture(1);
    capture(2);
    try (Sitting dry = new Sitting(folder, "--dry-run")) {
      Store same = dry.words.store(path);
      assertThat(dry.capture(same, random(4 * PAGE, 3)).title()).isEqualTo("would capture disk");
      assertThat(same.delete("disk@1").title()).isEqualTo("would delete");
      assertThat(same.keepLast("disk", 1).getReferences()).containsExactly("disk@1");
      assertThat(same.reindex().title()).isEqualTo("would reindex");
      Path none = folder.resolve("none");
      Captured captured = dry.capture(dry.words.store(none), random(4 * PAGE, 3));
      assertThat(captured.getNew()).isEqualTo(new Size(4 * PAGE));
      assertThat(none).doesNotExist();
    }
    assertThat(store.getManifests()).extracting(Manifest::getVersion).containsExactly(1, 2);
  }

  @Test
  void knownStoresAreFoundByNameEvenWhenTheyAreGone() throws IOException {
    assertThat(sitting.words.getStores()).isEmpty();
    Sitting.refused(
        () -> sitting.words.getStores().get("main"),
        "cannot find store main: no such store is known; open it once with store(\"PATH\")");
    capture(1);
    Stores stores = sitting.words.getStores();
    assertThat(stores.getKeys()).containsExactly("main");
    assertThat(stores.get("main").getReachable()).isTrue();
    assertThat(stores.get("main").getLastUsed()).isNotNull();
    assertThat(stores.member("Main")).isNull();
    sitting.close();
    try (java.util.stream.Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
    sitting = new Sitting(folder);
    Store gone = sitting.words.getStores().get("main");
    assertThat(gone.getReachable()).isFalse();
    assertThat(Sitting.value(gone, "reachable")).isEqualTo(false);
    assertThat(gone.fields()).isEqualTo(gone.row());
    assertThat(sitting.words.getManifests()).isEmpty();
    assertThat(path).doesNotExist();
  }
}
