package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Component;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Discs by the bundled script and by words. */
class DiscScriptsTest {

  @TempDir Path folder;
  private Path tree;
  private Path work;

  @BeforeEach
  void makeTree() throws IOException {
    tree = Files.createDirectories(folder.resolve("tree"));
    work = Files.createDirectories(folder.resolve("work"));
    for (int i = 0; i < 8; i++) {
      byte[] bytes = new byte[300_000];
      Arrays.fill(bytes, (byte) ('a' + i));
      Path in = Files.createDirectories(tree.resolve("letters" + i % 3));
      Files.write(in.resolve("to-ada-" + i + ".txt"), bytes);
    }
    Files.createSymbolicLink(tree.resolve("link"), Path.of("letters0"));
  }

  private Resident resident;

  @AfterEach
  void end() throws IOException {
    if (resident != null) {
      resident.close();
    }
  }

  /** In the directory that the test works in, which it says before the first. */
  private Ended run(String... words) throws Exception {
    if (resident == null) {
      resident = Resident.in(work, Map.of());
    }
    return resident.run(folder.resolve("home"), words);
  }

  private Ended odarchive(String... words) throws Exception {
    String[] all =
        Stream.concat(Stream.of("run", "odarchive"), Stream.of(words)).toArray(String[]::new);
    Ended ended = run(all);
    assertThat(ended.status()).as(ended.out() + ended.err()).isZero();
    return ended;
  }

  private static void assertSame(Path one, Path other) throws IOException {
    try (Stream<Path> files = Files.walk(one)) {
      for (Path each : files.toList()) {
        Path there = other.resolve(one.relativize(each).toString());
        if (Files.isRegularFile(each) && !Files.isSymbolicLink(each)) {
          assertThat(Files.mismatch(each, there)).as("%s", there).isEqualTo(-1);
          assertThat(Files.getLastModifiedTime(there)).isEqualTo(Files.getLastModifiedTime(each));
        } else {
          assertThat(Files.exists(there)).as("%s", there).isTrue();
        }
      }
    }
  }

  @Test
  void odarchivesCommandsLeadToDiscsAndBack() throws Exception {
    assertThat(run("run", "odarchive", "segment", "cd").err()).contains("begin with init PATH");
    odarchive("init", tree.toString(), "--job-name", "Letters");
    assertThat(Files.readString(work.resolve("catalogue.json")))
        .contains("\"version\": 2", "/DATA/letters0/to-ada-0.txt", "\"job_name\": \"Letters\"");
    odarchive("segment", "1500000");
    assertThat(odarchive("num_isos").out().strip()).isEqualTo("4");
    assertThat(odarchive("write_iso", "all", "--pretend").out()).contains("new_0003.iso");
    assertThat(work.resolve("new_0000.iso")).doesNotExist();
    odarchive("write_iso", "--job-name", "Letters");
    assertThat(odarchive("create_iso", "all", "--job-name", "Letters", "--overwrite").out())
        .contains("1 of 4 discs are written already")
        .doesNotContain("disc 1 of 4");
    assertThat(odarchive("find", "to-ada-7*").out())
        .contains("letters1/to-ada-7.txt", "LETTERS_000");
    assertThat(odarchive("verify").out()).contains("Letters_0001.iso");
    Files.copy(work.resolve("Letters_0002.iso"), work.resolve("sr0"));
    assertThat(odarchive("verify", "sr0").out()).contains("LETTERS_0003");
    assertThat(odarchive("info", "1").out()).contains("LETTERS_0001");
    assertThat(odarchive("health").out())
        .containsPattern("discs +4")
        .containsPattern("good +4")
        .contains("longest unverified")
        .doesNotContain("copy first");
    String back = folder.resolve("back").toString();
    odarchive(
        "restore",
        back,
        "Letters_0000.iso",
        "Letters_0001.iso",
        "Letters_0002.iso",
        "Letters_0003.iso");
    assertSame(tree, folder.resolve("back"));
  }

  @Test
  void aCatalogueThatOthersMadeIsKept() throws Exception {
    odarchive("init", tree.toString());
    odarchive("segment", "20000000");
    String before = Files.readString(work.resolve("catalogue.json"));
    assertThat(before).contains("disc_num");
    for (String each : List.of("", "-wal", "-shm")) {
      Files.deleteIfExists(work.resolve("odarchive.catalogue" + each));
    }

    odarchive("init", tree.toString());

    assertThat(work.resolve("catalogue.json.before")).hasContent(before);
    odarchive("init", tree.toString());
    assertThat(work.resolve("catalogue.json.before-2")).as("its own").doesNotExist();
  }

  @Test
  void whatOdarchiveWritesItselfIsNotArchived() throws Exception {
    work = tree;
    odarchive("init", ".");
    odarchive("segment", "20000000");
    odarchive("write_iso", "all");
    assertThat(tree.resolve("new.iso")).exists();

    odarchive("init", ".");
    odarchive("segment", "20000000");

    assertThat(odarchive("num_isos").out().strip()).isEqualTo("1");
    assertThat(odarchive("find", "*").out())
        .contains("to-ada-1.txt")
        .doesNotContain("catalogue.json", "new.iso");
  }

  @Test
  void whatADiscThatIsMissingHadIsNamed() throws Exception {
    odarchive("create_db", tree.toString());
    odarchive("plan_iso", "1500000");
    odarchive("write_iso", "all");
    Ended ended =
        run("run", "odarchive", "restore", folder.resolve("back").toString(), "new_0000.iso");
    assertThat(ended.status()).isEqualTo(3);
    assertThat(ended.out() + ended.err()).contains("missing");
  }

  @Test
  void aScratchedDiscIsRepairedAndALostOneMadeAgain() throws Exception {
    odarchive("init", tree.toString());
    odarchive("segment", "1900000", "--parity", "10", "--parity-discs", "1");
    odarchive("write_iso", "all");
    byte[] first = Files.readAllBytes(work.resolve("new_0000.iso"));
    byte[] scratched = first.clone();
    Arrays.fill(scratched, 300_000, 300_000 + first.length / 12, (byte) 0);
    Files.write(work.resolve("new_0000.iso"), scratched);

    odarchive("repair", "repaired.iso", "new_0000.iso");
    assertThat(work.resolve("repaired.iso")).hasBinaryContent(first);

    Files.delete(work.resolve("new_0000.iso"));
    List<String> left;
    try (Stream<Path> files = Files.list(work)) {
      left =
          files
              .map(each -> each.getFileName().toString())
              .filter(each -> each.matches("new_.*iso"))
              .toList();
    }
    assertThat(left).hasSizeGreaterThan(2);
    String back = folder.resolve("back").toString();
    odarchive(Stream.concat(Stream.of("restore", back), left.stream()).toArray(String[]::new));
    assertSame(tree, folder.resolve("back"));

    Files.write(work.resolve("new_0000.iso"), first);
    if (Tool.isThere("xorriso")) {
      odarchive("burn", "1", "stdio:medium");
      assertThat(Files.readAllBytes(work.resolve("medium"))).startsWith(first);
    }
  }

  @Test
  void wordsPlanWriteAndLookIntoDiscs() throws Exception {
    String words =
        """
        catalogue("letters").scan("%1$s")
        val discs = catalogue("letters").segment(Media.CD)
        discs.writeIso("%2$s").forEach { println(it.good) }
        catalogues["letters"].which("to-ada-3.txt")
        """
            .formatted(tree, work);
    Path script = Files.writeString(folder.resolve("discs.kts"), words);
    Ended ended = new Program(folder.resolve("home")).in(work).run("run", script.toString());
    assertThat(ended.status()).as(ended.err()).isZero();
    assertThat(ended.out()).contains("true", "letters0/to-ada-3.txt", "LETTERS_0001");
    assertThat(Files.size(work.resolve("LETTERS_0001.iso"))).isLessThan(4_000_000);
  }

  @Test
  void discsAreFilledByHandVerifiedAndMounted() throws Exception {
    Component.needFuse();
    String words =
        """
        val c = catalogue("letters")
        c.scan("%1$s")
        c.segment("1500000")
        c.disc(2).assign("letters0/to-ada-0.txt")
        println("by hand: ${c.assigned.joinToString { "${it.path} on ${it.disc}" }}")
        c.discs.writePlan("%2$s/plan.json")
        c.discs.writeIso("%2$s")
        c.discs.forEach { it.verify() }
        println("to copy: ${c.health.toCopy.size}, seen: ${c.disc(2).verifies.size}")
        val mounted = c.mount("%2$s/mnt")
        println("read: " + java.io.File("%2$s/mnt/letters0/to-ada-0.txt").readText().count { it == 'a' })
        mounted.unmount()
        c.which("to-ada-0.txt").single().discs
        """
            .formatted(tree, work);
    Path script = Files.writeString(folder.resolve("by-hand.kts"), words);
    Ended ended = new Program(folder.resolve("home")).in(work).run("run", script.toString());
    assertThat(ended.status()).as(ended.err()).isZero();
    assertThat(ended.out())
        .contains("by hand: letters0/to-ada-0.txt on 2", "to copy: 0, seen: 1", "read: 300000")
        .endsWith("LETTERS_0002\n");
    assertThat(Files.readString(work.resolve("plan.json")))
        .contains("{\"path\": \"letters0/to-ada-0.txt\", \"disc\": 2}");
  }
}
