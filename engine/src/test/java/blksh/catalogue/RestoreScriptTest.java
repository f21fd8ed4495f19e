package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Component;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** restore.py, which stands on every disc, on what is damaged, missing, or there already. */
class RestoreScriptTest {

  private static final int OTHERS = 3;

  @TempDir Path dir;
  private Path script;
  private Path back;

  @BeforeEach
  void make() throws IOException {
    Component.need(Tool.isThere("python3"), "there is no python3");
    script = Files.write(dir.resolve("restore.py"), DiscCargo.restoreScript());
    back = dir.resolve("back");
  }

  /** A copy of a disc, with a line and contents for each file. */
  private Path disc(String name, String... lines) throws IOException {
    Path disc = Files.createDirectories(dir.resolve(name));
    Files.createDirectories(disc.resolve("DATA"));
    Files.writeString(disc.resolve("tree.jsonl"), String.join("\n", lines) + "\n");
    made(disc, "2026-01-01 00:00:00", 1);
    return disc;
  }

  private static void made(Path disc, String date, int number) throws IOException {
    String info = "{\"date\": \"%s\", \"disc_num\": \"%d\"}".formatted(date, number);
    Files.writeString(disc.resolve("disc_info.json"), info);
  }

  private static void data(Path disc, String name, byte[] contents) throws IOException {
    Path file = disc.resolve("DATA").resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, contents);
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String sha256(byte[] contents) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(contents));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String line(String path, String type, int mode, String more) {
    return "{\"path\": \"%s\", \"type\": \"%s\", \"mode\": %d, \"uid\": 0, \"gid\": 0, \"mtime\": [1000, 0]%s}"
        .formatted(path, type, mode, more);
  }

  private static String file(String path, byte[] contents, String more) {
    String own = ", \"size\": %d, \"sha256\": \"%s\", \"at\": 1%s";
    return line(path, "file", 0644, own.formatted(contents.length, sha256(contents), more));
  }

  private static String part(String path, byte[] all, int number, int parts, int start, int end) {
    String own = ", \"part\": %d, \"parts\": %d, \"start\": %d, \"length\": %d, \"file\": \"p%d\"";
    return file(path, all, own.formatted(number, parts, start, end - start, number));
  }

  private Tool.Ended run(Path... discs) throws IOException {
    Object[] words =
        Stream.concat(Stream.<Object>of("-I", script, back), Arrays.stream(discs)).toArray();
    return Tool.named("python3").attempt(words);
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(back)) {
      return files.map(each -> each.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aFurtherNameIsNotGivenToSomebodyElsesFile() throws IOException {
    byte[] good = text("good");
    Path disc = disc("disc", file("a", good, ""), file("b", good, ", \"link\": \"a\""));
    data(disc, "a", good);
    data(disc, "b", good);
    Files.createDirectories(back);
    Files.writeString(back.resolve("a"), "OLD!");

    Tool.Ended ended = run(disc);

    assertThat(ended.status()).isEqualTo(OTHERS);
    assertThat(ended.output()).contains("a: it is there already", "b: it is a file of its own");
    assertThat(back.resolve("a")).hasContent("OLD!");
    assertThat(back.resolve("b")).hasContent("good");
  }

  @Test
  void aFurtherNameIsALink() throws IOException {
    byte[] good = text("good");
    Path disc = disc("disc", file("z", good, ""), file("b", good, ", \"link\": \"z\""));
    data(disc, "z", good);
    data(disc, "b", good);

    assertThat(run(disc)).isEqualTo(new Tool.Ended(0, ""));

    assertThat(Files.isSameFile(back.resolve("z"), back.resolve("b"))).isTrue();
    assertThat(run(disc)).as("once more").isEqualTo(new Tool.Ended(0, ""));
  }

  @Test
  void aDamagedLineEndsNothingElse() throws IOException {
    byte[] good = text("good");
    Path disc =
        disc(
            "disc",
            file("a", good, ""),
            "{\"path\": \"dam",
            "[1, 2]",
            line("odd", "file", 0644, ""),
            file("b", good, ""));
    data(disc, "a", good);
    data(disc, "b", good);

    Tool.Ended ended = run(disc);

    assertThat(ended.status()).isEqualTo(OTHERS);
    assertThat(ended.output()).contains("a line of it is damaged", "odd:");
    assertThat(names()).containsExactly("a", "b");
  }

  @Test
  void whatCannotBeReadHidesNoOtherLine() throws IOException {
    String code =
        """
        import runpy, sys
        script = runpy.run_path(sys.argv[1])
        text = b"".join(b"line %d %s\\n" % (i, b"x" * (i % 90)) for i in range(500))
        bad = {3, 4, 7}
        def read(at, length):
            if any(each * 2048 < at + length and at < each * 2048 + 2048 for each in bad):
                raise OSError("Input/output error")
            return text[at:at + length]
        found = list(script["lines"](read, len(text)))
        whole = text.split(b"\\n")[:-1]
        assert all(each in whole for each in found), "half a line"
        assert found[0] == whole[0] and found[-1] == whole[-1]
        at = 0
        for each in whole:
            touched = any(s * 2048 <= at + len(each) and at < s * 2048 + 2048 for s in bad)
            beside = any(at in (s * 2048 + 2048,) for s in bad)
            assert touched or beside or each in found, each
            at += len(each) + 1
        assert script["problems"] == [b"tree.jsonl"]
        """;
    Tool.named("python3").run("-c", code, script);
  }

  @Test
  void partsComeTogetherFromSeveralRunsAndThoseThatMissAreNamed() throws IOException {
    byte[] all = text("the first part, and the second, and a third");
    String name = "n".repeat(255);
    Path first = disc("first", part(name, all, 1, 3, 0, 10));
    Path second = disc("second", part(name, all, 2, 3, 10, 20));
    Path third = disc("third", part(name, all, 3, 3, 20, all.length));
    data(first, "p1", Arrays.copyOfRange(all, 0, 10));
    data(second, "p2", Arrays.copyOfRange(all, 10, 20));
    data(third, "p3", Arrays.copyOfRange(all, 20, all.length));

    Tool.Ended one = run(first);
    assertThat(one.status()).isEqualTo(OTHERS);
    assertThat(one.output()).contains("3 parts", "byte 10");
    Tool.Ended two = run(third);
    assertThat(two.status()).isEqualTo(OTHERS);
    assertThat(names()).containsExactly(".restore-parts");

    assertThat(run(second)).isEqualTo(new Tool.Ended(0, ""));

    assertThat(back.resolve(name)).hasBinaryContent(all);
    assertThat(names()).containsExactly(name);
    assertThat(run(first)).as("it is there").isEqualTo(new Tool.Ended(0, ""));
    assertThat(names()).containsExactly(name);
  }

  @Test
  void aDamagedPartIsAskedForAgain() throws IOException {
    byte[] all = text("the first part, and the second");
    Path first = disc("first", part("f", all, 1, 2, 0, 10));
    Path second = disc("second", part("f", all, 2, 2, 10, all.length));
    data(first, "p1", text("the worst "));
    data(second, "p2", Arrays.copyOfRange(all, 10, all.length));

    Tool.Ended ended = run(first, second);
    assertThat(ended.status()).isEqualTo(OTHERS);
    assertThat(ended.output()).contains("f: its contents are damaged");
    assertThat(back.resolve("f")).doesNotExist();

    data(first, "p1", Arrays.copyOf(all, 10));
    assertThat(run(first, second)).isEqualTo(new Tool.Ended(0, ""));
    assertThat(back.resolve("f")).hasBinaryContent(all);
  }

  @Test
  void whatWasBrokenOffIsNotInTheWay() throws IOException {
    byte[] good = text("good and long");
    Path disc = disc("disc", file("a", good, ""));
    data(disc, "a", text("good"));

    assertThat(run(disc).output()).contains("a: it is cut short");
    assertThat(names()).isEmpty();
    String unnamed = ".restore-" + sha256(text("a")).substring(0, 24);
    Files.writeString(back.resolve(unnamed), "left by a kill");
    data(disc, "a", good);

    assertThat(run(disc)).isEqualTo(new Tool.Ended(0, ""));
    assertThat(names()).containsExactly("a");
  }

  @Test
  void aDirectoryThatIsClosedTakesMoreFromAnotherDisc() throws IOException {
    byte[] good = text("good");
    Path one = disc("one", line("d", "directory", 0555, ""), file("d/a", good, ""));
    Path two = disc("two", line("d", "directory", 0555, ""), file("d/b", good, ""));
    data(one, "d/a", good);
    data(two, "d/b", good);
    Files.createDirectories(back);
    FileTrees.script(dir, "chmod -R a+rX . ; chmod 777 back");

    for (Path each : List.of(one, two)) {
      assertThat(asNobody(each)).isEqualTo(new Tool.Ended(0, ""));
    }

    assertThat(back.resolve("d/a")).hasContent("good");
    assertThat(back.resolve("d/b")).hasContent("good");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(back.resolve("d"))))
        .isEqualTo("r-xr-xr-x");
    FileTrees.script(dir, "chmod -R u+rwX back");
  }

  @Test
  void theNewestDiscSaysWhatAPathIsInWhateverOrderTheyAreNamed() throws IOException {
    byte[] first = text("first");
    byte[] second = text("other"); // as long, and of the same time
    Path january = disc("january", file("ledger", first, ""), file("was", first, ""));
    data(january, "ledger", first);
    data(january, "was", first);
    String copy =
        file("copy", first, "").replace(", \"at\": 1", ", \"disc\": \"ONE\", \"same\": \"ledger\"");
    Path march = disc("march", file("ledger", second, ""), copy, line("was/now", "pipe", 0600, ""));
    Files.writeString(
        march.resolve("tree.jsonl"),
        line("was", "directory", 0755, "") + "\n" + Files.readString(march.resolve("tree.jsonl")));
    made(march, "2026-03-01 00:00:00", 4);
    data(march, "ledger", second);

    assertThat(run(january, march)).isEqualTo(new Tool.Ended(0, ""));

    assertThat(back.resolve("ledger")).hasBinaryContent(second);
    assertThat(back.resolve("copy")).as("of what is newer by now").hasBinaryContent(first);
    assertThat(back.resolve("was")).isDirectory();
    assertThat(run(march, january)).as("once more").isEqualTo(new Tool.Ended(0, ""));
    Tool.Ended alone = run(january);
    assertThat(alone.status()).isEqualTo(OTHERS);
    assertThat(alone.output()).contains("ledger: it is there already", "another version");
  }

  @Test
  void whatTheNewestDiscCannotGiveComesFromAnotherOnlyWhenItIsTheSame() throws IOException {
    byte[] good = text("good");
    Path older = disc("older", file("a", good, ""), file("b", text("old!"), ""));
    data(older, "a", good);
    data(older, "b", text("old!"));
    Path newer = disc("newer", file("a", good, ""), file("b", text("best"), ""));
    made(newer, "2026-02-01 00:00:00", 2);
    data(newer, "a", text("baad"));
    data(newer, "b", text("baad"));

    Tool.Ended ended = run(older, newer);

    assertThat(ended.status()).isEqualTo(OTHERS);
    assertThat(ended.output()).contains("b: its contents are damaged").doesNotContain("a:");
    assertThat(back.resolve("a")).hasBinaryContent(good);
    assertThat(back.resolve("b")).doesNotExist();
  }

  @Test
  void aLinkOrPipeWhosePlaceIsTakenIsNamed() throws IOException {
    Path disc =
        disc(
            "disc",
            line("link", "link", 0777, ", \"target\": \"there\""),
            line("pipe", "pipe", 0600, ""));
    assertThat(run(disc)).isEqualTo(new Tool.Ended(0, ""));
    assertThat(run(disc)).as("once more").isEqualTo(new Tool.Ended(0, ""));
    FileTrees.script(back, "rm link pipe; ln -s elsewhere link; echo x > pipe");

    Tool.Ended ended = run(disc);

    assertThat(ended.status()).isEqualTo(OTHERS);
    assertThat(ended.output()).contains("link: it is there", "pipe: it is there");
  }

  @Test
  void theDirectoryItGoesToStaysItsOwnersWhenItWasThere() throws IOException {
    byte[] good = text("good");
    Path one = disc("one", line("", "directory", 0750, ""), file("a", good, ""));
    Path two = disc("two", line("", "directory", 0750, ""), file("b", good, ""));
    data(one, "a", good);
    data(two, "b", good);
    Files.createDirectories(back);
    FileTrees.script(back, "chmod 1777 .");

    assertThat(run(one)).isEqualTo(new Tool.Ended(0, ""));
    assertThat(Files.getAttribute(back, "unix:mode")).isEqualTo(041777);

    FileTrees.script(dir, "rm -r back");
    assertThat(run(one)).isEqualTo(new Tool.Ended(0, ""));
    assertThat(run(two)).isEqualTo(new Tool.Ended(0, ""));
    assertThat(Files.getAttribute(back, "unix:mode")).isEqualTo(040750);
    assertThat(Files.getLastModifiedTime(back).toMillis()).isEqualTo(1_000_000);
  }

  /** Root may write to whatever is closed, so another user does it. */
  private Tool.Ended asNobody(Path disc) throws IOException {
    Object[] python = {Tool.path("python3"), "-I", script, back, disc};
    if (!"root".equals(System.getProperty("user.name"))) {
      return Tool.named("python3").attempt(Arrays.copyOfRange(python, 1, python.length));
    }
    Object[] words =
        Stream.concat(
                Stream.<Object>of("--reuid=65534", "--regid=65534", "--clear-groups"),
                Arrays.stream(python))
            .toArray();
    return Tool.named("setpriv").attempt(words);
  }
}
