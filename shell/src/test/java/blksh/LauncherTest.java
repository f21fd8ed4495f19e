package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LauncherTest {

  @TempDir static Path shared;
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  /** The program, in the environment that the tests are for. */
  Program blksh(Path home) {
    return new Program(home);
  }

  @Test
  void worksThroughALinkFromAnywhereInAPathWithSpaces() throws Exception {
    Path place = Files.createDirectories(home.resolve("a place"));
    Path link = Files.createSymbolicLink(place.resolve("bl"), Program.launcher());
    Path second = Files.createSymbolicLink(home.resolve("again"), Path.of("a place/bl"));
    Files.writeString(place.resolve("my script.kts"), "println(args)\n");
    Ended ended =
        blksh(home.resolve("h h")).by("./bl").in(place).run("run", "my script.kts", "x y", "*");
    assertThat(ended).isEqualTo(new Ended(0, "[x y, *]\n", ""));
    assertThat(blksh(home).by(second.toString()).in(place).run("--version").status()).isZero();
    assertThat(blksh(home).by(link.toString()).run("--version").status()).isZero();
  }

  @Test
  void isInstalledUnderItsNameAndThoseOfTheProgramsItReplaces() throws Exception {
    Path bin = Files.createDirectories(home.resolve("my bin"));
    Ended ended = blksh(home).run("install", bin.toString());
    assertThat(ended.status()).as(ended.err()).isZero();
    assertThat(ended.out()).contains("diskdump", bin + " is not on the PATH");
    try (Stream<Path> links = Files.list(bin)) {
      assertThat(links.map(it -> it.getFileName().toString()))
          .containsExactlyInAnyOrder(
              "blksh",
              "diskdump",
              "blkcache",
              "vpartclone",
              "vntfsclone",
              "cacheback",
              "odarchive");
    }
    // Found by the PATH, by a link to a link, by a link of another name, and after another install.
    for (String name : List.of("blkcache", "vpartclone", "vntfsclone", "cacheback", "diskdump")) {
      Program there = blksh(home).by(Tool.path("env"), "PATH=" + bin + ":/usr/bin:/bin", name);
      assertThat(there.run("--help")).as(name).isEqualTo(blksh(home).run("run", name, "--help"));
    }
    Path far = Files.createDirectories(home.resolve("far"));
    Files.createSymbolicLink(far.resolve("odarchive"), Path.of("../my bin/odarchive"));
    Files.createSymbolicLink(far.resolve("other"), Path.of("odarchive"));
    String help = blksh(home).run("run", "odarchive", "--help").out();
    for (String name : List.of("odarchive", "other")) {
      assertThat(blksh(home).by(far.resolve(name).toString()).run("--help").out()).isEqualTo(help);
    }
    assertThat(blksh(home).by(bin.resolve("blksh").toString()).run("eval", "1 + 1").out())
        .isEqualTo("2\n");
    assertThat(blksh(home).by(bin.resolve("blksh").toString()).run("install", "" + bin).status())
        .isZero();
  }

  @Test
  void isWhereItsFileIsThoughADirectoryOnTheWayIsALink() throws Exception {
    Path bin = Files.createDirectories(home.resolve("usr/bin"));
    Path place = Files.createDirectories(home.resolve("usr/share"));
    Files.createSymbolicLink(place.resolve("blksh"), Program.launcher());
    Files.createSymbolicLink(bin.resolve("odarchive"), Path.of("../share/blksh"));
    Files.createSymbolicLink(home.resolve("bin"), Path.of("usr/bin"));
    // Where that link would lead, were it taken from the directory's other name.
    Path decoy = Files.createDirectories(home.resolve("share")).resolve("blksh");
    Files.writeString(decoy, "#!/bin/sh\necho wrong\n");
    String by = home.resolve("bin/odarchive").toString();
    Ended ended = blksh(home).by(by).with("CDPATH", home.toString()).run("--help");
    assertThat(ended).isEqualTo(blksh(home).run("run", "odarchive", "--help"));
  }

  @Test
  void isInstalledInPlaceOfItsOwnLinksOnly() throws Exception {
    Path bin = Files.createDirectories(home.resolve("bin"));
    Files.createSymbolicLink(bin.resolve("blksh"), home.resolve("moved/blksh"));
    Path theirs = Files.writeString(bin.resolve("odarchive"), "theirs");
    Ended refused = blksh(home).run("install", bin.toString());
    assertThat(refused)
        .isEqualTo(
            new Ended(
                1,
                "",
                "blksh: cannot install into "
                    + bin
                    + ": odarchive is there and is no link of blksh; remove it, or choose another"
                    + " directory\n"));
    assertThat(theirs).hasContent("theirs");
    assertThat(bin.resolve("diskdump")).doesNotExist();
    Files.delete(theirs);
    Files.createSymbolicLink(theirs, Path.of("/bin/true"));
    assertThat(blksh(home).run("install", bin.toString()).status()).isEqualTo(1);
    Files.delete(theirs);
    assertThat(blksh(home).run("install", bin.toString()).status()).isZero();
    assertThat(bin.resolve("blksh").toRealPath()).isEqualTo(Program.launcher());
    assertThat(blksh(home).run("install").status()).isEqualTo(ExitStatus.USAGE);
    assertThat(blksh(home).run("install", "/nowhere").err()).contains("it is no directory");
  }

  @Test
  void saysHowToGetAJdkWhenThereIsNone() throws Exception {
    // Without the usual places in reach there is no other Java to find.
    Path bin = Files.createDirectories(home.resolve("bin"));
    Path copy = home.resolve("blksh");
    String text = Files.readString(Program.launcher()).replace("/usr/lib/jvm/*", "/nonexistent/*");
    Files.writeString(copy, text);
    copy.toFile().setExecutable(true);
    Ended ended =
        blksh(home)
            .by("/bin/sh", copy.toString())
            .with("PATH", bin.toString())
            .with("JAVA_HOME", home.resolve("nojdk").toString())
            .with("HOME", home.toString())
            .run("--version");
    assertThat(ended.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(ended.err()).contains("no Java 17 or newer found", "apt install openjdk-17");
  }

  @Test
  void passesOverAJavaThatIsTooOld() throws Exception {
    Path old = Files.createDirectories(home.resolve("jdk-11/bin")).getParent();
    Files.writeString(old.resolve("bin/java"), "#!/bin/sh\necho wrong java\n");
    old.resolve("bin/java").toFile().setExecutable(true);
    Files.writeString(old.resolve("release"), "JAVA_VERSION=\"11.0.2\"\n");
    Ended ended = blksh(home).with("JAVA_HOME", old.toString()).run("--version");
    assertThat(ended.out()).startsWith("blksh ");
  }

  @Test
  void isNotDisturbedByOptionsForEveryJava() throws Exception {
    for (String variable : List.of("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS")) {
      for (String option : List.of("-Dfile.encoding=US-ASCII", "-XX:+NoSuchOption")) {
        Ended ended = blksh(home).with(variable, option).run("eval", "\"½\"");
        assertThat(ended).as(variable + " " + option).isEqualTo(new Ended(0, "½\n", ""));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "POSIX", "de_DE.ISO-8859-1", "xx_XX.UTF-8"})
  void namesNeedNotBeAsciiInAnyLocale(String locale) throws Exception {
    Path disk = home.resolve("größe 漢字.img");
    byte[] bytes = new byte[100_000];
    Arrays.fill(bytes, (byte) 7);
    Files.write(disk, bytes);
    Path back = home.resolve("zurück.img");
    String store = home.resolve("bücher").toString();
    Program all = blksh(home).with("LC_ALL", locale);
    String[] capture = {"run", "capture", disk.toString(), "--store", store, "--name", "büro"};
    assertThat(all.run(capture)).extracting(Ended::status).isEqualTo(0);
    Ended restored = all.run("run", "restore", "büro", "--store", store, "--to", back.toString());
    assertThat(restored.status()).as(restored.err()).isZero();
    assertThat(back).hasBinaryContent(bytes);
    Program usual = blksh(home).with("LC_ALL", "").with("LANG", locale);
    assertThat(usual.run("run", "list", "--store", store).out()).contains("büro@1");
  }

  @Test
  void takesNothingElseForAClosedStandardInput() throws Exception {
    Program closed = blksh(home).by("/bin/sh", "-c", "\"$0\" \"$@\" <&-", launcher());
    String store = home.resolve("store").toString();
    Ended refused = closed.run("run", "capture", "-", "--store", store, "--name", "a");
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.err()).startsWith("blksh: cannot read standard input: it is closed; ");
    assertThat(closed.run("run", "list", "--store", store).out()).doesNotContain("a@1");
    assertThat(closed.run("eval", "1 + 1")).isEqualTo(new Ended(0, "2\n", ""));
    assertThat(closed.run()).isEqualTo(new Ended(0, "", ""));
  }

  @Test
  void writesIntoNoFileForAClosedStandardOutput() throws Exception {
    Program closed = blksh(home).by("/bin/sh", "-c", "\"$0\" \"$@\" >&- 2>&-", launcher());
    Path disk = Files.write(home.resolve("disk"), new byte[70_000]);
    String store = home.resolve("store").toString();
    Ended captured = closed.run("run", "capture", disk.toString(), "--store", store, "--name", "a");
    assertThat(captured.status()).isZero();
    assertThat(closed.run("run", "restore", "a", "--store", store, "--to", "-").status())
        .isEqualTo(ExitStatus.FAILED);
    Ended verified = blksh(home).run("run", "verify", "--store", store);
    assertThat(verified.status()).as(verified.err()).isZero();
  }

  private static String launcher() {
    return Program.launcher().toString();
  }

  /** A checkout with no build, and a Maven that makes the one of these tests its own. */
  private Path unbuilt(Path bin) throws IOException {
    Path checkout = Files.createDirectories(home.resolve("an unbuilt one"));
    for (String part : List.of("engine/src/main", "shell/src/main", "scripts")) {
      Files.createDirectories(checkout.resolve(part));
    }
    Files.copy(Program.launcher(), checkout.resolve("blksh"));
    for (String pom : List.of("pom.xml", "engine/pom.xml", "shell/pom.xml")) {
      Files.writeString(checkout.resolve(pom), "");
    }
    Path built = Program.root().resolve("shell/target/dist");
    Path maven = Files.createDirectories(bin).resolve("mvn");
    Files.writeString(
        maven,
        """
        #!/bin/sh
        mkdir -p shell/target/dist && cd shell/target/dist || exit 1
        for each in build run.jars shell.jars; do cat "%1$s/$each" >$each; done
        ln -sfn "%1$s/lib" lib && ln -sfn "%1$s/native" native
        """
            .formatted(built));
    maven.toFile().setExecutable(true);
    return checkout;
  }

  @Test
  void whatIsBuiltIsForEverybodyWhateverTheUmask() throws Exception {
    Path bin = home.resolve("bin");
    Path checkout = unbuilt(bin);
    Program strict =
        blksh(home)
            .by("/bin/sh", "-c", "umask 077; \"$0\" \"$@\"", checkout.resolve("blksh").toString())
            .with("PATH", bin + ":/usr/bin:/bin");
    Ended built = strict.run("--version");
    assertThat(built.status()).as(built.err()).isZero();
    assertThat(built.err()).contains("building", "preparing");
    try (Stream<Path> all = Files.walk(checkout.resolve("shell/target"))) {
      assertThat(all.filter(file -> !Files.isSymbolicLink(file)))
          .hasSizeGreaterThan(5)
          .allMatch(file -> permissions(file).contains(PosixFilePermission.OTHERS_READ));
    }
  }

  private static Set<PosixFilePermission> permissions(Path file) {
    try {
      return Files.getPosixFilePermissions(file);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
