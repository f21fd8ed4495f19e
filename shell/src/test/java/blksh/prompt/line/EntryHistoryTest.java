package blksh.prompt.line;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jline.reader.History;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EntryHistoryTest {

  private static final String BLOCK = "fun f() {\n  println(\"a\\n\")\n}";

  @TempDir Path home;
  private Path file;

  @BeforeEach
  void place() {
    file = home.resolve("history");
  }

  private EntryHistory open() throws IOException {
    return new EntryHistory(file, 100);
  }

  private static List<String> lines(History history) {
    List<String> lines = new ArrayList<>();
    history.forEach(entry -> lines.add(entry.line()));
    return lines;
  }

  @Test
  void keepsEachEntryOnceAndTheNewestLast() throws Exception {
    EntryHistory first = open();
    first.add("stores");
    first.add(BLOCK);
    first.add("runs");
    first.add(BLOCK);
    assertThat(lines(first)).containsExactly("stores", "runs", BLOCK);
    EntryHistory second = open();
    assertThat(lines(second)).containsExactly("stores", "runs", BLOCK);
    second.add("stores");
    second.add("stores ");
    assertThat(lines(second)).containsExactly("runs", BLOCK, "stores");
    assertThat(lines(open())).containsExactly("runs", BLOCK, "stores");
  }

  @Test
  void suggestsNothingThatDoesSomethingOnTheScreen() throws Exception {
    Files.writeString(file, "1000:\"a\033]0;title\007\"\n2000:\"\u202eb\"\n");
    assertThat(lines(open())).containsExactly("\"a\\u001b]0;title\\u0007\"", "\"\\u202eb\"");
  }

  @Test
  void goesOnWhereNothingCanBeKept() throws Exception {
    EntryHistory history = open();
    Files.createDirectory(file);
    history.add("kept here");
    assertThat(lines(history)).containsExactly("kept here");
    assertThat(history.problem()).isNotNull();
  }

  @Test
  void losesNothingOfTwoSessionsAtOnce() throws Exception {
    EntryHistory one = open();
    EntryHistory other = open();
    Thread typing = new Thread(() -> IntStream.range(0, 40).forEach(i -> other.add("other " + i)));
    typing.start();
    IntStream.range(0, 40).forEach(i -> one.add("one " + i));
    typing.join();
    assertThat(lines(one)).hasSize(40);
    List<String> both = lines(open());
    assertThat(both).hasSize(80).contains("one 0", "one 39", "other 0", "other 39");
  }

  @Test
  void outlivesALineCutShort() throws Exception {
    EntryHistory killed = open();
    killed.add("stores");
    killed.add("manifests");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length - 5));
    EntryHistory next = open();
    next.add("runs");
    assertThat(lines(open())).containsExactly("stores", "manif", "runs");
    Files.writeString(file, "no entry\n:\n12:\nx:y\n", StandardOpenOption.APPEND);
    Files.write(file, new byte[] {'1', ':', (byte) 0xff, '\n'}, StandardOpenOption.APPEND);
    assertThat(lines(open())).hasSize(4).contains("stores", "runs");
  }

  @Test
  void writesTheFileAnewWhenItRepeatsItselfTooMuch() throws Exception {
    EntryHistory long1 = open();
    for (int i = 0; i < 700; i++) {
      long1.add("entry " + i % 2);
    }
    assertThat(Files.readAllLines(file)).hasSize(700);
    assertThat(lines(open())).containsExactly("entry 0", "entry 1");
    assertThat(Files.readAllLines(file)).hasSize(2);
    long1.add("one more");
    assertThat(lines(open())).containsExactly("entry 0", "entry 1", "one more");
  }

  @Test
  void keepsAsManyAsItMay() throws Exception {
    EntryHistory history = open();
    IntStream.range(0, 150).forEach(i -> history.add("entry " + i));
    assertThat(lines(history)).hasSize(100).startsWith("entry 50").endsWith("entry 149");
    assertThat(lines(open())).hasSize(100).startsWith("entry 50");
  }

  @Test
  void leavesOutWhatBeginsWithASpace() throws Exception {
    EntryHistory history = open();
    history.add(" val password = 1");
    history.add("   ");
    assertThat(lines(history)).isEmpty();
    assertThat(file).doesNotExist();
  }

  @Test
  void leavesOutWhatHasAPassword() throws Exception {
    EntryHistory history = open();
    String secret = "drive(\"ssh://ada:secret4711@srv/dev/sda\").size";
    history.add(secret);
    history.add("drive(\"ssh://ada@srv:22/dev/sda\")");
    history.add("drive(\"ssh://ada@[fe80::1]:22/dev/sda\")");
    assertThat(lines(history)).hasSize(2).noneMatch(line -> line.contains("secret4711"));
    assertThat(Files.readString(file)).doesNotContain("secret4711");
    Files.writeString(file, Files.readString(file) + "1700000000000:" + secret + "\n");
    assertThat(lines(open())).hasSize(2);
    assertThat(Files.readString(file)).doesNotContain("secret4711").contains("fe80::1");
  }

  @Test
  void isForOneselfAlone() throws Exception {
    EntryHistory history = open();
    history.add("stores");
    assertThat(
            java.nio.file.attribute.PosixFilePermissions.toString(
                Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
  }

  @Test
  void goesUpAndDown() throws Exception {
    EntryHistory history = open();
    history.add("a");
    history.add("b");
    assertThat(history.current()).isEmpty();
    assertThat(history.next()).isFalse();
    assertThat(history.previous()).isTrue();
    assertThat(history.current()).isEqualTo("b");
    assertThat(history.previous()).isTrue();
    assertThat(history.previous()).isFalse();
    assertThat(history.current()).isEqualTo("a");
    assertThat(history.moveToLast()).isTrue();
    assertThat(history.next()).isTrue();
    assertThat(history.current()).isEmpty();
    assertThat(history.reverseIterator().next().line()).isEqualTo("b");
  }

  @Test
  void goesOnWithoutWhatCannotBeRead() throws Exception {
    Files.createDirectory(file);
    EntryHistory history = open();
    assertThat(history.problem()).contains("directory");
    history.add("stores");
    assertThat(lines(history)).containsExactly("stores");
  }

  @Test
  void keepsWhatIsEnteredWhileInterrupted() throws Exception {
    EntryHistory history = open();
    Thread.currentThread().interrupt();
    history.add("stores");
    assertThat(Thread.interrupted()).isTrue();
    assertThat(lines(open())).containsExactly("stores");
  }
}
