package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots of file trees by the bundled scripts. */
class SnapshotScriptsTest {

  @TempDir Path folder;
  private Path tree;
  private Path kept;

  @BeforeEach
  void makeTree() throws IOException {
    tree = Files.createDirectories(folder.resolve("tree"));
    kept = folder.resolve("kept");
    Files.createDirectories(tree.resolve("letters/cache"));
    Files.writeString(tree.resolve("letters/ada"), "Dear Ada,\n");
    Files.writeString(tree.resolve("letters/bob"), "Dear Bob,\n");
    Files.writeString(tree.resolve("letters/cache/x"), "x");
    Files.createSymbolicLink(tree.resolve("link"), Path.of("letters/ada"));
  }

  private Ended run(Object... words) throws Exception {
    String[] all = new String[words.length + 1];
    all[0] = "run";
    for (int i = 0; i < words.length; i++) {
      all[i + 1] = words[i].toString();
    }
    return Here.run(folder.resolve("home"), all);
  }

  private Ended done(Object... words) throws Exception {
    Ended ended = run(words);
    assertThat(ended.status()).as(ended.err()).isZero();
    return ended;
  }

  private static String text(Path directory, Path original) throws IOException {
    return Files.readString(directory.resolve(original.toString().substring(1)));
  }

  /** Both forms, by the same words. */
  private void takenTwiceComparedAndGivenBack(String option, Path place, String first, String last)
      throws Exception {
    done("snapshot", tree, option, place, "--name", "mine", "--exclude", "cache");
    Files.writeString(tree.resolve("letters/ada"), "Dear Ada, how are you?\n");
    Files.move(tree.resolve("letters/bob"), tree.resolve("letters/robert"));
    done("snapshot", tree, option, place, "--name", last.replaceAll("@.*", ""));
    assertThat(done("snapshots", place).out()).contains(first, last);
    assertThat(done("snapshots", place, first, last, "--diff").out())
        .contains("letters/ada", "letters/robert", "letters/cache/x", "moved");
    assertThat(done("snapshots", place, "--find", "ada").out()).contains(first, "letters/ada");
    assertThat(done("snapshots", place, "--verify").out()).startsWith("verified: clean");
    Path back = folder.resolve("back");
    String path = tree.resolve("letters").toString().substring(1);
    done("snapshots", place, first, "--restore", back, "--path", path);
    assertThat(text(back, tree.resolve("letters/ada"))).isEqualTo("Dear Ada,\n");
    assertThat(back.resolve(path).resolve("cache")).doesNotExist();
    assertThat(back.resolve(tree.toString().substring(1)).resolve("link")).doesNotExist();
    Ended dry = done("snapshots", place, "--keep-last", "1", "--dry-run");
    assertThat(dry.out()).contains("stays", "goes");
    assertThat(done("snapshots", place).out()).contains(first, last);
    done("snapshots", place, first, "--delete");
    assertThat(done("snapshots", place).out()).contains(last).doesNotContain(first);
  }

  @Test
  void linkedOnesAreDirectories() throws Exception {
    takenTwiceComparedAndGivenBack("--to", kept, "mine", "other");
    assertThat(text(kept.resolve("other"), tree.resolve("letters/robert")))
        .isEqualTo("Dear Bob,\n");
  }

  @Test
  void storedOnesAreVersions() throws Exception {
    Path store = folder.resolve("store");
    takenTwiceComparedAndGivenBack("--store", store, "mine@1", "mine@2");
    assertThat(done("list", "--store", store).out()).contains("mine@2");
    Path mounted = folder.resolve("mounted");
    // What goes on in the background is a process of its own, which the launcher starts.
    Program program = new Program(folder.resolve("home"));
    String[] mount = {
      "run", "mount", "mine@2", "" + mounted, "--store", "" + store, "--background"
    };
    assertThat(program.run(mount).status()).isZero();
    assertThat(text(mounted, tree.resolve("letters/robert"))).isEqualTo("Dear Bob,\n");
    done("unmount", mounted);
  }

  @Test
  void cachebackIsCalledAsItWas() throws Exception {
    Files.createSymbolicLink(tree.resolve("absolute"), tree.resolve("letters/ada"));
    Ended dry = done("cacheback", "-o", kept, "-i", tree, "--dry");
    assertThat(dry.out()).contains("would take");
    done("cacheback", "-i", tree, "-o", kept, "-n", "one", "-x", "**/*cache*", "--threads", "2");
    Path taken = kept.resolve("one").resolve(tree.toString().substring(1));
    assertThat(taken.resolve("letters/ada")).hasContent("Dear Ada,\n");
    assertThat(taken.resolve("letters/cache")).doesNotExist();
    assertThat(taken.resolve("absolute").toRealPath()).startsWith(kept.toRealPath());
    done("cacheback", "--destination", kept, "--targets", tree, "--snapshot-name", "two");
    assertThat(done("cacheback", "-o", kept, "--list").out()).contains("one", "two");
    assertThat(done("cacheback", "-o", kept, "--diff", "one", "two").out()).contains("cache/x");
    assertThat(done("cacheback", "-o", kept, "--verify").out()).startsWith("verified: clean");
    assertThat(done("cacheback", "-o", kept, "--forget", "--keep-last", "1").out())
        .contains("two", "one");
    assertThat(done("cacheback", "-o", kept, "--gc").out()).startsWith("collected");
    try (Stream<Path> left = Files.list(kept)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .contains("two")
          .doesNotContain("one");
    }
    assertThat(run("cacheback", "-o", kept).status()).isEqualTo(ExitStatus.USAGE);
  }

  @Test
  void aRunbookTakesThemToo() throws Exception {
    Ended ended =
        done("nightly", "--snapshot-root", kept, "--snapshot", tree, "--exclude", "cache");
    assertThat(ended.out()).contains("took ");
    try (Stream<Path> taken = Files.list(kept)) {
      assertThat(taken).hasSize(2);
    }
  }
}
