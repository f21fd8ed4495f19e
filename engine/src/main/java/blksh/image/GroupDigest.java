package blksh.image;

import com.dynatrace.hash4j.hashing.HashStream128;
import com.dynatrace.hash4j.hashing.HashStream64;
import com.dynatrace.hash4j.hashing.HashValue128;
import com.dynatrace.hash4j.hashing.Hashing;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32;

/** Sums up the data of one group after the other, as the trailer of the group does. */
abstract sealed class GroupDigest {

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** Bytes of {@link #put}. */
  abstract int size();

  /**
   * Begins a group.
   *
   * @param previous the trailer of the group before, or null for the first; only those look at it
   *     whose checksum goes on from it
   */
  abstract void begin(byte[] previous);

  /** Adds data of the group, in order. */
  abstract void add(byte[] data, int offset, int length);

  /** Writes the checksum of the data added since the group began. */
  abstract void put(byte[] trailer, int offset);

  /** Whether a stored trailer fits the data added since the group began. */
  boolean matches(byte[] trailer) {
    byte[] expected = new byte[trailer.length];
    put(expected, 0);
    return Arrays.equals(expected, 0, size(), trailer, 0, size());
  }

  /** CRC-32 without the final inversion. */
  static final class Crc extends GroupDigest {
    private final boolean goesOn;
    private final CRC32 crc = new CRC32();
    private int from;
    private long length;

    /**
     * @param goesOn whether a group goes on from the checksum of the one before
     */
    Crc(boolean goesOn) {
      this.goesOn = goesOn;
    }

    @Override
    int size() {
      return 4;
    }

    @Override
    void begin(byte[] previous) {
      from = goesOn && previous != null ? (int) INT.get(previous, 0) : RawCrc.START;
      crc.reset();
      length = 0;
    }

    @Override
    void add(byte[] data, int offset, int count) {
      crc.update(data, offset, count);
      length += count;
    }

    @Override
    void put(byte[] trailer, int offset) {
      int value = RawCrc.of(crc);
      if (from != RawCrc.START) {
        value ^= RawCrc.moved(from ^ RawCrc.START, RawCrc.power(length));
      }
      INT.set(trailer, offset, value);
    }
  }

  /**
   * The checksum of partclone 0001: of the first byte of the block, as often as the block has
   * bytes, going on from the checksum of the block before. A group is one block.
   */
  static final class FirstBytes extends GroupDigest {
    private final int power;

    /** What each bit of the byte adds. */
    private final int[] bits = new int[8];

    private int from;
    private int first;
    private boolean seen;

    FirstBytes(int blockSize) {
      this.power = RawCrc.power(blockSize);
      byte[] run = new byte[Math.min(blockSize, 1 << 16)];
      for (int i = 0; i < 8; i++) {
        Arrays.fill(run, (byte) (1 << i));
        CRC32 crc = new CRC32();
        for (int left = blockSize; left > 0; left -= run.length) {
          crc.update(run, 0, Math.min(left, run.length));
        }
        bits[i] = RawCrc.of(crc) ^ RawCrc.moved(RawCrc.START, power);
      }
    }

    @Override
    int size() {
      return 4;
    }

    @Override
    void begin(byte[] previous) {
      from = previous == null ? RawCrc.START : (int) INT.get(previous, 0);
      seen = false;
    }

    @Override
    void add(byte[] data, int offset, int count) {
      if (!seen && count > 0) {
        first = data[offset];
        seen = true;
      }
    }

    @Override
    void put(byte[] trailer, int offset) {
      int value = RawCrc.moved(from, power);
      for (int i = 0; i < 8; i++) {
        if ((first >> i & 1) != 0) {
          value ^= bits[i];
        }
      }
      INT.set(trailer, offset, value);
    }
  }

  /** XXH64 with seed 0, or XXH3 with 128 bits, the low half first; each half little-endian. */
  static final class Xxh extends GroupDigest {
    private final boolean goesOn;
    private final HashStream64 hash;

    private Xxh(boolean goesOn, HashStream64 hash) {
      this.goesOn = goesOn;
      this.hash = hash;
    }

    static Xxh of64Bits(boolean goesOn) {
      return new Xxh(goesOn, Hashing.xxh64().hashStream());
    }

    static Xxh of128Bits(boolean goesOn) {
      return new Xxh(goesOn, Hashing.xxh3_128().hashStream());
    }

    @Override
    int size() {
      return hash instanceof HashStream128 ? 16 : 8;
    }

    @Override
    void begin(byte[] previous) {
      if (!goesOn) {
        hash.reset();
      }
    }

    @Override
    void add(byte[] data, int offset, int length) {
      hash.putBytes(data, offset, length);
    }

    @Override
    void put(byte[] trailer, int offset) {
      if (hash instanceof HashStream128 wide) {
        HashValue128 value = wide.get();
        LONG.set(trailer, offset, value.getLeastSignificantBits());
        LONG.set(trailer, offset + 8, value.getMostSignificantBits());
      } else {
        LONG.set(trailer, offset, hash.getAsLong());
      }
    }
  }

  /** The check record of partimage: a mark, the CRC-32 of the data, and a block number. */
  static final class CheckRecord extends GroupDigest {
    static final int SIZE = 16;
    private static final int MARK = 0x004b4843;

    private final CRC32 crc = new CRC32();

    @Override
    int size() {
      return 8;
    }

    @Override
    void begin(byte[] previous) {
      crc.reset();
    }

    @Override
    void add(byte[] data, int offset, int length) {
      crc.update(data, offset, length);
    }

    @Override
    void put(byte[] trailer, int offset) {
      INT.set(trailer, offset, MARK);
      INT.set(trailer, offset + 4, (int) crc.getValue());
    }
  }
}
