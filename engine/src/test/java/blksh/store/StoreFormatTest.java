package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.PAGE;
import static blksh.store.Images.assertSame;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.kit.Content;
import blksh.kit.Tool;
import blksh.retention.Age;
import blksh.snapshot.SnapshotRequest;
import blksh.snapshot.StoredSnapshots;
import blksh.store.pack.CodecChoice;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A program that shares nothing with the engine but docs/store-format.md reads its stores. */
class StoreFormatTest {

  @TempDir Path folder;

  private static String script() {
    Path here = Path.of("").toAbsolutePath();
    while (!Files.exists(here.resolve("docs/read_store.py"))) {
      here = here.getParent();
    }
    return here.resolve("docs/read_store.py").toString();
  }

  static String python(Object... arguments) throws IOException {
    List<Object> words = new ArrayList<>(List.of(script()));
    words.addAll(List.of(arguments));
    return Tool.named("python3").run(words.toArray());
  }

  /** Data, zeros, pages that repeat, and a last page that is short. */
  private static byte[] image() {
    byte[] bytes = Content.compressible(2 * MIB + 333, 4);
    System.arraycopy(Content.random(MIB / 2, 5), 0, bytes, MIB / 4, MIB / 2);
    Arrays.fill(bytes, MIB, MIB + 20 * PAGE, (byte) 0);
    Arrays.fill(bytes, MIB + 30 * PAGE, MIB + 40 * PAGE, (byte) 'x'); // long overlapping matches
    System.arraycopy(bytes, 0, bytes, MIB + 50 * PAGE, 40 * PAGE);
    return bytes;
  }

  @ParameterizedTest
  @EnumSource(
      value = CodecChoice.Kind.class,
      names = {"RAW", "LZ4"})
  void theReaderInPythonRestoresWhatTheEngineCaptured(CodecChoice.Kind codec) throws IOException {
    Path path = folder.resolve("store");
    byte[] first = image();
    byte[] second = first.clone();
    System.arraycopy(Content.compressible(MIB / 2, 6), 0, second, MIB / 2 + 9 * PAGE, MIB / 2);
    int parity = codec == CodecChoice.Kind.RAW ? 10 : 0; // which no reader needs
    try (Store store =
        Store.create(path, new StoreOptions(CodecChoice.parse(codec.name()), parity))) {
      store.capture(
          new ByteArraySource(first), "disk", CaptureOptions.defaults(), Task.unwatched());
      FaultySource bad =
          new FaultySource(new ByteArraySource(second)).unreadable(3 * PAGE, PAGE + 512);
      store.capture(bad, "disk", CaptureOptions.defaults(), Task.unwatched());
      store.capture(
          new ByteArraySource(new byte[0]), "empty", CaptureOptions.defaults(), Task.unwatched());
    }
    assertThat(python(path).lines())
        .containsExactly("disk@1 2097485 bytes", "disk@2 2097485 bytes", "empty@1 0 bytes");
    assertThat(python(path, "disk@1", folder.resolve("one"))).isEmpty();
    assertSame(folder.resolve("one"), Images.write(folder.resolve("expected"), first));
    assertThat(python(path, "disk", folder.resolve("two")))
        .isEqualTo("4608 bytes at byte 12288 could not be read when captured");
    Arrays.fill(second, 3 * PAGE, 4 * PAGE + 512, (byte) 0);
    assertSame(folder.resolve("two"), Images.write(folder.resolve("expected"), second));
    python(path, "empty@1", folder.resolve("three"));
    assertThat(folder.resolve("three")).isEmptyFile();
    // Also of packs that were written anew, beside what was deleted and what was said.
    CompactOptions options = CompactOptions.defaults().withThreshold(1).withGrace(Age.parse("1d"));
    try (Store store = Store.open(path)) {
      store.delete("disk@1");
      store.upkeep().mark("disk@2", marks -> marks.withNote("a note"));
      store.upkeep().compact(options, Task.unwatched());
      assertThat(python(path).lines()).containsExactly("disk@2 2097485 bytes", "empty@1 0 bytes");
      options = options.withGrace(null);
      assertThat(store.upkeep().compact(options, Task.unwatched()).rewritten()).isEqualTo(1);
    }
    python(path, "disk@2", folder.resolve("four"));
    assertSame(folder.resolve("four"), folder.resolve("expected"));
  }

  @Test
  void theReaderInPythonReadsSnapshotsOfFileTrees() throws IOException {
    Path source = Files.createDirectories(folder.resolve("tree/sub"));
    Path small = Files.write(source.resolve("small"), "some text".getBytes());
    byte[] bytes = Content.random(600_000, 8);
    Arrays.fill(bytes, 10_000, 50_000, (byte) 0);
    Path large = Files.write(source.resolve("large"), bytes);
    Files.createLink(source.resolve("other"), large);
    Files.createSymbolicLink(source.resolve("soft"), Path.of("small"));
    Path path = folder.resolve("store");
    try (Store store = Store.create(path, new StoreOptions(CodecChoice.RAW));
        StoredSnapshots snapshots = new StoredSnapshots(store, false)) {
      for (int i = 0; i < 2; i++) {
        snapshots.take(SnapshotRequest.of(folder.resolve("tree")).named("files"), Task.unwatched());
      }
    }
    String real = source.toRealPath().toString();
    assertThat(python(path, "files").lines())
        .anyMatch(line -> line.startsWith("f 0644 9 ") && line.endsWith(real + "/small"))
        .anyMatch(line -> line.startsWith("f 0644 600000 ") && line.endsWith(real + "/other"))
        .anyMatch(line -> line.startsWith("l 0777 ") && line.endsWith(real + "/soft"))
        .anyMatch(line -> line.startsWith("d ") && line.endsWith(real));
    python(path, "files@1:" + real + "/small", folder.resolve("one"));
    assertSame(folder.resolve("one"), small);
    python(path, "files:" + real + "/other", folder.resolve("two"));
    assertSame(folder.resolve("two"), large);
    assertThatThrownBy(() -> python(path, "files", folder.resolve("three")))
        .hasMessageContaining("is of the kind tree");
  }

  @Test
  void theReaderInPythonReadsManifestsOfSeveralChunks() throws IOException {
    Path path = folder.resolve("store");
    byte[] bytes = new byte[5000 * PAGE];
    byte[] pages = Content.compressible(20 * PAGE, 4);
    Random random = new Random(4);
    for (int at = 0; at < bytes.length; at += PAGE) {
      System.arraycopy(pages, random.nextInt(20) * PAGE, bytes, at, PAGE);
    }
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      Manifest manifest =
          store
              .capture(
                  new ByteArraySource(bytes), "disk", CaptureOptions.defaults(), Task.unwatched())
              .manifest();
      assertThat(manifest.figures().extents()).isGreaterThan(ManifestFile.CHUNK);
    }
    python(path, "disk", folder.resolve("one"));
    assertSame(folder.resolve("one"), Images.write(folder.resolve("expected"), bytes));
  }

  @Test
  void theReaderInPythonRefusesDamage() throws IOException {
    Path path = folder.resolve("store");
    try (Store store = Store.create(path, StoreOptions.defaults())) {
      store.capture(
          new ByteArraySource(Content.random(MIB, 1)),
          "disk",
          CaptureOptions.defaults(),
          Task.unwatched());
    }
    Path pack;
    try (Stream<Path> files = Files.walk(path.resolve("packs"))) {
      pack = files.filter(Files::isRegularFile).findAny().orElseThrow();
    }
    Images.flip(pack, MIB / 2, 4);
    assertThatThrownBy(() -> python(path, "disk", folder.resolve("one")))
        .hasMessageContaining("is damaged");
    Images.flip(path.resolve("manifests/disk/1.manifest"), 20, 4);
    assertThatThrownBy(() -> python(path)).hasMessageContaining("is damaged");
  }
}
