package blksh.catalogue;

import blksh.io.IoFailure;
import blksh.io.Program;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A command that brings discs. It is ended when it takes too long, or nobody wants the disc any
 * more; what it leaves running is not waited for.
 */
record ChangerCommand(String command, Duration patience) implements DiscChanger {

  private static final long TURN_MILLIS = 100;

  /** Bytes of what it says that are kept. */
  private static final int MOST_SAID = 1 << 16;

  @Override
  public Optional<Path> bring(Disc disc, BooleanSupplier isThere) {
    Path shell =
        Program.find("sh").orElseThrow(() -> DiscChanger.wanted(disc, "there is no sh to run it"));
    String number = Integer.toString(disc.number());
    Process process;
    try {
      process =
          Program.of(shell, "-c", command, "changer", disc.name(), number, disc.guid())
              .redirectErrorStream(true)
              .redirectInput(new File("/dev/null"))
              .start();
    } catch (IOException e) {
      throw IoFailure.told("run " + command, e);
    }
    try {
      String said = await(process, disc, isThere);
      if (process.exitValue() != 0) {
        throw DiscChanger.wanted(
            disc, "%s ended with status %d: %s".formatted(command, process.exitValue(), said));
      }
      return place(said.substring(said.lastIndexOf('\n') + 1).strip());
    } catch (IOException e) {
      throw IoFailure.told("run " + command, e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  /** Where the disc is, when the command says so; what is no path says nothing. */
  private static Optional<Path> place(String last) {
    boolean isPath = last.startsWith("/") && last.indexOf('\0') < 0;
    return isPath ? Optional.of(Path.of(last)) : Optional.empty();
  }

  private String await(Process process, Disc disc, BooleanSupplier isThere) throws IOException {
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    InputStream in = process.getInputStream();
    long end = System.nanoTime() + patience.toNanos();
    boolean interrupted = false;
    try {
      for (int turn = 1; ; turn++) {
        boolean ended = !process.isAlive(); // before what it said last is read
        while (in.available() > 0) {
          byte[] some = in.readNBytes(Math.min(in.available(), MOST_SAID));
          said.write(some, 0, Math.min(some.length, MOST_SAID - said.size()));
        }
        if (ended) {
          return said.toString(StandardCharsets.UTF_8).strip();
        }
        if (System.nanoTime() > end) {
          throw DiscChanger.wanted(
              disc, "%s has not ended after %d seconds".formatted(command, patience.toSeconds()));
        }
        if (turn % 10 == 0) {
          isThere.getAsBoolean(); // which fails when nobody wants it any more
        }
        try {
          process.waitFor(TURN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
