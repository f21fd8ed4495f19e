package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.kit.Content;
import blksh.retention.Period;
import blksh.retention.Policy;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which versions a store forgets, and what was said of them. */
class ForgetTest {

  @TempDir Path folder;

  private Path path;

  @BeforeEach
  void storeOfThreeNames() {
    path = folder.resolve("store");
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      for (String name : List.of("server01.sda", "server02.sda", "laptop")) {
        for (int version = 1; version <= 4; version++) {
          capture(store, name, version);
        }
      }
    }
  }

  private static void capture(Store store, String name, int seed) {
    byte[] bytes = Content.random(5000, seed);
    store.capture(new ByteArraySource(bytes), name, CaptureOptions.defaults(), Task.unwatched());
  }

  private static List<Policy.Verdict<Manifest>> forget(
      Store store, String names, Policy policy, boolean dryRun) {
    return store.upkeep().forget(names, all -> true, policy, dryRun, Task.unwatched());
  }

  private static List<String> going(List<Policy.Verdict<Manifest>> verdicts) {
    return verdicts.stream()
        .filter(verdict -> !verdict.stays())
        .map(verdict -> verdict.thing().reference())
        .toList();
  }

  @Test
  void namesAreJudgedEachByItselfAndOnlyThoseThePatternFits() {
    try (Store store = Store.open(path)) {
      List<Policy.Verdict<Manifest>> foreseen =
          forget(store, "server*", new Policy(1).and(Period.DAILY, 1), true);
      assertThat(foreseen).hasSize(8);
      assertThat(foreseen.get(3).reasons()).containsExactly("last", "daily");
      assertThat(store.manifests()).hasSize(12);
      List<Policy.Verdict<Manifest>> done =
          forget(store, "server*", new Policy(1).and(Period.DAILY, 1), false);
      assertThat(done).isEqualTo(foreseen);
      assertThat(going(done))
          .containsExactly(
              "server01.sda@1",
              "server01.sda@2",
              "server01.sda@3",
              "server02.sda@1",
              "server02.sda@2",
              "server02.sda@3");
      assertThat(store.versions("server02.sda")).containsExactly(4);
      assertThat(store.versions("laptop")).hasSize(4);
      assertThat(forget(store, "server\\*", new Policy(1), true)).isEmpty();
      assertThat(forget(store, "server0?.sda", new Policy(1), true)).hasSize(2);
      assertThatThrownBy(() -> forget(store, "*", Policy.keeping(), true))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("no rule says what stays");
    }
  }

  @Test
  void pinnedVersionsStayWhateverIsDoneButAreNotDeletedEither() {
    try (Store store = Store.open(path)) {
      store.upkeep().mark("laptop@1", marks -> marks.withPinned(true).withNote("as delivered"));
      store.upkeep().mark("laptop@2", marks -> marks.withTags(List.of("monthly", "good")));
      Policy policy = new Policy(1).andTagged(List.of("monthly"));
      List<Policy.Verdict<Manifest>> verdicts = forget(store, "laptop", policy, false);
      assertThat(verdicts.get(0).reasons()).containsExactly("pinned");
      assertThat(verdicts.get(1).reasons()).containsExactly("has tags monthly");
      assertThat(going(verdicts)).containsExactly("laptop@3");
      assertThat(store.expendable("laptop", 1))
          .extracting(Manifest::reference)
          .containsExactly("laptop@2");
      assertThatThrownBy(() -> store.delete("laptop@1"))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("it is pinned");
      store.upkeep().mark("laptop@1", marks -> marks.withPinned(false));
      assertThat(store.upkeep().marks("laptop@1").note()).isEqualTo("as delivered");
      store.delete("laptop@1");
      assertThatThrownBy(() -> store.upkeep().mark("laptop@1", marks -> marks.withNote("x")))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("no such manifest");
    }
  }

  @Test
  void whatWasSaidIsInTheFilesAndNotInTheIndex() throws IOException {
    try (Store store = Store.open(path)) {
      store.upkeep().mark("laptop@1", marks -> marks.withPinned(true).withTags(List.of("ä b")));
      store.delete("laptop@2");
    }
    for (String derived : List.of("index.db", "pages.idx")) {
      Files.delete(path.resolve(derived));
    }
    try (Store store = Store.open(path)) {
      assertThat(store.upkeep().marks())
          .containsExactly(
              java.util.Map.entry("laptop@1", new VersionMarks(true, "", List.of("ä b"), null)));
      store.upkeep().undelete("laptop@2");
      assertThat(store.versions("laptop")).containsExactly(1, 2, 3, 4);
      // Also the number of a version that is only in the trash is not given again.
      store.delete("laptop@4");
    }
    Files.delete(path.resolve("index.db"));
    try (Store store = Store.open(path)) {
      capture(store, "laptop", 9);
      assertThat(store.versions("laptop")).containsExactly(1, 2, 3, 5);
    }
  }

  @Test
  void versionsWithHolesMakeNoWholeOneGo() {
    try (Store store = Store.open(path)) {
      for (int seed = 5; seed < 8; seed++) {
        byte[] bytes = Content.random(5000, seed);
        FaultySource dying = new FaultySource(new ByteArraySource(bytes)).unreadable(0, 512);
        store.capture(dying, "laptop", CaptureOptions.defaults(), Task.unwatched());
      }
      assertThat(store.expendable("laptop", 1))
          .extracting(Manifest::version)
          .containsExactly(1, 2, 3, 5, 6);
      List<Policy.Verdict<Manifest>> verdicts = forget(store, "laptop", new Policy(2), false);
      assertThat(verdicts.get(3).reasons()).containsExactly("last of the whole ones");
      assertThat(store.versions("laptop")).containsExactly(3, 4, 6, 7);
    }
  }

  @Test
  void pagesThatAreKnownToBeDamagedMakeAVersionNoWholeOne() throws IOException {
    Set<Path> before = packs();
    try (Store store = Store.open(path)) {
      capture(store, "laptop", 9);
      Set<Path> after = packs();
      after.removeAll(before);
      Images.flip(after.iterator().next(), 2000, 1);
      assertThat(store.expendable("laptop", 1)).hasSize(4);
      assertThat(Images.verify(store).damage()).isNotEmpty();
      assertThat(store.expendable("laptop", 1))
          .extracting(Manifest::version)
          .containsExactly(1, 2, 3);
    }
  }

  @Test
  void aVersionWhosePacksAreNotThereStaysAndCountsAsNone() throws IOException {
    Set<Path> before = packs();
    try (Store store = Store.open(path)) {
      capture(store, "laptop", 9);
      Set<Path> after = packs();
      after.removeAll(before);
      Files.delete(after.iterator().next());
      Task task = Task.unwatched();
      List<Policy.Verdict<Manifest>> verdicts =
          store.upkeep().forget("laptop", all -> true, new Policy(1), false, task);
      assertThat(going(verdicts)).containsExactly("laptop@1", "laptop@2", "laptop@3");
      assertThat(task.findings()).hasSize(1).first().asString().contains("laptop@5", "is missing");
      assertThat(store.versions("laptop")).containsExactly(4, 5);
    }
  }

  private Set<Path> packs() throws IOException {
    try (Stream<Path> files = Files.walk(path.resolve("packs"))) {
      return files.filter(Files::isRegularFile).collect(Collectors.toSet());
    }
  }

  @Test
  void whatAnotherDeletesMeanwhileIsNotCounted() {
    try (Store store = Store.open(path)) {
      AtomicBoolean deleted = new AtomicBoolean();
      Predicate<Manifest> which =
          manifest -> {
            if (manifest.reference().equals("laptop@4") && deleted.compareAndSet(false, true)) {
              store.delete("laptop@4"); // once it was counted
            }
            return true;
          };
      store.upkeep().forget("laptop", which, new Policy(1), false, Task.unwatched());
      assertThat(deleted).isTrue();
      assertThat(store.versions("laptop")).containsExactly(3);
    }
  }

  @Test
  void marksThatAreDamagedKeepTheirVersion() throws IOException {
    try (Store store = Store.open(path)) {
      store.upkeep().mark("laptop@1", marks -> marks.withNote("a note"));
      Images.flip(path.resolve("manifests/laptop/1.marks"), 5, 1);
      assertThat(store.upkeep().marks("laptop@1").problem()).contains("damaged");
      assertThatThrownBy(
              () -> store.upkeep().mark("laptop@1", marks -> marks.withTags(List.of("new"))))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("what was said of it cannot be read");
      List<Policy.Verdict<Manifest>> verdicts = forget(store, "laptop", new Policy(1), false);
      assertThat(verdicts.get(0).reasons()).containsExactly("its marks cannot be read");
      assertThat(store.versions("laptop")).containsExactly(1, 4);
      store.upkeep().mark("laptop@1", marks -> VersionMarks.NONE);
      assertThat(path.resolve("manifests/laptop/1.marks")).doesNotExist();
      assertThat(going(forget(store, "laptop", new Policy(1), false))).containsExactly("laptop@1");
    }
  }

  @Test
  void aVersionThatCannotBeReadStaysAndCountsAsNone() throws IOException {
    Path newest = path.resolve("manifests/laptop/4.manifest");
    Images.flip(newest, Files.size(newest) - 3, 1);
    try (Store store = Store.open(path)) {
      Task task = Task.unwatched();
      List<Policy.Verdict<Manifest>> verdicts =
          store.upkeep().forget("laptop", all -> true, new Policy(2), false, task);
      assertThat(going(verdicts)).containsExactly("laptop@1");
      assertThat(task.findings()).hasSize(1).first().asString().startsWith("laptop@4 stays");
      assertThat(store.versions("laptop")).containsExactly(2, 3, 4);
    }
  }
}
