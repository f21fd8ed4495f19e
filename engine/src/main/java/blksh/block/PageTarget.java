package blksh.block;

import blksh.task.Task;
import java.io.Closeable;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * A drive or a file far away that is written over. It tells the digests of what is there, so that
 * only what differs need be moved. A drive is nobody else's meanwhile; a file gets its name when it
 * is whole, unless it is written in place.
 *
 * <p>May be used from several threads; {@link #finish} by one, when all is written.
 */
public interface PageTarget extends Closeable {

  /** What it is, for people. */
  SourceInfo describe();

  /** Whether it is a drive, which is written in place and keeps what nothing is written over. */
  boolean isDevice();

  /** Bytes of a logical sector; of a file 512. */
  int sectorSize();

  /** Whether what is there stays, but for what is written. */
  boolean isInPlace();

  /**
   * Has the digests of what is there told; returns at once. Nothing is to be wanted of it but the
   * empty set, which says that they are needed no more.
   *
   * @param position byte, below the size that is to be written
   * @param length bytes, 1 to {@link PageOffers#MOST}
   * @return nothing where there is nothing to compare with: then all is to be written
   */
  Optional<PageOffer> look(long position, int length);

  /** How many of those may be open at a time. */
  int ahead();

  /**
   * Writes pages. Returns when there is room for more on the way; that it was written is known
   * after {@link #finish}.
   *
   * @param position byte of the first page
   * @param from their bytes, those of others among them
   * @param offset of the first page in it
   * @param length bytes from the first page to the end of the last, 1 to {@link PageOffers#MOST}
   * @param pages those that are written, by their number from the first
   */
  void write(long position, byte[] from, int offset, int length, BitSet pages);

  /**
   * Has pages stay that are as they are to be. In a file that will be replaced they are compared
   * once more with what was told of them.
   *
   * @param pages likewise
   * @param digests SHA-256 of each page from the first on
   * @param at where the first is in it
   */
  void keep(long position, int length, BitSet pages, byte[] digests, int at);

  /** Makes a range read as zeros, of which only what is not zeros is written. */
  void zeros(long position, long length);

  /**
   * Says that everything up to a byte was handed over, in the order of the image: it may be made
   * durable now and then, so that less has to be compared once more after a cut.
   */
  void reached(long position);

  /**
   * Waits until all is written, makes it durable and gives a file its name.
   *
   * @return nothing when it is done; else the connection was cut meanwhile, and what was written
   *     may be lost there: this range, of whole pages but for the end of the image, is to be
   *     compared and written once more before this is called again
   */
  Optional<Extent> finish();

  /** What a file that was replaced had and the new one has not, a clause each. */
  List<String> notKept();

  /** Bytes that were written so far, as far as that is known. */
  long writtenBytes();

  /** Bytes that were moved, both ways. */
  long movedBytes();

  /** Nobody waits for it any more. */
  void giveUp();

  /**
   * What is left there of a restore that failed, as a clause, with what to do: asked when it was
   * closed. Nothing when nothing was written.
   */
  Optional<String> left();

  /** Tells an operation what is worth knowing of how it went. */
  void tell(Task task);

  /** Lets go; a file that was not finished is removed, as far as it can be reached. */
  @Override
  void close();
}
