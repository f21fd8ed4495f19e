package blksh.kit;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A warm prompt that tests use one after the other, where one of its own would show nothing more: a
 * prompt takes far longer to come than to answer. Who takes it finds it waiting for an entry; when
 * a test that failed has left it otherwise there is another.
 */
public final class SharedPty implements AutoCloseable {

  private final int columns;
  private final int rows;
  private Path home;
  private Pty pty;
  private int taken;

  public SharedPty(int columns, int rows) {
    this.columns = columns;
    this.rows = rows;
  }

  /**
   * The prompt, not to be closed.
   *
   * @param folder below which its home is, when it is opened
   */
  public Pty in(Path folder) throws Exception {
    if (pty != null && !answers()) {
      close();
    }
    if (pty == null) {
      home = folder.resolve("prompt-" + taken);
      pty = Pty.warm(home, columns, rows);
    }
    return pty;
  }

  public Path home() {
    return home;
  }

  private boolean answers() throws Exception {
    int number = 1000 + ++taken;
    try {
      return pty.enter("0 + " + number).equals(number + "\n");
    } catch (AssertionError | IOException left) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    if (pty != null) {
      pty.close();
      pty = null;
    }
  }
}
