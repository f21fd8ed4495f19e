package blksh.store.bucket;

import blksh.store.shelf.Blob;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.function.Consumer;

/** What is put, from memory or from a blob that does not change meanwhile. */
abstract class PutContent implements BucketRequests.Content {

  /** Bytes that are read at once. */
  private static final int PIECE = 1 << 16;

  private byte[] md5;

  /** Why it could not be read, when it could not. */
  private volatile IOException unread;

  static PutContent of(byte[] bytes) {
    return new PutContent() {
      @Override
      public long size() {
        return bytes.length;
      }

      @Override
      public InputStream open() {
        return new ByteArrayInputStream(bytes);
      }
    };
  }

  static PutContent of(Blob blob) throws IOException {
    long size = blob.size();
    return new PutContent() {
      @Override
      public long size() {
        return size;
      }

      @Override
      public InputStream open() {
        return new Reading(blob, size, this::failed);
      }
    };
  }

  /** Reads it once, which takes time. */
  void digest() throws IOException {
    try (InputStream in = open()) {
      MessageDigest digest = MessageDigest.getInstance("MD5");
      byte[] piece = new byte[(int) Math.min(PIECE, Math.max(1, size()))];
      for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
        digest.update(piece, 0, n);
      }
      md5 = digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }

  /** As above, unless that was done. */
  void digestOnce() throws IOException {
    if (md5 == null) {
      digest();
    }
  }

  void failed(IOException failure) {
    unread = failure;
  }

  /**
   * That it could be read so far: who puts it only sees a connection that broke.
   *
   * @throws IOException when it could not
   */
  void mustBeRead() throws IOException {
    IOException failure = unread;
    if (failure != null) {
      throw new IOException("what is to be put cannot be read: " + failure.getMessage(), failure);
    }
  }

  @Override
  public byte[] md5() {
    return md5.clone();
  }

  /** A blob from its beginning to its end. */
  private static final class Reading extends InputStream {
    private final Blob blob;
    private final long size;
    private final Consumer<IOException> failed;
    private long at;
    private long marked;

    Reading(Blob blob, long size, Consumer<IOException> failed) {
      this.blob = blob;
      this.size = size;
      this.failed = failed;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
      if (at == size) {
        return -1;
      }
      int n = (int) Math.min(length, size - at);
      try {
        blob.read(at, to, offset, n);
      } catch (IOException e) {
        failed.accept(e);
        throw e;
      }
      at += n;
      return n;
    }

    @Override
    public boolean markSupported() {
      return true;
    }

    @Override
    public synchronized void mark(int limit) {
      marked = at;
    }

    @Override
    public synchronized void reset() {
      at = marked;
    }
  }
}
