package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Component;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The launcher where nothing is set, as cron has it: neither PATH nor HOME nor a locale. */
class BareLauncherTest extends LauncherTest {

  @Override
  Program blksh(Path home) {
    return super.blksh(home).bare();
  }

  @Test
  void worksFromACheckoutInAPathWithSpaces() throws Exception {
    Path checkout = Files.createDirectories(home.resolve("my checkout"));
    Path dist = Files.createDirectories(checkout.resolve("shell/target/dist"));
    Path built = Program.root().resolve("shell/target/dist");
    Files.copy(Program.launcher(), checkout.resolve("blksh"));
    for (String name : List.of("build", "run.jars", "shell.jars")) {
      Files.copy(built.resolve(name), dist.resolve(name));
    }
    Files.createSymbolicLink(checkout.resolve("samples"), Program.root().resolve("samples"));
    Files.createSymbolicLink(dist.resolve("lib"), built.resolve("lib"));
    Files.createSymbolicLink(dist.resolve("native"), built.resolve("native"));
    // An archive that was cut off, by a full disk say, would kill Java; it is made again. The other
    // is the launcher's same code, and half a minute of work.
    Path archives = Files.createDirectories(dist.resolve("archive"));
    for (Path archive : files(built.resolve("archive"))) {
      Path cut = Files.copy(archive, archives.resolve(archive.getFileName()));
      if (!isSize(cut) && cut.getFileName().toString().startsWith("run-")) {
        cut.toFile().setWritable(true);
        try (var channel = FileChannel.open(cut, StandardOpenOption.WRITE)) {
          channel.truncate(channel.size() / 2);
        }
      }
    }
    Program program = blksh(home).by(checkout.resolve("blksh").toString());
    Ended first = program.run("run", "verify", "--help");
    assertThat(first.out()).startsWith("usage: blksh run verify");
    assertThat(first.err()).contains("preparing for Java");
    assertThat(program.run("eval", "6 * 7").out()).isEqualTo("42\n");
    assertThat(program.run("eval", "6 * 8")).isEqualTo(new Ended(0, "48\n", ""));

    // One that is damaged is as good as none.
    for (Path archive : files(archives)) {
      if (!isSize(archive)) {
        byte[] bytes = Files.readAllBytes(archive);
        archive.toFile().setWritable(true);
        Arrays.fill(bytes, 0, 4096, (byte) 7);
        Files.write(archive, bytes);
      }
    }
    assertThat(program.run("eval", "6 * 9")).isEqualTo(new Ended(0, "54\n", ""));
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  private static boolean isSize(Path archive) {
    return archive.toString().endsWith("size");
  }

  @ParameterizedTest
  @MethodSource("javas")
  void saysNothingOnStandardErrorWithAnyJava(Path java) throws Exception {
    Program program = blksh(home).with("JAVA_HOME", java.toString());
    // The first of each may say that it prepares itself.
    program.run("run", "runs");
    program.reading("1").run();
    Ended nightly = program.run("run", "nightly", "--sample", "--quiet");
    assertThat(nightly.err()).isEmpty();
    assertThat(nightly.status()).isZero();
    assertThat(program.reading("stores.size").run()).isEqualTo(new Ended(0, "1\n", ""));
  }

  static List<Path> javas() throws IOException {
    Path usual = Path.of("/usr/lib/jvm");
    Component.need(Files.isDirectory(usual), "no JDK in the usual place");
    List<Path> javas = new ArrayList<>();
    try (Stream<Path> entries = Files.list(usual)) {
      for (Path entry : entries.filter(path -> !Files.isSymbolicLink(path)).toList()) {
        Path release = entry.resolve("release");
        if (Files.isReadable(release)
            && Files.readString(release).matches("(?s).*JAVA_VERSION=\"(1[7-9]|[2-9]\\d).*")) {
          javas.add(entry);
        }
      }
    }
    Component.need(!javas.isEmpty(), "no JDK in the usual place");
    return javas;
  }
}
