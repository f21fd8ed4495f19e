package blksh.store.parity;

import blksh.store.shelf.Blob;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A blob that another closes. */
record Unclosed(Blob blob) implements Blob {

  @Override
  public long size() throws IOException {
    return blob.size();
  }

  @Override
  public void read(long position, ByteBuffer buffer) throws IOException {
    blob.read(position, buffer);
  }

  @Override
  public boolean readSound(long position, ByteBuffer buffer) throws IOException {
    return blob.readSound(position, buffer);
  }

  @Override
  public boolean forget() {
    return blob.forget();
  }

  @Override
  public void close() {}
}
