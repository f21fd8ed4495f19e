package blksh.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Content;
import blksh.store.sealed.KeySecret;
import blksh.store.sealed.KeySecret.Kind;
import blksh.store.sealed.MasterKey;
import blksh.store.sealed.RecoverySheet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What opens a store is taken from where it was said, and is what was meant there. */
class StoreSecretsTest {

  @TempDir Path folder;

  private static StoreSecrets of(Map<String, String> environment, String... words) {
    Options options = new Options();
    Iterator<String> all = List.of(words).iterator();
    while (all.hasNext()) {
      assertThat(options.accept(all.next(), all)).isTrue();
    }
    return new StoreSecrets(
        options, environment, new Secret(Path.of("/dev/null"), () -> false, () -> {}));
  }

  private static Kind kind(Map<String, String> environment, String... words) {
    return of(environment, words).next("/srv/backup", 0).map(KeySecret::kind).orElse(null);
  }

  private String file(String name, byte[] bytes) throws Exception {
    return Files.write(folder.resolve(name), bytes).toString();
  }

  @Test
  void theFirstThatIsThereIsTakenAndNoOther() throws Exception {
    String key = file("key", Content.random(64, 1));
    String words = file("words", "correct horse\n".getBytes());
    Map<String, String> all =
        Map.of("BLKSH_KEY_FILE", key, "BLKSH_PASSPHRASE_FILE", words, "BLKSH_PASSPHRASE", "x");
    assertThat(kind(all)).isEqualTo(Kind.KEY_FILE);
    assertThat(kind(all, "--key-command", "echo correct horse")).isEqualTo(Kind.PASSPHRASE);
    assertThat(kind(Map.of("BLKSH_PASSPHRASE_FILE", words))).isEqualTo(Kind.PASSPHRASE);
    assertThat(kind(Map.of("BLKSH_PASSPHRASE_COMMAND", "cat " + words))).isEqualTo(Kind.PASSPHRASE);
    assertThat(kind(Map.of(), "--key-file=" + key)).isEqualTo(Kind.KEY_FILE);
    assertThat(of(all).next("/srv/backup", 1)).as("it opened nothing").isEmpty();
    assertThat(of(all).isNamed()).isFalse();
    assertThat(of(Map.of(), "--key-file", key).isNamed()).isTrue();
  }

  /** That may be what is captured. */
  @Test
  void theCommandReadsNothingOfWhatComesOnStandardInput() {
    String line = "cat; test \"$(readlink /proc/self/fd/0)\" = /dev/null && echo nothing";
    assertThat(of(Map.of("BLKSH_PASSPHRASE_COMMAND", line)).next("/srv/backup", 0)).isPresent();
  }

  @Test
  void aRecoverySheetIsToldFromAPassphraseAlsoWhenItIsMistyped() throws Exception {
    String sheet = RecoverySheet.text(MasterKey.random());
    Map<String, String> right = Map.of("BLKSH_PASSPHRASE_FILE", file("sheet", sheet.getBytes()));
    assertThat(kind(right)).isEqualTo(Kind.RECOVERY);
    assertThatThrownBy(() -> of(right).forNew("/srv/backup"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("a recovery sheet, which cannot be a key");
    char wrong = sheet.charAt(0) == 'a' ? 'b' : 'a';
    Map<String, String> mistyped = Map.of("BLKSH_PASSPHRASE", wrong + sheet.substring(1));
    assertThatThrownBy(() -> kind(mistyped))
        .hasMessageContaining("line 1 of the recovery sheet is mistyped");
  }

  @Test
  void whatIsNoPassphraseIsRefused() throws Exception {
    byte[] noText = {'a', (byte) 0xff, (byte) 0xfe, 'b'};
    Map<String, String> bytes = Map.of("BLKSH_PASSPHRASE_FILE", file("bytes", noText));
    assertThatThrownBy(() -> kind(bytes)).hasMessageContaining("it is no text in UTF-8");
    Map<String, String> failing = Map.of("BLKSH_PASSPHRASE_COMMAND", "exit 3");
    assertThatThrownBy(() -> kind(failing)).hasMessageContaining("ended with status 3");
    String small = file("small", new byte[31]);
    assertThatThrownBy(() -> kind(Map.of("BLKSH_KEY_FILE", small)))
        .hasMessageContaining("a key file has 32 to");
    assertThatThrownBy(() -> kind(Map.of("BLKSH_KEY_FILE", folder.resolve("none").toString())))
        .hasMessageContaining("its key cannot be read");
  }
}
