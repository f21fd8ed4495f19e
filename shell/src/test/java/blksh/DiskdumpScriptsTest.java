package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Component;
import blksh.kit.Content;
import blksh.kit.DumpFiles;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stores of diskdump by the bundled scripts. */
class DiskdumpScriptsTest {

  private static final int BLOCK = 131_072;

  @TempDir Path folder;

  /** By the directory that is DISKDUMP_BASE for it. */
  private final Map<Path, Resident> residents = new HashMap<>();

  @AfterEach
  void end() throws IOException {
    for (Resident each : residents.values()) {
      each.close();
    }
  }

  private static String[] words(Object... words) {
    return Stream.concat(Stream.of("run"), Stream.of(words).map(Object::toString))
        .toArray(String[]::new);
  }

  private Ended run(Path base, Object... words) throws Exception {
    Resident resident = residents.get(base);
    if (resident == null) {
      resident = Resident.in(folder, Map.of("DISKDUMP_BASE", base.toString()));
      residents.put(base, resident);
    }
    return resident.run(folder.resolve("home"), words(words));
  }

  /** The real one, whose standard output is data, or which leaves something running. */
  private Ended real(Path base, Object... words) throws Exception {
    return new Program(folder.resolve("home"))
        .with("DISKDUMP_BASE", base.toString())
        .run(words(words));
  }

  private Ended done(Path base, Object... words) throws Exception {
    Ended ended = run(base, words);
    assertThat(ended.status()).as(ended.err()).isZero();
    return ended;
  }

  private Path file(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static byte[] image(int seed) {
    return Content.compressible(3 * BLOCK + 77, seed);
  }

  @Test
  void dumpsAreImportedAndExported() throws Exception {
    Path base = folder.resolve("dumps");
    Path store = folder.resolve("store");
    DumpFiles.write(base, image(1), "server01.sda", 0);
    DumpFiles.write(base, image(2), "server01.sda", 1);
    assertThat(done(base, "import", base, "--store", store, "--dry-run").out())
        .contains("would import", "server01.sda@1");
    assertThat(done(base, "import", base, "--store", store).out())
        .startsWith("imported")
        .contains("server01.sda@1", "server01.sda@2", "2026-04-21");
    assertThat(done(base, "import", base, "--store", store, "--json").lastLine())
        .contains("\"imported\":0", "\"thereBefore\":2");
    Path back = folder.resolve("back");
    done(base, "restore", "server01.sda@1", "--store", store, "--to", back);
    assertThat(Files.readAllBytes(back)).isEqualTo(image(1));
    Path again = folder.resolve("again");
    assertThat(done(base, "export", "server*", "--store", store, "--to", again).out())
        .startsWith("exported");
    DumpFiles.assertRestores(again, "server01.sda/0.manifest", image(1));
    DumpFiles.assertRestores(again, "server01.sda/1.manifest", image(2));
    Ended wrong = run(base, "list", "--store", base);
    assertThat(wrong.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(wrong.err()).contains("it is a store of diskdump", "run import");
  }

  @Test
  void theCommandLinesOfDiskdumpWorkOnItsStore() throws Exception {
    Path base = folder.resolve("dumps");
    DumpFiles.write(base, image(1), "server01.sda", 0);
    Path disk = file("disk", image(2));
    done(base, "diskdump", "dump", "localhost:" + disk, "--sudo", "--as", "server01.sda");
    DumpFiles.assertRestores(base, "server01.sda/1.manifest", image(2));
    done(base, "diskdump", "localhost:" + disk, "-u", "root", "--batch-size", "7");
    String name = "localhost." + disk.toString().replace('/', '.');
    assertThat(done(base, "diskdump", "status").out())
        .contains("server01.sda@0", "server01.sda@1", name + "@0");
    Path back = folder.resolve("back");
    done(base, "diskdump", "restore", "server01.sda/1.manifest", "-o", back);
    assertThat(Files.readAllBytes(back)).isEqualTo(image(2));
    Ended there = run(base, "diskdump", "restore", "server01.sda/0.manifest", "--output", back);
    assertThat(there.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(Files.readAllBytes(back)).isEqualTo(image(2));
    done(base, "diskdump", "restore", "server01.sda/0.manifest", "-o", back, "--overwrite");
    assertThat(Files.readAllBytes(back)).isEqualTo(image(1));
    Path text = file("text", "one\ntwo\n".getBytes());
    done(base, "diskdump", "import", text, "--as", "usb:sdb", "--date", "2026-04-24");
    assertThat(real(base, "diskdump", "restore", "usb.sdb"))
        .matches(ended -> ended.status() == 0)
        .matches(ended -> ended.out().equals("one\ntwo\n"));
    assertThat(done(base, "diskdump", "info", "usb.sdb/0.manifest", "--json").lastLine())
        .contains("\"source\":\"usb:sdb\"", "\"date\":\"2026-04-24\"", "\"uniqueBlocks\":1")
        .contains("\"missingBlocks\":0");
    assertThat(done(base, "diskdump", "verify").out()).startsWith("verified: clean");
    Files.delete(base.resolve(".blockstore/manifests/usb.sdb/0.manifest"));
    assertThat(done(base, "diskdump", "gc", "--dry-run", "--json").lastLine())
        .contains("\"blocks\":1");
    assertThat(done(base, "diskdump", "gc").out()).startsWith("collected");
    assertThat(done(base, "diskdump", "reindex", "--json").lastLine()).contains("\"blocks\":8");
    DumpFiles.assertRestores(base, "server01.sda/1.manifest", image(2));
  }

  @Test
  void whatFailsIsNamedAndTheRestIsDone() throws Exception {
    Path base = folder.resolve("dumps");
    Path manifest = DumpFiles.write(base, image(1), "disk", 0);
    Path disk = file("disk", image(2));
    Ended some =
        run(
            base,
            "diskdump",
            "localhost:/nowhere:" + disk,
            "--as",
            "disk",
            "server01.invalid:/dev/sda");
    assertThat(some.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(some.err()).contains("localhost:/nowhere", "cannot reach server01.invalid");
    DumpFiles.assertRestores(base, "disk/1.manifest", image(2));
    assertThat(run(base, "diskdump", "server01.invalid:sda").status()).isEqualTo(ExitStatus.FAILED);
    // A dump that ended early.
    String whole = Files.readString(manifest);
    Files.writeString(manifest, whole.substring(0, whole.length() - 65));
    Path back = folder.resolve("back");
    Ended truncated = run(base, "diskdump", "restore", "disk/0.manifest", "-o", back);
    assertThat(truncated.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(truncated.err()).contains("truncated", "3 of 4 blocks");
    assertThat(back).doesNotExist();
    Ended verified = run(base, "diskdump", "verify");
    assertThat(verified.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(verified.out()).contains("verified: damaged", "truncated");
  }

  @Test
  void aNewDirectoryBecomesAStoreOfEitherKind() throws Exception {
    Path disk = file("disk", image(1));
    Path own = folder.resolve("own");
    assertThat(run(own, "diskdump", "status").status()).isEqualTo(ExitStatus.FAILED);
    assertThat(own).doesNotExist();
    done(own, "diskdump", "import", disk, "--as", "server01", "--date", "2026-04-24T02:00:00");
    done(own, "diskdump", "dump", "localhost:" + disk, "--as", "server01.sda");
    assertThat(done(own, "list", "--store", own).out()).contains("server01.sda@2", "2026-04-24");
    Path back = folder.resolve("back");
    done(own, "diskdump", "restore", "server01.sda/0.manifest", "-o", back);
    assertThat(Files.readAllBytes(back)).isEqualTo(image(1));
    assertThat(done(own, "diskdump", "verify").out()).startsWith("verified: clean");
    assertThat(run(own, "diskdump", "gc").status()).isEqualTo(ExitStatus.FAILED);
    Path old = folder.resolve("old");
    done(old, "diskdump", "--format", "diskdump", "localhost:" + disk, "--as", "a/b");
    DumpFiles.assertRestores(old, "a/b/0.manifest", image(1));
    assertThat(run(old, "diskdump").status()).isEqualTo(ExitStatus.USAGE);
  }

  @Test
  void manifestsAreFoundInAStoreTheyWereImportedInto() throws Exception {
    Path base = folder.resolve("dumps");
    for (int i = 0; i < 4; i++) {
      DumpFiles.write(base, image(i), "server01.sda", i);
    }
    String day = "2026/04/19/server01.sda.manifest";
    DumpFiles.write(base, image(7), day, "server01:/dev/sda", "2026-04-19T02:00:00+00:00", BLOCK);
    DumpFiles.write(base, image(8), "usb/stick", 0);
    Files.delete(base.resolve(".blockstore/manifests/server01.sda/0.manifest"));
    Path store = folder.resolve("store");
    done(base, "import", base, "--store", store);
    restored(store, "server01.sda/3.manifest", image(3));
    restored(store, base + "/.blockstore/manifests/server01.sda/2.manifest", image(2));
    restored(store, day, image(7));
    restored(store, "usb/stick/0.manifest", image(8));
    restored(store, "server01.sda@1", image(7));
    for (String none : List.of("server01.sda/0.manifest", "2026/01/01/x")) {
      Ended wrong = run(store, "diskdump", "restore", none, "-o", folder.resolve("none"));
      assertThat(wrong.status()).isEqualTo(ExitStatus.FAILED);
      assertThat(wrong.err()).contains("was imported from");
    }
    assertThat(folder.resolve("none")).doesNotExist();
  }

  @Test
  void anImageIsTakenFromTheCurrentDirectoryAndNothingOldBecomesTheNewest() throws Exception {
    Path base = Files.createDirectories(folder.resolve("base"));
    Path here = Files.createDirectories(folder.resolve("here"));
    Files.write(here.resolve("disk.img"), image(2));
    Program program =
        new Program(folder.resolve("home")).in(here).with("DISKDUMP_BASE", base.toString());
    Ended taken = program.run("run", "diskdump", "import", "disk.img", "--as", "a:sda");
    assertThat(taken.status()).as(taken.err()).isZero();
    restored(base, "a.sda", image(2));
    Ended old =
        program.run(
            "run", "diskdump", "import", "disk.img", "--as", "a:sda", "--date", "2020-01-01");
    assertThat(old.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(old.err()).contains("a.sda@1 is later", "another name");
  }

  @Test
  void aManifestThatTwoBasesHadIsRefused() throws Exception {
    Path store = folder.resolve("store");
    for (int i = 1; i <= 2; i++) {
      Path base = folder.resolve("dumps" + i);
      String date = "2026-04-1" + i + "T02:00:00+00:00";
      DumpFiles.write(
          base, image(i), ".blockstore/manifests/x.sda/0.manifest", "x:/dev/sda", date, BLOCK);
      done(base, "import", base, "--store", store);
    }
    Ended wrong = run(store, "diskdump", "restore", "x.sda/0.manifest", "-o", folder.resolve("no"));
    assertThat(wrong.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(wrong.err()).contains("x.sda@1, x.sda@2");
  }

  private void restored(Path store, String manifest, byte[] image) throws Exception {
    Path back = folder.resolve("back");
    done(store, "diskdump", "restore", manifest, "-o", back, "--overwrite");
    assertThat(Files.readAllBytes(back)).isEqualTo(image);
  }

  @Test
  void aDumpThatLacksABlockIsNotWrittenOverAnything() throws Exception {
    Path base = folder.resolve("dumps");
    Path manifest = DumpFiles.write(base, image(1), "disk", 0);
    String hex = Files.readAllLines(manifest).get(6 + 2);
    String block = hex.substring(0, 2) + "/" + hex.substring(2, 4) + "/" + hex + ".lz4";
    Files.delete(base.resolve(".blockstore").resolve(block));
    byte[] precious = image(9);
    Path there = file("there", precious);
    Ended ended = run(base, "diskdump", "restore", "disk", "-o", there, "--overwrite");
    assertThat(ended.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(ended.err()).contains("1 of its 4 different blocks are missing");
    assertThat(Files.readAllBytes(there)).isEqualTo(precious);
    Ended piped = real(base, "diskdump", "restore", "disk");
    assertThat(piped.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(piped.out()).isEmpty();
  }

  @Test
  void whatIsRefusedLeavesNoNewStore() throws Exception {
    Path disk = file("disk", image(1));
    Path none = folder.resolve("new");
    String[][] wrong = {
      {"--format", "diskdump", "--block-size", "100", "localhost:" + disk},
      {"--format", "diskdump", "localhost:" + folder.resolve("nowhere")},
      {"localhost:" + folder.resolve("nowhere")},
      {"import", disk.toString(), "--as", "x:sda", "--date", "yesterday"},
    };
    for (String[] words : wrong) {
      Object[] all = Stream.concat(Stream.of("diskdump"), Stream.of(words)).toArray();
      assertThat(run(none, all).status()).as(String.join(" ", words)).isNotZero();
      assertThat(none).doesNotExist();
    }
  }

  @Test
  void aStoreIsMountedAsAWhole() throws Exception {
    Component.needFuse();
    Path base = folder.resolve("dumps");
    DumpFiles.write(base, image(1), "server01.sda", 0);
    DumpFiles.write(base, image(2), "server01.sda", 1);
    Path all = folder.resolve("all");
    assertThat(real(base, "mount", base, all, "--background").status()).isZero();
    try {
      assertThat(Files.readAllBytes(all.resolve("server01.sda/0"))).isEqualTo(image(1));
      assertThat(Files.readAllBytes(all.resolve("server01.sda/latest"))).isEqualTo(image(2));
    } finally {
      done(base, "unmount", all);
    }
  }
}
