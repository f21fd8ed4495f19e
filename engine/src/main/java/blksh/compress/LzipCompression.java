package blksh.compress;

import blksh.block.BlockSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import org.tukaani.xz.LZMAInputStream;

/**
 * lzip: members that decode on their own, each with its sizes at its end, so that the members are
 * found from the end of the file backwards. plzip writes many, lzip one.
 */
final class LzipCompression implements Compression {

  private static final int MAGIC = 0x50495a4c; // "LZIP"
  private static final int HEADER = 6;
  private static final int TRAILER = 20;
  private static final int SHORTEST = 36;
  private static final byte PROPERTIES = 0x5d;
  private static final int LEAST_DICTIONARY = 1 << 12;
  private static final int MOST_DICTIONARY = 1 << 29;

  /** More members are not looked up one by one at an opening. */
  private static final int MOST_MEMBERS = 1 << 18;

  @Override
  public String name() {
    return "lzip";
  }

  @Override
  public boolean matches(byte[] start) {
    return start.length >= HEADER
        && ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getInt() == MAGIC
        && start[4] == 1;
  }

  @Override
  public long span() {
    return 1;
  }

  @Override
  public long stretch() {
    return LzmaCompression.STRETCH;
  }

  @Override
  public long decoderMemory(byte[] start) {
    return (1 << 20) + dictionary(start[5]);
  }

  /** A power of two less some sixteenths of it (lzip manual, file format). */
  private static int dictionary(byte coded) {
    int size = 1 << (coded & 0x1f);
    return size - size / 16 * ((coded >> 5) & 7);
  }

  @Override
  public Optional<StreamMap> map(BlockSource raw) {
    List<long[]> members = new ArrayList<>();
    long total = 0;
    for (long end = raw.size(); end > 0; ) {
      ByteBuffer trailer = end < SHORTEST ? null : bytes(raw, end - TRAILER, TRAILER);
      if (trailer == null || members.size() == MOST_MEMBERS) {
        return Optional.empty();
      }
      long size = trailer.getLong(4);
      long length = trailer.getLong(12);
      if (length < SHORTEST || length > end || size < 0 || total + size < 0) {
        return Optional.empty();
      }
      if (bytes(raw, end - length, HEADER).getInt() != MAGIC) {
        return Optional.empty();
      }
      end -= length;
      total += size;
      members.add(new long[] {end, size});
    }
    Collections.reverse(members);
    List<Checkpoint> checkpoints = new ArrayList<>();
    long out = 0;
    for (long[] member : members) {
      StreamMap.add(checkpoints, out, member[0]);
      out += member[1];
    }
    return Optional.of(new StreamMap(checkpoints, total));
  }

  private static ByteBuffer bytes(BlockSource raw, long at, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    raw.read(at, bytes);
    return bytes.rewind();
  }

  @Override
  public Decoder decode(BlockSource raw, Checkpoint from, CheckpointSink found) {
    return new Members(raw, from, found);
  }

  private static final class Members implements Decoder {

    private final SourceInput input;
    private final CheckpointSink found;
    private final CRC32 crc = new CRC32();
    private InputStream member;
    private long start;
    private long length;
    private long position;
    private StreamDamage damage;

    Members(BlockSource raw, Checkpoint from, CheckpointSink found) {
      this.input = new SourceInput(raw, from.in());
      this.found = found;
      this.position = from.out();
    }

    @Override
    public int decode(byte[] target, int offset, int length) throws IOException {
      if (damage != null) {
        throw damage;
      }
      try {
        while (true) {
          if (member == null && !begin()) {
            return -1;
          }
          int count = member.read(target, offset, length);
          if (count > 0) {
            crc.update(target, offset, count);
            this.length += count;
            position += count;
            return count;
          }
          end();
        }
      } catch (IOException | RuntimeException e) {
        damage = StreamDecoder.damage(e, input);
        throw damage;
      }
    }

    private boolean begin() throws IOException {
      start = input.position();
      if (input.ended()) {
        return false;
      }
      if (input.takeInt() != MAGIC || input.takeByte() != 1) {
        throw StreamDamage.corrupt(
            "what follows the lzip data at compressed byte %d is no lzip data".formatted(start));
      }
      int dictionary = dictionary((byte) input.takeByte());
      if (dictionary < LEAST_DICTIONARY || dictionary > MOST_DICTIONARY) {
        throw StreamDamage.corrupt(
            "the lzip member at compressed byte %d is invalid".formatted(start));
      }
      crc.reset();
      length = 0;
      if (LzmaLibrary.isAvailable()) {
        // what is in a member is what an .lzma file has, whose header tells the dictionary
        ByteBuffer head = ByteBuffer.allocate(13).order(ByteOrder.LITTLE_ENDIAN);
        head.put(PROPERTIES).putInt(dictionary).putLong(-1);
        member = new LzmaLibrary(LzmaLibrary.Format.ALONE, head.array(), input, input.length());
      } else {
        DecoderPool.checkMemory(dictionary);
        member = new LZMAInputStream(input, -1, PROPERTIES, dictionary);
      }
      return true;
    }

    private void end() throws IOException {
      int checksum = input.takeInt();
      long size = input.takeInt() & 0xffffffffL | (long) input.takeInt() << 32;
      long whole = input.takeInt() & 0xffffffffL | (long) input.takeInt() << 32;
      if (checksum != (int) crc.getValue() || size != length || whole != input.position() - start) {
        throw StreamDamage.corrupt(
            "the checksum of the lzip member at compressed byte %d does not match"
                .formatted(start));
      }
      member.close();
      member = null;
      if (found.wanted(position)) {
        found.add(new Checkpoint(position, input.position()));
      }
    }

    @Override
    public void close() {
      try {
        if (member != null) {
          member.close();
        }
      } catch (IOException e) {
        // It only lets go of memory.
      }
    }
  }
}
