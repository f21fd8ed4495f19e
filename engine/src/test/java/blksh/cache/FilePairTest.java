package blksh.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilePairTest {

  @TempDir Path folder;

  private FilePair named(String fingerprint) {
    return FilePair.named(folder.resolve("disc"), new SourceIdentity(fingerprint, 1, Map.of()));
  }

  @Test
  void itIsNamedAfterAFileAndItsSource() {
    FilePair files = named("0123abcd");
    assertThat(files.data()).isEqualTo(folder.resolve("disc.cache.0123abcd~"));
    assertThat(files.map()).isEqualTo(folder.resolve("disc.cache.0123abcd~.map"));
    assertThat(files.exist()).isFalse();
  }

  @Test
  void bothMove() throws IOException {
    FilePair before = named("0123abcd");
    Files.writeString(before.data(), "bytes");
    Files.writeString(before.map(), "map");
    FilePair after = before.moveTo(named("ffff0000"));
    assertThat(before.data()).doesNotExist();
    assertThat(before.map()).doesNotExist();
    assertThat(after.data()).hasContent("bytes");
    assertThat(after.map()).hasContent("map");
    assertThat(after.exist()).isTrue();
  }

  @Test
  void nothingIsReplaced() throws IOException {
    FilePair before = named("0123abcd");
    Files.writeString(before.data(), "bytes");
    FilePair taken = named("ffff0000");
    Files.writeString(taken.data(), "others");
    assertThatThrownBy(() -> before.moveTo(taken)).isInstanceOf(BlkshException.class);
    assertThat(taken.data()).hasContent("others");
    assertThat(before.data()).hasContent("bytes");
  }
}
