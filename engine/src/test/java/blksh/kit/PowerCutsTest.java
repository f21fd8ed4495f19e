package blksh.kit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PowerCutsTest {

  private static final int BLOCK = 4096;
  private static final int BLOCKS = 64;

  @TempDir Path folder;
  private final RecordedDisk disk = new RecordedDisk(BLOCKS * BLOCK);

  /** Fills as many blocks with a number. */
  private void write(int block, int count, int number) {
    byte[] bytes = new byte[count * BLOCK];
    Arrays.fill(bytes, (byte) number);
    disk.write((long) block * BLOCK, ByteBuffer.wrap(bytes));
  }

  private List<String> states(int count) throws IOException {
    PowerCuts cuts = new PowerCuts(disk, count, 1);
    Path file = folder.resolve("disk");
    List<String> states = new ArrayList<>();
    for (PowerCuts.Cut cut = cuts.next(file); cut != null; cut = cuts.next(file)) {
      byte[] bytes = Files.readAllBytes(file);
      assertThat(bytes).hasSize(BLOCKS * BLOCK);
      StringBuilder state = new StringBuilder(String.join(",", cut.told())).append(':');
      for (int block = 0; block < 8; block++) {
        byte first = bytes[block * BLOCK];
        byte last = bytes[(block + 1) * BLOCK - 1];
        state.append(first == last ? String.valueOf(first) : "|");
      }
      states.add(state.toString());
    }
    return states;
  }

  @Test
  void whatWasFlushedIsThereAndWhatWasNotMayBeLost() throws IOException {
    write(1, 1, 1);
    disk.begin();
    write(2, 1, 2);
    disk.sync();
    disk.mark("two");
    write(3, 1, 3);
    write(2, 1, 4);
    disk.mark("written");

    assertThat(Set.copyOf(states(40)))
        .contains("two:01200000", "two,written:01200000", "two,written:01400000")
        .contains("two,written:01430000", "two,written:01230000")
        .allMatch(state -> state.startsWith(":01") || state.matches("two.*:01[24|].0000"));
  }

  @Test
  void writesAreTornBetweenSectorsButNotInTheFirstBlock() throws IOException {
    write(0, 1, 5);
    write(1, 6, 6);

    List<String> states = states(60);
    assertThat(states).anyMatch(state -> state.matches(":.*\\|.*"));
    assertThat(states).anyMatch(state -> state.matches(":.0+6+.*"));
    assertThat(states).noneMatch(state -> state.startsWith(":|"));
  }

  @Test
  void noStateIsGivenTwiceAndTheSameSeedGivesTheSame() throws IOException {
    for (int i = 0; i < 30; i++) {
      write(i, 2, i);
      if (i % 7 == 6) {
        disk.sync();
      }
    }
    Set<String> names = new HashSet<>();
    PowerCuts cuts = new PowerCuts(disk, 50, 3);
    for (PowerCuts.Cut cut = cuts.next(folder.resolve("disk"));
        cut != null;
        cut = cuts.next(folder.resolve("disk"))) {
      names.add(cut.number() + cut.name());
    }
    assertThat(names).hasSize(50).hasSize(cuts.count());
    assertThat(states(50)).isEqualTo(states(50));
  }
}
