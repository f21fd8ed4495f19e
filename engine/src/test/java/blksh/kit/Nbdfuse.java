package blksh.kit;

import static blksh.kit.Await.await;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A file that fails to read where a mapfile says so, through nbdkit and nbdfuse. */
public final class Nbdfuse implements Closeable {

  private final Process process;
  private final Path mount;

  private Nbdfuse(Process process, Path mount) {
    this.process = process;
    this.mount = mount;
  }

  /**
   * @param words more words for nbdkit: filters, and what they are told
   */
  public static Nbdfuse of(Path file, Path faults, Path folder, String... words) throws Exception {
    Tool.named("nbdkit");
    Files.createDirectories(folder);
    Process process =
        Child.of(command(file, faults, folder, words))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    Path disk = folder.resolve("disk");
    await(() -> Files.exists(disk) || !process.isAlive());
    if (process.isAlive()) {
      return new Nbdfuse(process, folder);
    }
    return Component.missing("nbdfuse cannot mount here");
  }

  private static List<String> command(Path file, Path faults, Path folder, String... words) {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            Tool.path("nbdfuse"), "--readonly", folder.resolve("disk").toString(), "[", "nbdkit"));
    command.addAll(List.of("--exit-with-parent", "--filter=ddrescue"));
    command.addAll(Stream.of(words).filter(word -> word.startsWith("--")).toList());
    command.addAll(List.of("file", file.toString(), "ddrescue-mapfile=" + faults));
    command.addAll(Stream.of(words).filter(word -> !word.startsWith("--")).toList());
    command.add("]");
    return command;
  }

  public Path path() {
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
