package blksh.io;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * What a program writes to its standard output. It ends well only when the program does: one that
 * fails after it wrote all it had would pass for a short success otherwise.
 */
public final class ProgramOutput extends InputStream {

  private final Process process;
  private final InputStream output;
  private final String name;

  private ProgramOutput(Process process, String name) {
    this.process = process;
    this.output = process.getInputStream();
    this.name = name;
  }

  /**
   * Starts a program; what it says goes to standard error, and it reads standard input.
   *
   * @param command the program, found as a shell does, and its arguments as they are
   * @throws blksh.BlkshException when it cannot be started
   */
  public static ProgramOutput start(List<String> command) {
    try {
      Process process =
          Program.ofUser(command)
              .redirectInput(ProcessBuilder.Redirect.INHERIT)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      return new ProgramOutput(process, Path.of(command.get(0)).getFileName().toString());
    } catch (IOException e) {
      throw IoFailure.told("run " + command.get(0), e).suggest("is it installed, and on PATH?");
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  /**
   * As {@link InputStream#read(byte[], int, int)}.
   *
   * @throws IOException also at the end, when the program ended with another status than 0
   */
  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    int count = output.read(to, offset, length);
    if (count < 0) {
      mustHaveEndedWell();
    }
    return count;
  }

  private void mustHaveEndedWell() throws IOException {
    try {
      int status = process.waitFor();
      if (status != 0) {
        throw new IOException("%s ended with status %d".formatted(name, status));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("nobody waited for %s to end".formatted(name), e);
    }
  }

  /** Ends the program, and with it what it writes. */
  public void stop() {
    process.destroy();
  }

  @Override
  public void close() throws IOException {
    stop();
    output.close();
  }
}
