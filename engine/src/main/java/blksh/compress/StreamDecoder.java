package blksh.compress;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.UnsupportedOptionsException;

/** Decodes through a stream of a library. */
final class StreamDecoder implements Decoder {

  /** How a library is brought to decode. */
  interface Opening {
    InputStream open() throws IOException;
  }

  private final SourceInput input;
  private final InputStream decoded;
  private IOException damage;

  /**
   * @param input what the stream reads from
   */
  StreamDecoder(SourceInput input, Opening opening) throws IOException {
    this.input = input;
    try {
      decoded = opening.open();
    } catch (IOException | RuntimeException e) {
      throw translate(e);
    }
  }

  @Override
  public int decode(byte[] target, int offset, int length) throws IOException {
    if (damage != null) {
      throw damage;
    }
    try {
      return decoded.read(target, offset, length);
    } catch (IOException | RuntimeException e) {
      damage = translate(e);
      throw damage;
    }
  }

  /** The damage behind a failure; failures of the source underneath pass through. */
  private IOException translate(Exception e) {
    return damage(e, input);
  }

  /** What the failure of a library means for the stream it read from {@code input}. */
  static StreamDamage damage(Exception e, SourceInput input) {
    if (e instanceof blksh.BlkshException own) {
      throw own;
    }
    if (e instanceof StreamDamage known) {
      return known;
    }
    if (e instanceof EOFException) {
      return StreamDamage.truncated(input.position());
    }
    if (e instanceof MemoryLimitException memory) {
      return StreamDamage.unsupported(
          "decoding it takes %d MiB of memory".formatted(memory.getMemoryNeeded() / 1024));
    }
    if (e instanceof UnsupportedOptionsException) {
      return StreamDamage.unsupported("it uses a variant of the format that is not supported");
    }
    return StreamDamage.corrupt(
        "the compressed data is invalid before compressed byte %d".formatted(input.position()), e);
  }

  @Override
  public void close() {
    try {
      decoded.close();
    } catch (IOException e) {
      // It only lets go of memory; the source stays open.
    }
  }
}
