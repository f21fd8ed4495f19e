package blksh.drive;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import blksh.io.BlockDevice;
import blksh.io.Program;
import blksh.task.CancelledException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The machine this runs on. */
final class ThisMachine implements Machine {

  private static final Path UDEV = Path.of("/run/udev/data");
  private static final Path SYS = Path.of("/sys/class/block");

  @Override
  public String lsblk() {
    return run("lsblk", "--json", "--bytes", "--output-all");
  }

  @Override
  public String probe(String path) {
    return Files.exists(UDEV) ? "" : run("blkid", "-p", "-o", "export", path);
  }

  @Override
  public String fact(String name, String file) {
    return BlockDevice.fact(SYS.resolve(name), file);
  }

  private static String run(String name, String... arguments) {
    Path program =
        Program.find(name)
            .orElseThrow(
                () ->
                    new BlkshException("list drives", "there is no " + name)
                        .suggest("install util-linux"));
    try {
      Process process =
          Program.of(program, arguments).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      process.waitFor();
      return output;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("list drives");
    } catch (IOException e) {
      throw new BlkshException("list drives", program + " cannot be run", e)
          .suggest("install util-linux");
    }
  }
}
