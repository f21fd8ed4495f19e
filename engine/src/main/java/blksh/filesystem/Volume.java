package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.io.NameText;
import blksh.io.UnreadableException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
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

  /** How a name that is bytes is shown, and can be typed: see {@link NameText}. */
  static String text(byte[] bytes) {
    return NameText.of(bytes);
  }

  /** As above, of a name in UTF-16. */
  static String text(String name) {
    return NameText.of(bytes(name));
  }

  /** What is in UTF-16 as it is, also halves of surrogate pairs that stand alone. */
  static String utf16(byte[] bytes, ByteOrder order) {
    char[] characters = new char[bytes.length / 2];
    ByteBuffer.wrap(bytes).order(order).asCharBuffer().get(characters);
    return new String(characters);
  }

  /** A label: text up to a NUL, without what fills its field. */
  static String label(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return NameText.of(Arrays.copyOf(bytes, end)).strip();
  }

  /**
   * The bytes of a name in UTF-16: UTF-8, in which half a surrogate pair that stands alone has
   * three bytes, too, as ntfs-3g and the kernel have it.
   */
  static byte[] bytes(String name) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(name.length() + 16);
    for (int i = 0; i < name.length(); ) {
      int point = name.codePointAt(i);
      if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
        bytes.write(0xe0 | point >> 12);
        bytes.write(0x80 | point >> 6 & 0x3f);
        bytes.write(0x80 | point & 0x3f);
      } else {
        bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
      }
      i += Character.charCount(point);
    }
    return bytes.toByteArray();
  }

  /** A file system that is known, and not read for what the problem says. */
  UnknownFileSystemException refused(String problem) {
    UnknownFileSystemException refused =
        new UnknownFileSystemException("read the files of " + source().describe(), problem);
    refused.suggest("mount it, or restore it first");
    return refused;
  }

  FileSystemDamageException damage(String problem) {
    return new FileSystemDamageException("read the files of " + source.describe(), problem);
  }

  FileSystemDamageException damage(FileEntry entry, String problem) {
    return new FileSystemDamageException(
        "read %s of %s".formatted(entry.path(), source.describe()), problem);
  }

  /**
   * The path of what a directory names.
   *
   * @throws FileSystemDamageException when no file can have that name
   */
  String path(FileEntry directory, byte[] name) {
    String text = NameText.of(name);
    boolean impossible = name.length == 0 || text.equals(".") || text.equals("..");
    for (byte each : name) {
      impossible |= each == 0 || each == '/';
    }
    if (impossible) {
      throw damage(directory, "it holds something with the impossible name \"%s\"".formatted(text));
    }
    return directory.inside(text);
  }

  /** As above, of a name in UTF-16. */
  String path(FileEntry directory, String name) {
    return path(directory, bytes(name));
  }
}
