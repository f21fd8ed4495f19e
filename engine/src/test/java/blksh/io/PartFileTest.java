package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartFileTest {

  @TempDir Path folder;

  /** Another process that removes whatever part it finds without a writer. */
  static final class Undertaker {
    private Undertaker() {}

    public static void main(String[] args) throws IOException {
      Path part = Path.of(args[0]);
      Path stop = Path.of(args[1]);
      int removed = 0;
      for (int i = 0; i % 256 != 0 || !Files.exists(stop); i++) {
        PartFile dead = PartFile.takeOver(part);
        if (dead != null) {
          dead.discard();
          removed++;
        }
      }
      System.out.println(removed);
    }
  }

  @Test
  void aPartTakenForADeadOneAsItIsMadeIsMadeAgain() throws Exception {
    Path path = folder.resolve("x.part");
    Path stop = folder.resolve("stop");
    Process other =
        ChildJvm.start(List.of("-Xmx32m"), Undertaker.class, path.toString(), stop.toString());
    try {
      for (int i = 0; i < 3000; i++) {
        PartFile part = PartFile.create(path);
        assertThat(path).exists();
        part.discard();
      }
    } finally {
      Files.createFile(stop);
    }
    String said = new String(other.getInputStream().readAllBytes());
    assertThat(other.waitFor()).as(said).isZero();
    assertThat(path).doesNotExist();
  }
}
