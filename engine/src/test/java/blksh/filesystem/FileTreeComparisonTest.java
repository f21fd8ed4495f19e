package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.FileSource;
import blksh.kit.Content;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two states of a real ext4, of which debugfs made the second from the first. */
class FileTreeComparisonTest {

  @TempDir Path folder;
  private Path before;
  private Path after;

  @BeforeEach
  void oneFileSystemTwice() throws IOException {
    Path tree = Files.createDirectories(folder.resolve("tree"));
    for (String name : List.of("renamed", "gone", "kept", "dir/changed", "dir/content", "old/in")) {
      Path file = tree.resolve(name);
      Files.createDirectories(file.getParent());
      Files.write(file, Content.random(20_000 + name.length(), name.hashCode()));
    }
    Files.write(tree.resolve("twin"), Content.random(9000, 5));
    Files.write(tree.resolve("empty"), new byte[0]);
    Files.createSymbolicLink(tree.resolve("link"), Path.of("kept"));
    before = folder.resolve("before.img");
    Tool.named("mkfs.ext4").run("-q", "-F", "-d", tree.toString(), before.toString(), "8M");
    after = Files.copy(before, folder.resolve("after.img"));
  }

  private void change(String... commands) throws IOException {
    Path script = Files.write(folder.resolve("commands"), List.of(commands));
    Tool.named("debugfs").run("-w", "-f", script.toString(), after.toString());
  }

  private String file(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content).toString();
  }

  private Set<String> compare(boolean contents, Task task) throws IOException {
    Set<String> found = new TreeSet<>();
    try (FileTree old = FileTrees.open(FileSource.open(before));
        FileTree now = FileTrees.open(FileSource.open(after))) {
      FileTreeComparison.run(
          old,
          now,
          contents,
          task,
          difference -> {
            FileEntry was = difference.before();
            boolean moved = difference.kind() == FileDifference.Kind.MOVED;
            String text = difference.kind() + " " + (moved ? was.path() + " " : "");
            assertThat(found.add(text + difference.path())).isTrue();
          });
    }
    return found;
  }

  @Test
  void whatIsTheSameIsNotToldOf() throws IOException {
    Task task = Task.unwatched();
    assertThat(compare(false, task)).isEmpty();
    assertThat(task.done())
        .isZero(); // of files that are the same by inode and date nothing is read
    assertThat(compare(true, task)).isEmpty();
    assertThat(task.done()).isGreaterThan(200_000);
  }

  @Test
  void whatCameWentChangedAndMovedIsTold() throws IOException {
    byte[] content = Content.random(20_000 + "dir/content".length(), "dir/content".hashCode());
    change(
        "ln /renamed /dir/new-name",
        "unlink /renamed",
        "rm /gone",
        "rm /link",
        "symlink link elsewhere",
        "set_inode_field /kept mode 0100600",
        "mkdir /made",
        "cd /made",
        "write " + file("added", Content.random(100, 1)) + " added",
        "cd /dir",
        "rm changed",
        "write " + file("changed", Content.random(30_000, 2)) + " changed",
        "rm content",
        "cd /",
        "write " + file("content", content) + " same-content",
        "rm /old/in",
        "rmdir /old");
    assertThat(compare(false, Task.unwatched()))
        .containsExactlyInAnyOrder(
            "MOVED /renamed /dir/new-name",
            "REMOVED /gone",
            "CHANGED /link",
            "METADATA /kept",
            "ADDED /made",
            "ADDED /made/added",
            "CHANGED /dir/changed",
            "MOVED /dir/content /same-content",
            "REMOVED /old",
            "REMOVED /old/in");
  }

  @Test
  void anotherKindOfEntryIsAChangeAndWhatIsInItComes() throws IOException {
    change(
        "rm /gone",
        "mkdir /gone",
        "cd /gone",
        "write " + file("in", Content.random(50, 1)) + " in");
    assertThat(compare(false, Task.unwatched()))
        .containsExactlyInAnyOrder("CHANGED /gone", "ADDED /gone/in");
  }

  /** Bytes that somebody changed behind the file system are found only when contents are read. */
  @Test
  void contentsAreComparedWhenThatIsAsked() throws IOException {
    long at;
    try (FileTree tree = FileTrees.open(FileSource.open(before))) {
      FileEntry twin = tree.find("/twin").orElseThrow();
      assertThat(twin.size()).isEqualTo(9000);
      at = find(Files.readAllBytes(before), Content.random(9000, 5));
    }
    try (RandomAccessFile image = new RandomAccessFile(after.toFile(), "rw")) {
      image.seek(at + 5000);
      image.write('x');
    }
    assertThat(compare(false, Task.unwatched())).isEmpty();
    assertThat(compare(true, Task.unwatched())).containsExactly("CHANGED /twin");
  }

  @Test
  void anInodeUsedAgainIsNoMoveWhenContentsAreCompared() throws IOException {
    byte[] other = Content.random(9000, 6);
    change("rm /twin", "write " + file("other", other) + " other");
    String date = "20010203040506";
    for (Path image : List.of(before, after)) {
      String name = image.equals(before) ? "/twin" : "/other";
      Tool.named("debugfs")
          .run("-w", "-R", "set_inode_field " + name + " mtime " + date, "" + image);
    }
    assertThat(compare(false, Task.unwatched())).containsExactly("MOVED /twin /other");
    assertThat(compare(true, Task.unwatched()))
        .containsExactlyInAnyOrder("REMOVED /twin", "ADDED /other");
  }

  private static int find(byte[] where, byte[] what) {
    for (int at = 0; at < where.length - what.length; at += 1024) {
      if (where[at] == what[0] && where[at + 1] == what[1] && where[at + 2] == what[2]) {
        return at;
      }
    }
    throw new AssertionError("not found");
  }
}
