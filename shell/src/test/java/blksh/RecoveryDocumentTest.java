package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Breaks a store in each way that docs/recovery.md speaks of, and does what it says. */
class RecoveryDocumentTest {

  private static final Pattern LINE = Pattern.compile("(.*?)\\s+# ([0-9]+)");

  /** The same for every test, as a home knows its stores by their paths. */
  @TempDir static Path folder;

  private Path work;
  private Path disk;
  private Path backup;
  private byte[] content;

  /** The command lines of the document, by the title they stand under. */
  private static Map<String, List<String>> sections() throws IOException {
    Map<String, List<String>> sections = new LinkedHashMap<>();
    List<String> lines = null;
    boolean commands = false;
    for (String line : Files.readAllLines(Program.root().resolve("docs/recovery.md"))) {
      if (line.startsWith("## ")) {
        lines = sections.computeIfAbsent(line.substring(3), title -> new ArrayList<>());
      } else if (line.startsWith("```")) {
        commands = line.equals("```sh");
      } else if (commands) {
        lines.add(line);
      }
    }
    return sections;
  }

  private static final List<String> MADE = List.of("work", "home");

  /** Made once: breaking it is what differs. */
  @BeforeEach
  void storeOfTwoVersions() throws Exception {
    work = folder.resolve("work");
    disk = work.resolve("disk.img");
    backup = work.resolve("backup");
    content = new byte[3_000_000];
    new Random(7).nextBytes(content);
    Path kept = folder.resolve("kept");
    for (String made : MADE) {
      Tool.named("rm").run("-rf", folder.resolve(made));
    }
    if (!Files.exists(kept)) {
      Files.createDirectory(work);
      Files.write(disk, content);
      sh("blksh run capture disk.img --store backup --name disk  # 0");
      sh("blksh run capture docs/recovery.md --store backup --name other  # 0");
      Files.createDirectory(kept);
      for (String made : MADE) {
        Files.move(folder.resolve(made), kept.resolve(made));
      }
    }
    for (String made : MADE) {
      Tool.named("cp").run("-a", kept.resolve(made), folder);
    }
  }

  private void sh(String line) throws Exception {
    Matcher matcher = LINE.matcher(line);
    boolean judged = matcher.matches();
    Files.createDirectories(work.resolve("docs"));
    for (String name : List.of("read_store.py", "recovery.md")) {
      Path from = Program.root().resolve("docs").resolve(name);
      Files.copy(from, work.resolve("docs").resolve(name), StandardCopyOption.REPLACE_EXISTING);
    }
    Ended ended =
        new Program(folder.resolve("program"))
            .by("bash", "-c")
            .with("BLKSH_HOME", folder.resolve("home").toString())
            .with("PATH", Program.root() + ":/usr/bin:/bin")
            .in(work)
            .run(judged ? matcher.group(1) : line);
    assertThat(ended.status())
        .as("%s%n%s%n%s", line, ended.out(), ended.err())
        .isEqualTo(judged ? Integer.parseInt(matcher.group(2)) : 0);
  }

  private void follow(String title) throws Exception {
    List<String> lines = sections().get(title);
    assertThat(lines).as(title).isNotEmpty();
    for (String line : lines) {
      sh(line);
    }
  }

  private List<Path> files(String below, String ending) throws IOException {
    try (Stream<Path> files = Files.walk(backup.resolve(below))) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
  }

  private static void damage(Path file, int at) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[at] ^= 0x55;
    Files.write(file, bytes);
  }

  /** The pack of the disk. */
  private Path largestPack() throws IOException {
    Path largest = null;
    for (Path pack : files("packs", ".pack")) {
      if (largest == null || Files.size(pack) > Files.size(largest)) {
        largest = pack;
      }
    }
    return largest;
  }

  private void assertListedAndWhole(String reference) throws Exception {
    sh("blksh run restore " + reference + " --store backup --to whole.img --overwrite  # 0");
    assertThat(Files.readAllBytes(work.resolve("whole.img"))).isEqualTo(content);
  }

  @Test
  void everyTitleIsTested() throws IOException {
    assertThat(sections().keySet())
        .containsExactly(
            "Parts of the store are damaged",
            "Parts are damaged, and the store has parity",
            "Parts are damaged, and another store has them",
            "A damaged version that cannot be captured again",
            "One partition of a drive is damaged",
            "A new drive is larger or smaller",
            "store.json is lost or damaged",
            "The indexes are lost, damaged, or of another day",
            "Files have each other's names",
            "~/.blksh is gone",
            "There is no blksh");
  }

  @Test
  void partsAreDamaged() throws Exception {
    damage(largestPack(), 50_000);
    follow("Parts of the store are damaged");
    assertThat(Files.readAllBytes(work.resolve("restored.img"))).isEqualTo(content);
  }

  @Test
  void theStoreHasParity() throws Exception {
    sh("blksh run protect 10% --store backup  # 0");
    damage(largestPack(), 50_000);
    damage(backup.resolve("manifests/disk/1.manifest"), 20);
    damage(backup.resolve("store.json"), 20);
    follow("Parts are damaged, and the store has parity");
    assertThat(Files.readAllBytes(work.resolve("restored.img"))).isEqualTo(content);
  }

  @Test
  void anotherStoreHasThem() throws Exception {
    sh("blksh run capture disk.img --store other --name elsewhere  # 0");
    damage(largestPack(), 50_000);
    Files.write(disk, new byte[5000]); // the drive has changed since
    follow("Parts are damaged, and another store has them");
    assertListedAndWhole("disk@1");
  }

  @Test
  void aVersionCannotBeCapturedAgain() throws Exception {
    damage(largestPack(), 50_000);
    follow("A damaged version that cannot be captured again");
    byte[] copy = Files.readAllBytes(work.resolve("copy.img"));
    assertThat(copy).hasSameSizeAs(content);
    int different = 0;
    for (int i = 0; i < copy.length; i++) {
      different += copy[i] == content[i] ? 0 : 1;
    }
    assertThat(different).isBetween(1, 4096);
    assertThat(backup.resolve("manifests/disk/1.manifest")).doesNotExist();
  }

  /** A store of its own, of a disk with a partition. */
  private Path partitioned() throws Exception {
    backup = work.resolve("backup");
    sh("rm -r backup  # 0");
    Tool.named("sfdisk");
    sh("truncate -s 8M disk.img  # 0");
    sh("echo 'start=2048, size=4096' | /sbin/sfdisk -q --label gpt disk.img  # 0");
    sh("blksh run capture disk.img --store backup --name disk  # 0");
    return disk;
  }

  @Test
  void onePartitionIsDamaged() throws Exception {
    Path drive = work.resolve("drive.img");
    Files.copy(partitioned(), drive);
    damage(drive, 2_000_000);
    damage(drive, 7_000_000);
    follow("One partition of a drive is damaged");
    assertThat(Files.mismatch(drive, disk)).as("outside of it").isEqualTo(7_000_000);
  }

  @Test
  void aNewDriveIsLarger() throws Exception {
    partitioned();
    sh("truncate -s 9M larger.img  # 0");
    follow("A new drive is larger or smaller");
    sh("/sbin/sfdisk --verify larger.img 2>&1 | grep -q 'No errors detected'  # 0");
  }

  @Test
  void theDescriptorIsLost() throws Exception {
    Files.delete(backup.resolve("store.json"));
    follow("store.json is lost or damaged");
    assertListedAndWhole("disk@2");
  }

  @Test
  void theIndexesAreLost() throws Exception {
    Files.delete(backup.resolve("index.db"));
    Files.delete(backup.resolve("pages.idx"));
    follow("The indexes are lost, damaged, or of another day");
    assertListedAndWhole("disk@1");
  }

  @Test
  void filesHaveEachOthersNames() throws Exception {
    List<Path> packs = files("packs", ".pack");
    Path aside = work.resolve("aside");
    for (int turn = 0; turn < 2; turn++) {
      Files.move(packs.get(0), aside);
      Files.move(packs.get(1), packs.get(0));
      Files.move(aside, packs.get(1));
      if (turn == 0) {
        follow("Files have each other's names");
      }
    }
    sh("blksh run verify --store backup  # 0");
  }

  @Test
  void aVersionThatCannotBeReadIsNamedByList() throws Exception {
    damage(backup.resolve("manifests/disk/1.manifest"), 1);
    Files.delete(backup.resolve("index.db"));
    sh("blksh run list --store backup 2>&1 | grep -q manifests/disk/1.manifest  # 0");
    sh("blksh run list --store backup  # 3");
  }

  @Test
  void theHomeIsGone() throws Exception {
    follow("~/.blksh is gone");
    assertListedAndWhole("disk@1");
  }

  @Test
  void thereIsNoBlksh() throws Exception {
    Tool.named("python3");
    follow("There is no blksh");
    assertThat(Files.readAllBytes(work.resolve("restored.img"))).isEqualTo(content);
  }
}
