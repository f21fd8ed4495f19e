package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Content;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.ExitStatus;
import blksh.store.Store;
import blksh.store.StoreOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An encrypted store by the words of the command line, with its key in the environment or named.
 */
class EncryptedStoreWordsTest {

  @TempDir Path home;

  private Program blksh() {
    return new Program(home).with("XDG_CACHE_HOME", home.resolve("cache").toString());
  }

  @Test
  void itIsMadeFilledAndReadWithItsKeysOrItsSheetAndByNobodyElse() throws Exception {
    Path image = Files.write(home.resolve("disk.img"), Content.random(100_000, 1));
    String store = home.resolve("store").toString();
    Path sheet = home.resolve("sheet");
    Program known = blksh().with("BLKSH_PASSPHRASE", "correct horse");
    Ended made =
        known.run("run", "create", "--store", store, "--encrypt", "--sheet", sheet.toString());
    assertThat(made.status()).as(made.err()).isZero();
    assertThat(made.out()).contains("encrypted");
    assertThat(made.err()).doesNotContain(Files.readAllLines(sheet).get(0));
    assertThat(Files.readString(sheet)).matches("(([a-z2-7]{4} ){3}[a-z2-7]{4}\n){4}");

    String key = Files.write(home.resolve("key"), Content.random(64, 2)).toString();
    Ended added = known.run("run", "keys", "--store", store, "--add", "usb", "--new-key-file", key);
    assertThat(added.status()).as(added.err()).isZero();
    Ended filled =
        blksh()
            .run(
                "run",
                "capture",
                image.toString(),
                "--store",
                store,
                "--name",
                "a",
                "--key-file",
                key);
    assertThat(filled.status()).as(filled.err()).isZero();
    assertThat(home.resolve("store/index.db")).doesNotExist();
    assertThat(blksh().run("run", "list", "--store", store).err())
        .contains("it is encrypted, and no key was given");
    Path target = home.resolve("restored");
    Ended restored =
        blksh()
            .with("BLKSH_PASSPHRASE_FILE", sheet.toString())
            .run("run", "restore", "a", "--to", target.toString(), "--store", store);
    assertThat(restored.status()).as(restored.err()).isZero();
    assertThat(Files.mismatch(image, target)).isEqualTo(-1);

    // an unmounted drive is told as one
    Files.move(home.resolve("store"), home.resolve("elsewhere"));
    assertThat(known.run("run", "list", "--store", store).err())
        .contains("there is no store, and no such directory");
    // somebody puts another in its place, so that the next capture goes into one in the clear
    Path plain = home.resolve("plain");
    Store.create(plain, StoreOptions.defaults()).close();
    Files.move(plain, home.resolve("store"));
    Ended refused = known.run("run", "capture", image.toString(), "--store", store, "--name", "a");
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.err())
        .contains("an encrypted store was here when it was used last, and is not now");
  }
}
