package blksh.store.shelf;

import blksh.io.PartFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A part as a file, which its writer holds locked. */
final class DirectoryPart implements Part {

  private final DirectoryShelf shelf;
  private final PartFile file;
  private boolean ended;

  DirectoryPart(DirectoryShelf shelf, PartFile file) {
    this.shelf = shelf;
    this.file = file;
  }

  @Override
  public long size() throws IOException {
    return file.channel().size();
  }

  @Override
  public void read(long position, ByteBuffer buffer) throws IOException {
    new ReadOnlyFile(file.path(), file.channel()).read(position, buffer);
  }

  @Override
  public void write(long position, ByteBuffer bytes) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += file.channel().write(bytes, at);
    }
  }

  @Override
  public void truncate(long size) throws IOException {
    file.channel().truncate(size);
  }

  @Override
  public void publish(String name) throws IOException {
    shelf.publish(file, name);
    ended = true;
  }

  @Override
  public void discard() {
    if (!ended) {
      ended = true;
      file.discard();
    }
  }

  @Override
  public void close() {
    if (!ended) {
      ended = true;
      file.release();
    }
  }
}
