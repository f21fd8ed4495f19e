package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What keeps a store in shape, by the bundled scripts. */
class UpkeepScriptsTest {

  private static final int BYTES = 2_000_000;

  @TempDir Path folder;

  private Ended run(Object... words) throws Exception {
    String[] all = new String[words.length + 1];
    all[0] = "run";
    for (int i = 0; i < words.length; i++) {
      all[i + 1] = words[i].toString();
    }
    return Here.run(folder.resolve("home"), all);
  }

  private Ended done(Object... words) throws Exception {
    Ended ended = run(words);
    assertThat(ended.status()).as(ended.out() + ended.err()).isZero();
    return ended;
  }

  private Path disk(int seed) throws IOException {
    byte[] bytes = new byte[BYTES];
    new Random(seed).nextBytes(bytes);
    return Files.write(folder.resolve("disk.img"), bytes);
  }

  private static long bytes(Path store) throws IOException {
    try (Stream<Path> files = Files.walk(store.resolve("packs"))) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @Test
  void versionsAreForgottenTakenBackAndCompactedAway() throws Exception {
    Path store = folder.resolve("store");
    for (int seed = 1; seed <= 3; seed++) {
      done("capture", disk(seed), "--store", store, "--name", "disk");
    }
    done("mark", "disk@1", "--store", store, "--pin", "--note", "as delivered", "--tag", "old");
    assertThat(done("list", "--store", store).out()).contains("as delivered");
    Ended dry = done("forget", "--store", store, "--name", "d*", "--keep-last", "1", "--dry-run");
    assertThat(dry.out()).contains("would forget", "stays", "pinned", "goes");
    assertThat(done("forget", "--store", store, "--keep-last", "1").out()).contains("forgot");
    assertThat(done("trash", "--store", store).out()).contains("disk@2");
    done("undelete", "disk@2", "--store", store);
    assertThat(done("list", "--store", store).out()).contains("disk@1", "disk@2", "disk@3");
    assertThat(run("delete", "disk@1", "--store", store).err()).contains("it is pinned");
    assertThat(run("undelete", "disk@9", "--store", store).err()).contains("not in the trash");
    assertThat(done("compact", "--store", store, "--dry-run", "--json").out())
        .contains("\"freed\":0");
    assertThat(bytes(store)).isGreaterThan(3 * BYTES);
    Ended compacted = done("forget", "--store", store, "--keep-last", "1", "--compact", "--json");
    assertThat(compacted.out()).contains("\"removed\":1", "\"emptied\":1");
    assertThat(bytes(store)).isBetween(2L * BYTES, 21L * BYTES / 10);
    assertThat(run("forget", "--store", store).err()).contains("no rule says what stays");
    assertThat(run("forget", "--store", store, "--keep-within", "soon").status())
        .isEqualTo(ExitStatus.FAILED);
  }

  @Test
  void everyNightGivesBackWhatItDrops() throws Exception {
    Path store = folder.resolve("store");
    for (int seed = 1; seed <= 3; seed++) {
      done("nightly", "--store", store, "--drive", disk(seed), "--name", "disk", "--keep-last", 1);
      assertThat(bytes(store)).isBetween((long) BYTES, 11L * BYTES / 10);
    }
    done("capture", disk(4), "--store", store, "--name", "disk2");
    done("capture", disk(5), "--store", store, "--name", "disk2");
    Ended last =
        done(
            "nightly",
            "--store",
            store,
            "--drive",
            disk(6),
            "--name",
            "disk",
            "--keep-daily",
            1,
            "--grace",
            "7d");
    assertThat(last.out()).contains("forgot", "disk@3 (grace)");
    assertThat(done("list", "--store", store).out())
        .contains("disk@4", "disk2@1", "disk2@2")
        .doesNotContain("disk@3");
  }

  @Test
  void versionsAreCopiedToAnotherStoreOnce() throws Exception {
    Path store = folder.resolve("store");
    Path other = folder.resolve("other");
    for (int seed = 1; seed <= 2; seed++) {
      done("capture", disk(seed), "--store", store, "--name", "disk" + seed);
    }
    done("mark", "disk1@1", "--store", store, "--note", "as delivered");
    Ended dry = done("copy", "--store", store, "--to", other, "--dry-run");
    assertThat(dry.out()).contains("would copy", "disk1@1", "disk2@1");
    assertThat(other).doesNotExist();
    assertThat(run("copy", "nothing*", "--store", store, "--to", other).err())
        .contains("has no such name");
    assertThat(other).doesNotExist();
    done("create", "--store", other, "--codec", "zstd-9");
    assertThat(done("copy", "disk1", "--store", store, "--to", other, "--json").out())
        .contains("\"copied\":1", "\"thereBefore\":0", "\"left\":0");
    assertThat(done("copy", "--store", store, "--to", other, "--json").out())
        .contains("\"copied\":1", "\"thereBefore\":1");
    assertThat(done("copy", "--store", store, "--to", other).out()).contains("copied");
    assertThat(done("list", "--store", other).out()).contains("disk1@1", "as delivered", "disk2@1");
    done("restore", "disk2@1", "--store", other, "--to", folder.resolve("restored"));
    assertThat(Files.mismatch(folder.resolve("restored"), disk(2))).isEqualTo(-1);
    Ended figures = done("figures", "--store", other);
    assertThat(figures.out()).contains("deduplication", "compression", "disk1@1", "own");
    assertThat(run("figures", "x", "--store", other).err()).contains("has no such name");
  }

  @Test
  void aStoreCompressesInAnotherWayFromNowOn() throws Exception {
    Path store = folder.resolve("store");
    done("create", "--store", store, "--codec", "zstd-19");
    assertThat(done("info", "--store", store).out()).contains("zstd-19");
    assertThat(done("codec", "auto-6", "--store", store, "--dry-run").out())
        .contains("would compress");
    assertThat(done("info", "--store", store).out()).contains("zstd-19");
    assertThat(done("codec", "auto-6", "--store", store).out()).contains("auto-6", "zstd-19");
    assertThat(done("info", "--store", store, "--json").out()).contains("\"auto-6\"");
    Ended wrong = run("codec", "zstd-23", "--store", store);
    assertThat(wrong.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(wrong.err()).contains("raw, lz4, zstd or auto");
    done("compact", "--store", store, "--recompress");
  }

  @Test
  void parityHealsAlone() throws Exception {
    Path store = folder.resolve("store");
    done("create", "--store", store, "--parity", "10%");
    assertThat(done("info", "--store", store).out()).contains("parity");
    done("capture", disk(1), "--store", store, "--name", "disk");
    assertThat(done("protect", "--store", store, "--json").out())
        .contains("\"made\":0", "\"missing\":0");
    damage(store);
    Ended found = run("verify", "--store", store);
    assertThat(found.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(found.out() + found.err()).contains("have parity");
    Ended dry = done("repair", "--store", store, "--dry-run");
    assertThat(dry.out()).contains("would repair", "by parity");
    assertThat(done("repair", "--store", store, "--json").out())
        .contains("\"byParity\":1", "\"stillDamaged\":0");
    assertThat(done("verify", "--store", store, "--json").out()).contains("\"withParity\":3");
    assertThat(done("protect", "0%", "--store", store).out()).contains("protected");
    try (Stream<Path> left = Files.walk(store.resolve("parity"))) {
      assertThat(left.filter(Files::isRegularFile)).as("directories may stay").isEmpty();
    }
    Ended wrong = run("protect", "2.5%", "--store", store);
    assertThat(wrong.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(wrong.err()).contains("a whole number of percent");
  }

  /** Of a disk with a partition that holds an ext4, which debugfs changes. */
  @Test
  void whatBecameOfFilesIsTold() throws Exception {
    Path disk = folder.resolve("disk.img");
    Path tree = Files.createDirectories(folder.resolve("tree/sub"));
    Files.write(tree.resolve("first"), new byte[5000]);
    Files.write(tree.resolve("second"), "some text".getBytes());
    Files.write(folder.resolve("third"), "another text".getBytes());
    Tool.named("truncate").run("-s", "16M", disk.toString());
    // Swap space has no files, and is nothing that one must know of.
    String parts = "printf 'start=2048,size=26624\\nstart=28672,size=2048,type=swap\\n'";
    Tool.named("sh").run("-c", parts + " | /sbin/sfdisk -q --label gpt " + disk);
    String top = folder.resolve("tree").toString();
    Tool.named("mkfs.ext4")
        .run("-q", "-F", "-E", "offset=1048576", "-d", top, disk.toString(), "12M");
    Path store = folder.resolve("store");
    done("capture", disk, "--store", store, "--name", "disk");
    String commands = "ln /sub/first /moved\nunlink /sub/first\nrm /sub/second\n";
    commands += "write " + folder.resolve("third") + " third\n";
    Path script = Files.writeString(folder.resolve("commands"), commands);
    Tool.named("debugfs").run("-w", "-f", script.toString(), disk + "?offset=1048576");
    done("capture", disk, "--store", store, "--name", "disk");
    Ended found = done("diff", "disk@1", "disk@2", "--files", "--store", store, "--json");
    assertThat(found.out())
        .contains("\"added\":1", "\"removed\":1", "\"changed\":0", "\"moved\":1")
        .contains("\"partition\":\"p1\"", "\"from\":\"/sub/first\"", "\"path\":\"/moved\"");
    assertThat(
            done("diff", "disk@1", "disk", "--files", "--partition", "p1", "--store", store).out())
        .contains("/moved", "/sub/first", "/sub/second", "/third");
    Ended wrong = run("diff", "disk@1", "disk@2", "--contents", "--store", store);
    assertThat(wrong.status()).isEqualTo(ExitStatus.USAGE);
  }

  @Test
  void aDamagedPartitionIsNamedAndTheOthersAreCompared() throws Exception {
    Path disk = folder.resolve("disk.img");
    Path tree = Files.createDirectories(folder.resolve("tree"));
    Files.write(tree.resolve("first"), new byte[5000]);
    Tool.named("truncate").run("-s", "16M", disk.toString());
    String parts =
        "printf 'start=2048,size=12288\\nstart=16384,size=12288\\nstart=28672,size=2048\\n'";
    Tool.named("sh").run("-c", parts + " | /sbin/sfdisk -q --label gpt " + disk);
    for (String offset : List.of("1048576", "8388608")) {
      Tool.named("mkfs.ext4")
          .run("-q", "-F", "-E", "offset=" + offset, "-d", tree.toString(), disk.toString(), "6M");
    }
    Path store = folder.resolve("store");
    done("capture", disk, "--store", store, "--name", "disk");
    Tool.named("debugfs").run("-w", "-R", "clri <2>", disk + "?offset=1048576");
    Tool.named("debugfs").run("-w", "-R", "rm first", disk + "?offset=8388608");
    done("capture", disk, "--store", store, "--name", "disk");
    Ended found = run("diff", "disk@1", "disk@2", "--files", "--store", store);
    assertThat(found.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(found.out()).contains("/first");
    assertThat(found.out() + found.err())
        .contains("partition p1: ")
        .contains("partition p3: ")
        .doesNotContain("partition p2: ");
  }

  @Test
  void whatWasFoundDamagedIsKnownUntilAnotherStoreHealsIt() throws Exception {
    Path store = folder.resolve("store");
    Path other = folder.resolve("other");
    done("capture", disk(1), "--store", store, "--name", "disk");
    done("capture", disk(1), "--store", other, "--name", "disk");
    Ended well = done("health", "--store", store, "--captured", "1d", "--json");
    assertThat(well.out()).contains("\"damageOpen\":0", "\"newest\":\"disk@1\"");
    assertThat(well.out()).contains("\"verifiedIn20Days\"");
    damage(store);
    assertThat(run("verify", "--store", store).status()).isEqualTo(ExitStatus.FINDINGS);
    Ended ill = run("health", "--store", store);
    assertThat(ill.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(ill.out()).contains("something is overdue", "damaged", "disk@1");
    assertThat(run("verify", "--store", store, "--mode", "quick").status())
        .isEqualTo(ExitStatus.FINDINGS);
    assertThat(run("repair", "--store", store).status()).isEqualTo(ExitStatus.FINDINGS);
    Ended dry = done("repair", "--store", store, "--from", other, "--dry-run", "--json");
    assertThat(dry.out()).contains("\"dryRun\":true", "\"stillDamaged\":0");
    assertThat(run("health", "--store", store).status()).isEqualTo(ExitStatus.FINDINGS);
    Ended repaired = done("repair", "--store", store, "--from", other, "--json");
    assertThat(repaired.out()).contains("\"stillDamaged\":0");
    done("health", "--store", store);
    done("restore", "disk@1", "--store", store, "--to", folder.resolve("restored"));
    done("reindex", "--store", store);
    done("verify", "--store", store);
    assertThat(run("health", "--store", store, "--captured", "often").status())
        .isEqualTo(ExitStatus.FAILED);
  }

  @Test
  void aDeletedVersionThatCannotBeReadIsGivenUpByName() throws Exception {
    Path store = folder.resolve("store");
    done("capture", disk(1), "--store", store, "--name", "disk");
    done("capture", disk(2), "--store", store, "--name", "disk");
    done("delete", "disk@1", "--store", store);
    try (Stream<Path> files = Files.walk(store.resolve("manifests"))) {
      Path deleted = files.filter(f -> f.toString().endsWith(".deleted")).findFirst().orElseThrow();
      Files.write(deleted, new byte[100]);
    }
    Ended refused = run("compact", "--store", store, "--grace", "7d");
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.err()).contains("disk@1 (deleted, still kept)", "trash --purge NAME@N");
    assertThat(run("trash", "--store", store, "--purge", "disk@2").err())
        .contains("it is not in the trash");
    done("trash", "--store", store, "--purge", "disk@1", "--dry-run");
    assertThat(run("compact", "--store", store, "--grace", "7d").status())
        .isEqualTo(ExitStatus.FAILED);
    done("trash", "--store", store, "--purge", "disk@1");
    done("compact", "--store", store, "--grace", "7d");
    assertThat(bytes(store)).isLessThan(2L * BYTES);
    assertThat(done("capture", disk(3), "--store", store, "--name", "disk").out())
        .as("its number is not given again")
        .contains("disk@3");
  }

  private static void damage(Path store) throws IOException {
    Path pack;
    try (Stream<Path> files = Files.walk(store.resolve("packs"))) {
      pack = files.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
    try (RandomAccessFile file = new RandomAccessFile(pack.toFile(), "rw")) {
      file.seek(BYTES / 2);
      int before = file.read();
      file.seek(BYTES / 2);
      file.write(before ^ 1);
    }
  }

  @Test
  void aNightThatMeetsDamageDropsNothing() throws Exception {
    Path store = folder.resolve("store");
    done("capture", disk(1), "--store", store, "--name", "disk");
    done("capture", disk(2), "--store", store, "--name", "disk");
    damage(store);
    Ended night =
        run(
            "nightly",
            "--store",
            store,
            "--drive",
            disk(3),
            "--name",
            "disk",
            "--verify",
            "full",
            "--keep-last",
            1);
    assertThat(night.status()).as(night.out() + night.err()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(night.out() + night.err()).contains("nothing was dropped");
    assertThat(done("trash", "--store", store).out()).doesNotContain("disk@");
    assertThat(bytes(store)).isGreaterThan(3L * BYTES);
  }

  @Test
  void whatHasOneOfTheTagsStaysAndTreesAreJudgedApart() throws Exception {
    Path store = folder.resolve("store");
    for (int seed = 1; seed <= 4; seed++) {
      done("capture", disk(seed), "--store", store, "--name", "both");
    }
    done("mark", "both@1", "--store", store, "--tag", "a");
    done("mark", "both@2", "--store", store, "--tag", "b");
    Path tree = Files.createDirectory(folder.resolve("tree"));
    for (int i = 0; i < 3; i++) {
      Files.writeString(tree.resolve("file" + i), "x" + i);
      done("snapshot", tree, "--store", store, "--name", "both");
    }
    String[] tags = {"--keep-tag", "a", "--keep-tag", "b"};
    done("forget", "--store", store, tags[0], tags[1], tags[2], tags[3]);
    assertThat(done("trash", "--store", store).out())
        .contains("both@3")
        .doesNotContain("both@1", "both@2", "both@4", "both@5", "both@6", "both@7");
    done("forget", "--store", store, "--keep-tag", "a,b", "--name", "both");
    assertThat(done("trash", "--store", store).out())
        .contains("both@1", "both@2")
        .doesNotContain("both@4", "both@5");
    done("forget", "--store", store, "--trees", "--keep-last", 1);
    assertThat(done("trash", "--store", store).out())
        .contains("both@5", "both@6")
        .doesNotContain("both@4", "both@7");
  }
}
