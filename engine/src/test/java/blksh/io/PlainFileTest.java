package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.io.OpenFile.Use;
import blksh.io.OpenFile.WhenInterrupted;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is in place of a file, and who may use what is made. */
class PlainFileTest {

  private static final String PRIVATE = "rw-------";

  @TempDir Path folder;

  private static OpenFile open(Path path, Use use) throws IOException {
    return OpenFile.open(path, use, WhenInterrupted.FINISH);
  }

  private static void refuses(Path path, Use use, String what) {
    assertThatThrownBy(() -> open(path, use))
        .as("%s to %s", path, use)
        .isInstanceOf(NoPlainFileException.class)
        .hasMessage("%s: it is %s, no plain file", path, what);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"CREATE_NEW", "DIRECTORY"})
  void aPipeIsRefusedAndNotWaitedFor(Use use) throws IOException {
    Path pipe = folder.resolve("pipe");
    Tool.named("mkfifo").run(pipe);
    refuses(pipe, use, "a named pipe");
    refuses(folder, use, "a directory");
    refuses(Path.of("/dev/null"), use, "a character device");
    assertThatThrownBy(() -> OpenFile.claim(pipe, use, WhenInterrupted.FINISH))
        .isInstanceOf(NoPlainFileException.class);
  }

  @Test
  void aLinkIsFollowedWhereAUserNamesItAndNowhereElse() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "text");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    for (Use use : List.of(Use.READ, Use.WRITE, Use.CREATE)) {
      open(link, use).close();
    }
    for (Use use : List.of(Use.READ_PLAIN, Use.WRITE_PLAIN, Use.CREATE_PLAIN)) {
      open(file, use).close();
      refuses(link, use, "a symbolic link");
    }
  }

  @Test
  void nothingIsMadeWhereALinkLeads() throws IOException {
    Path absent = folder.resolve("absent");
    Path link = Files.createSymbolicLink(folder.resolve("link"), absent);
    for (Use use : List.of(Use.CREATE, Use.CREATE_PLAIN)) {
      refuses(link, use, "a symbolic link");
    }
    assertThatThrownBy(() -> open(link, Use.CREATE_NEW)).isInstanceOf(FileSystemException.class);
    assertThat(absent).doesNotExist();
  }

  private void isPrivate(Path path) throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .as(path.toString())
        .isEqualTo(PRIVATE);
  }

  @Test
  void whatIsMadeIsItsOwnersAloneWhateverTheUmask() throws IOException {
    Path target = folder.resolve("target");
    try (TargetFile made = TargetFile.open(target, "make it", 1, false, false)) {
      made.setLength(1);
      made.finish();
    }
    Path whole = folder.resolve("whole");
    WholeFile.replace(whole, PartFile.Durability.WHOLE, new byte[1]);
    Path opened = folder.resolve("opened");
    open(opened, Use.CREATE).close();
    PartFile part = PartFile.create(folder.resolve("part"));
    part.release();
    for (Path path : List.of(target, whole, opened, folder.resolve("part"))) {
      isPrivate(path);
    }
    OwnerOnly.makeDirectories(folder.resolve("a/b"));
    for (String made : List.of("a", "a/b")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(made))))
          .isEqualTo("rwx------");
    }
  }

  // ---- what has the name of a part -----------------------------------------------------------

  /** What somebody else can put there, and what it leads to. */
  private Path plant(String kind, Path part) throws IOException {
    Path victim = folder.resolve("victim");
    if (!Files.exists(victim)) {
      Files.writeString(victim, "precious");
    }
    switch (kind) {
      case "link" -> Files.createSymbolicLink(part, victim);
      case "name" -> Files.createLink(part, victim);
      case "pipe" -> Tool.named("mkfifo").run(part);
      default -> Files.writeString(part, "old");
    }
    return victim;
  }

  static Stream<String> plants() {
    return Stream.of("link", "name", "pipe", "file");
  }

  @ParameterizedTest
  @MethodSource("plants")
  void whatHasTheNameOfAPartIsNeitherFollowedNorAdopted(String kind) throws IOException {
    Path path = folder.resolve("disk");
    Path part = PartFile.beside(path);
    Path victim = plant(kind, part);
    try (OpenFile heldOpen = kind.equals("file") ? open(part, Use.READ) : null;
        TargetFile target = TargetFile.open(path, "restore", 4, false, false)) {
      target.setLength(4);
      target.finish();
      assertThat(heldOpen == null || heldOpen.length() == 3).isTrue();
    }
    assertThat(victim).hasContent("precious");
    assertThat(path).hasSize(4).isRegularFile();
    isPrivate(path);
    plant(kind, part);
    WholeFile.replace(path, PartFile.Durability.WHOLE, new byte[5]);
    assertThat(victim).hasContent("precious");
    assertThat(path).hasSize(5);
    assertThat(part).doesNotExist();
  }

  @ParameterizedTest
  @MethodSource("plants")
  void onlyAFileOfItsOwnIsTakenOver(String kind) throws IOException {
    Path part = folder.resolve("x.part");
    Path victim = plant(kind, part);
    PartFile taken = PartFile.takeOver(part);
    assertThat(taken != null).isEqualTo(kind.equals("file"));
    if (taken != null) {
      taken.discard();
    }
    assertThat(victim).hasContent("precious");
  }

  @Test
  void aDirectoryOfThatNameIsLeftAndNamed() throws IOException {
    Path path = folder.resolve("disk");
    Path part = Files.createDirectory(PartFile.beside(path));
    Files.createFile(part.resolve("file"));
    assertThatThrownBy(() -> TargetFile.open(path, "restore", 4, false, false))
        .hasMessageContaining(part + " is in its way and cannot be removed");
    assertThat(part.resolve("file")).exists();
  }
}
