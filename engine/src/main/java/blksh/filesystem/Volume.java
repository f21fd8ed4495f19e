package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicReferenceArray;

/** The source a file system lies on, read in small pieces; the last of them are kept. */
final class Volume {

  private static final int PIECE = 4096;
  private static final int PIECES = 256;

  /** No structure of a file system is read in one piece that is longer, in bytes. */
  private static final int LONGEST = 1 << 20;

  private record Piece(long number, byte[] bytes) {}

  private final BlockSource source;
  private final AtomicReferenceArray<Piece> pieces = new AtomicReferenceArray<>(PIECES);

  Volume(BlockSource source) {
    this.source = source;
  }

  BlockSource source() {
    return source;
  }

  /**
   * A structure of exactly that length.
   *
   * @throws FileSystemDamageException when they do not lie on the volume
   * @throws UnreadableException when one of its bytes cannot be read
   */
  Structure read(long position, int length) {
    if (position < 0 || length < 0 || length > LONGEST || position > source.size() - length) {
      throw damage("something should be at byte %d, which is not there".formatted(position));
    }
    try {
      return Structure.of(kept(position, length));
    } catch (UnreadableException e) {
      // It may be what lies beside it in a piece that cannot be read.
      ByteBuffer alone = ByteBuffer.allocate(length);
      source.read(position, alone);
      return Structure.of(alone.array());
    }
  }

  private byte[] kept(long position, int length) {
    byte[] bytes = new byte[length];
    for (int done = 0; done < length; ) {
      long at = position + done;
      byte[] piece = piece(at / PIECE);
      int from = (int) (at % PIECE);
      int count = Math.min(length - done, piece.length - from);
      System.arraycopy(piece, from, bytes, done, count);
      done += count;
    }
    return bytes;
  }

  private byte[] piece(long number) {
    int slot = (int) (number % PIECES);
    Piece kept = pieces.get(slot);
    if (kept == null || kept.number != number) {
      long start = number * PIECE;
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(PIECE, source.size() - start));
      source.read(start, buffer);
      kept = new Piece(number, buffer.array());
      pieces.set(slot, kept);
    }
    return kept.bytes;
  }

  /** The text of a name that is bytes, by custom UTF-8; of one that is not, a character a byte. */
  static String text(byte[] bytes, int from, int length) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes, from, length))
          .toString();
    } catch (CharacterCodingException e) {
      return new String(bytes, from, length, StandardCharsets.ISO_8859_1);
    }
  }

  FileSystemDamageException damage(String problem) {
    return new FileSystemDamageException("read the files of " + source.describe(), problem);
  }

  FileSystemDamageException damage(FileEntry entry, String problem) {
    return new FileSystemDamageException(
        "read %s of %s".formatted(entry.path(), source.describe()), problem);
  }

  /**
   * Checks a name found in a directory.
   *
   * @throws FileSystemDamageException when no file can have it
   */
  String name(FileEntry directory, String name) {
    if (name.isEmpty() || name.equals(".") || name.equals("..") || hasForbidden(name)) {
      throw damage(directory, "the directory holds an impossible name");
    }
    return name;
  }

  private static boolean hasForbidden(String name) {
    return name.indexOf('/') >= 0 || name.indexOf(0) >= 0;
  }
}
