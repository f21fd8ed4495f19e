package blksh.compress;

import blksh.io.LittleEndian;
import java.io.IOException;
import java.util.Arrays;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.xxhash.XXHash32;
import net.jpountz.xxhash.XXHashFactory;

/** A frame of LZ4 (LZ4 Frame Format 1.6) that is in memory as a whole, as small files have it. */
public final class Lz4Frame {

  private static final int MAGIC = 0x184d2204;

  private static final int VERSION_MASK = 0xc3; // the version, a reserved bit, a dictionary
  private static final int VERSION = 0x40;
  private static final int INDEPENDENT = 0x20;
  private static final int BLOCK_CHECKSUM = 0x10;
  private static final int CONTENT_SIZE = 0x08;
  private static final int CONTENT_CHECKSUM = 0x04;

  private static final int RAW_BLOCK = 0x80000000;
  private static final int SMALLEST_BLOCK = 4;
  private static final int LARGEST_BLOCK = 7;

  private static final int MAGIC_AND_FLAGS = 6;
  private static final int SIZE_BYTES = 8;
  private static final int WORD = 4;

  /** Bytes before the first block of a frame that says its size. */
  private static final int DESCRIPTION = MAGIC_AND_FLAGS + SIZE_BYTES + 1;

  /** What a block that does not get smaller takes more, besides what grows with it. */
  private static final int SLACK = 16;

  private static final XXHash32 HASH = XXHashFactory.fastestInstance().hash32();

  private final byte[] frame;
  private final int end;
  private int at;

  private Lz4Frame(byte[] frame, int length) {
    this.frame = frame;
    this.end = length;
  }

  /** The most bytes a frame takes, as others may write it, of so many bytes of content. */
  public static int longest(int content) {
    return content + content / 128 + 1024;
  }

  /** Bytes a frame begins with, that {@link #content} looks at. */
  public static final int HEAD = MAGIC_AND_FLAGS + SIZE_BYTES;

  /**
   * Bytes of the content of a frame, as it says.
   *
   * @param head the bytes it begins with, {@link #HEAD} of them or all there are
   * @return -1 when it does not say
   */
  public static long content(byte[] head) {
    boolean says =
        head.length >= HEAD
            && LittleEndian.i32(head, 0) == MAGIC
            && (head[WORD] & CONTENT_SIZE) != 0;
    return says ? LittleEndian.i64(head, MAGIC_AND_FLAGS) : -1;
  }

  /**
   * Decodes a frame, and proves the checksums it has.
   *
   * @param length bytes of the frame
   * @param to has room for the content
   * @return bytes of the content
   * @throws IOException when it is none, is cut short, is damaged, or holds more than there is room
   *     for
   */
  public static int decode(byte[] frame, int length, byte[] to) throws IOException {
    return new Lz4Frame(frame, length).decode(to);
  }

  private int decode(byte[] to) throws IOException {
    if (end < MAGIC_AND_FLAGS || LittleEndian.i32(frame, 0) != MAGIC) {
      throw new IOException("it is no lz4 frame");
    }
    int flags = frame[WORD];
    int descriptor = frame[WORD + 1] & 0xff;
    at = MAGIC_AND_FLAGS;
    long size = -1;
    if ((flags & CONTENT_SIZE) != 0) {
      need(SIZE_BYTES);
      size = LittleEndian.i64(frame, at);
      at += SIZE_BYTES;
    }
    need(1);
    byte sum = checksum(WORD, at - WORD);
    int blocks = descriptor >> 4;
    if ((flags & VERSION_MASK) != VERSION
        || (descriptor & 0x8f) != 0
        || blocks < SMALLEST_BLOCK
        || frame[at++] != sum) {
      throw new IOException("the head of the lz4 frame is damaged");
    }
    if (size > to.length) {
      throw new IOException(
          "the lz4 frame holds %d bytes, more than %d".formatted(size, to.length));
    }
    int out = blocks(to, flags, blockBytes(blocks));
    if ((flags & CONTENT_CHECKSUM) != 0 && word() != HASH.hash(to, 0, out, 0)) {
      throw new IOException("the checksum of the lz4 frame does not match");
    }
    if (at != end || size >= 0 && size != out) {
      throw new IOException("the lz4 frame is not as long as it says");
    }
    return out;
  }

  private int blocks(byte[] to, int flags, int most) throws IOException {
    int out = 0;
    while (true) {
      int start = at;
      int word = word();
      if (word == 0) {
        return out;
      }
      int length = word & ~RAW_BLOCK;
      need(length);
      int limit = (int) Math.min(to.length, (long) out + most);
      int count;
      if (length > most) {
        count = Lz4Block.INVALID;
      } else if ((word & RAW_BLOCK) != 0) {
        count = length <= limit - out ? length : Lz4Block.INVALID;
        System.arraycopy(frame, at, to, out, Math.max(0, count));
      } else {
        count = Lz4Block.decode(frame, at, length, to, out, limit);
      }
      at += length;
      boolean summed = (flags & BLOCK_CHECKSUM) != 0;
      if (count < 0 || summed && word() != HASH.hash(frame, at - WORD - length, length, 0)) {
        throw new IOException("the lz4 block at byte %d of it is damaged".formatted(start));
      }
      out += count;
    }
  }

  private int word() throws IOException {
    need(WORD);
    at += WORD;
    return LittleEndian.i32(frame, at - WORD);
  }

  private void need(int bytes) throws IOException {
    if (bytes < 0 || bytes > end - at) {
      throw new IOException("the lz4 frame is cut short");
    }
  }

  private byte checksum(int from, int length) {
    return (byte) (HASH.hash(frame, from, length, 0) >> 8);
  }

  private static int blockBytes(int code) {
    return 1 << (8 + 2 * code);
  }

  /** Bytes of room that {@link #encode} needs for so many bytes of content. */
  public static int room(int content) {
    int block = blockBytes(code(content));
    int blocks = (content + block - 1) / block;
    int packed = LZ4Factory.fastestInstance().fastCompressor().maxCompressedLength(content);
    return DESCRIPTION + packed + blocks * (WORD + SLACK) + WORD;
  }

  private static int code(int content) {
    int code = SMALLEST_BLOCK;
    while (code < LARGEST_BLOCK && blockBytes(code) < content) {
      code++;
    }
    return code;
  }

  /**
   * Encodes content as a frame of blocks that stand for themselves, with its size and without
   * checksums.
   *
   * @param out gets it from 0 on; has {@link #room} for it
   * @return bytes of the frame
   */
  public static int encode(byte[] content, int from, int length, byte[] out) {
    LZ4Compressor compressor = LZ4Factory.fastestInstance().fastCompressor();
    int code = code(length);
    int block = blockBytes(code);
    LittleEndian.putI32(out, 0, MAGIC);
    out[WORD] = VERSION | INDEPENDENT | CONTENT_SIZE;
    out[WORD + 1] = (byte) (code << 4);
    LittleEndian.putI64(out, MAGIC_AND_FLAGS, length);
    int at = DESCRIPTION;
    out[at - 1] = new Lz4Frame(out, out.length).checksum(WORD, at - 1 - WORD);
    for (int done = 0; done < length; done += block) {
      int raw = Math.min(block, length - done);
      int count = compressor.compress(content, from + done, raw, out, at + WORD);
      boolean smaller = count < raw;
      if (!smaller) {
        count = raw;
        System.arraycopy(content, from + done, out, at + WORD, raw);
      }
      LittleEndian.putI32(out, at, smaller ? count : count | RAW_BLOCK);
      at += WORD + count;
    }
    LittleEndian.putI32(out, at, 0);
    return at + WORD;
  }

  /** As above, in memory of its own. */
  public static byte[] encode(byte[] content, int from, int length) {
    byte[] out = new byte[room(length)];
    return Arrays.copyOf(out, encode(content, from, length, out));
  }
}
