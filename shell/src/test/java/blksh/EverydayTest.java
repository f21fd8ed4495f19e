package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Child;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.ExitStatus;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bundled scripts, on the real sample disk. */
class EverydayTest {

  @TempDir Path home;
  private Path disk1;
  private Path disk2;
  private String store;

  @BeforeEach
  void unpack() throws Exception {
    disk1 = disk(1);
    disk2 = disk(2);
    store = home.resolve("store").toString();
  }

  private Path disk(int generation) throws Exception {
    Path disk = home.resolve("disk-" + generation + ".img");
    Path packed = Program.root().resolve("samples/disk-" + generation + ".img.gz");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Files.copy(in, disk);
    }
    return disk;
  }

  private Ended run(String... words) throws Exception {
    String[] all = new String[words.length + 1];
    all[0] = "run";
    System.arraycopy(words, 0, all, 1, words.length);
    return new Program(home).run(all);
  }

  private void done(String... words) throws Exception {
    Ended ended = run(words);
    assertThat(ended.err()).doesNotContain("blksh: cannot");
    assertThat(ended.status()).as(ended.err()).isZero();
  }

  @Test
  void capturesListsComparesAndRestores() throws Exception {
    done("capture", disk1.toString(), "--store", store, "--name", "tour");
    done("capture", disk2.toString(), "--store", store, "--name", "tour");
    assertThat(run("list", "--store", store).out()).contains("tour@1", "tour@2", "24 MiB");
    Ended other = run("list", "other", "--store", store);
    assertThat(other.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(other.err()).contains("has no such name; it has tour");
    assertThat(run("diff", "tour@1", "tour@2", "--store", store, "--json").lastLine())
        .contains("\"from\":\"tour@1\"", "\"to\":\"tour@2\"")
        .doesNotContain("\"changed\":0,");

    Path back = home.resolve("back.img");
    done("restore", "tour@1", "--store", store, "--to", back.toString());
    assertThat(Files.mismatch(disk1, back)).isEqualTo(-1);
    Ended refused = run("restore", "tour", "--store", store, "--to", back.toString());
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(Files.mismatch(disk1, back)).isEqualTo(-1);
    done("restore", "tour", "--store", store, "--to", back.toString(), "--only-changed");
    assertThat(Files.mismatch(disk2, back)).isEqualTo(-1);
    done("restore", "tour@1", "--store", store, "--to", back.toString(), "--overwrite");
    assertThat(Files.mismatch(disk1, back)).isEqualTo(-1);

    done("delete", "tour@1", "--store", store);
    assertThat(run("restore", "tour@1", "--store", store, "--to", "x").err()).contains("tour@1");
    done("reindex", "--store", store);
    assertThat(run("runs", "--json").lastLine())
        .contains("\"verb\":\"capture\"", "\"verb\":\"restore\"", "\"outcome\":\"done\"");
  }

  @Test
  void leavesOutWhatTheFileSystemDoesNotUse() throws Exception {
    String disk = disk2.toString();
    done("capture", disk, "--store", store, "--name", "used", "--skip-free");
    String map = "store(\"" + store + "\").manifests[\"used\"].last.map";
    assertThat(Here.run(home, "eval", map, "--json").lastLine()).containsPattern("\"free\":[1-9]");
    Path back = home.resolve("back.img");
    done("restore", "used", "--store", store, "--to", back.toString());
    assertThat(Child.of("e2fsck", "-fn", back.toString()).start().waitFor()).isZero();
    Ended stream = run("capture", "-", "--store", store, "--name", "s", "--skip-free");
    assertThat(stream.err()).contains("what a stream does not use cannot be told");
  }

  @Test
  void anImageSharesItsPagesWithTheDiskItCameFrom() throws Exception {
    String image = home.resolve("disk.pcl.zst").toString();
    done("vpartclone", disk1.toString(), "--convert", image, "--compression", "zstd");
    done("capture", disk1.toString(), "--store", store, "--name", "disk");
    done("capture", image, "--store", store, "--name", "image", "--image");
    assertThat(run("info", "image", "--store", store, "--json").lastLine())
        .contains("\"new\":0,", "\"size\":25165824,");
    Path back = home.resolve("back.img");
    done("restore", "image", "--store", store, "--to", back.toString());
    assertThat(Files.mismatch(disk1, back)).isEqualTo(-1);
    Ended none = run("capture", image, "--store", store, "--name", "part", "--partition", "p1");
    assertThat(none.err()).contains("find partition p1");
  }

  @Test
  void capturesStandardInputAndRestoresToStandardOutput() throws Exception {
    byte[] bytes = new byte[1_000_003];
    new Random(7).nextBytes(bytes);
    Program capture = new Program(home).reading(bytes);
    assertThat(capture.run("run", "capture", "-", "--store", store, "--name", "s").status())
        .isZero();
    Ended restore = run("restore", "s", "--store", store, "--to", "-", "--json");
    assertThat(restore.status()).isZero();
    assertThat(Files.readAllBytes(home.resolve("out"))).isEqualTo(bytes);
    assertThat(restore.err()).contains("\"written\":1000003");
  }

  @Test
  void keepsWatchEveryNight() throws Exception {
    String[] nightly = {
      "scripts/nightly.kts",
      "--store",
      store,
      "--drive",
      disk1.toString(),
      "--drive",
      disk2.toString(),
      "--keep-last",
      "2",
      "--verify",
      "full"
    };
    done(nightly);
    done(nightly);
    done(nightly);
    String listed = run("list", "--store", store, "--json").lastLine();
    assertThat(listed).contains(".disk-1.img@2", ".disk-1.img@3", ".disk-2.img@3");
    assertThat(listed).doesNotContain(".disk-1.img@1\"");
    assertThat(run("nightly").status()).isEqualTo(ExitStatus.USAGE);
  }

  @Test
  void reportsDamageAsAFinding() throws Exception {
    done("capture", disk1.toString(), "--store", store, "--name", "tour");
    Path pack;
    try (Stream<Path> files = Files.walk(Path.of(store, "packs"))) {
      pack = files.filter(file -> file.toString().endsWith(".pack")).findFirst().orElseThrow();
    }
    try (RandomAccessFile file = new RandomAccessFile(pack.toFile(), "rw")) {
      file.seek(5000);
      int old = file.read();
      file.seek(5000);
      file.write(old ^ 1);
    }
    Ended verify = run("verify", "--store", store, "--json");
    assertThat(verify.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(verify.lastLine()).contains("\"clean\":false", "tour@1 bytes ", "\"findings\":[");
    assertThat(run("verify", "--store", store, "--mode", "nope").status())
        .isEqualTo(ExitStatus.USAGE);
  }

  @Test
  void changesNothingOnADryRun() throws Exception {
    Ended first = run("capture", disk1.toString(), "--store", store, "--name", "t", "--dry-run");
    assertThat(first.status()).as(first.err()).isZero();
    assertThat(first.out()).startsWith("would capture t\n").contains("new        816 KiB");
    assertThat(Path.of(store)).doesNotExist();
    Path full = java.nio.file.Files.createDirectory(home.resolve("full"));
    java.nio.file.Files.writeString(full.resolve("notes"), "mine");
    Ended wrong =
        run("capture", disk1.toString(), "--store", full.toString(), "--name", "t", "--dry-run");
    assertThat(wrong.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(wrong.err()).contains("there is no store in it");
    done("capture", disk1.toString(), "--store", store, "--name", "t");
    Ended capture = run("capture", disk2.toString(), "--store", store, "--name", "t", "--dry-run");
    assertThat(capture.out()).startsWith("would capture t\n");
    Ended delete = run("delete", "t@1", "--store", store, "--dry-run");
    assertThat(delete.out()).startsWith("would delete\n");
    Path back = home.resolve("back.img");
    Ended restore = run("restore", "t", "--store", store, "--to", back.toString(), "--dry-run");
    assertThat(restore.out()).startsWith("would restore t@1\n");
    assertThat(back).doesNotExist();
    Ended stream = run("restore", "t", "--store", store, "--to", "-", "--dry-run");
    assertThat(stream.out()).startsWith("would restore t@1\n").hasSizeLessThan(1000);
    Ended reindex = run("reindex", "--store", store, "--dry-run");
    assertThat(reindex.out()).startsWith("would reindex\n").contains("repaired   0");
    java.nio.file.Files.writeString(back, "precious");
    Ended refused = run("restore", "t", "--store", store, "--to", back.toString());
    assertThat(refused.err())
        .contains("it exists; to write over it, say overwrite = true (--overwrite)");
    assertThat(back).hasContent("precious");
    assertThat(run("list", "--store", store, "--json").lastLine())
        .contains("t@1")
        .doesNotContain("t@2");
  }

  @Test
  void refusesAStoreThatIsNone() throws Exception {
    Ended ended = run("list", "--store", home.resolve("nothing").toString());
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err()).contains("there is no store").doesNotContain("list.kts", "val ");
    assertThat(run("list", "--store", home.resolve("nothing").toString(), "--trace").err())
        .contains("at scripts/list.kts:");
    assertThat(home.resolve("nothing")).doesNotExist();
  }
}
