package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Effort;
import blksh.kit.Program;
import blksh.kit.Pty;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The tutorial, typed into a terminal line by line as it stands there, and what it promises. Only
 * the directory it works in is another.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class TutorialTest {

  private static final String PLACE = "/tmp/blksh-tour";
  private static final String ASKED = "blksh> ";

  @TempDir static Path shared;
  @TempDir Path directory;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  /** The lines of each step that are to be typed, by its number. */
  private List<List<String>> steps() throws IOException {
    List<List<String>> steps = new ArrayList<>(List.of(new ArrayList<>()));
    for (String line : Files.readAllLines(Program.root().resolve("samples/TUTORIAL.md"))) {
      if (line.startsWith("## ")) {
        assertThat(line).startsWith("## " + steps.size() + ". ");
        steps.add(new ArrayList<>());
      } else if (line.startsWith("    ")) {
        steps.get(steps.size() - 1).add(line.strip().replace(PLACE, tour().toString()));
      }
    }
    return steps;
  }

  private Path tour() {
    return directory.resolve("tour");
  }

  /** Types lines to the shell; what all of them have answered. */
  private static String type(Pty pty, List<String> lines) throws Exception {
    StringBuilder answers = new StringBuilder();
    for (String line : lines) {
      pty.typeCalmly(line + "\r");
      String seen = pty.await(it -> it.endsWith("\n" + Pty.SHELL_PROMPT));
      assertThat(seen).doesNotContain("blksh: cannot", "not found", "No such file");
      answers.append(seen, seen.indexOf('\n') + 1, seen.length() - Pty.SHELL_PROMPT.length());
    }
    return answers.toString();
  }

  @Test
  void doesWhatItSays() throws Exception {
    Tool.named("debugfs");
    List<List<String>> steps = steps();
    assertThat(steps).hasSize(9);
    try (Pty pty = Pty.shell(directory.resolve("home"), 300, 60)) {
      type(pty, steps.get(1));
      assertThat(type(pty, steps.get(2))).contains("tour@1", "24 MiB");
      // 49 pages of 4 KiB.
      assertThat(type(pty, steps.get(3))).contains("tour@1", "tour@2", "196 KiB");
      assertThat(type(pty, steps.get(4))).contains("clean ");
      String restored = type(pty, steps.get(5));
      assertThat(restored).contains("\nidentical\n", "24M\t" + tour().resolve("disk-1.img"));
      assertThat(restored).doesNotContain("24M\t" + tour().resolve("back-1.img"));
      String letter = restored.substring(restored.lastIndexOf("back-1.img\n"));
      assertThat(letter.lines().filter(line -> !line.isBlank())).hasSizeGreaterThan(2);

      assertThat(type(pty, steps.get(6))).contains("tour@1 bytes ", "\nexit status 3\n");
      // "Capturing disk-1 and disk-2 again heals it."
      type(pty, steps.get(2));
      type(pty, steps.get(3).subList(0, 1));
      List<String> verify = steps.get(6).subList(1, 2);
      assertThat(type(pty, verify))
          .contains("verified: clean", "healed     1")
          .endsWith("exit status 0\n");

      assertThat(type(pty, steps.get(7))).contains("verified");
      prompt(pty, steps.get(8));
      type(pty, List.of("rm -r " + tour()));
    }
    assertThat(tour()).doesNotExist();
  }

  /** Lines of the README that need what this machine has not, and who does the same where it is. */
  private static final Map<String, String> ELSEWHERE =
      Map.ofEntries(
          Map.entry("./blksh install", "LauncherTest"),
          Map.entry("./blksh run mount ", "MountingTest"),
          Map.entry("./blksh run capture ssh://", "RemoteScriptsTest"),
          Map.entry("./blksh run restore server01.sda ", "RemoteScriptsTest"),
          Map.entry("./blksh run capture nbds://", "NbdScriptsTest"),
          Map.entry("./blksh run vpartclone ", "VpartcloneTest"),
          Map.entry("./blksh run capture /srv/clonezilla/", "ImageTest"),
          Map.entry("./blksh run rescue ", "CacheScriptsTest"),
          Map.entry("./blksh run blkcache ", "CacheScriptsTest"),
          Map.entry("./blksh run import ", "DiskdumpScriptsTest"),
          Map.entry("./blksh run snapshot ", "SnapshotScriptsTest"),
          Map.entry("./blksh run snapshots ", "SnapshotScriptsTest"),
          Map.entry("./blksh run odarchive ", "DiscScriptsTest"));

  /** What stands in the README for things of a person's own; a bucket is a directory here. */
  private String own(String line) {
    return line.replace("/srv/backup", directory.resolve("backup").toString())
        .replace("/dev/sdb", directory.resolve("disk.img").toString())
        .replace("/mnt/usb/backup", directory.resolve("copy").toString())
        .replace("s3://backup/servers", directory.resolve("bucket").toString())
        .replace(" sdb.img", " " + directory.resolve("sdb.img"));
  }

  @Test
  void theReadmeIsTypedAsWell() throws Exception {
    List<String> typed = new ArrayList<>();
    for (String line : Files.readAllLines(Program.root().resolve("README.md"))) {
      String command = line.strip().replaceFirst("\\s+# .*", "");
      boolean elsewhere = ELSEWHERE.keySet().stream().anyMatch(command::startsWith);
      if (line.startsWith("    ./blksh ") && !elsewhere && !command.equals("./blksh")) {
        typed.add(own(command));
      }
    }
    assertThat(typed).hasSizeBetween(12, 20);
    String capture =
        typed.stream().filter(line -> line.contains(" capture ")).findFirst().orElseThrow();
    // Each line is typed in the long form; in the usual one what the first screen of it says.
    List<String> chosen =
        Effort.isLong()
            ? typed
            : typed.stream().filter(it -> it.equals(capture) || it.contains("--sample")).toList();
    try (Pty pty = Pty.shell(directory.resolve("home"), 300, 60)) {
      type(pty, List.of("gunzip -c samples/disk-1.img.gz >" + directory.resolve("disk.img")));
      for (String line : chosen) {
        String answer = type(pty, List.of(line));
        if (line.endsWith("--sample")) {
          assertThat(answer)
              .contains("sample@1 restored: identical", "sample@2 restored: identical")
              .contains("verified: clean");
        } else if (line.equals(capture)) {
          assertThat(answer).contains("server01.sdb@1");
          type(pty, Effort.isLong() ? List.of(capture) : List.of());
        }
      }
    }
  }

  private static void prompt(Pty pty, List<String> lines) throws Exception {
    assertThat(lines.get(0)).isEqualTo("./blksh");
    pty.typeCalmly(lines.get(0) + "\r");
    pty.await(it -> it.endsWith(ASKED));
    StringBuilder answers = new StringBuilder();
    for (String line : lines.subList(1, lines.size() - 1)) {
      assertThat(line).startsWith(ASKED);
      pty.typeCalmly(line.substring(ASKED.length()) + "\r");
      if (line.endsWith(":tour")) {
        // It goes on at Enter; Ctrl-C leaves it.
        pty.await(it -> it.endsWith("q leaves: "));
        pty.typeCalmly("\003");
      }
      answers.append(pty.await(it -> it.endsWith("\n" + ASKED)));
    }
    assertThat(answers).contains("tour@2", "map of ", "shared ").doesNotContain("error:");
    pty.typeCalmly(":quit\r");
    pty.await(it -> it.endsWith("\n" + Pty.SHELL_PROMPT));
  }
}
