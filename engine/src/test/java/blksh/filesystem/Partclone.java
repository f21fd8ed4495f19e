package blksh.filesystem;

import blksh.kit.Tool;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which blocks partclone takes as used, from the bitmap of an image it makes. */
public record Partclone(int blockSize, long blocks, Structure bitmap) {

  private static final int HEADER = 110;

  public static Partclone of(String program, Path image, Path scratch) throws IOException {
    Path output = Files.createTempFile(scratch, "partclone", ".img");
    try {
      Tool.named(program)
          .run("-c", "-F", "-L", scratch.resolve("partclone.log"), "-s", image, "-O", output);
      try (RandomAccessFile file = new RandomAccessFile(output.toFile(), "r")) {
        byte[] header = new byte[HEADER];
        file.readFully(header);
        Structure facts = Structure.of(header);
        long blocks = facts.i64(60);
        byte[] bitmap = new byte[(int) ((blocks + 7) / 8)];
        file.readFully(bitmap);
        return new Partclone((int) facts.u32(84), blocks, Structure.of(bitmap));
      }
    } finally {
      Files.delete(output);
    }
  }

  public boolean isUsed(long block) {
    return bitmap.bit(block);
  }
}
