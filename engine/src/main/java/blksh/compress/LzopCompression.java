package blksh.compress;

import blksh.block.BlockSource;
import io.airlift.compress.MalformedInputException;
import io.airlift.compress.lzo.LzoDecompressor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.Adler32;
import java.util.zip.CRC32;
import java.util.zip.Checksum;

/** lzop: files one after the other, each of blocks of up to 256 KiB that decode on their own. */
final class LzopCompression implements Compression {

  private static final byte[] MAGIC = {(byte) 0x89, 'L', 'Z', 'O', 0, 0x0d, 0x0a, 0x1a, 0x0a};

  /** Versions from this one on have the longer header. */
  private static final int LONGER_HEADER = 0x0940;

  private static final int ADLER32_OF_DATA = 0x1;
  private static final int ADLER32_OF_BLOCK = 0x2;
  private static final int EXTRA_FIELD = 0x40;
  private static final int CRC32_OF_DATA = 0x100;
  private static final int CRC32_OF_BLOCK = 0x200;
  private static final int FILTERED = 0x800;
  private static final int CRC32_OF_HEADER = 0x1000;

  /** lzop writes blocks of 256 KiB and takes up to 64 MiB. */
  private static final int LARGEST_BLOCK = 16 << 20;

  @Override
  public String name() {
    return "lzop";
  }

  @Override
  public boolean matches(byte[] start) {
    return start.length > MAGIC.length && Arrays.equals(Arrays.copyOf(start, MAGIC.length), MAGIC);
  }

  @Override
  public long span() {
    return 2L << 20;
  }

  @Override
  public long decoderMemory(byte[] start) {
    return 2 << 20;
  }

  @Override
  public Decoder decode(BlockSource raw, Checkpoint from, CheckpointSink found) {
    return new Files(raw, from, found);
  }

  private static final class Files extends BlockDecoder {

    private final SourceInput input;
    private final CheckpointSink found;
    private final LzoDecompressor lzo = new LzoDecompressor();
    private boolean inFile;
    private int flags;
    private byte[] packed = new byte[0];
    private long position;

    Files(BlockSource raw, Checkpoint from, CheckpointSink found) {
      this.input = new SourceInput(raw, from.in());
      this.found = found;
      this.position = from.out();
      if (from.state().length > 0) {
        flags = ByteBuffer.wrap(from.state()).getInt();
        inFile = true;
      }
    }

    @Override
    boolean advance() throws IOException {
      if (!inFile) {
        return beginFile();
      }
      nextBlock();
      return true;
    }

    /** Big-endian, as everything here. */
    private int takeInt() throws IOException {
      return Integer.reverseBytes(input.takeInt());
    }

    private boolean beginFile() throws IOException {
      if (input.ended()) {
        return false;
      }
      long start = input.position();
      if (!Arrays.equals(input.take(MAGIC.length), MAGIC)) {
        throw StreamDamage.corrupt(
            "what follows the lzop data at compressed byte %d is no lzop data".formatted(start));
      }
      ByteBuffer header = ByteBuffer.allocate(34 + 255);
      header.put(input.take(4));
      boolean longer = header.getShort(0) >= LONGER_HEADER;
      header.put(input.take(longer ? 4 : 1));
      header.put(input.take(4));
      flags = header.getInt(header.position() - 4);
      if ((flags & FILTERED) != 0) {
        throw StreamDamage.unsupported("it was compressed with a filter");
      }
      header.put(input.take(longer ? 12 : 8));
      int name = input.takeByte();
      header.put((byte) name).put(input.take(name));
      Checksum sum = (flags & CRC32_OF_HEADER) != 0 ? new CRC32() : new Adler32();
      sum.update(header.flip());
      int method = header.get(longer ? 6 : 4);
      if (takeInt() != (int) sum.getValue()) {
        throw StreamDamage.corrupt(
            "the checksum of the lzop header at compressed byte %d does not match"
                .formatted(start));
      }
      if (method < 1 || method > 3) {
        throw StreamDamage.unsupported("lzop method %d is not known".formatted(method));
      }
      if ((flags & EXTRA_FIELD) != 0) {
        long end = (takeInt() & 0xffffffffL) + Integer.BYTES + input.position();
        if (end > input.length()) {
          throw StreamDamage.truncated(input.length());
        }
        input.seek(end);
      }
      inFile = true;
      return true;
    }

    private void nextBlock() throws IOException {
      long start = input.position();
      if (found.wanted(position)) {
        found.add(
            new Checkpoint(
                position, start, ByteBuffer.allocate(Integer.BYTES).putInt(flags).array()));
      }
      int length = takeInt();
      if (length == 0) {
        inFile = false;
        return;
      }
      int stored = takeInt();
      if (length < 0 || length > LARGEST_BLOCK || stored <= 0 || stored > length) {
        throw invalidBlock(start);
      }
      int adlerOfData = (flags & ADLER32_OF_DATA) != 0 ? takeInt() : 0;
      int crcOfData = (flags & CRC32_OF_DATA) != 0 ? takeInt() : 0;
      int adlerOfBlock = adlerOfData;
      int crcOfBlock = crcOfData;
      if (stored < length) {
        adlerOfBlock = (flags & ADLER32_OF_BLOCK) != 0 ? takeInt() : 0;
        crcOfBlock = (flags & CRC32_OF_BLOCK) != 0 ? takeInt() : 0;
      }
      packed = room(packed, stored);
      input.take(packed, 0, stored);
      block = room(block, length);
      if (stored == length) {
        System.arraycopy(packed, 0, block, 0, length);
      } else {
        check(start, ADLER32_OF_BLOCK, new Adler32(), packed, stored, adlerOfBlock);
        check(start, CRC32_OF_BLOCK, new CRC32(), packed, stored, crcOfBlock);
        unpack(start, stored, length);
      }
      check(start, ADLER32_OF_DATA, new Adler32(), block, length, adlerOfData);
      check(start, CRC32_OF_DATA, new CRC32(), block, length, crcOfData);
      blockAt = 0;
      blockEnd = length;
      position += length;
    }

    private static byte[] room(byte[] array, int length) {
      return array.length < length ? new byte[Math.max(length, 1 << 18)] : array;
    }

    private void unpack(long start, int stored, int length) throws StreamDamage {
      try {
        if (lzo.decompress(packed, 0, stored, block, 0, length) != length) {
          throw invalidBlock(start);
        }
      } catch (MalformedInputException | IndexOutOfBoundsException | IllegalArgumentException e) {
        throw invalidBlock(start);
      }
    }

    private void check(long start, int flag, Checksum sum, byte[] bytes, int length, int expected)
        throws StreamDamage {
      if ((flags & flag) != 0) {
        sum.update(bytes, 0, length);
        if ((int) sum.getValue() != expected) {
          throw invalidBlock(start);
        }
      }
    }

    private static StreamDamage invalidBlock(long start) {
      return StreamDamage.corrupt(
          "the lzop block at compressed byte %d is invalid".formatted(start));
    }

    @Override
    public void close() {}
  }
}
