package blksh.filesystem;

import blksh.block.BlockSource;

/**
 * Linux swap space (mkswap(8)): of a space nobody swaps to only its header page matters. A
 * hibernated system replaces the signature, so that its memory image is never taken for free.
 */
final class SwapHeader {

  private static final String SIGNATURE = "SWAPSPACE2";
  private static final int[] PAGES = {4096, 8192, 16384, 32768, 65536};
  private static final int VERSION = 1024;
  private static final int LAST_PAGE = 1028;

  private SwapHeader() {}

  static boolean isMarked(Head head) {
    return page(head) > 0;
  }

  private static int page(Head head) {
    for (int page : PAGES) {
      if (head.has(page - SIGNATURE.length(), SIGNATURE)) {
        return page;
      }
    }
    return 0;
  }

  /** Bytes of it; -1 when it does not tell. */
  static long size(Head head) {
    return head.at(VERSION, 4).u32(0) == 1 ? (head.at(LAST_PAGE, 4).u32(0) + 1) * page(head) : -1;
  }

  static FreeRanges free(BlockSource source, Head head) throws Unmapped {
    int page = page(head);
    Unmapped.unless(head.at(VERSION, 4).u32(0) == 1, "its version is unknown");
    long end = (head.at(LAST_PAGE, 4).u32(0) + 1) * page;
    Unmapped.unless(end <= source.size(), "it is larger than where it lies");
    FreeRanges free = new FreeRanges();
    free.add(page, end);
    return free;
  }
}
