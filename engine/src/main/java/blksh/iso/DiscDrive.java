package blksh.iso;

import blksh.BlkshException;
import blksh.io.BlockDevice;
import blksh.io.DeviceUse;
import blksh.io.DeviceUses;
import blksh.io.IoFailure;
import blksh.io.Program;
import blksh.io.WriteClaim;
import blksh.task.Task;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A drive that burns discs, through xorriso or growisofs. Or a file that xorriso takes for one:
 * {@code stdio:PATH}.
 */
public final class DiscDrive {

  private static final String STDIO = "stdio:";

  /** What the kernel calls the type of a drive for discs (SCSI, peripheral device type 5). */
  private static final String DISC_TYPE = "5";

  private static final Pattern STATUS = Pattern.compile("Media status : (.*)");
  private static final Pattern BLOCKS =
      Pattern.compile("Media blocks : \\d+ readable , (\\d+) writable , (\\d+) overall");
  private static final Pattern TYPE = Pattern.compile("Drive type   : (.*)");
  private static final Pattern KIND = Pattern.compile("Media current: (.*)");

  /** How far xorriso and growisofs say they are. */
  private static final Pattern WRITTEN = Pattern.compile("(\\d+) of +\\d+ MB written");

  private static final Pattern OF_BYTES = Pattern.compile("^ *(\\d+)/\\d+ \\(");

  /** What somebody has xorriso do at each start is not done to a disc: this must come first. */
  private static final String NO_RC = "-no_rc";

  private static final int LAST_LINES = 12;

  private final String place;
  private final Path path;

  private DiscDrive(String place, Path path) {
    this.place = place;
    this.path = path;
  }

  /**
   * What is in a drive.
   *
   * @param drive its maker and model, as it says
   * @param kind of medium: {@code "BD-R sequential recording"}
   * @param blank whether nothing is on it
   * @param sectors of 2048 bytes that it has
   */
  public record Medium(String drive, String kind, boolean blank, long sectors) {}

  /**
   * A drive.
   *
   * @param place a device such as {@code /dev/sr0}, or {@code stdio:PATH}
   * @throws BlkshException when it is no drive for discs, or somebody uses it
   */
  public static DiscDrive of(String place) {
    String action = "burn to " + place;
    boolean isFile = place.startsWith(STDIO);
    Path path = Path.of(isFile ? place.substring(STDIO.length()) : place).toAbsolutePath();
    try {
      if (isFile) {
        if (Files.exists(path) && !Files.isRegularFile(path)) {
          throw new BlkshException(action, "it is no file")
              .suggest("name a drive by its device, as /dev/sr0");
        }
        WriteClaim.check(path, 0, action);
        return new DiscDrive(STDIO + path, path);
      }
      if (!BlockDevice.isAt(path)) {
        throw new BlkshException(action, "it is no drive")
            .suggest("name a device, as /dev/sr0; or stdio:PATH for a file");
      }
      BlockDevice device = BlockDevice.at(path);
      Path sys = device.directory();
      if (sys == null || !BlockDevice.fact(sys, "device/type").equals(DISC_TYPE)) {
        throw new BlkshException(action, "%s is no drive for discs".formatted(device.details()))
            .suggest("name one, as /dev/sr0: a disk is written with restore");
      }
      for (DeviceUse use : DeviceUses.now().of(sys)) {
        throw new BlkshException(action, use.words()).suggest(use.remedy());
      }
      return new DiscDrive(path.toString(), path);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /** Where what is in it can be read. */
  public Path path() {
    return path;
  }

  private String action() {
    return "burn to " + place;
  }

  private static BlkshException noProgram(String action) {
    return new BlkshException(action, "neither xorriso nor growisofs is installed")
        .suggest("install xorriso");
  }

  /**
   * What is in it; null when only growisofs is here, which does not tell.
   *
   * @throws BlkshException when there is nothing
   */
  public Medium medium() {
    Path xorriso = Program.find("xorriso").orElse(null);
    if (xorriso == null) {
      return null;
    }
    String told = Program.run(xorriso, NO_RC, "-outdev", place, "-toc").output();
    Matcher blocks = BLOCKS.matcher(told);
    if (!blocks.find()) {
      throw new BlkshException(action(), "xorriso finds no medium in it: " + lastLine(told))
          .suggest("put a disc in that can be written");
    }
    String status = found(STATUS, told);
    return new Medium(
        found(TYPE, told),
        found(KIND, told),
        status.startsWith("is blank"),
        Math.max(Long.parseLong(blocks.group(1)), Long.parseLong(blocks.group(2))));
  }

  private static String found(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1).strip() : "";
  }

  private static String lastLine(String text) {
    return text.substring(text.lastIndexOf('\n') + 1);
  }

  /**
   * Burns an image.
   *
   * @param overwrite whether a medium that can be written over may be, when it is not blank
   * @throws BlkshException when the medium is not blank, or too small, before anything is written;
   *     when the program fails, or the task is cancelled, after which a medium that can be written
   *     once is of no use
   */
  public void burn(Path image, boolean overwrite, Task task) {
    long bytes;
    try {
      bytes = Files.size(image);
    } catch (IOException e) {
      throw IoFailure.told("burn " + image, e);
    }
    if (WriteClaim.overlap(image, path)) {
      throw new BlkshException(action(), "it is what is to be burned").suggest("name another");
    }
    Medium medium = medium();
    if (medium != null) {
      require(medium, bytes, overwrite);
      task.note("burning to %s, %s".formatted(medium.drive(), medium.kind()));
    }
    task.expect(bytes);
    task.phase("burning");
    run(command(image, overwrite), bytes, task);
  }

  private void require(Medium medium, long bytes, boolean overwrite) {
    if (!medium.blank() && !overwrite) {
      throw new BlkshException(action(), "what is in it (%s) is not blank".formatted(medium.kind()))
          .suggest("put a blank disc in; or, to write over it, say overwrite = true");
    }
    long sectors = (bytes + DiscPlan.SECTOR - 1) / DiscPlan.SECTOR;
    boolean isFile = place.startsWith(STDIO); // which has as many as the file system it is in
    if ((medium.blank() || !isFile) && medium.sectors() < sectors) {
      throw new BlkshException(
              action(),
              "%d sectors fit on what is in it, and the image has %d"
                  .formatted(medium.sectors(), sectors))
          .suggest("put a larger disc in, or plan smaller ones");
    }
  }

  private List<String> command(Path image, boolean overwrite) {
    List<String> command = new ArrayList<>();
    Path xorriso = Program.find("xorriso").orElse(null);
    if (xorriso != null) {
      command.addAll(List.of(xorriso.toString(), NO_RC, "-as", "cdrecord", "-v", "dev=" + place));
      if (overwrite) {
        command.add("blank=as_needed");
      }
      command.addAll(List.of("padsize=0", image.toAbsolutePath().toString()));
      return command;
    }
    Path growisofs = Program.find("growisofs").orElseThrow(() -> noProgram(action()));
    if (place.startsWith(STDIO)) {
      throw new BlkshException(action(), "growisofs burns to drives alone")
          .suggest("install xorriso");
    }
    command.addAll(List.of(growisofs.toString(), "-dvd-compat"));
    if (overwrite) {
      command.add("-use-the-force-luke=tty"); // without it, it refuses what has a file system
    }
    command.addAll(List.of("-Z", place + "=" + image.toAbsolutePath()));
    return command;
  }

  private void run(List<String> command, long bytes, Task task) {
    String program = Path.of(command.get(0)).getFileName().toString();
    Deque<String> last = new ArrayDeque<>();
    Process process;
    try {
      process =
          Program.of(
                  Path.of(command.get(0)),
                  command.subList(1, command.size()).toArray(String[]::new))
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
    } catch (IOException e) {
      throw IoFailure.told("run " + program, e);
    }
    task.whenCancelled(process::destroy);
    int status;
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        advance(line, bytes, task);
        last.add(line);
        if (last.size() > LAST_LINES) {
          last.remove();
        }
      }
      status = end(process);
    } catch (IOException e) {
      process.destroy();
      throw IoFailure.told("read what " + program + " says", e);
    }
    if (task.isCancelled()) {
      task.note("a medium that can be written once, and was begun, is of no use any more");
    }
    task.checkCancelled();
    if (status != 0) {
      throw new BlkshException(
              action(), "%s ended with %d: %s".formatted(program, status, String.join(" / ", last)))
          .suggest("put another disc in; one that can be written once is of no use any more");
    }
    task.advance(Math.max(0, bytes - task.done()));
  }

  private static void advance(String line, long bytes, Task task) {
    Matcher megabytes = WRITTEN.matcher(line);
    Matcher whole = OF_BYTES.matcher(line);
    long done = -1;
    if (megabytes.find()) {
      done = Long.parseLong(megabytes.group(1)) << 20;
    } else if (whole.find()) {
      done = Long.parseLong(whole.group(1));
    }
    done = Math.min(done, bytes);
    if (done > task.done()) {
      task.advance(done - task.done());
    }
  }

  private static int end(Process process) {
    boolean interrupted = false;
    while (true) {
      try {
        int status = process.waitFor();
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
        return status;
      } catch (InterruptedException e) {
        interrupted = true;
        process.destroy();
      }
    }
  }
}
