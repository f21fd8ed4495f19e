package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.io.PartFile.Durability;
import blksh.kit.ChildJvm;
import blksh.kit.Effort;
import blksh.kit.Tmpfs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WholeFileTest {

  private static final int KILLS = Effort.of("blksh.kills", 8, 100);

  private static final int CHANGES = 100;

  @TempDir Path folder;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @EnumSource(Durability.class)
  void aFileIsReplacedAndKeepsItsPermissions(Durability durability) throws IOException {
    Path path = folder.resolve("file");
    WholeFile.replace(path, durability, bytes("one"));
    assertThat(path).hasContent("one");
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
    WholeFile.replace(
        path,
        durability,
        out -> {
          assertThat(path).hasContent("one");
          out.write('t');
          out.write(bytes("wo"));
        });
    assertThat(path).hasContent("two");
    assertThat(Files.getPosixFilePermissions(path))
        .isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
    assertThat(files()).containsExactly("file");
  }

  @Test
  void aLinkIsFollowedAndStays() throws IOException {
    Path path = Files.writeString(folder.resolve("file"), "before");
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("file"));
    WholeFile.change(link, Durability.WHOLE, old -> bytes(new String(old) + ", after"));
    assertThat(path).hasContent("before, after");
    assertThat(link).isSymbolicLink();
    assertThat(files()).containsExactly("file", "link");
  }

  @Test
  void whatFailsLeavesTheOldAndNothingElse() throws IOException {
    Path path = Files.writeString(folder.resolve("file"), "before");
    assertThatThrownBy(
            () ->
                WholeFile.replace(
                    path,
                    Durability.DURABLE,
                    out -> {
                      out.write(bytes("half"));
                      throw new IOException("that's it");
                    }))
        .hasMessage("that's it");
    assertThat(path).hasContent("before");
    assertThat(files()).containsExactly("file");
    WholeFile.replace(path, Durability.DURABLE, bytes("after"));
    assertThat(path).hasContent("after");
  }

  @Test
  void aFullFileSystemLeavesTheOldAndNothingElse() throws IOException {
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "1m")) {
      Path path = Files.writeString(mount.path().resolve("file"), "before");
      assertThatThrownBy(() -> WholeFile.replace(path, Durability.DURABLE, new byte[2 << 20]))
          .satisfies(e -> assertThat(IoFailure.of(e)).isEqualTo(IoFailure.NO_SPACE));
      assertThat(path).hasContent("before");
      assertThat(mount.path()).isDirectoryNotContaining("glob:**.part");
    }
  }

  @Test
  void aNewFileReplacesNothing() throws IOException {
    Path path = folder.resolve("file");
    WholeFile.create(path, Durability.DURABLE, bytes("mine"));
    assertThatThrownBy(() -> WholeFile.create(path, Durability.DURABLE, bytes("yours")))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(path).hasContent("mine");
    assertThat(files()).containsExactly("file");
  }

  @Test
  void anInterruptDoesNotEndAWrite() throws IOException {
    Path path = folder.resolve("file");
    Thread.currentThread().interrupt();
    WholeFile.replace(path, Durability.DURABLE, bytes("whole"));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(path).hasContent("whole");
  }

  /** Adds lines to a file, its own name and a number. */
  static final class Adder {
    private Adder() {}

    public static void main(String[] arguments) throws IOException {
      Path path = Path.of(arguments[0]);
      for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
        String line = arguments[1] + " " + i + "\n";
        WholeFile.change(path, Durability.WHOLE, old -> bytes(new String(old) + line));
        System.out.println(i);
      }
    }
  }

  @Test
  void noChangeOfTwoProcessesIsLost() throws Exception {
    Path path = folder.resolve("file");
    List<Process> adders = new ArrayList<>();
    for (String name : List.of("a", "b")) {
      adders.add(
          ChildJvm.start(
              folder.resolve("said-" + name),
              List.of("-Xmx32m"),
              Adder.class,
              path.toString(),
              name,
              Integer.toString(CHANGES)));
    }
    for (int i = 0; i < CHANGES; i++) {
      String line = "c " + i + "\n";
      WholeFile.change(path, Durability.WHOLE, old -> bytes(new String(old) + line));
    }
    for (Process adder : adders) {
      assertThat(adder.waitFor()).isZero();
    }
    List<String> lines = Files.readAllLines(path);
    assertThat(lines).hasSize(3 * CHANGES);
    for (String name : List.of("a", "b", "c")) {
      assertThat(lines.stream().filter(line -> line.startsWith(name)))
          .containsExactlyElementsOf(
              IntStream.range(0, CHANGES).mapToObj(i -> name + " " + i).toList());
    }
  }

  @Test
  void whatAKilledProcessSaidItDidIsThereAndWhatItLeftIsNot() throws Exception {
    Path path = folder.resolve("file");
    Path said = folder.resolve("said");
    Random random = new Random(5);
    for (int kill = 0; kill < KILLS; kill++) {
      Files.deleteIfExists(path);
      Process adder =
          ChildJvm.start(said, List.of("-Xmx32m"), Adder.class, path.toString(), "line", "1000000");
      ChildJvm.awaitOutput(adder, said);
      adder.waitFor(random.nextInt(60_000), TimeUnit.MICROSECONDS);
      adder.destroyForcibly().waitFor();
      String text = Files.readString(said);
      long reported = text.substring(0, text.lastIndexOf('\n') + 1).lines().count();
      List<String> lines = Files.readAllLines(path);
      assertThat(lines.size()).isBetween((int) reported, (int) reported + 1);
      assertThat(lines.get(lines.size() - 1)).isEqualTo("line " + (lines.size() - 1));
    }
    WholeFile.replace(path, Durability.WHOLE, bytes("after"));
    assertThat(files()).containsExactly("file", "said");
  }
}
