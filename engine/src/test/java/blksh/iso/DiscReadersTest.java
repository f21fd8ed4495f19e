package blksh.iso;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import blksh.block.FileSource;
import blksh.filesystem.FileEntry;
import blksh.filesystem.FileTree;
import blksh.filesystem.FileTrees;
import blksh.kit.Component;
import blksh.kit.DiscFolder;
import blksh.kit.DiscJudge;
import blksh.kit.Tool;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What other programs read from an image that was written here. */
class DiscReadersTest {

  private static final DiscLabel LABEL =
      new DiscLabel("READERS", "fedcba9876543210", "blksh", 1_700_000_000L);

  @TempDir static Path folder;

  private static Path source;
  private static Path image;

  @BeforeAll
  static void write() throws IOException {
    source = Files.createDirectory(folder.resolve("source"));
    Random random = new Random(1);
    for (int i = 1; i <= 300; i++) {
      byte[] bytes = new byte[311 * i];
      random.nextBytes(bytes);
      Path directory = Files.createDirectories(source.resolve("dirs/" + i % 40));
      Files.write(directory.resolve("File number " + i + ".data"), bytes);
    }
    Tool.named("bash")
        .run(
            "-c",
            """
            cd "$1"; mkdir -p empty/er names same deep
            head -c 700000 /dev/urandom > big; ln big same/hard; ln big same/hard2
            for i in $(seq 5); do cp big same/copy$i; done; touch -d 2001-02-03 same/copy1
            cd names; for n in README readme ReadMe 'a:b' 'a?b' 'a*b' a_b trail. 'trail ' trail CON \\
              'x;1' x ... .hidden 漢字.テスト $'ü' $'u\\xcc\\x88' 😀.jpg 😁.jpg $'latin\\xe9' \\
              $'latin\\xe8' $(printf 'z%.0s' $(seq 255)) $(printf '漢%.0s' $(seq 85)); do
              printf '%s' "$n" > "$n"; done; cd ..
            p=deep; for i in $(seq 40); do p=$p/level$i; mkdir $p; echo $i > $p/f; done
            ln -s big link; ln -s ../nowhere/./at//all/ dangling; ln -s /etc/hostname absolute
            ln -s "$(printf '/%.0s%080d' $(seq 12))" long
            chmod 640 big; chmod 4755 names/x; chmod 1777 empty; touch -h -d 1999-09-09 link
            """,
            "bash",
            source);
    DiscFolder disc = DiscFolder.of(source);
    image = folder.resolve("disc.iso");
    DiscWriter.write(DiscPlan.of(disc.tree(), LABEL), disc, image, false, Task.unwatched());
    assertThat(disc.faults()).isEmpty();
  }

  private static Map<String, Integer> counted(Map<String, String> digests) {
    Map<String, Integer> counted = new TreeMap<>();
    digests.values().forEach(digest -> counted.merge(digest, 1, Integer::sum));
    return counted;
  }

  /** Every content is there as often as it was; the paths that are others, with their contents. */
  private static List<String> changed(Path out) throws IOException {
    Map<String, String> expected = DiscFolder.digests(source);
    Map<String, String> found = DiscFolder.digests(out);
    assertThat(counted(found)).isEqualTo(counted(expected));
    List<String> changed = new ArrayList<>();
    expected.forEach(
        (path, digest) -> {
          if (!digest.equals(found.get(path))) {
            changed.add(path);
          }
        });
    return changed;
  }

  private static Path out(String name) throws IOException {
    return Files.createDirectory(folder.resolve(name));
  }

  @Test
  void theJudgeFindsNoFault() {
    try (FileSource file = FileSource.open(image)) {
      DiscJudge judge = new DiscJudge(file);
      assertThat(judge.faults()).isEmpty();
      assertThat(judge.iso().get("/big").links()).isEqualTo(3);
      assertThat(judge.udf().get("/big").links()).isEqualTo(3);
    }
  }

  @Test
  void sevenZipReadsUdf() throws IOException {
    Path out = out("7z-udf");
    Tool.named("7z").run("x", "-tudf", "-y", "-o" + out, image);
    // UDF holds what is text of up to 127 units, or 254 of Latin-1; 7-Zip changes names as well.
    assertThat(changed(out)).allMatch(path -> path.startsWith("names/")).hasSizeLessThan(8);
  }

  @Test
  void sevenZipReadsJoliet() throws IOException {
    Path out = out("7z-iso");
    Tool.named("7z").run("x", "-tiso", "-y", "-o" + out, image);
    assertThat(changed(out)).allMatch(path -> path.startsWith("names/"));
  }

  @Test
  void xorrisoReadsRockRidgeWithAllThatItKeeps() throws IOException {
    Path out = out("xorriso");
    Tool.named("xorriso").run("-osirrox", "on", "-indev", image, "-extract", "/", out);
    assertThat(changed(out)).isEmpty();
    for (String link : List.of("link", "dangling", "absolute", "long")) {
      // libisofs makes one slash of two.
      assertThat(Files.readSymbolicLink(out.resolve(link)).toString())
          .isEqualTo(Files.readSymbolicLink(source.resolve(link)).toString().replace("//", "/"));
    }
    for (String name : List.of("big", "names/x", "empty", "same/copy1", "dirs/3")) {
      assertThat(Files.getAttribute(out.resolve(name), "unix:mode"))
          .isEqualTo(Files.getAttribute(source.resolve(name), "unix:mode"));
      assertThat(Files.getLastModifiedTime(out.resolve(name)).toMillis() / 1000)
          .isEqualTo(Files.getLastModifiedTime(source.resolve(name)).toMillis() / 1000);
    }
    assertThat(out.resolve("empty/er")).isEmptyDirectory();
  }

  @Test
  void libarchiveReadsRockRidge() throws IOException {
    Path out = out("bsdtar");
    Tool.named("bsdtar").run("-x", "--options", "!joliet", "-f", image, "-C", out);
    // It takes what looks like the letter of a drive away.
    assertThat(changed(out)).isSubsetOf("names/a:b");
  }

  @Test
  void libarchiveReadsJoliet() throws IOException {
    Path out = out("bsdtar-joliet");
    Tool.named("bsdtar").run("-x", "--options", "!rockridge", "-f", image, "-C", out);
    assertThat(changed(out)).allMatch(path -> path.startsWith("names/"));
  }

  @Test
  void isoinfoAndBlkidKnowIt() throws IOException {
    String told = Tool.named("isoinfo").run("-d", "-i", image);
    assertThat(told).contains("Joliet with UCS level 3", "Rock Ridge signatures", "READERS");
    assertThat(Tool.named("blkid").run("-p", image)).contains("fedcba9876543210", "READERS");
    assertThat(Tool.named("udfinfo").run(image)).contains("udfrev=1.02", "integrity=closed");
  }

  @Test
  void pycdlibReadsUdf() throws IOException {
    Path python = Path.of("/usr/lib/python3/dist-packages/pycdlib");
    Component.need(Files.isDirectory(python), "python3-pycdlib is not installed");
    String script =
        """
        import pycdlib, hashlib, io, sys
        iso = pycdlib.PyCdlib(); iso.open(sys.argv[1])
        for base, _, names in iso.walk(udf_path='/'):
            for name in names:
                b = io.BytesIO(); path = base.rstrip('/') + '/' + name
                iso.get_file_from_iso_fp(b, udf_path=path)
                print(hashlib.sha256(b.getvalue()).hexdigest())
        """;
    List<String> found = Tool.named("python3").answer("-c", script, image).lines().toList();
    assertThat(found).containsExactlyInAnyOrderElementsOf(DiscFolder.digests(source).values());
  }

  @Test
  void ourReaderTakesBothTreesAndItsOwnLinks() throws IOException {
    Map<String, String> links = new TreeMap<>();
    try (FileTree rock = FileTrees.open(FileSource.open(image))) {
      assertThat(rock.type()).isEqualTo("ISO 9660 with Rock Ridge");
      rock.walk(
          rock.root(),
          Task.unwatched(),
          entry -> {
            if (entry.kind() == FileEntry.Kind.LINK) {
              links.put(entry.name(), entry.link());
            }
          });
      assertThat(rock.find("/names/x").orElseThrow().mode()).isEqualTo(04755);
      Path out = folder.resolve("ours-rock-ridge");
      rock.copyOut(rock.root(), out, Task.unwatched());
      assertThat(changed(out)).as("names are bytes").isEmpty();
    }
    assertThat(links)
        .containsEntry("dangling", "../nowhere/./at//all/")
        .containsEntry("absolute", "/etc/hostname")
        .containsEntry("long", Files.readSymbolicLink(source.resolve("long")).toString());
    try (FileTree udf = FileTrees.udf(FileSource.open(image))) {
      assertThat(udf.type()).isEqualTo("UDF");
      assertThat(udf.label()).isEqualTo("READERS");
      FileEntry x = udf.find("/names/x").orElseThrow();
      assertThat(x.mode()).isEqualTo(04755);
      assertThat(x.modified())
          .isCloseTo(
              Files.getLastModifiedTime(source.resolve("names/x")).toInstant(),
              within(1, ChronoUnit.MILLIS));
      Path out = folder.resolve("ours");
      udf.copyOut(udf.root(), out, Task.unwatched());
      assertThat(changed(out)).allMatch(path -> path.startsWith("names/"));
      byte[] japanese = "names/漢字.テスト".getBytes(StandardCharsets.UTF_8);
      assertThat(out.resolve(new String(japanese, StandardCharsets.UTF_8))).exists();
    }
  }
}
