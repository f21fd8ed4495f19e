package blksh.drive.ssh;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
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
    boolean whole =
        switch (codec) {
          case AgentFrame.ZLIB -> inflate(packed, raw);
          case AgentFrame.ZSTD -> zstd(packed, raw);
          default -> throw drive.garbage("it sends bytes that are packed in no way that is known");
        };
    if (!whole) {
      throw drive.garbage("it sends bytes that cannot be unpacked to what was asked for");
    }
    return raw;
  }

  /** Into the room there is, whatever a frame says of its length. @return whether that fits */
  private static boolean zstd(ByteBuffer packed, byte[] raw) {
    byte[] bytes = new byte[packed.remaining()];
    packed.duplicate().get(bytes);
    try {
      long length = Zstd.decompressByteArray(raw, 0, raw.length, bytes, 0, bytes.length);
      return length == raw.length;
    } catch (ZstdException e) {
      return false;
    }
  }

  private static boolean inflate(ByteBuffer packed, byte[] raw) {
    int length = raw.length;
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
      return at == length && !more && inflater.finished();
    } catch (DataFormatException e) {
      return false;
    } finally {
      inflater.end();
    }
  }
}
