package blksh.lz;

import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Chunks of deflate (RFC 1951), also within the frame of zlib (RFC 1950), by the JDK. */
public final class Deflate {

  private Deflate() {}

  /**
   * Decodes a chunk until a buffer is full, or as much of it as there is.
   *
   * @param from after the end of the chunk may be anything
   * @param raw whether it is without the frame of zlib
   * @return bytes decoded
   * @throws BadChunkException when it does not decode
   */
  public static int decode(byte[] from, byte[] to, boolean raw) throws BadChunkException {
    Inflater inflater = new Inflater(raw);
    try {
      inflater.setInput(from);
      return fill(inflater, to, to.length);
    } catch (DataFormatException e) {
      throw new BadChunkException("does not decode (%s)".formatted(e.getMessage()));
    } finally {
      inflater.end();
    }
  }

  /**
   * Decodes what an inflater was given, up to so many bytes.
   *
   * @return bytes decoded; fewer when it ends before
   */
  public static int fill(Inflater inflater, byte[] to, int length) throws DataFormatException {
    int done = 0;
    while (done < length && !inflater.finished()) {
      int count = inflater.inflate(to, done, length - done);
      if (count == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
        break;
      }
      done += count;
    }
    return done;
  }
}
