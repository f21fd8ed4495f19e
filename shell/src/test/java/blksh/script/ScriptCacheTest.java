package blksh.script;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScriptCacheTest {

  @TempDir Path directory;

  private static CompiledScript script(int seed, int size) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return new CompiledScript("S_kts", null, "about", Map.of("S_kts.class", bytes));
  }

  private static ScriptSource source(int number) {
    return new ScriptSource("s.kts", "// " + number);
  }

  @Test
  void keepsAScriptAsItWas() {
    ScriptCache cache = new ScriptCache(directory, "build", 1 << 20);
    assertThat(cache.find(source(1))).isNull();
    cache.put(source(1), script(1, 100));
    CompiledScript found = cache.find(source(1));
    assertThat(found.getClassName()).isEqualTo("S_kts");
    assertThat(found.getResultField()).isNull();
    assertThat(found.getDescription()).isEqualTo("about");
    assertThat(found.getClasses().get("S_kts.class"))
        .isEqualTo(script(1, 100).getClasses().get("S_kts.class"));
  }

  @Test
  void findsNothingOfAnotherTextNameOrBuild() {
    new ScriptCache(directory, "build", 1 << 20).put(source(1), script(1, 100));
    ScriptCache cache = new ScriptCache(directory, "build", 1 << 20);
    assertThat(cache.find(source(2))).isNull();
    assertThat(cache.find(new ScriptSource("t.kts", "// 1"))).isNull();
    assertThat(new ScriptCache(directory, "other", 1 << 20).find(source(1))).isNull();
  }

  @Test
  void passesOverADamagedFile() throws Exception {
    ScriptCache cache = new ScriptCache(directory, "build", 1 << 20);
    cache.put(source(1), script(1, 1000));
    Path file = cache.file(source(1));
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[] {0, 1, 30, whole.length / 2}) {
      Files.write(file, java.util.Arrays.copyOf(whole, length));
      assertThat(cache.find(source(1))).as("%d bytes", length).isNull();
    }
  }

  @Test
  void staysWithinItsBoundAndKeepsWhatIsUsed() throws Exception {
    ScriptCache cache = new ScriptCache(directory, "build", 50_000);
    for (int i = 0; i < 20; i++) {
      cache.put(source(i), script(i, 5_000));
      Files.setLastModifiedTime(cache.file(source(i)), FileTime.fromMillis(1_000_000L + i * 1000));
    }
    cache.put(source(99), script(99, 5_000));
    long total = 0;
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        total += Files.size(file);
      }
    }
    assertThat(total).isLessThanOrEqualTo(50_000);
    assertThat(cache.find(source(99))).isNotNull();
    assertThat(cache.find(source(19))).isNotNull();
    assertThat(cache.find(source(0))).isNull();
  }

  @Test
  void isSharedByManyAtOnce() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      List<Future<Boolean>> all =
          IntStream.range(0, 200)
              .mapToObj(
                  i ->
                      pool.submit(
                          () -> {
                            ScriptCache cache = new ScriptCache(directory, "build", 30_000);
                            cache.put(source(i % 7), script(i % 7, 5_000));
                            CompiledScript found = cache.find(source(i % 7));
                            return found == null
                                || java.util.Arrays.equals(
                                    found.getClasses().get("S_kts.class"),
                                    script(i % 7, 5_000).getClasses().get("S_kts.class"));
                          }))
              .toList();
      for (Future<Boolean> one : all) {
        assertThat(one.get()).isTrue();
      }
    } finally {
      pool.shutdownNow();
    }
  }
}
