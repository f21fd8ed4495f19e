package blksh.compress;

import blksh.block.BlockSource;
import blksh.io.DirectBuffer;
import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Zstandard (RFC 8878): frames that decode on their own, among them frames to skip. The seekable
 * format lists them at the end. Within a frame there is no place to begin.
 */
final class ZstdCompression implements Compression {

  private static final int MAGIC = 0xfd2fb528;

  private static final int SEEK_TABLE = 0x184d2a5e;
  private static final int SEEK_TABLE_END = 0x8f92eab1;
  private static final int SEEK_TABLE_FOOTER = 9;
  private static final int HAS_CHECKSUMS = 0x80;

  /** Most bytes of a frame's header. */
  private static final int FRAME_HEADER = 18;

  private static final int SINGLE_SEGMENT = 0x20;

  /** Memory of a decoder beside its window, in bytes. */
  private static final long BESIDE_WINDOW = 2 << 20;

  /** A window of zstd's usual levels, in bytes, taken where the start does not tell. */
  private static final long USUAL_WINDOW = 8 << 20;

  /** The largest window the library knows, as a power of two; what is allowed may be less. */
  private static final int WINDOW_LOG = Zstd.windowLogMax();

  @Override
  public String name() {
    return "zstd";
  }

  @Override
  public boolean matches(byte[] start) {
    if (start.length < 5) {
      return false;
    }
    int magic = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getInt();
    return magic == MAGIC;
  }

  @Override
  public long span() {
    return 1 << 20;
  }

  /** By the window of the first frame. */
  @Override
  public long decoderMemory(byte[] start) {
    long window = window(ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN));
    return BESIDE_WINDOW + Math.max(Math.min(window, WindowMemory.ALLOWED), USUAL_WINDOW);
  }

  /**
   * How far back a frame may refer, in bytes, as its header says (RFC 8878, 3.1.1.1).
   *
   * @param header what begins with one
   * @return 0 when it is of another kind of frame, or not whole
   */
  private static long window(ByteBuffer header) {
    int at = header.position();
    int left = header.remaining();
    if (left < 6 || header.getInt(at) != MAGIC) {
      return 0;
    }
    int flags = header.get(at + 4);
    boolean single = (flags & SINGLE_SEGMENT) != 0;
    int dictionary = new int[] {0, 1, 2, 4}[flags & 3];
    int sizeField = new int[] {single ? 1 : 0, 2, 4, 8}[flags >> 6 & 3];
    int sizeAt = at + 5 + (single ? 0 : 1) + dictionary;
    if (sizeAt + sizeField > at + left) {
      return 0;
    }
    long size =
        switch (sizeField) {
          case 0 -> Long.MAX_VALUE;
          case 1 -> header.get(sizeAt) & 0xff;
          case 2 -> (header.getShort(sizeAt) & 0xffff) + 256;
          case 4 -> header.getInt(sizeAt) & 0xffffffffL;
          default -> header.getLong(sizeAt);
        };
    if (single) {
      return size < 0 ? Long.MAX_VALUE : size;
    }
    int described = header.get(at + 5) & 0xff;
    long base = 1L << 10 + (described >> 3);
    long window = base + base / 8 * (described & 7);
    return size < 0 ? window : Math.min(size, window);
  }

  @Override
  public Optional<StreamMap> map(BlockSource raw) {
    long end = raw.size();
    if (end < 8 + SEEK_TABLE_FOOTER) {
      return Optional.empty();
    }
    ByteBuffer footer = bytes(raw, end - SEEK_TABLE_FOOTER, SEEK_TABLE_FOOTER);
    long frames = footer.getInt() & 0xffffffffL;
    int entry = (footer.get() & HAS_CHECKSUMS) != 0 ? 12 : 8;
    long table = frames * entry + SEEK_TABLE_FOOTER + 8;
    if (footer.getInt() != SEEK_TABLE_END || table > end || table > Integer.MAX_VALUE) {
      return Optional.empty();
    }
    ByteBuffer head = bytes(raw, end - table, 8);
    if (head.getInt() != SEEK_TABLE || head.getInt() != table - 8) {
      return Optional.empty();
    }
    List<Checkpoint> checkpoints = new ArrayList<>();
    SourceInput entries = new SourceInput(raw, end - table + 8);
    long in = 0;
    long out = 0;
    try {
      for (long frame = 0; frame < frames; frame++) {
        StreamMap.add(checkpoints, out, in);
        in += entries.takeInt() & 0xffffffffL;
        out += entries.takeInt() & 0xffffffffL;
        if (entry == 12) {
          entries.takeInt();
        }
      }
    } catch (IOException cutShort) {
      return Optional.empty();
    }
    return in == end - table ? Optional.of(new StreamMap(checkpoints, out)) : Optional.empty();
  }

  private static ByteBuffer bytes(BlockSource raw, long at, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    raw.read(at, bytes);
    return bytes.rewind();
  }

  @Override
  public Decoder decode(BlockSource raw, Checkpoint from, CheckpointSink found) {
    return new Frames(raw, from, found);
  }

  private static final class Frames implements Decoder {

    private final BlockSource raw;
    private final CheckpointSink found;
    private final ZstdDecompressCtx context = new ZstdDecompressCtx().setLongMax(WINDOW_LOG);
    private final DirectBuffer inMemory = DirectBuffer.borrow(1 << 17);
    private final DirectBuffer outMemory = DirectBuffer.borrow(1 << 18);
    private final ByteBuffer in = inMemory.bytes().limit(0);
    private final ByteBuffer out = outMemory.bytes();
    private final WindowMemory memory = new WindowMemory();
    private long filled;
    private long position;
    private boolean inFrame;
    private StreamDamage damage;

    Frames(BlockSource raw, Checkpoint from, CheckpointSink found) {
      this.raw = raw;
      this.found = found;
      this.filled = from.in();
      this.position = from.out();
    }

    @Override
    public int decode(byte[] target, int offset, int length) throws IOException {
      if (damage != null) {
        throw damage;
      }
      try {
        while (true) {
          int count = advance(target, offset, length);
          if (count != 0) {
            return count;
          }
        }
      } catch (StreamDamage e) {
        damage = e;
        throw e;
      } catch (ZstdException e) {
        damage = translate(e);
        throw damage;
      }
    }

    /** Decodes some bytes, perhaps none; -1 at the end. */
    private int advance(byte[] target, int offset, int length) throws StreamDamage {
      boolean more = fill();
      if (!more && !inFrame) {
        return -1;
      }
      if (!inFrame) {
        memory.take(window(header()));
      }
      int before = in.position();
      out.clear().limit(Math.min(length, out.capacity()));
      boolean ended = context.decompressDirectByteBufferStream(out, in);
      int count = out.flip().remaining();
      out.get(target, offset, count);
      position += count;
      inFrame = !ended;
      if (ended) {
        long at = filled - in.remaining();
        if (!found.agrees(position, at)) {
          throw StreamDamage.corrupt("the seek table does not match the zstd frames");
        }
        if (at < raw.size() && found.wanted(position)) {
          found.add(new Checkpoint(position, at));
        }
      } else if (!more && count == 0 && in.position() == before) {
        throw StreamDamage.truncated(filled);
      }
      return count;
    }

    /** What the next frame begins with. */
    private ByteBuffer header() {
      long at = filled - in.remaining();
      return in.remaining() >= FRAME_HEADER
          ? in.duplicate().order(ByteOrder.LITTLE_ENDIAN)
          : bytes(raw, at, (int) Math.min(FRAME_HEADER, raw.size() - at));
    }

    private boolean fill() {
      if (!in.hasRemaining() && filled < raw.size()) {
        in.clear();
        try {
          filled += raw.read(filled, in);
        } finally {
          in.flip();
        }
      }
      return in.hasRemaining();
    }

    private StreamDamage translate(ZstdException e) {
      long code = Math.abs(e.getErrorCode()); // negative where the library hands on a result
      if (code == Zstd.errFrameParameterWindowTooLarge()) {
        return StreamDamage.unsupported(
            "decoding it takes more than %d MiB of memory, for its window (zstd --long)"
                .formatted(1L << WINDOW_LOG - 20));
      }
      if (code == Zstd.errMemoryAllocation()) {
        return StreamDamage.unsupported("there is not enough memory to decode it");
      }
      if (code == Zstd.errDictionaryWrong()) {
        return StreamDamage.unsupported("it was compressed with a dictionary");
      }
      return StreamDamage.corrupt(
          "the zstd data is invalid before compressed byte %d (%s)"
              .formatted(filled - in.remaining(), e.getMessage()),
          e);
    }

    @Override
    public void close() {
      context.close();
      memory.giveBack();
      inMemory.close();
      outMemory.close();
    }
  }
}
