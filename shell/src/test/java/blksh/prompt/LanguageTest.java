package blksh.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.kit.Pty;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kotlin of all kinds at one prompt, one entry after the other: right, wrong and unfinished. */
class LanguageTest {

  private static final Pattern ENTRY = Pattern.compile("(?ms)^(\\S.*?)\n=>(.*?)\n(?=\n|\\z)");

  @TempDir static Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(home);
  }

  @Test
  void evaluatesOrPointsAtWhatIsWrongAndGoesOn() throws Exception {
    String text;
    try (InputStream in = LanguageTest.class.getResourceAsStream("language.txt")) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    Matcher entries = ENTRY.matcher(text.substring(text.indexOf("\n1 + 1")));
    List<String> wrong = new ArrayList<>();
    int count = 0;
    try (Pty pty = Pty.warm(home, 160, 60)) {
      while (entries.find()) {
        count++;
        String entry = entries.group(1);
        String expected = entries.group(2);
        String answer = expected.equals("...") ? continued(pty, entry) : pty.enter(entry);
        if (!answers(answer, entry, expected)) {
          wrong.add(entry + "\n=> " + answer);
        }
      }
    }
    assertThat(count).isGreaterThanOrEqualTo(60);
    assertThat(wrong).isEmpty();
  }

  /** Presses Enter behind what is not complete, and gives it up. */
  private static String continued(Pty pty, String entry) throws Exception {
    pty.typeCalmly(entry + "\r");
    String seen = pty.await(it -> it.contains("....") || it.endsWith("\n" + Pty.PROMPT));
    pty.typeCalmly("\003");
    pty.await(it -> it.endsWith(Pty.PROMPT));
    return seen.contains("....") ? "..." : seen;
  }

  private static boolean answers(String answer, String entry, String expected) {
    if (expected.startsWith("!")) {
      String[] words = expected.substring(1).split(" ", 2);
      String[] place = words[0].split(":");
      String line = entry.split("\n")[Integer.parseInt(place[0]) - 1];
      String caret = " ".repeat(Integer.parseInt(place[1]) - 1) + "^";
      return answer.contains("<prompt>:" + words[0] + ": error: ")
          && answer.contains(words[1])
          && answer.contains("\n" + line + "\n" + caret + "\n");
    }
    if (expected.startsWith("?")) {
      return answer.startsWith("blksh: ") && answer.contains(expected.substring(2));
    }
    return answer.strip().equals(expected);
  }
}
