package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.store.pack.PackDigests;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.Page;
import blksh.store.pack.PageSize;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Compares two manifests of a store without reading pages: extents at the same address are the
 * same; where addresses differ, digests tell.
 */
final class Diff {

  private static final int LISTED = 10_000;

  private final PageSize pageSize;
  private final ManifestFile a;
  private final ManifestFile b;
  private final PackDigests digestsA;
  private final PackDigests digestsB;
  private final byte[] digestA = new byte[Page.DIGEST];
  private final byte[] digestB = new byte[Page.DIGEST];
  private final List<Extent> changed = new ArrayList<>();
  private long ranges;
  private long sameBytes;
  private long changedBytes;
  private long openFrom = -1;
  private long openTo;
  private Extent.Kind openKind;

  Diff(PackDirectory packs, ManifestFile a, ManifestFile b) {
    this.pageSize = a.pageSize();
    this.a = a;
    this.b = b;
    this.digestsA = new PackDigests(packs);
    this.digestsB = new PackDigests(packs);
  }

  ManifestDiff run() {
    try (digestsA;
        digestsB) {
      ExtentCursor x = new ExtentCursor(a);
      ExtentCursor y = new ExtentCursor(b);
      // A last page that is longer in the other image is a page that differs, whatever it holds.
      long shorter = Math.min(a.manifest().size(), b.manifest().size());
      boolean sameSize = a.manifest().size() == b.manifest().size();
      long common = sameSize ? Math.min(a.pages(), b.pages()) : pageSize.pageOf(shorter);
      long at = 0;
      while (at < common) {
        if (at >= x.end) {
          x.next();
        }
        if (at >= y.end) {
          y.next();
        }
        long end = Math.min(common, Math.min(x.end, y.end));
        compare(x, y, at, end);
        at = end;
      }
      while (at < b.pages()) {
        if (at >= y.end) {
          y.next();
        }
        differ(at, y.end, y.kind);
        at = y.end;
      }
      if (at < a.pages()) {
        differ(at, a.pages(), Extent.Kind.ZERO);
      }
      closeRange();
      return new ManifestDiff(
          a.manifest(), b.manifest(), sameBytes, changedBytes, ranges, List.copyOf(changed));
    } catch (ManifestFile.DamagedManifest e) {
      throw new BlkshException(
              "compare " + a.manifest().reference() + " with " + b.manifest().reference(),
              e.getMessage(),
              e)
          .suggest("verify the store");
    }
  }

  private void compare(ExtentCursor x, ExtentCursor y, long from, long to) {
    boolean data = x.kind == Extent.Kind.DATA;
    if (data != (y.kind == Extent.Kind.DATA)) {
      differ(from, to, y.kind);
      return;
    }
    if (!data) {
      boolean same = x.kind == y.kind || (x.kind.readsAsZeros() && y.kind.readsAsZeros());
      if (same) {
        same(from, to);
      } else {
        differ(from, to, y.kind);
      }
      return;
    }
    long packA = a.packs()[x.pack];
    long packB = b.packs()[y.pack];
    if (packA == packB && x.first - x.start == y.first - y.start) {
      same(from, to);
      return;
    }
    for (long page = from; page < to; page++) {
      boolean known =
          digestsA.read(packA, (int) (x.first + page - x.start), digestA, 0)
              && digestsB.read(packB, (int) (y.first + page - y.start), digestB, 0);
      if (known && Arrays.equals(digestA, digestB)) {
        same(page, page + 1);
      } else {
        differ(page, page + 1, y.kind);
      }
    }
  }

  private long bytes(long fromPage, long toPage) {
    long size = Math.max(a.manifest().size(), b.manifest().size());
    return Math.min(size, pageSize.at(toPage)) - pageSize.at(fromPage);
  }

  private void same(long from, long to) {
    sameBytes += bytes(from, to);
  }

  private void differ(long from, long to, Extent.Kind kind) {
    changedBytes += bytes(from, to);
    if (openFrom >= 0 && openTo == from && openKind == kind) {
      openTo = to;
      return;
    }
    closeRange();
    openFrom = from;
    openTo = to;
    openKind = kind;
  }

  private void closeRange() {
    if (openFrom >= 0) {
      ranges++;
      if (changed.size() < LISTED) {
        changed.add(new Extent(pageSize.at(openFrom), bytes(openFrom, openTo), openKind));
      }
    }
    openFrom = -1;
  }
}
