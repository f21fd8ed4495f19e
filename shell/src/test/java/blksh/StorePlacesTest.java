package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Component;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.ExitStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the command line makes a store, and where it does not. */
class StorePlacesTest {

  @TempDir Path home;
  private Path image;

  @BeforeEach
  void image() throws Exception {
    image = Files.write(home.resolve("disk.img"), new byte[8192]);
  }

  private Ended capture(Program program, Path store) throws Exception {
    return program.run("run", "capture", image.toString(), "--store", "" + store, "--name", "a");
  }

  @Test
  void aCaptureSaysThatItMadeAStore() throws Exception {
    Path store = home.resolve("deep/store");
    Ended first = capture(new Program(home), store);
    assertThat(first.status()).as(first.err()).isZero();
    assertThat(first.err()).contains("a new store was made in " + store);
    assertThat(capture(new Program(home), store).err()).doesNotContain("new store");
  }

  @Test
  void createMakesOneWhereACaptureDoesNot() throws Exception {
    Path store = Files.createDirectory(home.resolve("empty"));
    Ended refused = capture(new Program(home), store);
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.err()).contains("blksh run create --store " + store);
    Ended made =
        new Program(home)
            .run(
                "run",
                "create",
                "--store",
                store.toString(),
                "--codec",
                "zstd",
                "--page-size",
                "16K");
    assertThat(made.status()).as(made.err()).isZero();
    assertThat(made.out()).containsPattern("codec +zstd").containsPattern("page size +16 KiB");
    assertThat(capture(new Program(home), store).status()).isZero();
  }

  /** In a mount namespace of its own, where another file stands for /etc/fstab. */
  @Test
  void nothingIsMadeBelowAMountPointOfFstabWhoseDriveIsMissing() throws Exception {
    boolean root = System.getProperty("user.name").equals("root");
    Component.need(root, "not root, who alone makes mount namespaces");
    Path point = Files.createDirectory(home.resolve("backup"));
    Path table = home.resolve("fstab");
    Files.writeString(table, "/dev/sdz1 " + point.toRealPath() + " ext4 noauto 0 2\n");
    String script =
        "mount --bind '%s' /etc/fstab && exec %s \"$@\"".formatted(table, Program.quoted());
    for (Path store : new Path[] {point, point.resolve("store")}) {
      Ended refused =
          capture(
              new Program(home)
                  .by("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"),
              store);
      assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
      assertThat(refused.err()).contains("is a mount point of /etc/fstab");
      assertThat(point).isEmptyDirectory();
    }
  }

  @Test
  void aCommandIsCapturedOnlyWhenItSucceeds() throws Exception {
    String store = home.resolve("store").toString();
    Ended good =
        new Program(home)
            .run("run", "capture", "--store", store, "--name", "a", "--", "echo", "-n", "x y");
    assertThat(good.status()).as(good.err()).isZero();
    Ended bad =
        new Program(home)
            .run(
                "run", "capture", "--store", store, "--name", "a", "--", "sh", "-c", "echo; false");
    assertThat(bad.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(bad.err()).contains("sh ended with status 1");
    Ended both =
        new Program(home).run("run", "capture", "-", "--store", store, "--name", "a", "--", "true");
    assertThat(both.status()).isEqualTo(ExitStatus.USAGE);
    Ended listed = new Program(home).run("run", "list", "--store", store);
    assertThat(listed.out()).contains("a@1").doesNotContain("a@2");
    assertThat(new Program(home).run("help", "capture").out()).contains("--allow-empty");
  }
}
