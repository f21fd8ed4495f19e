package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.compress.CompressedSource;
import blksh.task.CancelledException;
import java.io.Closeable;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * The bytes of an image as they are stored: a file or several in a row, decompressed. Its size may
 * be unknown until all of it was decompressed.
 */
final class ImageFile implements Closeable {

  /** Bytes read at once of a map that is as long as the image has blocks. */
  private static final int PIECE = 64 << 10;

  private final BlockSource source;
  private final String name;

  /** Where it is, beside which what it names may be; null when it was opened from no file. */
  private final Path path;

  private boolean damageKnown;
  private BlkshException damage;

  ImageFile(BlockSource source, String name) {
    this(source, name, null);
  }

  ImageFile(BlockSource source, String name, Path path) {
    this.source = source;
    this.name = name;
    this.path = path;
  }

  BlockSource source() {
    return source;
  }

  /** What the person who opened it calls it. */
  String name() {
    return name;
  }

  /** Where it is, or null when it was opened from no file. */
  Path path() {
    return path;
  }

  /** "open NAME", as it follows "cannot". */
  String opening() {
    return "open " + name;
  }

  /** Size in bytes, when it is known without decompressing. */
  OptionalLong knownSize() {
    if (!(source instanceof CompressedSource compressed)) {
      return OptionalLong.of(source.size());
    }
    long size = compressed.sizeIfKnown();
    return size < 0 ? OptionalLong.empty() : OptionalLong.of(size);
  }

  /** The compression by name, or empty. */
  String compression() {
    return source instanceof CompressedSource compressed ? compressed.compression() : "";
  }

  /** Whether the image is known to end before a position. */
  boolean endsBefore(long position) {
    OptionalLong size = knownSize();
    return size.isPresent() && size.getAsLong() < position;
  }

  /**
   * What is wrong with the compressed stream the image is in, or null: a stream may decode to wrong
   * bytes and say so only by its checksum at the end, so all of it is decoded, once.
   */
  synchronized BlkshException damage() {
    if (!damageKnown) {
      try {
        source.size();
      } catch (CancelledException e) {
        throw e;
      } catch (BlkshException e) {
        damage = e;
      }
      damageKnown = true;
    }
    return damage;
  }

  /** Fills a part of a buffer; short only at the end of the image. */
  int read(long position, byte[] buffer, int offset, int length) {
    return read(position, ByteBuffer.wrap(buffer, offset, length));
  }

  /** As {@link BlockSource#read}. */
  int read(long position, ByteBuffer target) {
    return source.read(position, target);
  }

  /** Takes a piece of what is read: the first {@code length} bytes of an array. */
  interface Taker {
    void take(byte[] bytes, int length);
  }

  /**
   * Reads a range in pieces, in order.
   *
   * @return bytes read: less than {@code length} when the image ends before
   */
  long read(long position, long length, Taker taker) {
    byte[] piece = new byte[(int) Math.min(PIECE, length)];
    long done = 0;
    while (done < length) {
      int wanted = (int) Math.min(piece.length, length - done);
      int count = read(position + done, piece, 0, wanted);
      done += count;
      if (count < wanted) {
        break;
      }
      taker.take(piece, count);
    }
    return done;
  }

  /**
   * Reads exactly this many bytes of a header.
   *
   * @throws HeaderTruncatedException when the image ends before
   */
  byte[] header(long position, int length) {
    byte[] bytes = new byte[length];
    int count = read(position, bytes, 0, length);
    if (count < length) {
      throw headerTruncated(position + count, position + length);
    }
    return bytes;
  }

  BlkshException headerTruncated(long size, long wanted) {
    return new HeaderTruncatedException(
            opening(), "it has %d bytes and its header needs %d".formatted(size, wanted))
        .suggest("fetch it again; it was cut short");
  }

  @Override
  public void close() {
    source.close();
  }
}
