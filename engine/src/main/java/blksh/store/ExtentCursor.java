package blksh.store;

import blksh.block.Extent;
import blksh.io.IoFailure;
import blksh.io.LittleEndian;
import blksh.store.pack.Pack;
import java.io.IOException;

/** A walk over the extents of a manifest, from some page on. Used by one thread. */
final class ExtentCursor {

  private final ManifestFile file;
  private int chunk = -1;
  private byte[] records = {};
  private int at;

  /** What the extent holds. */
  Extent.Kind kind;

  /** First page of the extent in the image. */
  long start;

  /** First page after it. */
  long end;

  /** Number of its pack in {@link ManifestFile#packs}. */
  int pack;

  /** First page in the pack. */
  int first;

  ExtentCursor(ManifestFile file) {
    this.file = file;
  }

  /**
   * Goes to the extent that holds a page.
   *
   * @param page 0 up to the pages of the image
   * @throws ManifestFile.DamagedManifest when the chunk that would say is damaged
   */
  void seek(long page) throws ManifestFile.DamagedManifest {
    enter(file.extentChunkOf(page));
    int a = 0;
    int b = records.length / ManifestFile.RECORD - 1;
    while (a < b) {
      int middle = (a + b + 1) >>> 1;
      if (startAt(middle) <= page) {
        a = middle;
      } else {
        b = middle - 1;
      }
    }
    show(a);
  }

  /** Goes to the next extent; false at the end. */
  boolean next() throws ManifestFile.DamagedManifest {
    if (end >= file.pages()) {
      return false;
    }
    if (chunk < 0) {
      enter(0);
      show(0);
    } else if (at + 1 < records.length / ManifestFile.RECORD) {
      show(at + 1);
    } else {
      enter(chunk + 1);
      show(0);
    }
    return true;
  }

  private void enter(int number) throws ManifestFile.DamagedManifest {
    if (number == chunk) {
      return;
    }
    if (number < 0 || number >= file.extentChunks()) {
      throw new ManifestFile.DamagedManifest(0, file.pages(), "it has no extent where one must be");
    }
    try {
      records = file.extentChunk(number);
      chunk = number;
    } catch (IOException e) {
      chunk = -1;
      long[] range = file.chunkRange(number);
      throw new ManifestFile.DamagedManifest(range[0], range[1], IoFailure.reason(e));
    }
  }

  private long startAt(int record) {
    return LittleEndian.i64(records, record * ManifestFile.RECORD) & ManifestFile.START_MASK;
  }

  private void show(int record) throws ManifestFile.DamagedManifest {
    at = record;
    long head = LittleEndian.i64(records, record * ManifestFile.RECORD);
    kind = RootDigest.kind((int) (head >>> ManifestFile.KIND_SHIFT));
    start = head & ManifestFile.START_MASK;
    end =
        record + 1 < records.length / ManifestFile.RECORD
            ? startAt(record + 1)
            : file.chunkRange(chunk)[1];
    pack = LittleEndian.i32(records, record * ManifestFile.RECORD + 8);
    first = LittleEndian.i32(records, record * ManifestFile.RECORD + 12);
    if (kind == null
        || end <= start
        || end > file.pages()
        || pack < 0
        || (kind == Extent.Kind.DATA
            && (pack >= file.packs().length
                || first < 0
                || first + (end - start) > Pack.MAX_PAGES))) {
      long[] range = file.chunkRange(chunk);
      throw new ManifestFile.DamagedManifest(range[0], range[1], "an extent does not make sense");
    }
  }
}
