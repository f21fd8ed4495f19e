package blksh.store;

import static blksh.store.Images.MIB;
import static blksh.store.Images.assertClean;
import static blksh.store.Images.assertRestores;
import static blksh.store.Images.capture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Content;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.Page;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.Shelf;
import blksh.task.Task;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a store compresses, chosen when it is made and changed later. */
class CodecsTest {

  @TempDir Path folder;

  private Path path() {
    return folder.resolve("store");
  }

  private Path image(String name, byte[] bytes) throws IOException {
    return Images.write(folder.resolve(name), bytes);
  }

  /** Bytes that Zstandard makes smaller than LZ4, no page like another. */
  private static byte[] text(int length, long seed) {
    byte[] bytes = Content.random(length, seed);
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) ('a' + (bytes[i] & 7));
    }
    return bytes;
  }

  /** Words, as in documents: what a higher level makes smaller. */
  private static byte[] words(int length, long seed) {
    Random random = new Random(seed);
    String[] words = new String[2000];
    for (int i = 0; i < words.length; i++) {
      StringBuilder word = new StringBuilder();
      for (int left = 2 + random.nextInt(8); left > 0; left--) {
        word.append((char) ('a' + random.nextInt(26)));
      }
      words[i] = word.append(' ').toString();
    }
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      text.append(words[(int) (Math.abs(random.nextGaussian()) * 500) % words.length]);
    }
    return text.substring(0, length).getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void theLevelIsKeptAndUsed() throws IOException {
    Path image = image("image", words(4 * MIB, 1));
    long[] stored = new long[2];
    int[] levels = {1, 19};
    for (int i = 0; i < levels.length; i++) {
      Path own = folder.resolve("store-" + i);
      CodecChoice codec = CodecChoice.zstd(levels[i]);
      try (Store store = Store.create(own, new StoreOptions(codec))) {
        Manifest made = capture(store, image, "disk").manifest();
        stored[i] = made.figures().storedBytes();
        assertRestores(store, made, image, folder);
        assertClean(store);
      }
      assertThat(own.resolve("store.json")).content().contains("\"codec\": \"" + codec + "\"");
      try (Store again = Store.open(own)) {
        assertThat(again.codec()).isEqualTo(codec);
      }
    }
    assertThat(stored[1]).isLessThan(stored[0]);
  }

  @Test
  void whatIsNewIsCompressedInAnotherWayAndWhatIsThereStays() throws IOException {
    Path first = image("first", text(2 * MIB, 1));
    Path second = image("second", text(2 * MIB, 2));
    try (Store store = Store.create(path(), StoreOptions.defaults());
        Store other = Store.open(path())) {
      Manifest lz4 = capture(store, first, "first").manifest();
      other.upkeep().compressBy(CodecChoice.auto(9));
      assertThat(other.codec()).isEqualTo(CodecChoice.auto(9));
      try (Store opened = Store.open(path())) {
        Manifest zstd = capture(opened, second, "second").manifest();
        assertThat(zstd.figures().storedBytes()).isLessThan(lz4.figures().storedBytes() * 8 / 10);
        assertRestores(opened, lz4, first, folder);
        assertRestores(opened, zstd, second, folder);
        assertThat(capture(opened, first, "first").manifest().figures().newPages()).isZero();
        assertClean(opened);
      }
      // Who has it open knows it by the time that matters: what another changed stays.
      store.upkeep().compressBy(CodecChoice.zstd(5));
    }
    try (Store store = Store.open(path())) {
      assertThat(store.codec()).isEqualTo(CodecChoice.zstd(5));
    }
  }

  @Test
  void theFirstCompactionOfAnOlderStoreKeepsWhatAnotherProcessChose() throws IOException {
    CodecChoice chosen = CodecChoice.zstd(7);
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      capture(store, image("image", text(MIB, 1)), "disk");
    }
    Path file = path().resolve("store.json");
    try (Shelf shelf = new DirectoryShelf(path())) {
      StoreDescriptor now = StoreDescriptor.read(shelf);
      new StoreDescriptor(now.id(), now.codec(), now.pageSize(), 1, 0).write(shelf);
    }
    try (Store store = Store.open(path())) {
      try (Store other = Store.open(path())) {
        other.upkeep().compressBy(chosen);
        assertThat(file).content().contains("\"format\": 1", "\"zstd-7\"");
      }
      store.upkeep().compact(CompactOptions.defaults(), Task.unwatched());
      assertThat(file).content().contains("\"format\": 2", "\"zstd-7\"");
    }
  }

  @Test
  void aStoreThatCannotBeWrittenOrWhoseDescriptorIsDamagedKeepsItsCodec() throws IOException {
    Store.create(path(), StoreOptions.defaults()).close();
    Path file = path().resolve("store.json");
    String before = Files.readString(file);
    Images.flip(file, 40, 1);
    try (Store store = Store.open(path())) {
      assertThatThrownBy(() -> store.upkeep().compressBy(CodecChoice.ZSTD))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("reindex");
      store.reindex(Task.unwatched());
      store.upkeep().compressBy(CodecChoice.ZSTD);
    }
    assertThat(Files.readString(file)).isNotEqualTo(before).contains("\"zstd\"");
  }

  // ---- compaction ----------------------------------------------------------------------------

  /** A store of one pack by LZ4, of which a page in four is not needed, half of them together. */
  private Manifest thinned(Store store, byte[] all) throws IOException {
    Manifest whole = capture(store, image("all", all), "all").manifest();
    byte[] some = all.clone();
    int pages = all.length / Page.SIZE;
    Arrays.fill(some, 0, pages / 8 * Page.SIZE, (byte) 0);
    for (int page = pages / 2; page < pages; page += 4) {
      Arrays.fill(some, page * Page.SIZE, (page + 1) * Page.SIZE, (byte) 0);
    }
    Manifest kept = capture(store, image("some", some), "some").manifest();
    assertThat(kept.figures().newPages()).isZero();
    store.delete(whole);
    return kept;
  }

  private long compacted(String name, CodecChoice codec, boolean recompress, byte[] all)
      throws IOException {
    Path own = folder.resolve(name);
    try (Store store = Store.create(own, StoreOptions.defaults())) {
      Manifest kept = thinned(store, all);
      store.upkeep().compressBy(codec);
      CompactOptions options = CompactOptions.defaults().withRecompress(recompress);
      CompactResult result = store.upkeep().compact(options, Task.unwatched());
      assertThat(result.rewritten()).isEqualTo(1);
      assertThat(result.deadPages()).isZero();
      assertRestores(store, kept, folder.resolve("some"), folder);
      assertClean(store);
      Manifest again = capture(store, folder.resolve("all"), "all").manifest();
      int pages = all.length / Page.SIZE;
      assertThat(again.figures().newPages()).isEqualTo(pages / 8 + pages / 8);
      assertRestores(store, again, folder.resolve("all"), folder);
      store.reindex(Task.unwatched());
      assertClean(store);
      assertThat(store.upkeep().compact(options, Task.unwatched()).rewritten()).isZero();
      return result.writtenBytes();
    }
  }

  @Test
  void compactionRaisesTheCompressionOfWhatItWritesAnew() throws IOException {
    byte[] all = text(8 * MIB, 1);
    long lz4 = compacted("lz4", CodecChoice.LZ4, true, all);
    long partly = compacted("partly", CodecChoice.ZSTD, false, all);
    long zstd = compacted("zstd", CodecChoice.ZSTD, true, all);
    long auto = compacted("auto", CodecChoice.auto(9), true, all);
    assertThat(partly).isLessThan(lz4 * 9 / 10); // what had lost pages alone
    assertThat(zstd).isLessThan(partly * 9 / 10);
    assertThat(auto).isBetween(zstd * 9 / 10, zstd * 11 / 10);
  }

  @Test
  void compactionNeverLowersTheCompression() throws IOException {
    byte[] all = text(4 * MIB, 1);
    long[] written = new long[2];
    for (boolean recompress : new boolean[] {false, true}) {
      try (Store store =
          Store.create(folder.resolve("s" + recompress), new StoreOptions(CodecChoice.zstd(3)))) {
        thinned(store, all);
        store.upkeep().compressBy(recompress ? CodecChoice.LZ4 : CodecChoice.ZSTD);
        CompactOptions options = CompactOptions.defaults().withRecompress(recompress);
        written[recompress ? 1 : 0] =
            store.upkeep().compact(options, Task.unwatched()).writtenBytes();
        assertClean(store);
      }
    }
    assertThat(written[1]).isEqualTo(written[0]);
  }

  private static Set<AffectedRange> affected(VerifyReport report) {
    Set<AffectedRange> found = new HashSet<>();
    report.damage().forEach(damage -> found.addAll(damage.affected()));
    return found;
  }

  @Test
  void damageIsNotHiddenByRaisingTheCompression() throws IOException {
    byte[] all = text(4 * MIB, 1);
    try (Store store = Store.create(path(), StoreOptions.defaults())) {
      Manifest kept = thinned(store, all);
      Path pack;
      try (var files = Files.walk(path().resolve("packs"))) {
        pack = files.filter(Files::isRegularFile).findFirst().orElseThrow();
      }
      Images.flip(pack, Files.size(pack) / 3, 1);
      VerifyReport before = store.verify(VerifyOptions.full(), Task.unwatched());
      assertThat(before.clean()).isFalse();
      store.upkeep().compressBy(CodecChoice.ZSTD);
      CompactOptions options = CompactOptions.defaults().withRecompress(true);
      assertThat(store.upkeep().compact(options, Task.unwatched()).rewritten()).isEqualTo(1);
      VerifyReport after = store.verify(VerifyOptions.full(), Task.unwatched());
      assertThat(affected(after)).isEqualTo(affected(before)).isNotEmpty();
      // What is stored again puts it right.
      capture(store, folder.resolve("all"), "all");
      assertRestores(store, kept, folder.resolve("some"), folder);
    }
  }
}
