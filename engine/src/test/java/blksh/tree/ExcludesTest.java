package blksh.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.kit.FileTrees;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExcludesTest {

  @TempDir Path folder;

  private static boolean fits(String pattern, String path) {
    boolean directory = path.endsWith("/");
    return Excludes.NONE
        .with(List.of(pattern))
        .fits(bytes(directory ? path.substring(0, path.length() - 1) : path), directory);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Each entry is asked for by itself, as git does: none is in a directory that is left out. */
  @Test
  void patternsAreThoseOfGit() throws IOException {
    List<String> patterns =
        List.of(
            "/tmp",
            "build/",
            "*.log",
            "!keep.log",
            "**/d.bak",
            "sp ace/",
            "a/**/z",
            "q/*",
            "[ab]?",
            "[!x]y",
            "r\\*",
            "doc/**",
            "#no",
            "trail  ");
    List<String> paths =
        List.of(
            "tmp",
            "usr/tmp",
            "build/",
            "src/build",
            "a.log",
            "log/keep.log",
            "d.bak",
            "s/b/d.bak",
            "sp ace/",
            "a/z",
            "a/m/n/z",
            "q/1",
            "q/1/2",
            "ax",
            "abc",
            "py",
            "xy",
            "r*",
            "rr",
            "doc/x",
            "trail",
            "xz",
            "w/q/1",
            "n/a/z");
    FileTrees.script(folder, "git init -q .");
    Files.write(folder.resolve(".gitignore"), patterns);
    Excludes excludes = Excludes.NONE.with(patterns);
    for (String path : paths) {
      boolean directory = path.endsWith("/");
      if (directory) {
        Files.createDirectories(folder.resolve(path));
      }
      boolean git =
          Tool.named("git").attempt("-C", folder, "check-ignore", "-q", "--no-index", path).status()
              == 0;
      String plain = directory ? path.substring(0, path.length() - 1) : path;
      // git leaves out what is in a directory that is; a walk does not come to it.
      boolean within = plain.equals("q/1/2");
      assertThat(excludes.fits(bytes(plain), directory)).as(path).isEqualTo(git && !within);
    }
  }

  /** git has a question mark for a byte; here it is for what people see as one. */
  @Test
  void aQuestionMarkIsACharacter() {
    assertThat(fits("ü?", "k/üö")).isTrue();
    assertThat(fits("??", "ö")).isFalse();
    assertThat(fits("[ä-ö]", "ö")).isTrue();
  }

  @Test
  void whatIsNoTextHasACharacterForEachByte() {
    byte[] name = {(byte) 0xfe, 'x', (byte) 0xc3};
    assertThat(Excludes.NONE.with(List.of("?x?")).fits(name, false)).isTrue();
    assertThat(Excludes.NONE.with(List.of("*")).fits(name, false)).isTrue();
    assertThat(Excludes.NONE.with(List.of("??")).fits(name, false)).isFalse();
  }

  @Test
  void fullMatchIsOfTheWholePath() {
    Excludes excludes =
        Excludes.NONE.withFullMatch(List.of("**/*cache*", "/home/*/x", "no", "/opt/**"));
    byte[] root = bytes("/home");
    assertThat(excludes.leavesOut(root, bytes("joe/.cache2"), 0, true)).isTrue();
    assertThat(excludes.leavesOut(root, bytes("joe/x"), 0, false)).isTrue();
    assertThat(excludes.leavesOut(root, bytes("joe/y/x"), 0, false)).isFalse();
    assertThat(excludes.leavesOut(root, bytes("no"), 0, false)).isFalse();
    assertThat(excludes.leavesOut(bytes("/"), bytes("opt"), 0, true)).isFalse();
    assertThat(excludes.leavesOut(bytes("/"), bytes("opt/a/b"), 0, true)).isTrue();
  }

  @Test
  void aPatternThatFitsNothingIsRefused() {
    assertThatThrownBy(() -> fits("a//b", "a/b")).isInstanceOf(IllegalArgumentException.class);
    assertThat(fits("[open", "[open")).isTrue();
  }
}
