package blksh.store.shelf;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;

/** A shelf in memory that has neither a spool nor locks, for tests. */
public class MemoryShelf implements Shelf {

  private final Map<String, byte[]> blobs = new ConcurrentHashMap<>();

  @Override
  public String place() {
    return "memory";
  }

  @Override
  public String locate(String name) {
    return "memory:" + name;
  }

  @Override
  public boolean writable() {
    return true;
  }

  @Override
  public void prepare(String prefix) {}

  @Override
  public boolean isPrepared(String prefix) {
    return blobs.keySet().stream().anyMatch(name -> name.startsWith(prefix));
  }

  @Override
  public Blob open(String name) throws IOException {
    byte[] content = blobs.get(name);
    if (content == null) {
      throw new NoSuchFileException(name);
    }
    return new Blob() {
      @Override
      public long size() {
        return content.length;
      }

      @Override
      public void read(long position, ByteBuffer buffer) throws IOException {
        if (position + buffer.remaining() > content.length) {
          throw new EOFException("blob ends at byte " + content.length);
        }
        buffer.put(content, (int) position, buffer.remaining());
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public OptionalLong size(String name) {
    byte[] content = blobs.get(name);
    return content == null ? OptionalLong.empty() : OptionalLong.of(content.length);
  }

  @Override
  public List<String> list(String prefix) {
    return blobs.keySet().stream().filter(name -> name.startsWith(prefix)).toList();
  }

  @Override
  public void put(String name, byte[] content) {
    blobs.put(name, content.clone());
  }

  @Override
  public boolean putIfAbsent(String name, byte[] content) {
    return blobs.putIfAbsent(name, content.clone()) == null;
  }

  @Override
  public void delete(String name) {
    blobs.remove(name);
  }

  @Override
  public long bytes() {
    return blobs.values().stream().mapToLong(content -> content.length).sum();
  }

  @Override
  public Optional<Spool> spool() {
    return Optional.empty();
  }

  @Override
  public Optional<Exclusion> exclusion() {
    return Optional.empty();
  }

  @Override
  public void close() {}
}
