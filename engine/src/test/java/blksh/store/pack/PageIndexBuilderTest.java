package blksh.store.pack;

import static blksh.store.pack.PageIndexTest.assertHolds;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageIndexBuilderTest {

  private static final int PAGES = 1000;
  private static final int PACKS = 40;

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("pages.idx");
  }

  private static byte[] digests(long seed) {
    return PageIndexTest.digests(PAGES, seed);
  }

  private PageIndex built(int limit) throws IOException {
    try (PageIndexBuilder builder = new PageIndexBuilder(file(), limit)) {
      for (int pack = 1; pack <= PACKS; pack++) {
        builder.addAll(pack, digests(pack), PAGES);
      }
      return builder.finish();
    }
  }

  /** All in memory, two runs, many, and runs that end with the last page. */
  @ParameterizedTest
  @ValueSource(ints = {1 << 20, 39_999, 777, 1000})
  void holdsAllPagesAndNothingElse(int limit) throws IOException {
    try (PageIndex index = built(limit)) {
      assertThat(index.used()).isEqualTo(PACKS * PAGES);
      assertThat(index.slots()).isEqualTo(1 << 16);
      assertThat(index.isClearElsewhere()).isTrue();
      assertThat(index.unfinished()).isFalse();
      for (int pack = 1; pack <= PACKS; pack++) {
        assertHolds(index, pack, digests(pack));
      }
      assertThat(index.find(PageIndex.keyOf(digests(99), 0), any -> true)).isEqualTo(-1);
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(file());
    }
  }

  @Test
  void pagesCanBeAddedToIt() throws IOException {
    try (PageIndex index = built(777)) {
      index.addAll(100, digests(100), PAGES);
      for (int more = 101; more < 120; more++) {
        index.addAll(more, digests(more), PAGES);
      }
      assertHolds(index, 1, digests(1));
      assertHolds(index, 119, digests(119));
    }
  }

  /**
   * Digests that all begin alike fill the slots from one on; at the end they go on at the first.
   */
  @ParameterizedTest
  @ValueSource(ints = {0x00, 0x7f, 0x80, 0xff})
  void keysThatBeginAlikeAreFound(int first) throws IOException {
    byte[] digests = digests(7);
    for (int page = 0; page < PAGES; page++) {
      Arrays.fill(digests, page * Page.DIGEST, page * Page.DIGEST + 6, (byte) first);
    }
    try (PageIndexBuilder builder = new PageIndexBuilder(file(), 130)) {
      builder.addAll(1, digests, PAGES);
      builder.addAll(2, digests(2), PAGES);
      builder.addAll(3, digests, PAGES);
      try (PageIndex index = builder.finish()) {
        assertHolds(index, 1, digests);
        assertHolds(index, 2, digests(2));
        assertHolds(index, 3, digests);
        assertThat(index.used()).isEqualTo(3 * PAGES);
      }
    }
  }

  @Test
  void droppedPagesAreLeftOut() throws IOException {
    byte[] digests = digests(1);
    Arrays.fill(digests, 0, 10 * Page.DIGEST, (byte) 0);
    try (PageIndexBuilder builder = new PageIndexBuilder(file())) {
      builder.addAll(1, digests, PAGES);
      try (PageIndex index = builder.finish()) {
        assertThat(index.used()).isEqualTo(PAGES - 10);
      }
    }
  }

  /** What one who was killed left is in nobody's way. */
  @Test
  void takesThePlaceOfWhatIsThere() throws IOException {
    Files.writeString(folder.resolve("pages.idx.runs"), "left");
    built(777).close();
    long generation;
    try (PageIndex index = PageIndex.open(file(), true)) {
      generation = index.generation();
    }
    try (PageIndex again = built(777)) {
      assertThat(again.generation()).isNotEqualTo(generation);
    }
  }
}
