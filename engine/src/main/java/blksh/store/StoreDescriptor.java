package blksh.store;

import blksh.io.PartFile;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * {@code store.json}: what a directory must say to be a store.
 *
 * @param id of the store, repeated in every pack and manifest
 * @param codec for new frames; frames say for themselves how they are compressed
 */
record StoreDescriptor(UUID id, Codec codec) {

  static final String FILE = "store.json";
  static final int FORMAT = 1;

  /** The id as it stands in packs and manifests. */
  byte[] idBytes() {
    return bytes(id);
  }

  static byte[] bytes(UUID id) {
    return java.nio.ByteBuffer.allocate(16)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }

  static UUID uuid(byte[] bytes) {
    java.nio.ByteBuffer buffer = java.nio.ByteBuffer.wrap(bytes);
    return new UUID(buffer.getLong(), buffer.getLong());
  }

  /** The file's exact text: the checksum is the CRC-32C of all before its line. */
  String text() {
    String body =
        """
        {
          "format": %d,
          "id": "%s",
          "pageSize": %d,
          "codec": "%s",
        """
            .formatted(FORMAT, id, Page.SIZE, codec.name().toLowerCase(java.util.Locale.ROOT));
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return body + "  \"crc32c\": \"%08x\"\n}\n".formatted(Checksum.of(bytes, 0, bytes.length));
  }

  /** Writes it so that it is there whole or not at all. */
  void write(Path store) throws IOException {
    Path part = store.resolve(FILE + ".part");
    byte[] bytes = text().getBytes(StandardCharsets.UTF_8);
    try (FileChannel channel =
        FileChannel.open(
            part,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      Bytes.writeAt(channel, 0, bytes, 0, bytes.length);
      channel.force(true);
    }
    Files.move(part, store.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    PartFile.syncDirectory(store);
  }

  /** The file is there but not as it was written. */
  static final class DamagedDescriptor extends IOException {
    DamagedDescriptor(String problem) {
      super(problem);
    }
  }

  /** A newer blksh made the store. */
  static final class NewerFormat extends IOException {
    NewerFormat(String problem) {
      super(problem);
    }
  }

  static StoreDescriptor read(Path store) throws IOException {
    Path file = store.resolve(FILE);
    if (Files.size(file) > 1 << 16) {
      throw new DamagedDescriptor("it is too long");
    }
    byte[] bytes = Files.readAllBytes(file);
    Map<String, String> fields = new LinkedHashMap<>();
    try (JsonParser in = new JsonFactory().createParser(bytes)) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        throw new DamagedDescriptor("it is not a JSON object");
      }
      while (in.nextToken() == JsonToken.FIELD_NAME) {
        String field = in.currentName();
        in.nextToken();
        fields.put(field, in.getText());
      }
      int format = Integer.parseInt(fields.getOrDefault("format", "0"));
      if (format > FORMAT && sound(bytes, fields.get("crc32c"))) {
        throw new NewerFormat("its format is " + format + ", and this blksh knows up to " + FORMAT);
      }
      StoreDescriptor found =
          new StoreDescriptor(
              UUID.fromString(fields.getOrDefault("id", "")),
              Codec.valueOf(fields.getOrDefault("codec", "").toUpperCase(java.util.Locale.ROOT)));
      if (!Arrays.equals(found.text().getBytes(StandardCharsets.UTF_8), bytes)) {
        throw new DamagedDescriptor("its checksum does not match");
      }
      return found;
    } catch (com.fasterxml.jackson.core.JsonProcessingException | IllegalArgumentException e) {
      throw new DamagedDescriptor("it is not what blksh wrote");
    }
  }

  private static boolean sound(byte[] bytes, String crc) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int end = text.indexOf("  \"crc32c\"");
    byte[] body = end < 0 ? bytes : text.substring(0, end).getBytes(StandardCharsets.UTF_8);
    return "%08x".formatted(Checksum.of(body, 0, body.length)).equals(crc);
  }
}
