package blksh.store.diskdump;

import blksh.io.PartFile;
import blksh.io.WholeFile;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What config.json of a diskdump store says: the block size of its first run. */
record DiskdumpConfig(int blockSize) {

  private static final long LONGEST = 64 << 10;
  private static final int VERSION = 1;
  private static final String HASH = "sha256";

  /**
   * Reads it.
   *
   * @throws IOException when it is of another version, or says what makes no sense
   */
  static DiskdumpConfig read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return new DiskdumpConfig(DumpManifest.USUAL_BLOCK); // diskdump does without
    }
    if (Files.size(file) > LONGEST) {
      throw new IOException("config.json is too long");
    }
    long blockSize = DumpManifest.USUAL_BLOCK;
    try (JsonParser in = new JsonFactory().createParser(Files.readAllBytes(file))) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("config.json is no object");
      }
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String field = in.currentName();
        JsonToken value = in.nextToken();
        String text = value.isScalarValue() ? in.getText() : "";
        if (field.equals("version") && !text.equals(Integer.toString(VERSION))) {
          throw new IOException("it is of version " + text + ", and only 1 is known");
        } else if (field.equals("hash_algo") && !text.equals(HASH)) {
          throw new IOException("its blocks are named by " + text + ", and only sha256 is known");
        } else if (field.equals("block_size")) {
          blockSize = value == JsonToken.VALUE_NUMBER_INT ? in.getLongValue() : -1;
        }
        in.skipChildren();
      }
    }
    if (blockSize < DumpManifest.SMALLEST_BLOCK || blockSize > DumpManifest.LARGEST_BLOCK) {
      throw new IOException("blocks of %d bytes cannot be read".formatted(blockSize));
    }
    return new DiskdumpConfig((int) blockSize);
  }

  /** Writes it as diskdump does. */
  void write(Path file) throws IOException {
    String text =
        "{\n  \"block_size\": %d,\n  \"hash_algo\": \"%s\",\n  \"version\": %d\n}"
            .formatted(blockSize, HASH, VERSION);
    WholeFile.create(file, PartFile.Durability.DURABLE, text.getBytes(StandardCharsets.US_ASCII));
  }
}
