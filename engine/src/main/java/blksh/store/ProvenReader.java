package blksh.store;

import blksh.store.pack.FrameCache;
import blksh.store.pack.PackDigests;
import blksh.store.pack.PageReader;
import java.io.Closeable;
import java.nio.ByteBuffer;

/**
 * Reads the pages of one image: each is what its pack says, and what the manifest says too. One
 * that is not is looked for elsewhere in the store. Used by one thread at a time.
 */
final class ProvenReader implements Closeable {

  private static final String OTHER = "what is stored there is not what was captured";

  /** Groups whose pages are put at once at most. */
  private static final int PUT_GROUPS = 4;

  private final PageReader pages;
  private final PackDigests digests;
  private final PageGroups.Looker groups;
  private String problem;

  /** The first page of the image that is put. */
  private long putFrom;

  /** The groups of what is put. */
  private final PageGroups.Group[] putGroups = new PageGroups.Group[PUT_GROUPS + 1];

  private final PageReader.Expected expected = this::allows;

  /**
   * @param owner as of {@link PageReader}
   */
  ProvenReader(Repository repository, PageGroups groups, FrameCache cache, FrameCache.Owner owner) {
    this.pages = repository.pages(cache, owner);
    this.digests = new PackDigests(repository.packs());
    this.groups = groups.new Looker(digests, pages);
  }

  private boolean allows(int put, byte[] digests, int at) {
    long page = putFrom + put;
    long group = page / GroupProof.PAGES - putFrom / GroupProof.PAGES;
    return putGroups[(int) group].allows(page, digests, at);
  }

  /**
   * Copies a page of the image and its digest.
   *
   * @param page of the image
   * @param packId the pack its manifest names
   * @param number of the page in the pack
   * @return bytes copied, 1 to those of a whole page, or -1 when the page is lost, for the reason
   *     {@link #problem}
   * @throws ManifestFile.DamagedManifest when it cannot be told what it must be
   */
  int read(long page, long packId, int number, byte[] to, int at, byte[] digest, int digestAt)
      throws ManifestFile.DamagedManifest {
    PageGroups.Group group = groups.group(page);
    int length = pages.read(packId, number, to, at, digest, digestAt);
    if (length >= 0 && group.allows(page, digest, digestAt)) {
      return length;
    }
    problem = length < 0 ? pages.problem() : OTHER;
    if (group.state() != PageGroups.State.PROVEN) {
      return -1;
    }
    int wanted = PageGroups.digestAt(page);
    return pages.readElsewhere(group.digests(), wanted, to, at, digest, digestAt);
  }

  /**
   * Puts as many whole pages from one on as lie together and are sound.
   *
   * @param page of the image
   * @param most pages, 1 or more; all of them whole, and the target has room for them
   * @return pages put, or 0 when not even the first can be put like that
   */
  int put(long page, long packId, int number, int most, ByteBuffer target)
      throws ManifestFile.DamagedManifest {
    int some = Math.min(most, PUT_GROUPS * GroupProof.PAGES);
    // Before anything is read: groups are loaded through the same reader.
    int group = 0;
    for (long at = page; at < page + some; at = (at / GroupProof.PAGES + 1) * GroupProof.PAGES) {
      putGroups[group++] = groups.group(at);
    }
    putFrom = page;
    return pages.put(packId, number, some, target, expected);
  }

  /** Whether the last read failed as {@link PageReader#isPackLost} says. */
  boolean isPackLost() {
    return problem != OTHER && pages.isPackLost();
  }

  /** Why the last read failed. */
  String problem() {
    return problem;
  }

  /** Lets go of what is open; it may be used again. */
  @Override
  public void close() {
    pages.close();
    digests.close();
  }
}
