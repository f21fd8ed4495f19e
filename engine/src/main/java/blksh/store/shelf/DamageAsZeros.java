package blksh.store.shelf;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A blob in which what is damaged reads as zeros, for who proves by checksums of his own all that
 * he reads: so what is lost by a flipped bit is what his checksums say, and no more.
 *
 * @param blob closed with it
 */
public record DamageAsZeros(Blob blob) implements Blob {

  @Override
  public long size() throws IOException {
    return blob.size();
  }

  @Override
  public void read(long position, ByteBuffer buffer) throws IOException {
    blob.readSound(position, buffer);
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
  public void close() {
    blob.close();
  }
}
