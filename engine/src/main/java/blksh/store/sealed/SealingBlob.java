package blksh.store.sealed;

import blksh.store.shelf.Blob;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * What a blob in the clear is sealed, made as it is read, so that it may be longer than memory.
 * Whoever puts it may read it more than once, as when an answer was lost, and gets the same bytes
 * each time: the nonce of each segment is kept, and so is the digest of what was sealed with it. A
 * blob that has become another meanwhile is refused, as no nonce may be used for two contents.
 */
final class SealingBlob implements Blob {

  private final Blob plain;
  private final BlobSeal seal;
  private final long size;
  private final long segments;
  private final byte[][] nonces;
  private final byte[][] digests;

  /** The segment sealed last: who reads on goes on in it. */
  private final byte[] kept = new byte[BlobSeal.SEALED];

  private int keptNumber = -1;
  private int keptLength;

  /**
   * @param plain not closed with this
   */
  SealingBlob(Blob plain, MasterKey key) throws IOException {
    this.plain = plain;
    this.seal = BlobSeal.fresh(key);
    this.size = plain.size();
    this.segments = BlobSeal.segments(size());
    this.nonces = new byte[Math.toIntExact(segments)][];
    this.digests = new byte[nonces.length][];
  }

  @Override
  public long size() {
    return size == 0 ? BlobSeal.OVERHEAD : BlobSeal.storedSize(size);
  }

  @Override
  public synchronized void read(long position, ByteBuffer buffer) throws IOException {
    if (position < 0 || position + buffer.remaining() > size()) {
      throw new EOFException("what is put ends at byte %d".formatted(size()));
    }
    long at = position;
    while (buffer.hasRemaining()) {
      int number = (int) (at / BlobSeal.SEALED);
      if (number != keptNumber) {
        sealNow(number);
      }
      int within = (int) (at - (long) number * BlobSeal.SEALED);
      int count = Math.min(keptLength - within, buffer.remaining());
      buffer.put(kept, within, count);
      at += count;
    }
  }

  private void sealNow(int number) throws IOException {
    long from = (long) number * BlobSeal.PLAIN;
    byte[] bytes = plain.read(from, (int) Math.min(BlobSeal.PLAIN, size - from));
    byte[] digest = digest(bytes);
    if (nonces[number] == null) {
      digests[number] = digest;
      nonces[number] = BlobSeal.nonce();
    } else if (!Arrays.equals(digest, digests[number])) {
      throw new IOException("what is put was changed meanwhile");
    }
    keptNumber = -1;
    boolean last = number == segments - 1;
    keptLength = seal.seal(nonces[number], number, last, bytes, 0, bytes.length, kept, 0);
    keptNumber = number;
  }

  private static byte[] digest(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Nothing: what is read is not its own. */
  @Override
  public void close() {
    keptNumber = -1;
  }
}
