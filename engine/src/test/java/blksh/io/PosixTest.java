package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.kit.Child;
import java.io.File;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** In a JVM of its own, so that its command line can be chosen and its output seen. */
class PosixTest {

  @TempDir Path directory;

  /** Prints the extents of a file whose path is the argument. */
  static final class PrintExtents {
    public static void main(String[] arguments) {
      try (BlockSource source = BlockSources.open(Path.of(arguments[0]))) {
        source.extents().forEachRemaining(System.out::println);
      }
    }
  }

  @Test
  void findsHolesWithoutAWordOnStandardError() throws Exception {
    assertThat(run(classPath())).isEqualTo("Extent[start=0, length=65536, kind=ZERO]\n");
  }

  @Test
  void everythingIsDataWhereTheNativeLibraryCannotBeLoaded() throws Exception {
    assertThat(run(classPath().filter(entry -> !entry.endsWith("-native.jar"))))
        .isEqualTo("Extent[start=0, length=65536, kind=DATA]\n");
  }

  private static Stream<String> classPath() {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator));
  }

  private String run(Stream<String> classPath) throws Exception {
    Path file = directory.resolve("hole");
    try (RandomAccessFile hole = new RandomAccessFile(file.toFile(), "rw")) {
      hole.setLength(65536);
    }
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    if (Runtime.version().feature() >= 24) {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.addAll(
        List.of(
            "-cp",
            classPath.collect(Collectors.joining(File.pathSeparator)),
            PrintExtents.class.getName(),
            file.toString()));
    Path errors = directory.resolve("errors");
    Process process = Child.of(command).redirectError(errors.toFile()).start();
    String output = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(errors).isEmptyFile();
    assertThat(process.exitValue()).isZero();
    return output;
  }
}
