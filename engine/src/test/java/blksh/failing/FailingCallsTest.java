package blksh.failing;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.ChildJvm;
import blksh.kit.Effort;
import blksh.kit.FaultyCalls;
import blksh.kit.InMemory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A full disk, a failing one, one that is only read and too many open files, met by each call in
 * turn that overlays, caches, rescues, exports, restores and conversions make: nothing is lost that
 * was reported, no byte is wrong, the failure is told by its name, and what failed succeeds when it
 * is tried again. Every how manyth call: {@code -Dblksh.failing.stride}.
 */
class FailingCallsTest {

  @TempDir(factory = InMemory.class)
  Path folder;

  @Test
  void whicheverCallFailsNothingIsLost() throws Exception {
    Path output = folder.resolve("output");
    Path place = Files.createDirectory(folder.resolve("place"));
    FaultyCalls.Library library = FaultyCalls.build(folder);
    Process child =
        ChildJvm.start(
            output,
            library.environment(),
            library.options(),
            FailingCallsProgram.class,
            place.toRealPath().toString(),
            Integer.toString(Effort.of("blksh.failing.stride", 21, 1)));
    int status = child.waitFor();
    List<String> lines = Files.readAllLines(output);
    lines.forEach(System.out::println);
    assertThat(status).isZero();
    assertThat(lines).filteredOn(line -> line.startsWith(FailingCallsProgram.FAULT)).isEmpty();
    assertThat(lines).filteredOn(line -> line.startsWith(FailingCallsProgram.DONE)).hasSize(64);
  }
}
