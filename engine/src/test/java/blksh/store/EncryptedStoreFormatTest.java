package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.ByteArraySource;
import blksh.kit.Child;
import blksh.kit.Component;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.store.pack.CodecChoice;
import blksh.store.sealed.KeySecret;
import blksh.store.sealed.MasterKey;
import blksh.store.sealed.RecoverySheet;
import blksh.store.sealed.SealedShelf;
import blksh.store.shelf.DirectoryShelf;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An encrypted store is read by docs/read_store.py, which knows the format document alone. */
class EncryptedStoreFormatTest {

  private static final String LONG = "ü".repeat(90);

  @TempDir(factory = InMemory.class)
  Path folder;

  private int run(String variable, String value, String... words) throws Exception {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("docs/read_store.py"))) {
      here = here.getParent();
    }
    List<String> command = new ArrayList<>(List.of("python3", here + "/docs/read_store.py"));
    command.addAll(List.of(words));
    return python(command, variable, value);
  }

  private int python(List<String> command, String variable, String value) throws Exception {
    ProcessBuilder builder = Child.of(command).redirectErrorStream(true);
    builder.environment().put(variable, value);
    builder.redirectOutput(folder.resolve("out").toFile());
    return builder.start().waitFor();
  }

  private String out() throws IOException {
    return Files.readString(folder.resolve("out"), StandardCharsets.UTF_8);
  }

  @Test
  void aStrangersReaderListsAndRestoresByEachKindOfKey() throws Exception {
    String modules = "import cryptography.hazmat.primitives.kdf.argon2";
    String older = "import cryptography, argon2";
    boolean there =
        python(List.of("python3", "-c", modules), "X", "") == 0
            || python(List.of("python3", "-c", older), "X", "") == 0;
    Component.need(there, "python3-cryptography and python3-argon2");
    MasterKey key = MasterKey.random();
    Path store = Files.createDirectory(folder.resolve("store"));
    KeySecret words = KeySecret.passphrase("correct hörse".toCharArray());
    Store.create(
        new DirectoryShelf(store),
        new StoreOptions(CodecChoice.LZ4, 10)
            .withEncryption(new StoreOptions.Encryption(key, words, "first")));
    byte[] content = Content.compressible(100_000, 1);
    DerivedDirectory derived = new DerivedDirectory(folder.resolve("derived"));
    try (Store opened =
        Store.openApart(
            new SealedShelf(new DirectoryShelf(store), key), derived, Task.unwatched())) {
      for (String name : List.of("disk", LONG)) {
        opened.capture(
            new ByteArraySource(content), name, CaptureOptions.defaults(), Task.unwatched());
      }
    }
    String path = store.toString();
    assertThat(run("BLKSH_PASSPHRASE", "correct ho\u0308rse", path)).as(out()).isZero();
    assertThat(out()).contains("disk@1 100000 bytes", LONG + "@1 100000 bytes");
    Path target = folder.resolve("restored");
    int status = run("BLKSH_PASSPHRASE", RecoverySheet.text(key), path, "disk", target.toString());
    assertThat(status).as(out()).isZero();
    assertThat(Files.readAllBytes(target)).isEqualTo(content);
    assertThat(run("BLKSH_PASSPHRASE", "wrong", path)).isNotZero();
    assertThat(out()).contains("opens none of the keys");
  }
}
