package blksh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Child;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the shells of people offer at TAB behind blksh, and the manual. */
class ShellCompletionTest {

  private static final Path SHARE = Program.root().resolve("shell/target/dist/share");

  /** What a line may go on with; among others where it ends in …, else exactly. */
  private static final Map<String, List<String>> OFFERED = new LinkedHashMap<>();

  static {
    offer("blksh ", "run", "eval", "help", "install", "completion", "…");
    offer("blksh r", "run");
    offer("blksh --v", "--version");
    offer("blksh run vpart", "vpartclone");
    offer("blksh run mine", "mine.kts");
    offer("blksh --quiet --home there help odar", "odarchive");
    offer("blksh run health --", "--store", "--captured", "--json", "--help", "…");
    offer("blksh run health --cap", "--captured");
    offer("blksh run health --captured ");
    offer("blksh run health --store t", "there/");
    offer("blksh run health --captured 2d --st", "--store");
    offer("blksh run vpartclone --checksum ", "none", "crc32", "xxh64", "xxh128");
    offer("blksh run vpartclone m", "mine.kts");
    offer("blksh run diskdump re", "restore", "reindex");
    offer("diskdump gc --js", "--json");
    offer("vntfsclone --check", "--checksum");
    offer("blksh completion ", "bash", "zsh", "fish");
    offer("blksh ./mine.kts --dr", "--dry-run");
    offer("blksh install t", "there/");
  }

  private static void offer(String line, String... words) {
    OFFERED.put(line, List.of(words));
  }

  @TempDir Path home;

  private String said(Map<String, String> environment, String... command) throws Exception {
    ProcessBuilder builder = Child.of(List.of(command)).directory(home.toFile());
    builder.environment().putAll(environment);
    Process process = builder.redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return said;
  }

  /** Asks a shell for all lines at once: a program prints what is offered, a line for each. */
  private void offers(String shell, String program) throws Exception {
    String path = Tool.path(shell);
    Files.createDirectories(home.resolve("there"));
    Files.writeString(home.resolve("mine.kts"), "1");
    Path file = Files.writeString(home.resolve("program"), program);
    // There is no Java on that PATH, nor anything else.
    String none = home.resolve("none").toString();
    long begin = System.nanoTime();
    String[] command =
        shell.equals("fish")
            ? new String[] {path, "--no-config", file.toString()}
            : new String[] {path, shell.equals("zsh") ? "-f" : "--norc", file.toString()};
    Map<String, String> environment =
        shell.equals("fish") ? Map.of("HOME", "" + home) : Map.of("PATH", none);
    String said = said(environment, command);
    long millis = (System.nanoTime() - begin) / 1_000_000;
    Map<String, List<String>> found = new LinkedHashMap<>();
    for (String line : said.lines().toList()) {
      int at = line.indexOf("\t");
      assertThat(at).as(said).isNotNegative();
      String[] words = line.substring(at + 1).strip().split("\t");
      found.put(line.substring(0, at), words[0].isEmpty() ? List.of() : List.of(words));
    }
    assertThat(found.keySet()).containsExactlyElementsOf(OFFERED.keySet());
    OFFERED.forEach(
        (line, words) -> {
          List<String> wanted = new ArrayList<>(words);
          if (wanted.remove("…")) {
            assertThat(found.get(line)).as(line).containsAll(wanted);
          } else {
            assertThat(found.get(line)).as(line).containsExactlyInAnyOrderElementsOf(wanted);
          }
        });
    assertThat(found.get("blksh run health --")).doesNotContain("--version", "--sudo");
    assertThat(millis).as("for all of them").isLessThan(10_000);
  }

  private static String lines(String format) {
    StringBuilder lines = new StringBuilder();
    OFFERED.keySet().forEach(line -> lines.append(String.format(format, line)).append('\n'));
    return lines.toString();
  }

  @Test
  void bashGoesOnWithVerbsScriptsOptionsAndFiles() throws Exception {
    String program =
        """
        . %s
        compopt() { :; }
        ask() {
          COMP_WORDS=($1) COMPREPLY=()
          [[ $1 != *' ' ]] || COMP_WORDS+=('')
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
          [[ $(complete -p "${COMP_WORDS[0]}") == *' -F _blksh '* ]] || echo 'not completed'
          _blksh
          printf '%%s' "$1"
          for word in "${COMPREPLY[@]}"; do
            [[ ! -d $word ]] || word=$word/
            printf '\\t%%s' "$word"
          done
          [[ ${#COMPREPLY[@]} != 0 ]] || printf '\\t'
          echo
        }
        """
            .formatted(SHARE.resolve("blksh.bash"));
    offers("bash", program + lines("ask '%s'"));
  }

  @Test
  void fishGoesOnWithTheSame() throws Exception {
    String program =
        """
        source %s
        function ask
            set -l found (complete -C "$argv[1]" | string replace -r '\\t.*' '')
            set -l joined (string join \\t -- $found)
            printf '%%s\\t%%s\\n' "$argv[1]" "$joined"
        end
        """
            .formatted(SHARE.resolve("blksh.fish"));
    offers("fish", program + lines("ask '%s'"));
  }

  @Test
  void zshGoesOnWithTheSame() throws Exception {
    // What its own functions would be given, when it is not at a terminal.
    String program =
        """
        fpath=(%s) offered=()
        offer() { [[ $1 != $PREFIX* ]] || offered+=("$1") }
        _describe() {
          local list=$@[-1] each
          for each in "${(@P)list}"; do offer "${each%%%%:*}"; done
        }
        compadd() { shift; for each in "$@"; do offer "$each"; done }
        _files() {
          local each
          for each in *(N/); do offer "$each/"; done
          [[ $1 == -/ ]] || for each in *(N.); do
            [[ $1 != -g || $each == ${~2} ]] && [[ $each != (program|in|out) ]] && offer "$each"
          done
        }
        functions[_blksh_file]="$(<%s)"
        ask() {
          words=(${=1}) offered=()
          [[ $1 != *' ' ]] || words+=('')
          CURRENT=$#words PREFIX=$words[-1]
          _blksh_file
          print -r -- "$1"$'\\t'"${(pj:\\t:)offered}"
        }
        """
            .formatted(SHARE, SHARE.resolve("blksh.zsh"));
    offers("zsh", program + lines("ask '%s'"));
  }

  /** Every option of every script, as its own help spells it. */
  @ParameterizedTest
  @ValueSource(strings = {"capture", "forget", "odarchive", "nightly"})
  void theManualHasWhatTheHelpHas(String script) throws Exception {
    String manual =
        said(
            Map.of("MANWIDTH", "200", "LC_ALL", "C.UTF-8"),
            Tool.path("man"),
            "-l",
            SHARE.resolve("blksh.1").toString());
    String page = manual.replaceAll("\u001b\\[[0-9;]*m|.\b", "");
    assertThat(page).contains("[OPTIONS] run SCRIPT", "--home DIR", "EXIT STATUS", "130");
    String help = Here.run(home, "run", script, "--help").out();
    List<String> spelled =
        Pattern.compile("^ +(--?[a-z][^ ]*)", Pattern.MULTILINE)
            .matcher(help)
            .results()
            .map(it -> it.group(1).replace(",", ""))
            .toList();
    assertThat(spelled).isNotEmpty();
    assertThat(page).contains(spelled);
    assertThat(Files.readString(SHARE.resolve("blksh.bash"))).contains(spelled);
  }

  @Test
  void groffHasNothingToSayOfTheManual() throws Exception {
    String page = SHARE.resolve("blksh.1").toString();
    assertThat(said(Map.of(), Tool.path("groff"), "-ww", "-man", "-z", "-K", "utf8", page))
        .isEmpty();
  }

  @Test
  void isInstalledWhereShellsLookForIt() throws Exception {
    Path bin = Files.createDirectories(home.resolve("local/bin"));
    Path share = Files.createDirectories(home.resolve("local/share"));
    Path theirs = Files.createDirectories(share.resolve("zsh/site-functions")).resolve("_blksh");
    Files.writeString(theirs, "theirs");
    Program program = new Program(home);
    Ended ended = program.run("install", bin.toString());
    assertThat(ended.status()).as(ended.err()).isZero();
    assertThat(ended.out())
        .contains(
            "in " + share.toRealPath() + " now: completion for bash, zsh and fish, and the manual",
            theirs.toRealPath() + " is there and is no link of blksh; it is left alone");
    assertThat(theirs).hasContent("theirs");
    Files.delete(theirs);
    assertThat(program.run("install", bin.toString()).out()).doesNotContain("left alone");
    Map<String, String> places =
        Map.of(
            "bash-completion/completions/blksh", "bash",
            "bash-completion/completions/odarchive", "bash",
            "fish/vendor_completions.d/diskdump.fish", "fish",
            "zsh/site-functions/_blksh", "zsh",
            "man/man1/blksh.1", "1");
    places.forEach(
        (place, kind) ->
            assertThat(share.resolve(place))
                .hasSameBinaryContentAs(SHARE.resolve("blksh." + kind)));
    assertThat(program.run("completion", "bash").out())
        .isEqualTo(Files.readString(SHARE.resolve("blksh.bash")));
    assertThat(program.run("completion", "csh").status()).isEqualTo(2);
    // No share beside it, or no bin: links to the programs and nothing else.
    Path other = Files.createDirectories(home.resolve("local/programs"));
    assertThat(program.run("install", other.toString()).out()).doesNotContain("completion");
  }
}
