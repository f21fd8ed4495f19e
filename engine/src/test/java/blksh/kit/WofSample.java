package blksh.kit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file as Windows compresses system files: text, calls as programs have them, noise and zeros.
 * What is stored of it was made by wimlib.
 */
public final class WofSample {

  private WofSample() {}

  /** What all of them decode to. */
  public static byte[] content() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 1; i <= 9000; i++) {
      bytes.writeBytes((i + "\n").getBytes(StandardCharsets.US_ASCII));
    }
    ByteBuffer call = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 3000; i++) {
      call.clear().put((byte) 0xe8).putInt(i * 977 % 40000 - 20000);
      bytes.writeBytes(call.put((byte) 0x8b).put((byte) 0x45).put((byte) (i & 7)).array());
    }
    long noise = 1;
    for (int i = 0; i < 9000; i++) {
      noise = (noise * 1103515245 + 12345) & 0x7fffffff;
      bytes.write((int) (noise >> 16));
    }
    bytes.writeBytes(new byte[20000]);
    bytes.writeBytes("end".getBytes(StandardCharsets.US_ASCII));
    return bytes.toByteArray();
  }

  /** What a stream holds. @param format {@code lzx}, {@code xpress4k} … */
  public static byte[] stored(String format) throws IOException {
    return Files.readAllBytes(Path.of("src/test/resources/images/wof", format));
  }
}
