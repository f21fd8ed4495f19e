package blksh.store;

import blksh.block.BlockSource;
import blksh.block.BlockStream;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.store.pack.Codec;
import blksh.store.pack.Page;
import java.io.IOException;
import java.util.Iterator;

/** An image to capture, in order, in segments; what needs no reading comes as runs of a kind. */
interface CaptureInput {

  /**
   * Claims the next segment; false at the end. Called by one thread at a time.
   *
   * @param segment told its position, its kind and its length; a stream's bytes are filled in
   */
  boolean claim(CaptureSegment segment);

  /** What is captured, for people. */
  SourceInfo describe();

  /** Bytes, or -1 when only the end will tell. */
  long size();

  /** Bytes of a sector of where it comes from; 512 when nothing is known. */
  default int sectorSize() {
    return 512;
  }

  /** Takes note that a segment has its place; in the order of the image. */
  default void placed(CaptureSegment segment) throws IOException {}

  /** Another worker has failed: {@link #claim} need not wait for anything. */
  default void giveUp() {}

  /**
   * How its frames are compressed.
   *
   * @param usual how those of the store are
   */
  default Codec codec(Codec usual) {
    return usual;
  }

  /** What the tree in it holds, when it is a snapshot of one; asked at the end. */
  default ManifestFigures.Tree tree() {
    return null;
  }

  /** A source read at positions by whoever claimed them. */
  static CaptureInput of(BlockSource source) {
    return new OfSource(source);
  }

  /** A stream, read by whoever claims. */
  static CaptureInput of(BlockStream stream) {
    return new OfStream(stream);
  }

  /** Cuts a source along its extents: only whole pages are skipped. */
  final class OfSource implements CaptureInput {
    private final BlockSource source;
    private final long size;
    private final Iterator<Extent> extents;
    private long planned; // all before is in a run that was handed out, or in next
    private long runAt;
    private long runEnd;
    private Extent.Kind runKind;
    private Extent skipped; // a run to hand out after the present one

    OfSource(BlockSource source) {
      this.source = source;
      this.size = source.size();
      this.extents = source.extents();
    }

    @Override
    public boolean claim(CaptureSegment segment) {
      if (runAt == runEnd && !nextRun()) {
        return false;
      }
      long length = runEnd - runAt;
      if (runKind == Extent.Kind.DATA) {
        long boundary = (runAt / CaptureSegment.BYTES + 1) * CaptureSegment.BYTES;
        length = Math.min(length, boundary - runAt);
        segment.data(source, runAt, (int) length);
      } else {
        segment.run(runKind, runAt, length);
      }
      runAt += length;
      return true;
    }

    private boolean nextRun() {
      if (skipped != null) {
        begin(skipped.start(), skipped.end(), skipped.kind());
        skipped = null;
        return true;
      }
      while (extents.hasNext()) {
        Extent e = extents.next();
        long last = e.end() == size ? size : e.end() / Page.SIZE * Page.SIZE;
        if (e.kind().readsAsZeros() || e.kind() == Extent.Kind.BAD) {
          long first = Math.max(planned, Page.count(e.start()) * Page.SIZE);
          if (first < last) {
            long dataStart = planned;
            planned = last;
            if (first > dataStart) {
              skipped = new Extent(first, last - first, e.kind());
              begin(dataStart, first, Extent.Kind.DATA);
            } else {
              begin(first, last, e.kind());
            }
            return true;
          }
        }
        if (last - planned >= CaptureSegment.BYTES) {
          begin(planned, last, Extent.Kind.DATA);
          planned = last;
          return true;
        }
      }
      if (planned < size) {
        begin(planned, size, Extent.Kind.DATA);
        planned = size;
        return true;
      }
      return false;
    }

    private void begin(long from, long to, Extent.Kind kind) {
      runAt = from;
      runEnd = to;
      runKind = kind;
    }

    @Override
    public SourceInfo describe() {
      return source.describe();
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public int sectorSize() {
      return source.sectorSize();
    }
  }

  /** Cuts a stream as it comes. */
  final class OfStream implements CaptureInput {
    private final BlockStream stream;
    private final byte[] buffer = new byte[CaptureSegment.BYTES];
    private long position;
    private boolean ended;

    OfStream(BlockStream stream) {
      this.stream = stream;
    }

    @Override
    public boolean claim(CaptureSegment segment) {
      if (ended) {
        return false;
      }
      int length = stream.read(buffer, 0, CaptureSegment.BYTES);
      ended = length < CaptureSegment.BYTES;
      if (length <= 0) {
        return false;
      }
      segment.bytes().put(0, buffer, 0, length);
      segment.filled(position, length);
      position += length;
      return true;
    }

    @Override
    public SourceInfo describe() {
      return stream.describe();
    }

    @Override
    public long size() {
      return -1;
    }
  }
}
