package blksh.compress;

import blksh.block.BlockSource;
import blksh.io.DirectBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;

/**
 * gzip (RFC 1952): members one after the other, each a deflate stream. A checkpoint lies between
 * two deflate blocks and carries the 32 KiB before it, or between two members and carries nothing.
 */
final class GzipCompression implements Compression {

  /**
   * At 300 MB/s the next checkpoint is a few milliseconds away, and the windows take no more than a
   * sixty-fourth of the data.
   */
  private static final long SPAN = 2L << 20;

  private static final int ID1 = 0x1f;
  private static final int ID2 = 0x8b;
  private static final int DEFLATE = 8;
  private static final int FHCRC = 2;
  private static final int FEXTRA = 4;
  private static final int FNAME = 8;
  private static final int FCOMMENT = 16;
  private static final int RESERVED = 0xe0;

  @Override
  public String name() {
    return "gzip";
  }

  @Override
  public boolean matches(byte[] start) {
    return start.length >= 4
        && (start[0] & 0xff) == ID1
        && (start[1] & 0xff) == ID2
        && start[2] == DEFLATE
        && (start[3] & RESERVED) == 0;
  }

  @Override
  public long span() {
    return SPAN;
  }

  @Override
  public long decoderMemory(byte[] start) {
    return 1 << 20;
  }

  @Override
  public Decoder decode(BlockSource raw, Checkpoint from, CheckpointSink found) throws IOException {
    return new Members(raw, from, found);
  }

  private static final class Members implements Decoder {

    /** Length of a state before the window: CRC-32, bytes of the member modulo 2^32, bits, byte. */
    private static final int STATE = 10;

    private final BlockSource raw;
    private final CheckpointSink found;
    private final Zlib zlib = new Zlib();
    private final DirectBuffer inMemory = DirectBuffer.borrow(1 << 16);
    private final DirectBuffer outMemory = DirectBuffer.borrow(1 << 17);
    private final ByteBuffer in = inMemory.bytes().limit(0);
    private final ByteBuffer out = outMemory.bytes();
    private final CRC32 crc = new CRC32();

    /** CRC-32 of the bytes of the member before those in {@link #crc}. */
    private int crcBefore;

    /** Bytes in {@link #crc}. */
    private long counted;

    /** Bytes of the member before those. */
    private int countedBefore;

    /** Byte of the source after the last one in {@link #in}. */
    private long filled;

    /** Byte of the uncompressed data that comes next. */
    private long position;

    private boolean inMember;

    /** The byte that was taken last, of which some bits may belong to the next block. */
    private int last;

    /** Why nothing can follow, once that is so. */
    private StreamDamage damage;

    Members(BlockSource raw, Checkpoint from, CheckpointSink found) throws IOException {
      this.raw = raw;
      this.found = found;
      this.filled = from.in();
      this.position = from.out();
      if (from.state().length >= STATE) {
        ByteBuffer state = ByteBuffer.wrap(from.state()).order(ByteOrder.LITTLE_ENDIAN);
        crcBefore = state.getInt();
        countedBefore = state.getInt();
        int bits = state.get();
        last = state.get() & 0xff;
        byte[] window = new byte[state.remaining()];
        state.get(window);
        zlib.resume(bits, last, window);
        inMember = true;
      }
    }

    @Override
    public int decode(byte[] target, int offset, int length) throws IOException {
      if (damage != null) {
        throw damage;
      }
      int done = 0;
      try {
        while (done < length) {
          if (!inMember && !beginMember()) {
            return done > 0 ? done : -1;
          }
          done += inflate(target, offset + done, length - done);
        }
        return done;
      } catch (StreamDamage e) {
        damage = e;
        if (done > 0) {
          return done;
        }
        throw e;
      }
    }

    private int inflate(byte[] target, int offset, int length) throws IOException {
      if (!fill()) {
        throw StreamDamage.truncated(filled);
      }
      out.clear().limit(Math.min(length, out.capacity()));
      int before = in.position();
      int result = zlib.inflate(in, out);
      if (in.position() > before) {
        last = in.get(in.position() - 1) & 0xff;
      }
      int count = out.flip().remaining();
      out.get(target, offset, count);
      crc.update(target, offset, count);
      counted += count;
      position += count;
      if (result == Zlib.STREAM_END) {
        endMember();
      } else if (result == Zlib.MEM_ERROR) {
        throw new OutOfMemoryError("zlib");
      } else if (result != Zlib.OK && result != Zlib.BUF_ERROR) {
        throw corrupt("the deflate data is invalid");
      } else if (zlib.betweenBlocks() && found.wanted(position)) {
        found.add(here());
      }
      return count;
    }

    private Checkpoint here() {
      byte[] window = zlib.window();
      ByteBuffer state = ByteBuffer.allocate(STATE + window.length).order(ByteOrder.LITTLE_ENDIAN);
      state.putInt(checksum()).putInt(countedBefore + (int) counted);
      state.put((byte) zlib.unusedBits()).put((byte) last).put(window);
      return new Checkpoint(position, source(), state.array());
    }

    private int checksum() {
      return zlib.combine(crcBefore, (int) crc.getValue(), counted);
    }

    /** The byte of the source that is taken next. */
    private long source() {
      return filled - in.remaining();
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

    private int takeByte() throws IOException {
      if (!fill()) {
        throw StreamDamage.truncated(filled);
      }
      return in.get() & 0xff;
    }

    private int takeInt() throws IOException {
      return takeByte() | takeByte() << 8 | takeByte() << 16 | takeByte() << 24;
    }

    /** Reads the header of a member; false at the end of the source or in zeros up to there. */
    private boolean beginMember() throws IOException {
      long start = source();
      if (!fill()) {
        return false;
      }
      int first = takeByte();
      if (first == 0 && start > 0) {
        zerosOnly();
        return false;
      }
      if (first != ID1 || takeByte() != ID2 || takeByte() != DEFLATE) {
        throw StreamDamage.corrupt(
            "what follows the gzip data at compressed byte %d is no gzip data".formatted(start));
      }
      int flags = takeByte();
      skip(6);
      if ((flags & FEXTRA) != 0) {
        skip(takeByte() | takeByte() << 8);
      }
      for (int flag : new int[] {FNAME, FCOMMENT}) {
        if ((flags & flag) != 0) {
          while (takeByte() != 0) {}
        }
      }
      skip((flags & FHCRC) != 0 ? 2 : 0);
      zlib.reset();
      crc.reset();
      crcBefore = 0;
      counted = 0;
      countedBefore = 0;
      inMember = true;
      return true;
    }

    private void skip(int bytes) throws IOException {
      for (int i = 0; i < bytes; i++) {
        takeByte();
      }
    }

    /** Media of fixed block size pad with zeros, which gzip accepts too. */
    private void zerosOnly() throws IOException {
      while (fill()) {
        if (in.get() != 0) {
          throw StreamDamage.corrupt(
              "there is something after the gzip data at compressed byte %d"
                  .formatted(source() - 1));
        }
      }
    }

    private void endMember() throws IOException {
      int checksum = takeInt();
      int length = takeInt();
      if (checksum != checksum() || length != countedBefore + (int) counted) {
        throw corrupt("the checksum of the gzip data does not match");
      }
      inMember = false;
      if (found.wanted(position)) {
        found.add(new Checkpoint(position, source()));
      }
    }

    private StreamDamage corrupt(String problem) {
      return StreamDamage.corrupt("%s at compressed byte %d".formatted(problem, source()));
    }

    @Override
    public void close() {
      zlib.close();
      inMemory.close();
      outMemory.close();
    }
  }
}
