package blksh.store.shelf;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;

/**
 * For a shelf that has no spool: parts grow in memory, are put whole, and are gone with their
 * writer.
 */
public final class BufferedSpool implements Spool {

  private final Shelf shelf;

  public BufferedSpool(Shelf shelf) {
    this.shelf = shelf;
  }

  @Override
  public Part begin(String name) {
    return new Buffer();
  }

  @Override
  public Part takeOver(String name) {
    return null;
  }

  @Override
  public Blob look(String name) throws IOException {
    throw new NoSuchFileException(name);
  }

  @Override
  public List<String> parts(String prefix) {
    return List.of();
  }

  private final class Buffer implements Part {
    private byte[] bytes = new byte[1 << 16];
    private int size;

    @Override
    public synchronized long size() {
      return size;
    }

    @Override
    public synchronized void read(long position, ByteBuffer buffer) throws IOException {
      if (position + buffer.remaining() > size) {
        throw new EOFException("part ends at byte " + size);
      }
      buffer.put(bytes, (int) position, buffer.remaining());
    }

    @Override
    public synchronized void write(long position, ByteBuffer from) {
      int end = Math.toIntExact(position + from.remaining());
      if (end > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(end, (int) Math.min(2L * bytes.length, MOST)));
      }
      from.get(bytes, (int) position, from.remaining());
      size = Math.max(size, end);
    }

    @Override
    public synchronized void truncate(long length) {
      size = (int) Math.min(size, length);
    }

    @Override
    public synchronized void publish(String name) throws IOException {
      shelf.put(name, Arrays.copyOf(bytes, size));
      discard();
    }

    @Override
    public synchronized boolean publishIfAbsent(String name) throws IOException {
      boolean published = shelf.putIfAbsent(name, Arrays.copyOf(bytes, size));
      if (published) {
        discard();
      }
      return published;
    }

    @Override
    public synchronized void discard() {
      bytes = new byte[0];
      size = 0;
    }

    @Override
    public void close() {
      discard();
    }
  }

  /** Bytes that an array can have on every machine. */
  private static final int MOST = Integer.MAX_VALUE - 8;
}
