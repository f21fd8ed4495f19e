package blksh.block;

import blksh.io.UnreadableException;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Anything that can be read at a position: a file, a drive, an image, a manifest, a cache, or a
 * layer on top of another source.
 *
 * <p>A source never returns other bytes than the ones it holds. Its size does not change while it
 * is open. All methods may be called from any thread at once.
 */
public interface BlockSource extends Closeable {

  /** Size in bytes, 0 or more. */
  long size();

  /**
   * Fills {@code target} with the bytes from {@code position} on; short only at the end of the
   * source.
   *
   * @param position byte, 0 or more; at or past the end nothing is read
   * @return bytes read: what {@code target} had room for, or what was left of the source
   * @throws UnreadableException naming the exact range within the request that could not be read;
   *     the bytes of the request before that range are in {@code target}
   */
  int read(long position, ByteBuffer target);

  /**
   * What is known about a range without reading it: extents in order that cover exactly the part of
   * {@code [position, position + length)} inside the source. Found lazily, so asking for the whole
   * of a large source and stopping early is cheap. Neighbours may be of the same kind.
   *
   * @param position byte, 0 or more
   * @param length bytes, 0 or more
   */
  default Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), saturatedEnd(position, length));
    return position >= end
        ? Collections.emptyIterator()
        : List.of(new Extent(position, end - position, Extent.Kind.DATA)).iterator();
  }

  /** The extents of the whole source. */
  default Iterator<Extent> extents() {
    return extents(0, size());
  }

  /** The smallest unit the medium reads, in bytes: a power of two, 512 when nothing is known. */
  default int sectorSize() {
    return 512;
  }

  /**
   * Which ranges change meanwhile, because the machine they are on has them mounted for writing or
   * uses them otherwise; nothing when that is to be asked of this machine.
   */
  default Optional<List<Extent>> written() {
    return Optional.empty();
  }

  /**
   * The digests of its pages, where they are to be had without moving the bytes; nothing for a
   * source that is at hand.
   */
  default Optional<PageOffers> pageOffers() {
    return Optional.empty();
  }

  /** What was recorded of its changes; nothing when nobody recorded them. */
  default Optional<Changes> recordedChanges() {
    return Optional.empty();
  }

  /**
   * Why what was read since {@link #extents} was asked from the beginning on may be of two
   * instants, or of two disks; nothing when nothing speaks for that.
   */
  default Optional<String> twoInstants() {
    return Optional.empty();
  }

  /** How often the connection it is read over was cut and made again; 0 of what is at hand. */
  default int cuts() {
    return 0;
  }

  /**
   * Says that a range will soon be read, in one piece: a source far away has it sent meanwhile.
   *
   * @param position byte, inside the source
   * @param length bytes, 1 or more, inside the source
   */
  default void expect(long position, int length) {}

  /** What this is, for people. */
  SourceInfo describe();

  /** Lets go of whatever is held open. Reading afterwards fails. */
  @Override
  void close();

  /** {@code position + length} without running over. */
  static long saturatedEnd(long position, long length) {
    long end = position + length;
    return end < 0 ? Long.MAX_VALUE : end;
  }
}
