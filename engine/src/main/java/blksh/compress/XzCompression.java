package blksh.compress;

import blksh.block.BlockSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32;
import org.tukaani.xz.SeekableXZInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * xz: streams of blocks that decode on their own, and an index of them at the end. A stream that
 * breaks off has no index and is read in order only.
 */
final class XzCompression implements Compression {

  private static final byte[] MAGIC = {(byte) 0xfd, '7', 'z', 'X', 'Z', 0};

  private static final int BLOCK_HEADER = 12;
  private static final int HAS_COMPRESSED_SIZE = 0x40;
  private static final int HAS_UNCOMPRESSED_SIZE = 0x80;
  private static final int LZMA2 = 0x21;

  @Override
  public String name() {
    return "xz";
  }

  @Override
  public boolean matches(byte[] start) {
    return start.length >= MAGIC.length && Arrays.equals(Arrays.copyOf(start, 6), MAGIC);
  }

  @Override
  public long span() {
    return 1;
  }

  @Override
  public long stretch() {
    return LzmaCompression.STRETCH;
  }

  /** By the dictionary of the first block. */
  @Override
  public long decoderMemory(byte[] start) {
    try {
      int at = BLOCK_HEADER + 2;
      int flags = start[BLOCK_HEADER + 1];
      for (int flag : new int[] {HAS_COMPRESSED_SIZE, HAS_UNCOMPRESSED_SIZE}) {
        if ((flags & flag) != 0) {
          while (start[at++] < 0) {}
        }
      }
      for (int filter = 0; filter <= (flags & 3); filter++) {
        int id = start[at];
        int length = start[at + 1];
        if (id == LZMA2) {
          int bits = start[at + 2] & 0x3f;
          return (1 << 20) + ((2L | (bits & 1)) << (bits / 2 + 11));
        }
        at += 2 + length;
      }
    } catch (ArrayIndexOutOfBoundsException tooShort) {
      return LzmaCompression.USUAL_MEMORY;
    }
    return LzmaCompression.USUAL_MEMORY;
  }

  @Override
  public Optional<StreamMap> map(BlockSource raw) throws IOException {
    try (SeekableXZInputStream stream = seekable(new SourceInput(raw, 0))) {
      List<Checkpoint> blocks = new ArrayList<>();
      for (int block = 1; block < stream.getBlockCount(); block++) {
        StreamMap.add(blocks, stream.getBlockPos(block), stream.getBlockCompPos(block));
      }
      return Optional.of(new StreamMap(blocks, stream.length()));
    } catch (IOException withoutIndex) {
      return Optional.empty();
    }
  }

  @Override
  public Decoder decode(BlockSource raw, Checkpoint from, CheckpointSink found) throws IOException {
    SourceInput input = new SourceInput(raw, 0);
    if (LzmaLibrary.isAvailable()) {
      return nativeDecoder(raw, input, from);
    }
    return new StreamDecoder(
        input,
        () -> {
          SeekableXZInputStream stream;
          try {
            stream = seekable(input);
          } catch (IOException withoutIndex) {
            if (from.out() > 0) {
              throw withoutIndex;
            }
            input.seek(0);
            return new XZInputStream(input, memoryLimit());
          }
          stream.seek(from.out());
          return stream;
        });
  }

  private static Decoder nativeDecoder(BlockSource raw, SourceInput input, Checkpoint from)
      throws IOException {
    SeekableXZInputStream index;
    try {
      index = seekable(new SourceInput(raw, 0));
    } catch (IOException withoutIndex) {
      if (from.out() > 0) {
        throw StreamDecoder.damage(withoutIndex, input);
      }
      return new StreamDecoder(
          input, () -> new LzmaLibrary(LzmaLibrary.Format.XZ, new byte[0], input, raw.size()));
    }
    return new Blocks(index, input, index.getBlockNumber(from.out()));
  }

  /** The blocks of a file one after the other, each as a stream of its own. */
  private static final class Blocks implements Decoder {

    private final SeekableXZInputStream index;
    private final SourceInput input;
    private int next;
    private LzmaLibrary block;

    /** Bytes of the block that are still to come, uncompressed. */
    private long left;

    private StreamDamage damage;

    Blocks(SeekableXZInputStream index, SourceInput input, int first) {
      this.index = index;
      this.input = input;
      this.next = first;
    }

    @Override
    public int decode(byte[] target, int offset, int length) throws IOException {
      if (damage != null) {
        throw damage;
      }
      try {
        while (block == null || left == 0) {
          if (block != null) {
            end();
          } else if (next == index.getBlockCount()) {
            return -1;
          } else {
            begin();
          }
        }
        int count = block.read(target, offset, (int) Math.min(length, left));
        if (count < 0) {
          throw notAsIndexed();
        }
        left -= count;
        if (left == 0) {
          end(); // before the last bytes are given away, as nobody need ask for more
        }
        return count;
      } catch (IOException | RuntimeException e) {
        damage = StreamDecoder.damage(e, input);
        throw damage;
      }
    }

    private void begin() throws StreamDamage {
      long start = index.getBlockCompPos(next);
      input.seek(start);
      byte[] head = streamHeader(index.getBlockCheckType(next));
      block =
          new LzmaLibrary(LzmaLibrary.Format.XZ, head, input, start + index.getBlockCompSize(next));
      left = index.getBlockSize(next);
      next++;
    }

    /** Has the block prove itself: behind its check nothing follows here. */
    private void end() throws IOException {
      try {
        block.read();
        throw notAsIndexed();
      } catch (StreamDamage atTheEnd) {
        if (atTheEnd.kind() != StreamDamage.Kind.TRUNCATED) {
          throw atTheEnd;
        }
      }
      block.close();
      block = null;
    }

    private StreamDamage notAsIndexed() {
      return StreamDamage.corrupt(
          "the xz block before compressed byte %d is not as long as the index says"
              .formatted(input.position()));
    }

    @Override
    public void close() {
      if (block != null) {
        block.close();
      }
    }
  }

  /** What a stream begins with whose blocks have a kind of check (xz file format, 2.1.1). */
  private static byte[] streamHeader(int check) {
    ByteBuffer header = ByteBuffer.allocate(BLOCK_HEADER).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).put((byte) 0).put((byte) check);
    CRC32 crc = new CRC32();
    crc.update(header.array(), MAGIC.length, 2);
    return header.putInt((int) crc.getValue()).array();
  }

  private static SeekableXZInputStream seekable(SourceInput input) throws IOException {
    return new SeekableXZInputStream(input, memoryLimit());
  }

  private static int memoryLimit() {
    return (int) (DecoderPool.MOST_MEMORY_EACH / 1024);
  }
}
