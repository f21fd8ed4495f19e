package blksh.store;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockStream;
import blksh.block.Extent;
import blksh.block.PageOffers;
import blksh.block.SourceInfo;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PageSize;
import blksh.task.Task;
import java.io.IOException;
import java.util.Optional;

/** An image to capture, in order, in segments; what needs no reading comes as runs of a kind. */
interface CaptureInput {

  /**
   * Claims the next segment; false at the end. Called by one thread at a time.
   *
   * @param segment told its position, its kind and its length; a stream's bytes are filled in
   */
  boolean claim(CaptureSegment segment) throws IOException;

  /**
   * Says what the store knows, before anything is claimed.
   *
   * @param known what need not be moved
   */
  default void begin(KnownPages known) {}

  /**
   * Called when all was read and stored, before anything of it is told or published.
   *
   * @throws BlkshException when it must not be published
   */
  default void mustHold() throws IOException {}

  /** Says that after a cut nobody knows for certain whether it is the same that was read on. */
  static void tellCuts(BlockSource source, Task task) {
    if (source.cuts() > 0) {
      task.note(
          "the connection to %s was cut and made again (%d), and its server need not have served the same disk"
              .formatted(source.describe().location(), source.cuts()));
    }
  }

  /** What is worth telling at the end. */
  default void tell(Task task) {}

  /** Bytes that were moved from another machine; 0 when it is at hand. */
  default long movedBytes() {
    return 0;
  }

  /** Bytes that were read besides what was captured, to see that it may be left out. */
  default long checkedBytes() {
    return 0;
  }

  /** What is captured, for people; asked at the end. */
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
  default CodecChoice codec(CodecChoice usual) {
    return usual;
  }

  /** The version of another store that is to be made again as it is; null when it is none. */
  default Manifest copied() {
    return null;
  }

  /**
   * Whether what is made of that version has its root digest: pages of other sizes have another.
   */
  default boolean keepsRoot() {
    return true;
  }

  /** What was said of that version. */
  default VersionMarks marks() {
    return VersionMarks.NONE;
  }

  /** What the tree in it holds, when it is a snapshot of one; asked at the end. */
  default ManifestFigures.Tree tree() {
    return null;
  }

  /**
   * A source read at positions by whoever claimed them; of one far away only what the store does
   * not have. That needs pages of the size that its machine makes digests of: in stores of others
   * all of it is read.
   *
   * @param pageSize of the store
   */
  static CaptureInput of(BlockSource source, PageSize pageSize) {
    Optional<PageOffers> offers =
        pageSize == PageSize.USUAL ? source.pageOffers() : Optional.empty();
    return offers
        .<CaptureInput>map(found -> new OfferedInput(source, found))
        .orElseGet(() -> new OfSource(source, pageSize));
  }

  /** A stream, read by whoever claims. */
  static CaptureInput of(BlockStream stream) {
    return new OfStream(stream);
  }

  /** Reads a source piece by piece. */
  final class OfSource implements CaptureInput {
    private final BlockSource source;
    private final AheadCut cut;

    OfSource(BlockSource source, PageSize pageSize) {
      this.source = source;
      this.cut = new AheadCut(source, new SegmentCut(source, pageSize));
    }

    @Override
    public boolean claim(CaptureSegment segment) {
      Extent next = cut.next();
      if (next == null) {
        return false;
      }
      if (next.kind() == Extent.Kind.DATA) {
        segment.data(source, next.start(), (int) next.length());
      } else {
        segment.run(next.kind(), next.start(), next.length());
      }
      return true;
    }

    @Override
    public void tell(Task task) {
      tellCuts(source, task);
      source.twoInstants().ifPresent(task::finding);
    }

    @Override
    public SourceInfo describe() {
      return source.describe();
    }

    @Override
    public long size() {
      return source.size();
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
