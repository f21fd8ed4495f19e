package blksh.store.pack;

import blksh.io.DirectBuffer;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import java.nio.ByteBuffer;
import java.util.Locale;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4JNIFastResetCompressor;

/**
 * How new frames are compressed: not at all, by LZ4, by Zstandard at a level, or as each of them
 * deserves. Whatever it is, a frame says which {@link Codec} it was written with, and frames of all
 * kinds may lie in one pack. Its text, as in {@code store.json}: {@code raw}, {@code lz4}, {@code
 * zstd}, {@code zstd-9}, {@code auto}, {@code auto-9}.
 *
 * @param kind which of these
 * @param level of Zstandard, 1 to 22, where that is used; 0 else
 */
public record CodecChoice(Kind kind, int level) {

  /** What may be chosen. */
  public enum Kind {
    RAW,
    LZ4,
    ZSTD,
    /**
     * LZ4 tells whether a frame can be compressed at all; then Zstandard compresses it, and its
     * result is taken where it is smaller by a sixteenth or more: LZ4's is read faster.
     */
    AUTO
  }

  /** The level of Zstandard unless another is said. */
  public static final int USUAL_LEVEL = 3;

  public static final int MAX_LEVEL = 22;

  public static final CodecChoice RAW = new CodecChoice(Kind.RAW, 0);
  public static final CodecChoice LZ4 = new CodecChoice(Kind.LZ4, 0);
  public static final CodecChoice ZSTD = zstd(USUAL_LEVEL);
  public static final CodecChoice AUTO = auto(USUAL_LEVEL);

  /** LZ4's own knob: 2 is a tenth faster than 1 and stores a hundredth more. */
  private static final int LZ4_ACCELERATION = 2;

  private static final int LZ4_HASTE = 24;

  /** Bytes of pages in one of its frames, or one page. */
  private static final int LZ4_FRAME = 32 << 10;

  /** What a frame must shrink by to count as one that can be compressed: one part of so many. */
  private static final int WORTHWHILE = 32;

  /** What Zstandard must save beyond LZ4: one part of so many. */
  private static final int WORTH_READING_SLOWER = 16;

  public CodecChoice {
    boolean levelled = kind == Kind.ZSTD || kind == Kind.AUTO;
    if (levelled ? level < 1 || level > MAX_LEVEL : level != 0) {
      throw new IllegalArgumentException(
          levelled
              ? "the levels of Zstandard are 1 to %d, and %d is none".formatted(MAX_LEVEL, level)
              : word(kind) + " has no level");
    }
  }

  // Written out: what the compiler gives a record is made at run time, when a command starts.

  @Override
  public boolean equals(Object other) {
    return other instanceof CodecChoice choice && choice.kind == kind && choice.level == level;
  }

  @Override
  public int hashCode() {
    return 31 * kind.ordinal() + level;
  }

  /**
   * Zstandard.
   *
   * @param level 1 to 22: higher takes less space and more time
   * @throws IllegalArgumentException for another level
   */
  public static CodecChoice zstd(int level) {
    return new CodecChoice(Kind.ZSTD, level);
  }

  /**
   * Zstandard for what is worth it.
   *
   * @param level as of {@link #zstd}
   * @throws IllegalArgumentException for another level
   */
  public static CodecChoice auto(int level) {
    return new CodecChoice(Kind.AUTO, level);
  }

  /** Of frames that say no more than their codec. */
  public static CodecChoice of(Codec codec) {
    return switch (codec) {
      case RAW -> RAW;
      case LZ4 -> LZ4;
      case ZSTD -> ZSTD;
    };
  }

  /**
   * What a text says, in capitals or not.
   *
   * @throws IllegalArgumentException when it says none, with why
   */
  public static CodecChoice parse(String text) {
    String[] parts = text.toUpperCase(Locale.ROOT).split("-", 2);
    Kind kind;
    try {
      kind = Kind.valueOf(parts[0]);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is none of raw, lz4, zstd, zstd-LEVEL, auto and auto-LEVEL");
    }
    if (parts.length == 1) {
      return new CodecChoice(kind, kind == Kind.ZSTD || kind == Kind.AUTO ? USUAL_LEVEL : 0);
    }
    if (!parts[1].matches("[0-9]{1,3}")) {
      throw new IllegalArgumentException("\"" + parts[1] + "\" is no level of Zstandard");
    }
    if (kind == Kind.RAW || kind == Kind.LZ4) {
      throw new IllegalArgumentException(word(kind) + " has no level");
    }
    return new CodecChoice(kind, Integer.parseInt(parts[1]));
  }

  private static String word(Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  /** Whether it may store less than LZ4 does. */
  public boolean usesZstd() {
    return kind == Kind.ZSTD || kind == Kind.AUTO;
  }

  /**
   * Pages a capture puts into a frame. LZ4 looks back 64 KiB only: larger frames would hardly be
   * smaller, but cost whoever reads one page of them more.
   */
  public int framePages(PageSize size) {
    return kind == Kind.LZ4 ? Math.max(1, size.pageOf(LZ4_FRAME)) : Frame.maxPages(size);
  }

  /** Its text. */
  @Override
  public String toString() {
    return level == 0 || level == USUAL_LEVEL ? word(kind) : word(kind) + "-" + level;
  }

  // ---- compressing ---------------------------------------------------------------------------

  /** Compresses frames with memory of its own; one a thread. */
  public interface Compressor extends AutoCloseable {
    /**
     * Compresses bytes of one direct buffer into another, both given by position and length.
     *
     * @return compressed bytes, or -1 when they would be more than {@code room}
     */
    int compress(ByteBuffer from, int at, int length, ByteBuffer to, int toAt, int room);

    /** How the last that was compressed can be read. */
    Codec codec();

    @Override
    default void close() {}
  }

  /** One for a thread. */
  public Compressor compressor() {
    return switch (kind) {
      case RAW -> new None();
      case LZ4 -> new Lz4Compressor();
      case ZSTD -> new ZstdCompressor(level);
      case AUTO -> new AutoCompressor(level);
    };
  }

  private static final class None implements Compressor {
    @Override
    public int compress(ByteBuffer from, int at, int length, ByteBuffer to, int toAt, int room) {
      return -1;
    }

    @Override
    public Codec codec() {
      return Codec.RAW;
    }
  }

  private static final class ZstdCompressor implements Compressor {
    private final ZstdCompressCtx zstd;

    ZstdCompressor(int level) {
      zstd = new ZstdCompressCtx().setLevel(level);
    }

    @Override
    public int compress(ByteBuffer from, int at, int length, ByteBuffer to, int toAt, int room) {
      try {
        return zstd.compressDirectByteBuffer(to, toAt, room, from, at, length);
      } catch (ZstdException tooLarge) {
        return -1;
      }
    }

    @Override
    public Codec codec() {
      return Codec.ZSTD;
    }

    @Override
    public void close() {
      zstd.close();
    }
  }

  /**
   * Compressed files lie together on a disk: after a frame that did not shrink, the next is tried
   * in haste, until one shrinks again.
   */
  private static final class Lz4Compressor implements Compressor {
    private final LZ4JNIFastResetCompressor usual =
        LZ4Factory.nativeInstance().fastResetCompressor(LZ4_ACCELERATION);
    private final LZ4JNIFastResetCompressor hasty =
        LZ4Factory.nativeInstance().fastResetCompressor(LZ4_HASTE);
    private boolean incompressible;

    @Override
    public int compress(ByteBuffer from, int at, int length, ByteBuffer to, int toAt, int room) {
      int stored = compress(incompressible ? hasty : usual, from, at, length, to, toAt, room);
      incompressible = stored < 0 || stored > length - length / WORTHWHILE;
      return stored;
    }

    private static int compress(
        LZ4JNIFastResetCompressor lz4,
        ByteBuffer from,
        int at,
        int length,
        ByteBuffer to,
        int toAt,
        int room) {
      try {
        return lz4.compress(from, at, length, to, toAt, room);
      } catch (LZ4Exception tooLarge) {
        return -1;
      }
    }

    @Override
    public Codec codec() {
      return Codec.LZ4;
    }

    @Override
    public void close() {
      usual.close();
      hasty.close();
    }
  }

  private static final class AutoCompressor implements Compressor {
    private final Lz4Compressor lz4 = new Lz4Compressor();
    private final ZstdCompressor zstd;
    private final DirectBuffer smaller = DirectBuffer.borrow(Frame.MAX_RAW);
    private Codec codec = Codec.LZ4;

    AutoCompressor(int level) {
      zstd = new ZstdCompressor(level);
    }

    @Override
    public int compress(ByteBuffer from, int at, int length, ByteBuffer to, int toAt, int room) {
      codec = Codec.LZ4;
      int fast = lz4.compress(from, at, length, to, toAt, room);
      if (lz4.incompressible) {
        return fast;
      }
      int most = fast - fast / WORTH_READING_SLOWER;
      int small = zstd.compress(from, at, length, smaller.bytes(), 0, most);
      if (small < 0) {
        return fast;
      }
      codec = Codec.ZSTD;
      to.put(toAt, smaller.bytes(), 0, small);
      return small;
    }

    @Override
    public Codec codec() {
      return codec;
    }

    @Override
    public void close() {
      lz4.close();
      zstd.close();
      smaller.close();
    }
  }
}
