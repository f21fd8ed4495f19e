package blksh.store.shelf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * For a shelf that has no spool: parts grow as files of a local directory and are put whole when
 * they are published. So memory does not grow with them, and what a process of this machine that
 * died had written is found by the next.
 */
public final class LocalSpool implements Spool {

  private final Shelf shelf;
  private final DirectoryShelf local;

  /**
   * @param local a directory that is there, for parts of this shelf alone
   */
  public LocalSpool(Shelf shelf, Path local) {
    this.shelf = shelf;
    this.local = new DirectoryShelf(local);
  }

  @Override
  public Part begin(String name) throws IOException {
    return new LocalPart(local.begin(name));
  }

  @Override
  public Part takeOver(String name) throws IOException {
    Part part = local.takeOver(name);
    return part == null ? null : new LocalPart(part);
  }

  @Override
  public Blob look(String name) throws IOException {
    return local.look(name);
  }

  @Override
  public List<String> parts(String prefix) throws IOException {
    return local.parts(prefix);
  }

  private final class LocalPart implements Part {
    private final Part part;

    LocalPart(Part part) {
      this.part = part;
    }

    @Override
    public long size() throws IOException {
      return part.size();
    }

    @Override
    public void read(long position, ByteBuffer buffer) throws IOException {
      part.read(position, buffer);
    }

    @Override
    public void write(long position, ByteBuffer bytes) throws IOException {
      part.write(position, bytes);
    }

    @Override
    public void truncate(long size) throws IOException {
      part.truncate(size);
    }

    /** Nothing: what has to last does so once it is on the shelf. */
    @Override
    public void force() {}

    @Override
    public void publish(String name) throws IOException {
      shelf.putWhole(name, part, true);
      part.discard();
    }

    @Override
    public boolean publishIfAbsent(String name) throws IOException {
      boolean published = shelf.putWhole(name, part, false);
      if (published) {
        part.discard();
      }
      return published;
    }

    @Override
    public void discard() {
      part.discard();
    }

    @Override
    public void close() {
      part.close();
    }
  }
}
