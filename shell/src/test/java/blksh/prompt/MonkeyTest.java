package blksh.prompt;

import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Effort;
import blksh.kit.Pty;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The prompt under a monkey at its keyboard: random keys, pastes, resizes and signals. More keys by
 * {@code -Dblksh.monkey=50000}, others by {@code -Dblksh.seed=7}.
 */
class MonkeyTest {

  private static final int USUAL_KEYS = 1200;
  private static final int KEYS = Effort.of("blksh.monkey", 0, 50_000);
  private static final long SEED = Effort.of("blksh.seed", 20, 21);
  private static final int LONGEST_BURST = 24;

  /** What runs afterwards is asked for again and again: a key may be needed to get there. */
  private static final int TRIES = 30;

  /** Without the key that ends it on an empty line, and those that hold a terminal up. */
  private static final String CONTROLS =
      "\001\002\003\005\006\007\b\t\n\013\f\r\016\017\020\022\024\025\026\027\030\031\033\034\177";

  /** Without what begins a line for the shell of the system, and what leaves. */
  private static final String MARKS =
      "abcdefghijklmnoprstuvwxyzABCXYZ0123456789 \"'`(){}[]<>.,:;=+-*/%&|?@#$^_~\\";

  private static final List<String> SEQUENCES =
      List.of(
          "\033[A",
          "\033[B",
          "\033[C",
          "\033[D",
          "\033[H",
          "\033[F",
          "\033[3~",
          "\033[5~",
          "\033[6~",
          "\033OA",
          "\033OB",
          "\033.",
          "\033b",
          "\033f",
          "\033d",
          "\033u",
          "\033[1;5C",
          "\033[Z",
          "\033[2~",
          "\030\005",
          "\030\025");

  private static final List<String> TEXTS =
      List.of(
          "1 + 1",
          "val x = listOf(1, 2, 3)",
          "sampleDisk(1).map",
          "\"unclosed ",
          "fun f() {",
          "((((",
          "}}",
          "stores[\"",
          "runs.",
          ":help",
          ":set colour ",
          ":doc ",
          ":vars",
          "it.",
          "(1..500).toList()",
          "readLine()",
          "Thread.sleep(200)",
          "error(\"\u202e\033[2J\")",
          "👩‍👩‍👧‍👦é漢字",
          "\tif (a)\n\t\tb\n",
          "a\r\nb\r\n",
          "\"\"\"\n%s\n",
          "/* ",
          "// x",
          "Thread.sleep(60_000)",
          "bg { Thread.sleep(50) }",
          "help",
          "?x",
          ":load ",
          "`",
          "x".repeat(3000));

  @TempDir Path home;

  @Test
  void theSessionLivesOnWhateverIsPressed() throws Exception {
    press(USUAL_KEYS);
  }

  @Test
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  void itLivesOnForLong() throws Exception {
    Effort.need(KEYS > 0, "-Dblksh.monkey=50000");
    press(KEYS);
  }

  private void press(int keys) throws Exception {
    Random random = new Random(SEED);
    String seed = "seed " + SEED;
    try (Pty pty = Pty.warm(home, 100, 30)) {
      // It leaves by no word that a completion may put there, as long as something runs.
      pty.enter("bg { Thread.sleep(6_000_000) }");
      int pressed = 0;
      for (int round = 0; pressed < keys; round++) {
        int kind = random.nextInt(40);
        if (kind == 0) {
          pty.resize(1 + random.nextInt(160), 1 + random.nextInt(60));
        } else if (kind == 1) {
          pty.signal(List.of("INT", "WINCH", "CONT").get(random.nextInt(3)));
        } else if (kind < 6) {
          pty.type("\033[200~" + text(random) + "\033[201~");
        } else if (kind < 10) {
          pty.type(text(random) + (random.nextBoolean() ? "\r" : ""));
        } else {
          pty.type(burst(random));
        }
        pressed += 1 + random.nextInt(LONGEST_BURST);
        if (round % 16 == 15) {
          pty.type("\003"); // what runs or waits ends, or the terminal takes no key any more
        }
        if (round % 4 == 0) {
          pause(random.nextInt(40)); // what comes next is at another moment of what it does
        }
        assertThat(pty.lives()).as(seed + ", after " + pressed + " keys").isTrue();
      }
      pty.resize(100, 30);
      assertThat(answers(pty)).as(seed + ", the terminal shows:\n" + pty.seen()).isTrue();
    }
  }

  private static String text(Random random) {
    return TEXTS.get(random.nextInt(TEXTS.size()));
  }

  private static String burst(Random random) {
    StringBuilder keys = new StringBuilder();
    for (int i = random.nextInt(LONGEST_BURST); i >= 0; i--) {
      int kind = random.nextInt(20);
      if (kind < 3) {
        keys.append(CONTROLS.charAt(random.nextInt(CONTROLS.length())));
      } else if (kind < 5) {
        keys.append(SEQUENCES.get(random.nextInt(SEQUENCES.size())));
      } else if (kind == 5) {
        keys.append((char) (0xa0 + random.nextInt(0x3000)));
      } else {
        keys.append(MARKS.charAt(random.nextInt(MARKS.length())));
      }
    }
    return keys.toString();
  }

  /** Whether 1 + 1 is 2, once what is open is left as a person leaves it. */
  private static boolean answers(Pty pty) throws Exception {
    for (int i = 0; i < TRIES && pty.lives(); i++) {
      pty.typeCalmly("\003");
      pause(100); // a key after it counts by itself
      pty.typeCalmly("q\003");
      pause(100);
      pty.typeCalmly("1 + 1\r");
      if (pty.comes(seen -> seen.endsWith("\n2\n" + Pty.PROMPT), 3000)) {
        return true;
      }
    }
    return false;
  }
}
