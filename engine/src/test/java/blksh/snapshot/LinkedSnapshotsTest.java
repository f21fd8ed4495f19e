package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.io.NameText;
import blksh.kit.Await;
import blksh.kit.FileTrees;
import blksh.retention.Policy;
import blksh.task.Task;
import blksh.tree.Excludes;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinkedSnapshotsTest {

  @TempDir Path folder;

  private Path source;
  private Path place;
  private LinkedSnapshots snapshots;

  @BeforeEach
  void open() throws IOException {
    source = Files.createDirectory(folder.resolve("src"));
    place = folder.resolve("dst");
    snapshots = LinkedSnapshots.in(place);
  }

  @AfterEach
  void close() throws IOException {
    snapshots.close();
    // Java removes no paths that are longer than the system takes at once.
    FileTrees.script(folder, "chmod -Rf u+rwx . || true; rm -rf src dst restored");
  }

  private TakenSnapshot take(String name) {
    return snapshots.take(SnapshotRequest.of(source).named(name), Task.unwatched());
  }

  private Path in(String snapshot) {
    return place.resolve(snapshot + source);
  }

  private SnapshotVerification verify() {
    return snapshots.verify(List.of(), Task.unwatched());
  }

  @Test
  void aTreeOfEveryKindIsWholeInTheSnapshotAndInTheRestore() throws IOException {
    FileTrees.makeEveryKind(source);
    String before = FileTrees.listing(source);
    TakenSnapshot one = take("one");
    TakenSnapshot two = take("two");
    assertThat(one.problems()).isEmpty();
    assertThat(two.problems()).isEmpty();
    assertThat(one.snapshot().bytes()).isEqualTo(two.snapshot().bytes());
    for (String each : List.of("one", "two")) {
      assertThat(FileTrees.listingWithoutLinks(in(each)))
          .isEqualTo(FileTrees.listingWithoutLinks(source));
    }
    assertThat(verify().faults()).isEmpty();
    Path to = folder.resolve("restored");
    RestoredTree restored = snapshots.restore("two", List.of(), to, false, Task.unwatched());
    assertThat(restored.problems()).isEmpty();
    assertThat(FileTrees.listing(Path.of(to.toString() + source))).isEqualTo(before);
  }

  @Test
  void whatDidNotChangeIsOneFileInBothAndIsNotRead() throws IOException {
    FileTrees.script(
        source, "for i in $(seq 50); do echo $i > f$i; done; touch -d 2020-01-01 *; sleep 0.1");
    take("one");
    Files.writeString(source.resolve("f7"), "changed");
    TakenSnapshot two = take("two");
    assertThat(two.unchanged()).isEqualTo(49);
    assertThat(two.read()).isEqualTo(1);
    assertThat(inode(in("one").resolve("f1"))).isEqualTo(inode(in("two").resolve("f1")));
    assertThat(in("one").resolve("f7")).hasContent("7");
    assertThat(in("two").resolve("f7")).hasContent("changed");
  }

  private static Object inode(Path path) throws IOException {
    return Files.getAttribute(path, "unix:ino");
  }

  /** Only the time of the last change of anything tells. */
  @Test
  void aChangeThatKeepsSizeAndTimeIsFound() throws IOException {
    FileTrees.script(
        source,
        """
        head -c 300000 /dev/zero > big; printf limit=1000 > conf; printf same > other
        touch -d '2024-01-02 03:04:05.123456789' *; sleep 0.1
        """);
    take("one");
    FileTrees.script(
        source,
        """
        printf X | dd of=big bs=1 seek=200000 conv=notrunc status=none
        printf limit=9999 > conf; printf SAME > new; mv new other
        touch -d '2024-01-02 03:04:05.123456789' *
        """);
    take("two");
    for (String each : List.of("big", "conf", "other")) {
      assertThat(Files.mismatch(source.resolve(each), in("two").resolve(each))).isEqualTo(-1);
      assertThat(Files.mismatch(source.resolve(each), in("one").resolve(each))).isNotEqualTo(-1);
    }
  }

  @Test
  void equalContentsWithAnythingElseDifferentShareNoFile() throws IOException {
    FileTrees.script(
        source,
        """
        echo text > a; cp a b; cp a c; cp a d; cp a e; touch -d 2020-01-01 *
        chmod 600 b; touch -d 2021-01-01 c; chown 4711 d || rm d; setfattr -n user.x -v y e || rm e
        """);
    take("one");
    take("two");
    assertThat(FileTrees.listingWithoutLinks(in("two")))
        .isEqualTo(FileTrees.listingWithoutLinks(source));
    assertThat(verify().faults()).isEmpty();
  }

  @Test
  void deletingOneChangesNothingOfAnother() throws IOException {
    FileTrees.script(
        source,
        """
        mkdir -p ro/deep; echo k > ro/key; chmod 400 ro/key; echo n > ro/none; chmod 0 ro/none
        echo f > ro/deep/f; chmod 444 ro/deep/f; chmod 555 ro/deep ro; touch -d 2019-01-01 ro
        """);
    take("one");
    take("two");
    int read = Files.isReadable(source.resolve("ro/none")) ? 3 : 2;
    String before = FileTrees.listing(in("two"));
    snapshots.delete(List.of("one"), false, Task.unwatched());
    assertThat(place.resolve("one")).doesNotExist();
    assertThat(FileTrees.listing(in("two"))).isEqualTo(before);
    assertThat(verify().faults()).isEmpty();
    assertThat(snapshots.collect(false, Task.unwatched()).files()).isZero();
    snapshots.delete(List.of("two"), false, Task.unwatched());
    assertThat(snapshots.collect(true, Task.unwatched()).files()).isEqualTo(read);
    assertThat(snapshots.collect(false, Task.unwatched()).files()).isEqualTo(read);
    try (var left = Files.walk(place.resolve(".cacheback.d/blob"))) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void whatWasWrittenThroughALinkIsNamedEverywhereAndNotLinkedToAgain() throws IOException {
    FileTrees.script(
        source, "printf 'the truth' > notes; cp -p notes copy; touch -d 2020-01-01 *; sleep 0.1");
    take("one");
    take("two");
    FileTrees.script(in("one"), "printf 'the liar.' 1<> notes; touch -d 2020-01-01 notes");
    List<String> faults = verify().faults();
    assertThat(faults).hasSize(4).allMatch(it -> it.contains("contents are not what they were"));
    take("three");
    assertThat(in("three").resolve("notes")).hasContent("the truth");
    assertThat(in("three").resolve("copy")).hasContent("the truth");
    assertThat(verify().faults()).hasSize(4).noneMatch(it -> it.startsWith("three"));
    take("four");
    assertThat(inode(in("three").resolve("notes"))).isEqualTo(inode(in("four").resolve("notes")));
  }

  @Test
  void namesAreBytesThatCanBeTypedBack() throws IOException {
    FileTrees.script(source, "printf 1 > $'\\xfe'; printf 2 > $'\\xff'; printf 3 > caf\u00e9");
    take("one");
    FileTrees.script(source, "mv $'\\xfe' $'\\xfd'");
    take("two");
    List<String> found = new ArrayList<>();
    snapshots.find("\\*?", List.of("two"), Task.unwatched(), it -> found.add("none"));
    snapshots.find("?", List.of("two"), Task.unwatched(), it -> found.add(NameText.of(it.path())));
    assertThat(found).hasSize(2).anyMatch(it -> it.endsWith("/\\xfd"));
    byte[] path = NameText.name(found.get(0));
    Path to = folder.resolve("to");
    assertThat(snapshots.restore("two", List.of(path), to, false, Task.unwatched()).problems())
        .isEmpty();
    List<String> differences = new ArrayList<>();
    snapshots.diff(
        "one",
        "two",
        Task.unwatched(),
        it -> {
          if (it.kind() != TreeDifference.Kind.METADATA) {
            differences.add(it.kind() + " " + NameText.of(it.path()));
          }
        });
    assertThat(differences).hasSize(1).allMatch(it -> it.matches("MOVED .*/\\\\xfd"));
  }

  @Test
  void differencesAreToldByWhatTheyAre() throws IOException {
    FileTrees.script(
        source, "mkdir d; echo 1 > stays; echo 2 > goes; echo 3 > d/changes; echo 44 > mode");
    take("one");
    FileTrees.script(
        source, "rm goes; echo 3333 > d/changes; chmod 600 mode; echo new > comes; sleep 0.01");
    take("two");
    List<String> differences = new ArrayList<>();
    snapshots.diff(
        "one",
        "two",
        Task.unwatched(),
        it -> differences.add(it.kind() + " " + NameText.of(it.path()).replaceAll(".*/src", "")));
    assertThat(differences)
        .contains("ADDED /comes", "REMOVED /goes", "CHANGED /d/changes", "METADATA /mode")
        .noneMatch(it -> it.contains("stays"));
  }

  @Test
  void patternsAndMarksLeaveOut() throws IOException {
    FileTrees.script(
        source,
        """
        mkdir -p cache/sub nb keep; printf 'Signature: 8a477f597d28d172789f06886806bc55' \
          > cache/CACHEDIR.TAG
        echo x > cache/sub/big; echo > nb/.nobackup; echo x > nb/x; echo x > keep/a.log
        echo x > keep/b; head -c 5000 /dev/zero > keep/large
        """);
    snapshots.take(
        SnapshotRequest.of(source)
            .named("one")
            .with(
                new WalkOptions(
                    Excludes.NONE.with(List.of("*.log")), false, true, 4000, List.of())),
        Task.unwatched());
    assertThat(in("one").resolve("cache/CACHEDIR.TAG")).exists();
    assertThat(in("one").resolve("cache/sub")).doesNotExist();
    assertThat(in("one").resolve("nb")).isEmptyDirectory();
    assertThat(in("one").resolve("keep").toFile().list()).containsExactly("b");
  }

  @Test
  void theDestinationIsNeverTakenAndNamesAreKept() throws IOException {
    Files.writeString(source.resolve("f"), "x");
    Path inside = source.resolve("backups");
    try (LinkedSnapshots within = LinkedSnapshots.in(inside)) {
      within.take(SnapshotRequest.of(source).named("one"), Task.unwatched());
      within.take(SnapshotRequest.of(source).named("two"), Task.unwatched());
      assertThat(inside.resolve("two" + source).toFile().list()).containsExactly("f");
      assertThatThrownBy(
              () -> within.take(SnapshotRequest.of(source).named("two"), Task.unwatched()))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("there is one of that name");
      assertThatThrownBy(() -> within.take(SnapshotRequest.of(inside), Task.unwatched()))
          .hasMessageContaining("in the destination itself");
    }
    TakenSnapshot first = snapshots.take(SnapshotRequest.of(source), Task.unwatched());
    TakenSnapshot second = snapshots.take(SnapshotRequest.of(source), Task.unwatched());
    assertThat(second.snapshot().name()).startsWith(first.snapshot().name().substring(0, 11));
    assertThat(snapshots.list()).hasSize(2);
  }

  @Test
  void aDryRunWritesNothing() throws IOException {
    Files.writeString(source.resolve("f"), "x");
    TakenSnapshot dry =
        snapshots.take(SnapshotRequest.of(source).named("one").dry(), Task.unwatched());
    assertThat(dry.read()).isEqualTo(1);
    assertThat(place).doesNotExist();
    take("one");
    snapshots.delete(List.of("one"), true, Task.unwatched());
    assertThat(snapshots.list()).hasSize(1);
  }

  @Test
  void forgettingKeepsWhatThePolicySaysAndTellsWhy() throws IOException {
    for (String each : List.of("one", "two", "three")) {
      Files.writeString(source.resolve("f"), each);
      take(each);
    }
    List<Policy.Verdict<Snapshot>> dry = snapshots.forget(new Policy(2), true, Task.unwatched());
    assertThat(dry).extracting(it -> it.thing().name()).containsExactly("one", "two", "three");
    assertThat(dry).extracting(Policy.Verdict::stays).containsExactly(false, true, true);
    assertThat(snapshots.list()).hasSize(3);
    snapshots.forget(new Policy(2), false, Task.unwatched());
    assertThat(snapshots.list()).extracting(Snapshot::name).containsExactly("two", "three");
    assertThat(verify().faults()).isEmpty();
  }

  @Test
  void ownAndSharedBytesAreToldApart() throws IOException {
    FileTrees.script(
        source, "head -c 1000 /dev/urandom > a; head -c 200 /dev/urandom > b; sleep 0.1");
    take("one");
    FileTrees.script(source, "head -c 300 /dev/urandom > b");
    take("two");
    List<Snapshot> sized = snapshots.listWithSizes(Task.unwatched());
    assertThat(sized).extracting(Snapshot::own).containsExactly(200L, 300L);
    assertThat(sized).extracting(Snapshot::shared).containsExactly(1000L, 1000L);
  }

  @Test
  void aFileThatNeverSettlesIsMarkedAndWhatVanishesIsNoFault() throws Exception {
    FileTrees.script(source, "head -c 4000000 /dev/zero > busy; echo calm > calm");
    AtomicBoolean stop = new AtomicBoolean();
    Thread writer =
        new Thread(
            () -> {
              byte[] some = new byte[4096];
              try (RandomAccessFile file =
                  new RandomAccessFile(source.resolve("busy").toFile(), "rw")) {
                for (int i = 0; !stop.get(); i++) {
                  some[0] = (byte) i;
                  file.seek(i % 900 * 4096L);
                  file.write(some);
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    FileTime before = Files.getLastModifiedTime(source.resolve("busy"));
    writer.start();
    try {
      Await.await(() -> !Files.getLastModifiedTime(source.resolve("busy")).equals(before));
      TakenSnapshot taken = take("one");
      assertThat(taken.problems())
          .hasSize(1)
          .allMatch(it -> it.endsWith("/busy: it changed each time it was read"));
      assertThat(in("one").resolve("busy")).hasSize(4_000_000);
    } finally {
      stop.set(true);
      writer.join();
    }
    assertThat(verify().faults()).isEmpty();
    take("two");
    assertThat(Files.mismatch(source.resolve("busy"), in("two").resolve("busy"))).isEqualTo(-1);
  }

  @Test
  void aPlaceWithoutSnapshotsIsNotMadeByLooking() {
    assertThatThrownBy(snapshots::list)
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("has no snapshots");
    assertThat(place).doesNotExist();
  }
}
