package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InodeTableTest {

  @Test
  void whatWasPutLastIsFound() {
    Random random = new Random(3);
    Map<Long, String> put = new HashMap<>();
    try (InodeTable table = new InodeTable()) {
      for (int i = 0; i < 60_000; i++) {
        long inode = 1 + random.nextInt(40_000);
        long device = inode % 3;
        String value = "x".repeat(random.nextInt(30)) + i;
        table.put(device, inode, value.getBytes(StandardCharsets.UTF_8));
        put.put(inode, value);
      }
      for (long inode = 1; inode <= 40_000; inode++) {
        byte[] found = table.get(inode % 3, inode);
        assertThat(found == null ? null : new String(found, StandardCharsets.UTF_8))
            .isEqualTo(put.get(inode));
        assertThat(table.get(3, inode)).isNull();
      }
      assertThatThrownBy(() -> table.put(1, 1, new byte[1 << 20]))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
