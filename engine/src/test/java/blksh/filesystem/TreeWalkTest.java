package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.task.Task;
import java.time.Instant;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class TreeWalkTest {

  /** A directory that names one other again and again. */
  private static final class Repeating implements FileTree {
    private int named;

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
    public void list(FileEntry directory, Consumer<FileEntry> each) {
      while (named < 100_000) {
        named++;
        each.accept(directory("/d" + named, 2));
      }
    }

    @Override
    public BlockSource open(FileEntry file) {
      throw new AssertionError("there is no file");
    }

    @Override
    public void close() {
      // nothing is open
    }
  }

  @Test
  void aDirectoryThatIsNamedOnceMoreEndsTheWalkBeforeItIsKept() {
    Repeating tree = new Repeating();

    assertThatThrownBy(() -> tree.walk(tree.root(), Task.unwatched(), each -> {}))
        .isInstanceOf(FileSystemDamageException.class)
        .hasMessageContaining("more than one place");

    assertThat(tree.named).isEqualTo(2);
  }
}
