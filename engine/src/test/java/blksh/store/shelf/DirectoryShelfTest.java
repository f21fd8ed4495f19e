package blksh.store.shelf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.io.NoPlainFileException;
import blksh.kit.Tool;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryShelfTest {

  @TempDir Path folder;

  private DirectoryShelf shelf;

  @BeforeEach
  void emptyShelf() throws IOException {
    Path root = folder.resolve("shelf");
    DirectoryShelf.make(root, made -> {});
    shelf = new DirectoryShelf(root);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private String read(String name) throws IOException {
    try (Blob blob = shelf.open(name)) {
      return new String(blob.read(0, (int) blob.size()), UTF_8);
    }
  }

  @Test
  void whatIsPutIsThereAndWhatIsDeletedIsNot() throws IOException {
    shelf.put("a/b/one", bytes("first"));
    shelf.put("a/b/one", bytes("second"));
    assertThat(read("a/b/one")).isEqualTo("second");
    assertThat(shelf.size("a/b/one")).hasValue(6);
    shelf.delete("a/b/one");
    shelf.delete("a/b/one");
    assertThat(shelf.size("a/b/one")).isEmpty();
    assertThatThrownBy(() -> shelf.open("a/b/one")).isInstanceOf(NoSuchFileException.class);
    assertThat(folder.resolve("shelf/a/b")).doesNotExist();
    assertThat(folder.resolve("shelf/a")).isEmptyDirectory();
  }

  @Test
  void ofManyWhoPutOneNameIfItIsFreeOneSucceeds() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (int round = 0; round < 20; round++) {
        String name = "round/" + round;
        List<Callable<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          DirectoryShelf own = new DirectoryShelf(folder.resolve("shelf"));
          byte[] content = bytes("writer " + i);
          all.add(() -> own.putIfAbsent(name, content));
        }
        int succeeded = 0;
        for (Future<Boolean> each : threads.invokeAll(all)) {
          succeeded += each.get() ? 1 : 0;
        }
        assertThat(succeeded).isEqualTo(1);
        assertThat(read(name)).matches("writer [0-7]");
      }
    } finally {
      threads.shutdown();
    }
    assertThat(shelf.parts("round/")).isEmpty();
  }

  @Test
  void namesAreListedByTheirBeginningAndPartsApart() throws IOException {
    for (String name : List.of("a/1/x", "a/12/y", "a/z", "b/x", "top")) {
      shelf.put(name, bytes(name));
    }
    try (Part part = shelf.begin("a/1/part")) {
      part.write(0, bytes("growing"), 0, 7);
      assertThat(shelf.list("a/")).containsExactlyInAnyOrder("a/1/x", "a/12/y", "a/z");
      assertThat(shelf.list("a/1")).containsExactlyInAnyOrder("a/1/x", "a/12/y");
      assertThat(shelf.list("")).hasSize(5);
      assertThat(shelf.list("c/")).isEmpty();
      assertThat(shelf.parts("a/")).containsExactly("a/1/part");
      assertThat(shelf.parts("b/")).isEmpty();
    }
  }

  @Test
  void aPartIsABlobOnceItIsPublishedAndAnothersUntilItsWriterIsGone() throws IOException {
    Part part = shelf.begin("a/one");
    part.write(0, bytes("0123456789"), 0, 10);
    part.write(2, bytes("xx"), 0, 2);
    part.truncate(6);
    assertThat(new String(part.read(1, 4), UTF_8)).isEqualTo("1xx4");
    assertThatThrownBy(() -> part.read(4, 4)).isInstanceOf(EOFException.class);
    assertThat(shelf.takeOver("a/one")).isNull();
    assertThat(shelf.size("a/one")).isEmpty();
    part.close();
    assertThatThrownBy(() -> shelf.begin("a/one")).isInstanceOf(FileAlreadyExistsException.class);
    Part again = shelf.takeOver("a/one");
    again.publish("b/two");
    again.discard();
    assertThat(read("b/two")).isEqualTo("01xx45");
    assertThat(shelf.parts("")).isEmpty();
    Part given = shelf.begin("a/three");
    given.discard();
    given.close();
    assertThat(shelf.parts("")).isEmpty();
  }

  @Test
  void whatIsReadStaysWhatWasOpened() throws IOException {
    shelf.put("a/one", bytes("first"));
    try (Blob blob = shelf.open("a/one")) {
      shelf.put("a/one", bytes("other"));
      assertThat(new String(blob.read(0, 5), UTF_8)).isEqualTo("first");
      shelf.delete("a/one");
      assertThat(new String(blob.read(1, 3), UTF_8)).isEqualTo("irs");
    }
  }

  @Test
  void aShelfIsMadeWhereNothingIs() throws IOException {
    Path taken = Files.createDirectory(folder.resolve("taken"));
    Files.writeString(taken.resolve("notes"), "mine");
    assertThatThrownBy(() -> DirectoryShelf.make(taken, made -> {}))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThat(shelf.isPrepared("a/")).isFalse();
    shelf.prepare("a/");
    assertThat(shelf.isPrepared("a/")).isTrue();
    assertThat(shelf.list("a/")).isEmpty();
    assertThat(shelf.bytes()).isZero();
  }

  @Test
  void aNewShelfAppearsWithAllItHoldsAtFirst() throws IOException {
    Path root = folder.resolve("new/er");
    DirectoryShelf.make(
        root,
        made -> {
          made.put("one", bytes("first"));
          assertThat(root).doesNotExist();
        });
    assertThat(root.resolve("one")).exists();
    assertThat(root.getParent()).isDirectoryContaining("glob:**/er");
    assertThatThrownBy(() -> DirectoryShelf.make(root, made -> {}))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(
            () ->
                DirectoryShelf.make(
                    folder.resolve("failed"),
                    made -> {
                      made.put("a/one", bytes("first"));
                      throw new IOException("it cannot be made");
                    }))
        .hasMessage("it cannot be made");
    assertThat(folder).isDirectoryNotContaining("glob:**failed*");
  }

  @Test
  void aRootOfANewFileSystemIsFreshAndAnEmptyDirectoryIsVacant() throws IOException {
    Path root = Files.createDirectory(folder.resolve("root"));
    assertThat(DirectoryShelf.isVacant(root)).isTrue();
    assertThat(DirectoryShelf.isFresh(root)).isFalse();
    Files.createDirectory(root.resolve("lost+found"));
    assertThat(DirectoryShelf.isFresh(root)).isTrue();
    Files.createDirectory(root.resolve("data"));
    assertThat(DirectoryShelf.isVacant(root)).isFalse();
  }

  @Test
  void whatTakesThePlaceOfAnOpenShelfIsNeitherReadNorWritten() throws IOException {
    shelf.put("a/one", bytes("first"));
    try (Part part = shelf.begin("a/two")) {
      part.write(0, bytes("more"), 0, 4);
      Path root = folder.resolve("shelf");
      Files.move(root, folder.resolve("unmounted"));
      Files.createDirectory(root);
      List<ThrowingCallable> uses =
          List.of(
              () -> shelf.open("a/one"),
              () -> shelf.size("a/one"),
              () -> shelf.list("a/"),
              () -> shelf.put("a/one", bytes("second")),
              () -> shelf.putIfAbsent("a/one", bytes("second")),
              () -> shelf.begin("a/three"),
              () -> shelf.delete("a/one"),
              () -> shelf.prepare("b/"),
              () -> part.publish("a/two"));
      for (ThrowingCallable use : uses) {
        assertThatThrownBy(use)
            .isInstanceOf(IOException.class)
            .hasMessageContaining("another directory has its place");
      }
      assertThat(root).isEmptyDirectory();
      assertThat(folder.resolve("unmounted/a/one")).hasContent("first");
    }
  }

  @Test
  void whatIsNoPlainFileIsRefusedByNameAndLinksAreNotFollowed() throws IOException {
    shelf.put("a/one", bytes("first"));
    Path root = folder.resolve("shelf");
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(outside.resolve("secret"), "secret");
    Files.createSymbolicLink(root.resolve("a/link"), outside.resolve("secret"));
    Files.createSymbolicLink(root.resolve("a/folder"), outside);
    Tool.named("mkfifo").run(root.resolve("a/pipe"));
    assertThat(shelf.list("a/")).containsExactlyInAnyOrder("a/one", "a/link", "a/folder", "a/pipe");
    for (String name : List.of("a/link", "a/folder", "a/pipe")) {
      assertThatThrownBy(() -> shelf.open(name))
          .isInstanceOf(NoPlainFileException.class)
          .hasMessageContaining(root.resolve(name).toString());
    }
    Path named = Files.createSymbolicLink(folder.resolve("named"), root);
    assertThat(new DirectoryShelf(named).list("a/")).hasSize(4);
    try (Blob blob = new DirectoryShelf(named).open("a/one")) {
      assertThat(blob.size()).isEqualTo(5);
    }
  }

  @Test
  void whatItMakesIsItsOwnersAlone() throws IOException {
    shelf.put("a/b/one", bytes("first"));
    shelf.begin("a/part").close();
    shelf.exclusion().orElseThrow().close();
    try (Stream<Path> all = Files.walk(folder.resolve("shelf"))) {
      assertThat(all)
          .hasSize(6)
          .allSatisfy(
              path ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                      .as(path.toString())
                      .isEqualTo(Files.isDirectory(path) ? "rwx------" : "rw-------"));
    }
  }
}
