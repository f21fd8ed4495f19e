package blksh.parity;

import java.nio.ByteBuffer;
import java.util.zip.Adler32;
import java.util.zip.CRC32;

/**
 * By what a sector is known to be as it was: its CRC-32 in the lower half, its Adler-32 in the
 * upper (both as zlib has them, RFC 1950 and 1952). They tell damage apart, not malice; contents
 * have their SHA-256 beside. For one thread.
 */
final class SectorDigest {

  private final CRC32 crc = new CRC32();
  private final Adler32 adler = new Adler32();

  /** Of all that remains of a buffer, which stays as it is. */
  long of(ByteBuffer bytes) {
    crc.reset();
    adler.reset();
    crc.update(bytes.duplicate());
    adler.update(bytes.duplicate());
    return crc.getValue() | adler.getValue() << 32;
  }

  long of(byte[] bytes, int from, int length) {
    crc.reset();
    adler.reset();
    crc.update(bytes, from, length);
    adler.update(bytes, from, length);
    return crc.getValue() | adler.getValue() << 32;
  }
}
