package blksh.store.diskdump;

import blksh.io.IoFailure;
import blksh.io.NoPlainFileException;
import blksh.io.OpenFile;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What config.json of a diskdump store says. No reader needs it: each manifest has its own block
 * size. So one that cannot be understood is no reason to refuse the store; one that states another
 * format is.
 *
 * @param blockSize bytes of a block of its first run, or the usual ones
 * @param problem why it says nothing of use; null when nothing is wrong
 */
record DiskdumpConfig(int blockSize, String problem) {

  private static final int LONGEST = 64 << 10;
  private static final int VERSION = 1;
  private static final String HASH = "sha256";

  /** One that is to be written. */
  static DiskdumpConfig of(int blockSize) {
    return new DiskdumpConfig(blockSize, null);
  }

  private static DiskdumpConfig usual(String problem) {
    return new DiskdumpConfig(DumpManifest.USUAL_BLOCK, problem);
  }

  /**
   * Reads it.
   *
   * @throws IOException when it states another version or other names of blocks, or when it is
   *     there and cannot be read
   */
  static DiskdumpConfig read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return usual(null); // diskdump does without
    }
    byte[] text;
    try (OpenFile in = OpenFile.open(file, OpenFile.Use.READ, OpenFile.WhenInterrupted.FINISH)) {
      if (in.size() > LONGEST) {
        return usual("it is too long");
      }
      text = in.readFully(0, (int) in.size());
    } catch (NoPlainFileException e) {
      return usual(IoFailure.reason(e));
    }
    return text.length == 0 ? usual("it is empty, as a cut leaves it") : parsed(text);
  }

  private static DiskdumpConfig parsed(byte[] text) throws IOException {
    long blockSize = DumpManifest.USUAL_BLOCK;
    try (JsonParser in = new JsonFactory().createParser(text)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        return usual("it is no object");
      }
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String field = in.currentName();
        JsonToken value = in.nextToken();
        String said = value != null && value.isScalarValue() ? in.getText() : "";
        if (field.equals("version") && !said.equals(Integer.toString(VERSION))) {
          throw new Another("it is of version " + said + ", and only 1 is known");
        } else if (field.equals("hash_algo") && !said.equals(HASH)) {
          throw new Another("its blocks are named by " + said + ", and only sha256 is known");
        } else if (field.equals("block_size")) {
          blockSize = said.matches("[0-9]{1,9}") ? Long.parseLong(said) : -1;
        }
        in.skipChildren();
      }
      if (in.currentToken() != JsonToken.END_OBJECT) {
        return usual("it is cut short");
      }
    } catch (Another e) {
      throw e;
    } catch (IOException e) {
      return usual("it is no JSON");
    }
    if (blockSize < DumpManifest.SMALLEST_BLOCK || blockSize > DumpManifest.LARGEST_BLOCK) {
      return usual("its block_size makes no sense");
    }
    return of((int) blockSize);
  }

  /** It states another format. */
  private static final class Another extends IOException {
    Another(String problem) {
      super(problem);
    }
  }

  /** Writes it as diskdump does. */
  void write(Path file) throws IOException {
    String text =
        "{\n  \"block_size\": %d,\n  \"hash_algo\": \"%s\",\n  \"version\": %d\n}"
            .formatted(blockSize, HASH, VERSION);
    WholeFile.create(file, PartFile.Durability.DURABLE, text.getBytes(StandardCharsets.US_ASCII));
  }
}
