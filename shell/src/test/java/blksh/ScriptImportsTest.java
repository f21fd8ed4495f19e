package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.session.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scripts that take in others, and jars. */
class ScriptImportsTest {

  @TempDir static Path shared;
  @TempDir Path home;

  @BeforeAll
  static void prepare() throws Exception {
    Program.prepare(shared);
  }

  private void file(String name, String text) throws IOException {
    Path file = home.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private Ended run(String... words) throws Exception {
    return new Program(home).in(home).with("HOME", home.toString()).run(words);
  }

  /** The same in this Java; files are named as from the home. */
  private Ended here(String... words) throws Exception {
    String[] named = words.clone();
    for (int i = 0; i < named.length; i++) {
      named[i] = named[i].endsWith(".kts") ? home.resolve(named[i]).toString() : named[i];
    }
    Ended ended = Here.run(home, named);
    String place = home + "/";
    return new Ended(
        ended.status(), ended.out().replace(place, ""), ended.err().replace(place, ""));
  }

  @Test
  void takesInOthersOnceInTheirOrderAndAnewWhenTheyChange() throws Exception {
    file(
        "parts/deep.kts",
        "#!/usr/bin/env blksh\nimport java.time.Duration\nval DEEP = Duration.ofDays(2)\n");
    file(
        "parts/common.kts",
        """
        // Not the help of the script.
        @file:Import("deep.kts")
        val name by option<String>("--name", "NAME", "what to call it", "none")
        fun greet() = "hello $name after ${DEEP.toDays()} days"
        """);
    file(
        "s.kts",
        """
        // Greets.
        @file:[Suppress("unused") Import("parts/common.kts", "parts/deep.kts")] // both
        import java.time.Duration
        val extra by flag("--extra", "more")
        println(greet() + " " + (DEEP == Duration.ofDays(2)))
        if (extra) fail()
        fun fail(): Nothing = error("no " + name)
        """);
    assertThat(here("run", "s.kts", "--name", "x"))
        .isEqualTo(new Ended(0, "hello x after 2 days true\n", ""));
    assertThat(here("run", "s.kts", "--help").out()).contains("Greets.", "--name", "--extra");
    assertThat(here("run", "s.kts", "--extra").err())
        .isEqualTo(
            "blksh: IllegalStateException: no none\n"
                + "  at s.kts:7: fun fail(): Nothing = error(\"no \" + name)\n");
  }

  @Test
  void errorsAndFailuresAreAtTheirFileAndLine() throws Exception {
    file("parts/common.kts", "val a = 1\n\nfun broken(): Int = \"b\"\n");
    file("s.kts", "@file:Import(\"parts/common.kts\")\nbroken()\n");
    Ended refused = here("run", "s.kts");
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.err()).startsWith("parts/common.kts:3:21: error: ");
    file("parts/common.kts", "val a = 1\n\nfun broken(): Int = error(\"no $a\")\n");
    assertThat(here("run", "s.kts").err())
        .isEqualTo(
            "blksh: IllegalStateException: no 1\n  at parts/common.kts:3: fun broken(): Int ="
                + " error(\"no $a\")\n");
    file("parts/common.kts", "@file:Import(\"other.kts\")\nfun broken() = 7");
    file("parts/other.kts", "\n@file:Import(\"common.kts\")\n");
    assertThat(here("run", "s.kts").err())
        .startsWith(
            "parts/other.kts:2:14: error: cannot import common.kts: common.kts imports other.kts"
                + " imports common.kts\n");
    Files.delete(home.resolve("parts/other.kts"));
    assertThat(here("run", "s.kts").err())
        .startsWith(
            "parts/common.kts:1:14: error: cannot import other.kts: there is no file"
                + " parts/other.kts\n");
    file("parts/common.kts", "fun broken() = 7");
    assertThat(here("run", "s.kts")).isEqualTo(new Ended(0, "7\n", ""));
  }

  @Test
  void whatOthersMayWriteIsNotTakenIn() throws Exception {
    file("common.kts", "println(1)");
    file("s.kts", "@file:Import(\"common.kts\")\n");
    Files.setPosixFilePermissions(
        home.resolve("common.kts"), PosixFilePermissions.fromString("rw-rw-rw-"));
    Ended refused = here("run", "s.kts");
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.out()).isEmpty();
    assertThat(refused.err())
        .contains("s.kts:1:14: error: cannot import common.kts: everybody may");
  }

  @Test
  void aFileIsLookedForBesideTheOneThatNamesItWhereThatReallyIs() throws Exception {
    file("real/sub/b.kts", "fun b() = 2");
    file("real/a.kts", "@file:Import(\"sub/b.kts\", \"./sub/../sub/b.kts\"); fun a() = b() + 1");
    file("real/s.kts", "@file:Import(\"a.kts\"); a()");
    Files.createSymbolicLink(home.resolve("link.kts"), Path.of("real/s.kts"));
    assertThat(run("run", "link.kts")).isEqualTo(new Ended(0, "3\n", ""));
    // A script that is in no file names others from the current directory.
    String text = "@file:Import(\"real/a.kts\")\na() * 2";
    Program reading = new Program(home).in(home).reading(text);
    assertThat(reading.run("run", "-")).isEqualTo(new Ended(0, "6\n", ""));
    assertThat(run("eval", text)).isEqualTo(new Ended(0, "6\n", ""));
    // A changed import of an import counts.
    file("real/sub/b.kts", "fun b() = 20");
    assertThat(run("link.kts")).isEqualTo(new Ended(0, "21\n", ""));
    Program prompt = new Program(home).in(home).reading(":load real/a.kts\nb()\n");
    assertThat(prompt.run().out()).isEqualTo("20\n");
  }

  @Test
  void whatIsNoFileIsRefusedAtItsPlace() throws Exception {
    for (String name : List.of("nowhere.kts", ".", "http://there/a.kts")) {
      file("s.kts", "// Help.\n\n@file:Import(\"" + name + "\")\n");
      assertThat(here("s.kts").err()).startsWith("s.kts:3:14: error: cannot import " + name + ": ");
    }
    file("s.kts", "@file:[Import(\n\"a\")\n Suppress(\"b\")]");
    assertThat(here("s.kts").err()).startsWith("s.kts:2:1: error: cannot import a: there is no");
    file("s.kts", "@file:Import(*arrayOf(\"a.kts\"))\n");
    assertThat(here("s.kts").err())
        .startsWith("s.kts:1:13: error: @file:Import takes names in quotes");
    // What only looks like it is left alone.
    file("s.kts", "val text = \"@file:Import(\\\"a.kts\\\")\"\ntext.length");
    assertThat(here("s.kts")).isEqualTo(new Ended(0, "21\n", ""));
  }

  /** Compiles a class into a jar. */
  private Path jar(String name, String type, String body) throws IOException {
    Path jar = home.resolve(name);
    Files.createDirectories(jar.getParent());
    Path source = home.resolve(type + ".java");
    Files.writeString(source, "package stock; public final class " + type + " { " + body + " }");
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-cp", "" + home, "-d", "" + home, "" + source);
    assertThat(status).isZero();
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      out.putNextEntry(new ZipEntry("stock/" + type + ".class"));
      out.write(Files.readAllBytes(home.resolve("stock/" + type + ".class")));
    }
    return jar;
  }

  private static final String THINGS =
      "public static String at(String site) { return \"things in \" + site; }";
  private static final String INVENTORY =
      "public static String of(String site) { return \"inventory of \" + Things.at(site); }";
  private static final String USE = "stock.Things.at(\"berlin\")\n";
  private static final Ended USED = new Ended(0, "things in berlin\n", "");

  @Test
  void aJarIsInReach() throws Exception {
    Path jar = jar("parts/lib/inventory.jar", "Things", THINGS);
    file("parts/common.kts", "@file:DependsOn(\"lib/inventory.jar\")\nfun berlin() = " + USE);
    file("s.kts", "@file:Import(\"parts/common.kts\")\nberlin()");
    assertThat(run("run", "s.kts")).isEqualTo(USED);
    assertThat(run("run", "s.kts")).isEqualTo(USED);
    Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-rw-r--"));
    assertThat(run("run", "s.kts").err())
        .startsWith(
            "parts/common.kts:1:17: error: cannot use lib/inventory.jar: its group may write ");
    Files.setPosixFilePermissions(jar, PosixFilePermissions.fromString("rw-r--r--"));
    Files.writeString(jar, "no jar");
    assertThat(run("run", "s.kts").err())
        .startsWith("parts/common.kts:1:17: error: cannot use lib/inventory.jar: it is no jar (");
    // Java would follow it to what nobody has looked at.
    for (String other :
        List.of("s.kts", "/tmp/none.jar", "../none.jar", "a%20b.jar", "none.jar/")) {
      Manifest manifest = new Manifest();
      manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
      manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, "none.jar\t" + other);
      new JarOutputStream(Files.newOutputStream(home.resolve("lead.jar")), manifest).close();
      file("lead.kts", "@file:DependsOn(\"lead.jar\")\n1");
      assertThat(here("run", "lead.kts").err())
          .startsWith("lead.kts:1:17: error: cannot use lead.jar: its manifest takes in " + other);
    }
  }

  private Path kept(String name) throws IOException {
    try (Stream<Path> all = Files.walk(home.resolve("artifacts"))) {
      return all.filter(it -> it.endsWith(name)).findFirst().orElseThrow();
    }
  }

  /** Puts something into the repository, with its checksum. */
  private void publish(Path file) throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA-1").digest(Files.readAllBytes(file));
    Files.writeString(
        file.resolveSibling(file.getFileName() + ".sha1"), HexFormat.of().formatHex(digest));
  }

  private void publishPom(String name, String dependency) throws Exception {
    String place = "repository/test/" + name + "/1.0/" + name + "-1.0.pom";
    file(
        place,
        "<project><modelVersion>4.0.0</modelVersion><groupId>test</groupId><artifactId>"
            + name
            + "</artifactId><version>1.0</version>"
            + dependency
            + "</project>");
    publish(home.resolve(place));
  }

  @Test
  void coordinatesComeToJarsThatAreFetchedOnceAndVerified() throws Exception {
    publish(jar("repository/test/things/1.0/things-1.0.jar", "Things", THINGS));
    // It needs the other, which nothing else names.
    publish(jar("repository/test/inventory/1.0/inventory-1.0.jar", "Inventory", INVENTORY));
    publishPom(
        "inventory",
        "<dependencies><dependency><groupId>test</groupId><artifactId>things</artifactId>"
            + "<version>1.0</version></dependency></dependencies>");
    publishPom("things", "");
    String use = "stock.Inventory.of(\"berlin\")\n";
    Ended used = new Ended(0, "inventory of things in berlin\n", "");
    String header = "@file:Repository(\"repository\") @file:DependsOn(\"test:inventory:1.0\")\n";
    file("s.kts", header + use);
    assertThat(run("run", "s.kts")).isEqualTo(used);
    // A jar that was changed since is fetched anew.
    Path kept = kept("inventory-1.0.jar");
    Files.writeString(kept, "changed");
    assertThat(run("run", "s.kts")).isEqualTo(used);
    assertThat(kept)
        .hasSameBinaryContentAs(home.resolve("repository/test/inventory/1.0/inventory-1.0.jar"));
    // So is what a power cut left of a description.
    Files.writeString(kept, "changed");
    Files.writeString(kept("things-1.0.pom"), "");
    assertThat(run("run", "s.kts")).isEqualTo(used);
    // Nothing of what was fetched is asked for again, also when it is compiled anew.
    Files.move(home.resolve("repository/test"), home.resolve("away"));
    file("s.kts", header + "\n" + use);
    assertThat(run("run", "s.kts")).isEqualTo(used);
    Files.move(home.resolve("away"), home.resolve("repository/test"));
    // Nothing is taken from where somebody else could have put it.
    Path open = home.resolve("repository/test/things");
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxr-x"));
    file("s.kts", header + "@file:DependsOn(\"test:things:1.0\")\n");
    assertThat(run("run", "s.kts").err()).contains("its group may write " + open);
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
    // A checksum that is another, or none, refuses what has it.
    publishPom("wrong", "");
    jar("repository/test/wrong/1.0/wrong-1.0.jar", "Things", THINGS);
    file("s.kts", header + "@file:DependsOn(\"test:wrong:1.0\")\n");
    assertThat(run("run", "s.kts").err())
        .startsWith("s.kts:2:17: error: cannot use test:wrong:1.0: ")
        .contains("no checksums available");
    file("repository/test/wrong/1.0/wrong-1.0.jar.sha1", "0".repeat(40));
    assertThat(run("run", "s.kts").err()).contains("2:17: error: ", "Checksum validation failed");
    file("s.kts", header + "@file:DependsOn(\"test:none:1.0\")\n");
    assertThat(run("run", "s.kts").err()).contains("s.kts:2:17: error: ", "test:none:jar:1.0");
    for (String changing : List.of("test:a:1-SNAPSHOT", "test:a:LATEST")) {
      file("s.kts", "@file:DependsOn(\"" + changing + "\")\n");
      assertThat(here("run", "s.kts").err()).contains("s.kts:1:17: error: ", "name a version");
    }
  }
}
