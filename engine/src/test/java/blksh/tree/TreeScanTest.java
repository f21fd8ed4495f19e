package blksh.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.io.NameText;
import blksh.kit.Component;
import blksh.kit.FileTrees;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeScanTest {

  @TempDir Path folder;

  private static List<String> walked(TreeScan scan) {
    List<String> walked = new ArrayList<>();
    scan.run(
        Task.unwatched(),
        part -> {
          for (TreeEntry each : part.entries()) {
            walked.add(NameText.of(each.path(part.path())));
          }
          for (LeftOut each : part.leftOut()) {
            walked.add(
                "- " + NameText.of(TreeEntry.path(part.path(), each.name())) + " " + each.why());
          }
          for (Unread each : part.unread()) {
            walked.add("! " + NameText.of(TreeEntry.path(part.path(), each.name())));
          }
        });
    return walked;
  }

  @Test
  void allIsGivenOnceInAnOrderOfNames() throws IOException {
    FileTrees.script(
        folder,
        "mkdir -p b/y/z a c; touch b/1 b/y/2 b/y/z/3 a/4 $'\\xff' B; mkdir many; cd many;"
            + " seq 3000 | xargs touch; mkdir 1500.d; touch 1500.d/in");
    List<String> walked = walked(TreeScan.of(folder, WalkOptions.ALL));
    assertThat(walked.subList(0, 12))
        .containsExactly(
            "B", "a", "b", "c", "many", "\\xff", "a/4", "b/1", "b/y", "b/y/2", "b/y/z", "b/y/z/3");
    assertThat(walked).hasSize(12 + 3001 + 1).doesNotHaveDuplicates();
    List<String> many = walked.stream().filter(it -> it.matches("many/[^/]*")).toList();
    assertThat(many).isSorted();
    assertThat(walked(TreeScan.of(folder, WalkOptions.ALL))).isEqualTo(walked);
  }

  @Test
  void someTargetsAreGivenWithTheWayToThem() throws IOException {
    FileTrees.script(folder, "mkdir -p a/b/c d; touch a/b/c/1 a/b/2 a/3 d/4");
    assertThat(
            walked(
                TreeScan.of(
                    folder,
                    List.of("a/b/c".getBytes(), "d/4".getBytes(), "none".getBytes()),
                    WalkOptions.ALL)))
        .containsExactly("a", "d", "! none", "a/b", "a/b/c", "a/b/c/1", "d/4");
  }

  @Test
  void namesBeyondMemoryAreInOrderToo() {
    SortedNames names = new SortedNames(2 * SortedNames.PIECE);
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < 7 * SortedNames.PIECE + 5; i++) {
      numbers.add(i);
    }
    Collections.shuffle(numbers, new Random(1));
    numbers.forEach(it -> names.add("%06d".formatted(it).getBytes()));
    names.sort();
    assertThat(names.count()).isEqualTo(numbers.size());
    int next = 0;
    for (int piece = 0; piece < names.pieces(); piece++) {
      for (byte[] each : names.piece(piece)) {
        assertThat(new String(each)).isEqualTo("%06d".formatted(next++));
      }
    }
    assertThat(next).isEqualTo(numbers.size());
    assertThat(names.contains("000077".getBytes())).isTrue();
    assertThat(names.contains("00007".getBytes())).isFalse();
  }

  @Test
  void mountsAreEntirelyGivenOrEmptyAndALoopOfThemEnds() throws IOException {
    Component.needRoot();
    Path source = Files.createDirectory(folder.resolve("src"));
    FileTrees.script(
        source,
        """
        mkdir -p mnt deep/bind data; touch data/f
        mount -t tmpfs -o size=1m tmpfs mnt; touch mnt/inside; mount --bind . deep/bind
        """);
    try {
      assertThat(walked(TreeScan.of(source, WalkOptions.ALL)))
          .contains("mnt/inside", "deep/bind", "- deep/bind MOUNT_LOOP");
      assertThat(
              walked(
                  TreeScan.of(
                      source,
                      new WalkOptions(Excludes.NONE, true, false, Long.MAX_VALUE, List.of()))))
          .containsExactly(
              "data", "deep", "mnt", "data/f", "deep/bind", "- deep/bind MOUNT", "- mnt MOUNT");
    } finally {
      FileTrees.script(source, "umount deep/bind mnt");
    }
  }

  @Test
  void aRootThatIsNotThereIsTold() {
    assertThatThrownBy(() -> walked(TreeScan.of(folder.resolve("none"), WalkOptions.ALL)))
        .isInstanceOf(blksh.BlkshException.class);
  }

  @Test
  void whatChangedIsKnownByAnyOfSizeTimesAndInode() throws IOException {
    FileTrees.script(folder, "mkdir t; cd t; mkdir d; touch d/x a b c; touch -d 2020-01-01 a b c");
    Path tree = folder.resolve("t");
    assertThat(tokens(tree, "1", Instant.now().plusSeconds(9))).containsExactly("", "", "", "");
    assertThat(tokens(tree, "2", Instant.now().plusSeconds(9)))
        .containsExactly("a1", "b1", "c1", "x1");
    FileTrees.script(
        tree, "touch -d 2020-01-01 a; mv b n; touch b; touch -d 2020-01-01 b; rm -r d");
    assertThat(tokens(tree, "3", Instant.now().plusSeconds(9))).containsExactly("", "", "c1", "");
    FileTrees.script(tree, "mkdir d; touch d/x");
    assertThat(tokens(tree, "4", Instant.now().plusSeconds(9)))
        .containsExactly("a3", "b3", "c1", "n3", "");
  }

  /** A change that the clock of the file system may not show is not relied on. */
  @Test
  void whatChangedJustBeforeItWasLookedAtIsReadAgain() throws IOException {
    FileTrees.script(folder, "mkdir t; touch t/a");
    Path tree = folder.resolve("t");
    Instant changed = Files.getLastModifiedTime(tree.resolve("a")).toInstant();
    tokens(tree, "1", changed.plusMillis(5));
    assertThat(tokens(tree, "2", changed.plusSeconds(9))).containsExactly("");
    assertThat(tokens(tree, "3", changed.plusSeconds(9))).containsExactly("a2");
  }

  @Test
  void aDamagedCacheIsMadeAgain() throws IOException {
    FileTrees.script(folder, "mkdir t; touch t/a");
    Path tree = folder.resolve("t");
    Files.writeString(
        folder.resolve("cache"), "this is no database at all, by no means".repeat(99));
    tokens(tree, "1", Instant.now().plusSeconds(9));
    assertThat(tokens(tree, "2", Instant.now().plusSeconds(9))).containsExactly("a1");
  }

  /** What was known of each file, in order; from then on its name and a sign is. */
  private List<String> tokens(Path tree, String sign, Instant looked) {
    List<String> known = new ArrayList<>();
    try (ScanCache cache = ScanCache.open(folder.resolve("cache"))) {
      TreeScan.of(tree, WalkOptions.ALL)
          .run(
              Task.unwatched(),
              part -> {
                ScanRow row = cache.known(part.path(), part);
                List<ScanCache.Kept> kept = new ArrayList<>();
                for (TreeEntry each : part.entries()) {
                  byte[] token = row.token(each);
                  if (!each.status().isDirectory()) {
                    known.add(token == null ? "" : new String(token));
                  }
                  byte[] fresh = (new String(each.name()) + sign).getBytes();
                  kept.add(new ScanCache.Kept(each, token == null ? fresh : token));
                }
                cache.keep(part.path(), part, row, kept, looked);
              });
      cache.commit();
    }
    return known;
  }
}
