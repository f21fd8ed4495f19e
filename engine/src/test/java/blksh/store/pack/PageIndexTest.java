package blksh.store.pack;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.store.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageIndexTest {

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("pages.idx");
  }

  static byte[] digests(int pages, long seed) {
    byte[] digests = new byte[pages * Page.DIGEST];
    new Random(seed).nextBytes(digests);
    return digests;
  }

  static void assertHolds(PageIndex index, long ordinal, byte[] digests) {
    for (int page = 0; page < digests.length / Page.DIGEST; page++) {
      long address = PageIndex.address(ordinal, page);
      long key = PageIndex.keyOf(digests, page * Page.DIGEST);
      assertThat(index.find(key, found -> found == address)).isEqualTo(address);
    }
  }

  @Test
  void growsAsPagesAreAddedAndLosesNone() throws IOException {
    try (PageIndex index = PageIndex.create(file())) {
      long generation = index.generation();
      for (int pack = 1; pack <= 6; pack++) {
        index.addAll(pack, digests(9000, pack), 9000);
      }
      assertThat(index.slots()).isEqualTo(1 << 17);
      assertThat(index.used()).isEqualTo(54_000);
      assertThat(index.generation()).isEqualTo(generation);
      for (int pack = 1; pack <= 6; pack++) {
        assertHolds(index, pack, digests(9000, pack));
      }
      assertThat(index.find(PageIndex.keyOf(digests(1, 99), 0), any -> true)).isEqualTo(-1);
    }
    try (PageIndex index = PageIndex.open(file(), false)) {
      assertHolds(index, 6, digests(9000, 6));
      assertThat(index.isClearElsewhere()).isTrue();
    }
  }

  @Test
  void whatComesAndGoesDoesNotMakeItGrow() throws IOException {
    try (PageIndex index = PageIndex.create(file())) {
      long slots = index.slots();
      byte[] stays = digests(1000, 0);
      index.addAll(1, stays, 1000);
      long[] keys = new long[1000];
      int[] pages = new int[1000];
      for (int night = 2; night < 60; night++) {
        byte[] comes = digests(1000, night);
        index.addAll(night, comes, 1000);
        assertHolds(index, night, comes);
        for (int page = 0; page < 1000; page++) {
          keys[page] = PageIndex.keyOf(comes, page * Page.DIGEST);
          pages[page] = page;
        }
        index.removeAll(night, keys, pages);
      }
      assertThat(index.slots()).isEqualTo(slots);
      assertHolds(index, 1, stays);
      assertThat(index.find(keys[0], address -> PageIndex.ordinalOf(address) != 0)).isEqualTo(-1);
    }
  }

  @Test
  void addingTheSameAgainChangesNothing() throws IOException {
    try (PageIndex index = PageIndex.create(file())) {
      index.addAll(3, digests(500, 1), 500);
      byte[] before = Files.readAllBytes(file());
      index.addAll(3, digests(500, 1), 500);
      assertThat(Files.readAllBytes(file())).isEqualTo(before);
    }
  }

  @Test
  void keepsSeveralPagesUnderOneKeyApart() throws IOException {
    byte[] digests = digests(4, 1);
    for (int page = 1; page < 4; page++) {
      System.arraycopy(digests, 0, digests, page * Page.DIGEST, 8);
    }
    try (PageIndex index = PageIndex.create(file())) {
      index.addAll(1, digests, 4);
      assertHolds(index, 1, digests);
      index.remove(PageIndex.keyOf(digests, 0), PageIndex.address(1, 1));
      long[] seen = {0};
      index.find(
          PageIndex.keyOf(digests, 0),
          address -> {
            seen[0] += address == 0 ? 0 : 1;
            return false;
          });
      assertThat(seen[0]).isEqualTo(3);
      index.addAll(1, digests, 4);
      assertHolds(index, 1, digests);
    }
  }

  @Test
  void aKeyThatWouldBeZeroAndPlacesAtTheEndWork() throws IOException {
    byte[] digests = digests(40, 1);
    Arrays.fill(digests, 0, 8, (byte) 0);
    for (int page = 1; page < 40; page++) { // all want the last slot
      Arrays.fill(digests, page * Page.DIGEST, page * Page.DIGEST + 7, (byte) -1);
    }
    try (PageIndex index = PageIndex.create(file())) {
      index.addAll(1, digests, 40);
      assertHolds(index, 1, digests);
    }
  }

  @Test
  void followsAFileThatAnotherHasReplaced() throws IOException {
    try (PageIndex one = PageIndex.create(file());
        PageIndex two = PageIndex.open(file(), true)) {
      one.addAll(1, digests(20_000, 1), 20_000); // replaces the file
      two.addAll(2, digests(100, 2), 100);
      assertHolds(two, 1, digests(20_000, 1));
      assertHolds(one, 2, digests(100, 2));
      assertThat(one.used()).isEqualTo(20_100);
    }
  }

  @Test
  void aCountThatIsWrongDoesNoHarm() throws IOException {
    PageIndex.create(file()).close();
    try (PageIndex index = PageIndex.open(file(), true)) {
      index.addAll(1, digests(11_000, 1), 11_000);
    }
    Images.flip(file(), 24 + 7, 0x40); // as many as there cannot be
    assertThat(PageIndex.open(file(), true)).isNull();
    Images.flip(file(), 24 + 7, 0x40);
    Images.flip(file(), 25, 0x2a); // far fewer than there are
    try (PageIndex index = PageIndex.open(file(), true)) {
      assertThat(index.used()).isLessThan(300);
      index.addAll(2, digests(9000, 2), 9000);
      assertHolds(index, 1, digests(11_000, 1));
      assertHolds(index, 2, digests(9000, 2));
      assertThat(index.used()).isEqualTo(20_000);
    }
  }

  @Test
  void countsAgainWhenWhoeverWasAddingDied() throws IOException {
    try (PageIndex index = PageIndex.create(file())) {
      index.addAll(1, digests(1000, 1), 1000);
      Images.flip(file(), 40, 1);
      Images.flip(file(), 24, 0x55);
      assertThat(index.unfinished()).isTrue();
      index.addAll(2, digests(10, 2), 10);
      assertThat(index.unfinished()).isFalse();
      assertThat(index.used()).isEqualTo(1010);
    }
  }
}
