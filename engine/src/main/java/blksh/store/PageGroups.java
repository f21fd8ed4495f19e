package blksh.store;

import blksh.block.Extent;
import blksh.io.IoFailure;
import blksh.io.LittleEndian;
import blksh.store.pack.PackDigests;
import blksh.store.pack.Page;
import blksh.store.pack.PageReader;
import java.io.IOException;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the pages of an image must be, as its manifest says: the digests that packs give are proven
 * by those of their groups, and remembered for all who read the image. See {@link GroupProof}.
 */
final class PageGroups {

  /** Groups remembered, 4 KiB each. */
  private static final int KEPT = 2048;

  private final ManifestFile file;
  private final Map<Long, Group> kept = new LinkedHashMap<>(16, 0.75f, true);

  PageGroups(ManifestFile file) {
    this.file = file;
  }

  /** How much is known of a group. */
  enum State {
    /** What its pages must be. */
    PROVEN,
    /** Nothing: the manifest does not say, or a page is lost and so is its digest. */
    UNKNOWN,
    /** That what lies where its pages were is something else. */
    CONTRADICTED
  }

  /**
   * A group.
   *
   * @param digests of its data pages by their place in it, when they are proven
   */
  record Group(State state, byte[] digests) {

    private static final Group UNKNOWN = new Group(State.UNKNOWN, null);
    private static final Group CONTRADICTED = new Group(State.CONTRADICTED, null);

    /** Whether a page of the image may be one with a digest. */
    boolean allows(long page, byte[] digest, int at) {
      return switch (state) {
        case PROVEN -> Page.sameDigest(digests, digestAt(page), digest, at);
        case UNKNOWN -> true;
        case CONTRADICTED -> false;
      };
    }
  }

  /** Where the digest of a page of the image is in its group's. */
  static int digestAt(long page) {
    return (int) (page % GroupProof.PAGES) * Page.DIGEST;
  }

  /** The group that holds a page of the image, if it is remembered. */
  private Group known(long number) {
    synchronized (kept) {
      return kept.get(number);
    }
  }

  private void keep(long number, Group group) {
    synchronized (kept) {
      kept.put(number, group);
      if (kept.size() > KEPT) {
        var oldest = kept.keySet().iterator();
        oldest.next();
        oldest.remove();
      }
    }
  }

  /** One thread's look at them. */
  final class Looker {
    private final PackDigests packDigests;
    private final PageReader pages;
    private final ExtentCursor cursor = new ExtentCursor(file);
    private final MessageDigest sha = Page.sha256();
    private final byte[] inOrder = new byte[GroupProof.PAGES * Page.DIGEST];
    private final byte[] page = new byte[file.pageSize().bytes()];

    /** Who reads in order asks again and again. */
    private long lastNumber = -1;

    private Group last;

    /**
     * @param packDigests closed by whoever made it, as is
     * @param pages where a page is read when digests do not agree
     */
    Looker(PackDigests packDigests, PageReader pages) {
      this.packDigests = packDigests;
      this.pages = pages;
    }

    /** The group that holds a page of the image. */
    Group group(long ofPage) throws ManifestFile.DamagedManifest {
      if (!file.hasGroups()) {
        return Group.UNKNOWN;
      }
      long number = ofPage / GroupProof.PAGES;
      if (number != lastNumber) {
        Group group = known(number);
        if (group == null) {
          group = load(number);
          keep(number, group);
        }
        last = group;
        lastNumber = number;
      }
      return last;
    }

    private Group load(long number) throws ManifestFile.DamagedManifest {
      int chunk = file.groupChunkOf(number);
      byte[] records;
      try {
        records = chunk < 0 ? new byte[0] : file.groupChunk(chunk);
      } catch (IOException e) {
        long first = number * GroupProof.PAGES;
        throw new ManifestFile.DamagedManifest(
            first,
            Math.min(file.pages(), first + GroupProof.PAGES),
            "what proves its pages cannot be read: " + IoFailure.reason(e));
      }
      int record = find(records, number);
      if (record < 0) {
        return Group.CONTRADICTED;
      }
      byte[] digests = new byte[GroupProof.PAGES * Page.DIGEST];
      if (gather(number, digests, this::fromPack) && proven(digests, records, record)) {
        return new Group(State.PROVEN, digests);
      }
      if (!gather(number, digests, this::fromContents)) {
        return Group.UNKNOWN;
      }
      return proven(digests, records, record)
          ? new Group(State.PROVEN, digests)
          : Group.CONTRADICTED;
    }

    /** Where the record of a group is, or -1. */
    private int find(byte[] records, long number) {
      int a = 0;
      int b = records.length / ManifestFile.GROUP - 1;
      while (a <= b) {
        int middle = (a + b) >>> 1;
        long found = LittleEndian.i64(records, middle * ManifestFile.GROUP);
        if (found == number) {
          return middle * ManifestFile.GROUP;
        }
        if (found < number) {
          a = middle + 1;
        } else {
          b = middle - 1;
        }
      }
      return -1;
    }

    /** Takes the digest of a page from somewhere; false when it cannot be had. */
    private interface Digests {
      boolean read(long pack, int page, byte[] to, int at);
    }

    private boolean fromPack(long pack, int number, byte[] to, int at) {
      return packDigests.read(pack, number, to, at);
    }

    private boolean fromContents(long pack, int number, byte[] to, int at) {
      return pages.read(pack, number, page, 0, to, at) >= 0;
    }

    /** Gathers the digests of the data pages of a group; false when one cannot be had. */
    private boolean gather(long number, byte[] digests, Digests from)
        throws ManifestFile.DamagedManifest {
      long first = number * GroupProof.PAGES;
      long end = Math.min(file.pages(), first + GroupProof.PAGES);
      for (long at = first; at < end; at++) {
        if (at < cursor.start || at >= cursor.end) {
          cursor.seek(at);
        }
        if (cursor.kind == Extent.Kind.DATA
            && !from.read(
                file.packs()[cursor.pack],
                cursor.first + (int) (at - cursor.start),
                digests,
                digestAt(at))) {
          return false;
        }
      }
      return true;
    }

    private boolean proven(byte[] digests, byte[] records, int record) {
      int length = 0;
      for (int at = 0; at < digests.length; at += Page.DIGEST) {
        if (!Page.isZero(digests, at, Page.DIGEST)) {
          System.arraycopy(digests, at, inOrder, length, Page.DIGEST);
          length += Page.DIGEST;
        }
      }
      return GroupProof.holds(sha, inOrder, length, records, record + 8);
    }
  }
}
