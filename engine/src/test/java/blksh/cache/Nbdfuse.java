package blksh.cache;

import blksh.Tool;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that fails to read where a mapfile says so, through nbdkit and nbdfuse. */
final class Nbdfuse implements Closeable {

  private final Process process;
  private final Path mount;

  private Nbdfuse(Process process, Path mount) {
    this.process = process;
    this.mount = mount;
  }

  static Nbdfuse of(Path file, Path faults, Path folder) throws Exception {
    Tool.named("nbdkit");
    Tool.named("nbdfuse");
    Files.createDirectories(folder);
    Process process =
        new ProcessBuilder(
                "nbdfuse",
                "--readonly",
                folder.resolve("disk").toString(),
                "[",
                "nbdkit",
                "--exit-with-parent",
                "--filter=ddrescue",
                "file",
                file.toString(),
                "ddrescue-mapfile=" + faults,
                "]")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    for (int i = 0; i < 200 && process.isAlive(); i++) {
      if (Files.exists(folder.resolve("disk"))) {
        return new Nbdfuse(process, folder);
      }
      Thread.sleep(20);
    }
    process.destroy();
    return Tool.missing("nbdfuse cannot mount here");
  }

  Path path() {
    return mount.resolve("disk");
  }

  @Override
  public void close() throws IOException {
    Tool.named("fusermount3").run("-u", mount);
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
