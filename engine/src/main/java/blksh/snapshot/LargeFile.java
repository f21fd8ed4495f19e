package blksh.snapshot;

import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.store.ImagePiece;
import blksh.store.PiecedImage;
import blksh.store.RootDigest;
import blksh.store.pack.PageSize;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file that is read in several pieces, its holes passed over. It is planned by one thread, read
 * by any, and ended when its last piece has its place.
 */
final class LargeFile {

  private final NewEntry entry;
  private final EntryFile file;
  private final FileReading reading;
  private final PageSize pageSize;
  private final Runnable placed;
  private final Runnable ended;
  private final FileStatus before;
  private final long pages;
  private final RootDigest digest = new RootDigest();

  /** Pages planned. */
  private long planned;

  /** Where the data ends that is planned now, in pages. */
  private long dataEnd;

  private long done;

  /** Why it could not be read, or null. */
  private volatile String problem;

  /**
   * @param placed told of each piece that has its place
   * @param ended told when the entry is final, or has to be planned again
   */
  LargeFile(NewEntry entry, EntryFile file, FileReading reading, Runnable placed, Runnable ended) {
    this.entry = entry;
    this.file = file;
    this.reading = reading;
    this.pageSize = reading.pageSize();
    this.placed = placed;
    this.ended = ended;
    this.before = entry.status;
    this.pages = pageSize.count(before.size());
  }

  long pages() {
    return pages;
  }

  boolean isPlanned() {
    return planned == pages;
  }

  /** Plans the next piece. @return its pages */
  long plan(ImagePiece piece) {
    if (planned >= dataEnd) {
      long hole = holeAt(planned);
      if (hole > 0) {
        planned += hole;
        piece.zeros(hole, new Hole());
        return hole;
      }
    }
    int some = (int) Math.min(ImagePiece.mostFilled(pageSize), dataEnd - planned);
    piece.fill(some, new Data(pageSize.at(planned), some));
    planned += some;
    return some;
  }

  /** Pages of zeros from a page on; if there are none, it is known where the data ends. */
  private long holeAt(long page) {
    try {
      long data = file.data(pageSize.at(page));
      long first = data < 0 ? pages : Math.min(pages, pageSize.pageOf(data));
      if (first > page) {
        return first - page;
      }
      long hole = file.hole(Math.min(before.size() - 1, pageSize.at(page)), before.size());
      dataEnd = Math.min(pages, Math.max(page + 1, pageSize.count(hole)));
    } catch (IOException e) {
      dataEnd = pages;
    }
    return 0;
  }

  private final class Hole implements PiecedImage.Part {
    @Override
    public void placed(ImagePiece piece) {
      piecePlaced(piece);
    }
  }

  private final class Data implements PiecedImage.Part {
    private final long position;
    private final int count;

    Data(long position, int count) {
      this.position = position;
      this.count = count;
    }

    @Override
    public void fill(ByteBuffer bytes) {
      int length = 0;
      try {
        int wanted = (int) Math.min(pageSize.at((long) count), before.size() - position);
        length =
            problem == null ? file.read(position, bytes.duplicate().position(0).limit(wanted)) : 0;
      } catch (IOException e) {
        problem = IoFailure.reason(e);
      }
      FileReading.zeros(bytes, length, pageSize.at(count));
    }

    @Override
    public void placed(ImagePiece piece) {
      piecePlaced(piece);
    }
  }

  private void piecePlaced(ImagePiece piece) {
    piece.addTo(digest, piece.pages());
    done += piece.pages();
    if (done == pages) {
      end();
    }
    placed.run();
  }

  private void end() {
    entry.tries++;
    try (file) {
      FileStatus after = file.status();
      if (problem != null) {
        reading.lose(entry, problem);
      } else if (after.isUnchanged(before)) {
        FileReading.describe(entry, file);
      } else if (entry.tries < FileReading.TRIES) {
        entry.again = true;
      } else {
        FileReading.describe(entry, file);
        reading.unsettle(entry);
      }
    } catch (IOException e) {
      reading.lose(entry, IoFailure.reason(e));
    }
    byte[] found = digest.finished(before.size());
    System.arraycopy(found, 0, entry.record.digest, 0, found.length);
    ended.run();
  }

  /** Ends one that has no bytes. */
  void endEmpty() {
    end();
  }
}
