package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.ObjectServer;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bundled scripts, with a store in a bucket. */
class BucketScriptsTest {

  private static final String PLACE = "s3://" + ObjectServer.BUCKET + "/of/mine";

  @TempDir static Path folder;

  private static ObjectServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ObjectServer.start(Files.createDirectory(folder.resolve("objects")));
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  private Ended run(String... words) throws Exception {
    Program program =
        new Program(folder.resolve("home"))
            .with("XDG_CACHE_HOME", folder.resolve("cache").toString())
            .with("BLKSH_S3_PRICES", "5,0.4,90");
    server.credentials().forEach(program::with);
    return program.run(words);
  }

  private static String[] with(String[] words, String... more) {
    return Stream.concat(Stream.of(words), Stream.of(more)).toArray(String[]::new);
  }

  private Ended done(String... words) throws Exception {
    Ended ended = run(words);
    assertThat(ended.status()).as(ended.err()).isZero();
    assertThat(ended.err()).doesNotContain("SLF4J", "WARN", "blksh: cannot");
    return ended;
  }

  @Test
  void aBucketIsNamedWhereADirectoryIs() throws Exception {
    byte[] bytes = new byte[3_000_000];
    new Random(1).nextBytes(bytes);
    Path disk = Files.write(folder.resolve("disk.img"), bytes);
    String server = BucketScriptsTest.server.endpoint().toString();
    String told = PLACE + "?endpoint=" + server;
    String[] capture = {"run", "capture", disk.toString(), "--store", PLACE, "--name", "mine"};
    assertThat(done(with(capture, "--endpoint", server)).err())
        .contains("a new store was made in " + told);
    Path back = folder.resolve("back.img");
    String words =
        """
        val bucket = store("%s", endpoint = "%s")
        println(bucket.manifests)
        println(bucket.verify(Verify.FULL).lossless)
        bucket.restore("mine", to = "%s")
        println(bucket.traffic)
        println(stores.map { it.name })
        try { bucket.compact() } catch (e: Exception) { println(e.message) }
        stores
        """
            .formatted(PLACE, server, back);
    assertThat(done("eval", words).out())
        .contains("mine@1", "true", "requests=", "sent=", "received=", "[mine]", told)
        .containsPattern("cost(?s:.*)0\\.000\\d\\d\\d\\n")
        .contains("cannot compact store " + PLACE, "other machines may be using it");
    assertThat(Files.mismatch(disk, back)).isEqualTo(-1);
    // Nothing of it lies in the home but what is known of it, and only its owner may look.
    try (Stream<Path> derived = Files.list(folder.resolve("cache/blksh/stores"))) {
      List<Path> all = derived.toList();
      assertThat(all).hasSize(1);
      assertThat(Files.getPosixFilePermissions(all.get(0)))
          .isEqualTo(PosixFilePermissions.fromString("rwx------"));
    }
  }
}
