package blksh.drive.ssh;

import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** Bytes as an agent packs them. */
final class Unpacking {

  private Unpacking() {}

  /**
   * Unpacks to a length that is known before.
   *
   * @throws blksh.BlkshException when it is of another length, or cannot be unpacked
   */
  static byte[] of(RemoteChannel drive, int codec, ByteBuffer packed, int length) {
    byte[] raw = new byte[length];
    if (codec == AgentFrame.RAW && packed.remaining() == length) {
      packed.duplicate().get(raw);
      return raw;
    }
    if (codec != AgentFrame.ZLIB) {
      throw drive.garbage("it sends bytes that are packed in no way that is known");
    }
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(packed.duplicate());
      int at = 0;
      while (at < length && !inflater.finished()) {
        int count = inflater.inflate(raw, at, length - at);
        if (count == 0) {
          break;
        }
        at += count;
      }
      // The end of the stream may want one call more.
      boolean more = !inflater.finished() && inflater.inflate(new byte[1]) > 0;
      if (at == length && !more && inflater.finished()) {
        return raw;
      }
    } catch (DataFormatException e) {
      // told below
    } finally {
      inflater.end();
    }
    throw drive.garbage("it sends bytes that cannot be unpacked to what was asked for");
  }
}
