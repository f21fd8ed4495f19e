package blksh.image;

import blksh.block.BlockSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;

/** The small images of the real tools, unpacked; their README says how each was made. */
final class Fixture {

  static final String EXT4_SHA256 =
      "bcb313bfa0ed158428600e6d22a14aaece19bf1caea858290c3c089dda3753f8";
  static final String NTFS_SHA256 =
      "55d5fa354e1ca84a9d75c93c456f042ba9f1641e57893afcc013f2a52f1c7012";
  static final String EXT2_SHA256 =
      "add0389f1bcbaad31255784862d271c20511d2441185deac6bb0723062f36ab1";

  private Fixture() {}

  static byte[] bytes(String name) {
    try (InputStream in =
        new GZIPInputStream(Fixture.class.getResourceAsStream("/images/" + name + ".img.gz"))) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  static Path file(Path directory, String name) throws IOException {
    return Files.write(directory.resolve(name + ".img"), bytes(name));
  }

  static byte[] read(BlockSource source, long position, int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    int count = source.read(position, buffer);
    return java.util.Arrays.copyOf(buffer.array(), count);
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static String sha256(BlockSource source) {
    return sha256(read(source, 0, (int) source.size()));
  }

  /** An image in the format 0001, written byte by byte as partclone 0.2 did. */
  static byte[] partcloneOld(byte[] partition, int blockSize, boolean[] stored, int trailer) {
    int blocks = stored.length;
    ByteBuffer out =
        ByteBuffer.allocate(4168 + blocks + blocks * (blockSize + trailer))
            .order(java.nio.ByteOrder.LITTLE_ENDIAN);
    out.put("partclone-image".getBytes()).put("EXTFS".getBytes());
    out.position(30).put("0001".getBytes());
    out.position(36).putInt(blockSize).putLong(partition.length).putLong(blocks);
    int used = 0;
    for (int i = 0; i < blocks; i++) {
      out.put(4160 + i, (byte) (stored[i] ? 1 : 0));
      used += stored[i] ? 1 : 0;
    }
    out.putLong(used);
    out.position(4160 + blocks).put("BiTmAgIc".getBytes());
    int crc = -1;
    for (int i = 0; i < blocks; i++) {
      if (stored[i]) {
        out.put(partition, i * blockSize, blockSize);
        for (int n = 0; n < blockSize; n++) {
          crc ^= partition[i * blockSize] & 0xff;
          for (int bit = 0; bit < 8; bit++) {
            crc = (crc >>> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
          }
        }
        out.putInt(crc);
        out.position(out.position() + trailer - 4);
      }
    }
    return java.util.Arrays.copyOf(out.array(), out.position());
  }
}
