package blksh.bench;

import blksh.io.LittleEndian;
import blksh.store.pack.PageIndex;
import blksh.store.pack.PageIndexBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * Makes a page index of any number of pages, as a reindex does, and looks pages up in it and enters
 * others; none is stored. Arguments: the file, how many pages, how many are looked up and entered.
 * Run by {@code bench/index.py}.
 */
public final class LargeIndex {

  private static final int DIGEST = 32;

  /** Pages of a pack. */
  private static final int PAGES = 20_000;

  private final Path path;
  private final long pages;
  private final int some;
  private final byte[] digests = new byte[PAGES * DIGEST];

  private LargeIndex(Path path, long pages, int some) {
    this.path = path;
    this.pages = pages;
    this.some = some;
  }

  public static void main(String[] arguments) throws IOException {
    Path path = Path.of(arguments[0]);
    new LargeIndex(path, Long.parseLong(arguments[1]), Integer.parseInt(arguments[2])).run();
  }

  private void run() throws IOException {
    System.out.println("| | seconds | MiB of its own |\n|---|---|---|");
    long began = System.nanoTime();
    PageIndex index = build();
    tell("made of " + pages + " pages", began);
    try (index) {
      System.out.printf("| bytes a page | %.1f | |%n", (double) Files.size(path) / pages);
      SplittableRandom random = new SplittableRandom(7);
      began = System.nanoTime();
      for (int i = 0; i < some; i++) {
        lookUp(index, random.nextLong(pages));
      }
      tell(some + " pages looked up", began);
      began = System.nanoTime();
      int found = 0;
      for (int i = 0; i < some; i++) {
        found += index.find(key(pages + 1 + random.nextLong(pages)), address -> true) < 0 ? 0 : 1;
      }
      if (found > some / 1000) {
        throw new IllegalStateException(found + " pages are found that are not there");
      }
      tell(some + " looked up that are not there", began);
      began = System.nanoTime();
      long packs = (pages + PAGES - 1) / PAGES;
      for (long page = 0; page < some; page += PAGES) {
        int count = (int) Math.min(PAGES, some - page);
        fill(2 * pages + 2 + page, count);
        index.addAll(packs + 1 + page / PAGES, digests, count);
      }
      tell(some + " entered", began);
      System.out.printf("| bytes on disk | %d | |%n", Files.size(path));
    }
  }

  private PageIndex build() throws IOException {
    try (PageIndexBuilder builder = new PageIndexBuilder(path)) {
      for (long page = 0, pack = 1; page < pages; page += PAGES, pack++) {
        int count = (int) Math.min(PAGES, pages - page);
        fill(page, count);
        builder.addAll(pack, digests, count);
      }
      return builder.finish();
    }
  }

  private void lookUp(PageIndex index, long page) {
    long wanted = PageIndex.address(page / PAGES + 1, (int) (page % PAGES));
    if (index.find(key(page), address -> address == wanted) != wanted) {
      throw new IllegalStateException("page " + page + " is not found");
    }
  }

  /** The digests of pages that follow each other. */
  private void fill(long first, int count) {
    for (int i = 0; i < count; i++) {
      digest(first + i, digests, i * DIGEST);
    }
  }

  private static long key(long page) {
    byte[] digest = new byte[DIGEST];
    digest(page, digest, 0);
    return PageIndex.keyOf(digest, 0);
  }

  /** As evenly spread as digests are. */
  private static void digest(long page, byte[] to, int at) {
    SplittableRandom random = new SplittableRandom(page);
    for (int i = 0; i < DIGEST; i += Long.BYTES) {
      LittleEndian.putI64(to, at + i, random.nextLong());
    }
  }

  private static void tell(String what, long began) throws IOException {
    double seconds = (System.nanoTime() - began) / 1e9;
    long own = 0;
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("RssAnon")) {
        own = Long.parseLong(line.replaceAll("\\D", "")) / 1024;
      }
    }
    System.out.printf("| %s | %.1f | %d |%n", what, seconds, own);
  }
}
