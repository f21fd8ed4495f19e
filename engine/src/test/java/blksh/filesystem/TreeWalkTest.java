package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.task.Task;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

class TreeWalkTest {

  /** A directory that names one other again and again. */
  private static final class Repeating implements FileTree {
    private final int most;
    private int named;

    Repeating(int most) {
      this.most = most;
    }

    private static FileEntry directory(String path, long id) {
      return new FileEntry(path, FileEntry.Kind.DIRECTORY, 0, Instant.EPOCH, 0755, null, id);
    }

    @Override
    public String type() {
      return "none";
    }

    @Override
    public String label() {
      return "";
    }

    @Override
    public FileEntry root() {
      return directory("/", 1);
    }

    @Override
    public void list(
        FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
      while (named < most) {
        named++;
        each.accept(directory("/d" + named, 2));
      }
    }

    @Override
    public BlockSource open(FileEntry file) {
      throw new AssertionError("there is no file");
    }

    @Override
    public List<String> leftBehind(FileEntry entry) {
      return List.of();
    }

    @Override
    public void close() {
      // nothing is open
    }
  }

  @Test
  void aDirectoryThatIsNamedOnceMoreIsToldAndNotEnteredAgain() {
    Repeating tree = new Repeating(5);
    Task task = Task.unwatched();

    tree.walk(tree.root(), task, each -> {});

    assertThat(tree.named).isEqualTo(5);
    assertThat(task.findings())
        .hasSize(4)
        .first(InstanceOfAssertFactories.STRING)
        .isEqualTo("left out what is in /d2: the directory has more than one place in the tree");
  }

  @Test
  void reasonsBeyondWhatAnybodyReadsAreCounted() {
    Repeating tree = new Repeating(100_050);
    Task task = Task.unwatched();

    tree.walk(tree.root(), task, each -> {});

    assertThat(task.findings()).hasSize(100_001);
    assertThat(task.findings().get(100_000)).isEqualTo("left out 49 more");
  }

  @Test
  void whatWhoeverTakesTheEntriesThrowsIsNoDamage() {
    Repeating tree = new Repeating(1);
    Task task = Task.unwatched();

    assertThatThrownBy(
            () ->
                tree.walk(
                    tree.root(),
                    task,
                    each -> {
                      throw new FileSystemDamageException("read something else", "it is damaged");
                    }))
        .hasMessageContaining("read something else");
    assertThat(task.findings()).isEmpty();
  }
}
