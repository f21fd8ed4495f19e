package blksh.compress;

import blksh.io.TargetFile;
import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Writes a row of zstd frames, each of which can be read on its own, and a table of their sizes at
 * the end, in the format of zstd's contrib/seekable_format. Every zstd reads it. Frames are added
 * by one thread at a time.
 */
public final class SeekableZstd {

  /** Uncompressed bytes of a frame, at most, unless checksum groups are longer. */
  public static final int FRAME = 1 << 20;

  private static final int TABLE_MAGIC = 0x184D2A5E;
  private static final int FOOTER_MAGIC = 0x8F92EAB1;

  private final TargetFile target;
  private final int level;

  /** Compressed and uncompressed size of each frame. */
  private final List<int[]> frames = new ArrayList<>();

  private long end;

  /**
   * @param level 1 to 19
   */
  public SeekableZstd(TargetFile target, int level) {
    this.target = target;
    this.level = level;
  }

  /** Compresses the first bytes of a buffer; by any thread. */
  public byte[] compress(byte[] bytes, int length) {
    return Zstd.compress(length == bytes.length ? bytes : Arrays.copyOf(bytes, length), level);
  }

  /** Adds a frame behind the others. @param length its bytes uncompressed */
  public void add(byte[] frame, int length) throws IOException {
    target.write(end, ByteBuffer.wrap(frame));
    end += frame.length;
    frames.add(new int[] {frame.length, length});
  }

  /** Writes the table by which a reader finds every frame. @return bytes of the whole file */
  public long finish() throws IOException {
    int entries = frames.size() * 8;
    ByteBuffer table = ByteBuffer.allocate(8 + entries + 9).order(ByteOrder.LITTLE_ENDIAN);
    table.putInt(TABLE_MAGIC).putInt(entries + 9);
    for (int[] frame : frames) {
      table.putInt(frame[0]).putInt(frame[1]);
    }
    table.putInt(frames.size()).put((byte) 0).putInt(FOOTER_MAGIC).flip();
    long length = table.remaining();
    target.write(end, table);
    return end + length;
  }
}
