package blksh.kit;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.iso.DiscTarget;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** An image in memory, which takes none for pages of zeros. Written from its beginning on. */
public final class SparseImage implements BlockSource, DiscTarget {

  private static final int PAGE = 1 << 16;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(PAGE);

  private final Map<Long, byte[]> pages = new HashMap<>();
  private long size;

  @Override
  public synchronized void write(long position, ByteBuffer bytes) {
    if (position != size) {
      throw new IllegalStateException("byte %d follows byte %d".formatted(position, size));
    }
    while (bytes.hasRemaining()) {
      int offset = (int) (size % PAGE);
      int count = Math.min(bytes.remaining(), PAGE - offset);
      ByteBuffer some = bytes.slice().limit(count);
      if (pages.containsKey(size / PAGE) || some.mismatch(ZEROS.slice(0, count)) >= 0) {
        some.get(pages.computeIfAbsent(size / PAGE, none -> new byte[PAGE]), offset, count);
      }
      bytes.position(bytes.position() + count);
      size += count;
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int read(long position, ByteBuffer target) {
    int done = 0;
    while (target.hasRemaining() && position + done < size) {
      long at = position + done;
      int offset = (int) (at % PAGE);
      int count = (int) Math.min(Math.min(target.remaining(), PAGE - offset), size - at);
      byte[] page = pages.get(at / PAGE);
      target.put(page == null ? new byte[count] : Arrays.copyOfRange(page, offset, offset + count));
      done += count;
    }
    return done;
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("image", "image", "in memory");
  }

  @Override
  public void close() {}
}
