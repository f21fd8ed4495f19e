package blksh.store.shelf;

import blksh.io.PartFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A part as a file, which its writer holds locked. */
final class DirectoryPart implements Part {

  private final DirectoryShelf shelf;
  private final PartFile part;
  private boolean ended;

  DirectoryPart(DirectoryShelf shelf, PartFile part) {
    this.shelf = shelf;
    this.part = part;
  }

  @Override
  public long size() throws IOException {
    return part.file().length();
  }

  @Override
  public void read(long position, ByteBuffer buffer) throws IOException {
    part.file().readFully(position, buffer);
  }

  @Override
  public void write(long position, ByteBuffer bytes) throws IOException {
    part.file().write(position, bytes);
  }

  @Override
  public void truncate(long size) throws IOException {
    part.file().truncate(size);
  }

  @Override
  public void force() throws IOException {
    part.file().force(true);
  }

  @Override
  public void publish(String name) throws IOException {
    shelf.publish(part, name);
    ended = true;
  }

  @Override
  public boolean publishIfAbsent(String name) throws IOException {
    if (shelf.size(name).isPresent()) {
      return false;
    }
    publish(name);
    return true;
  }

  @Override
  public void discard() {
    if (!ended) {
      ended = true;
      part.discard();
    }
  }

  @Override
  public void close() {
    if (!ended) {
      ended = true;
      part.release();
    }
  }
}
