package blksh.store;

import blksh.io.Checksum;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PageSize;
import blksh.store.parity.ParityBlobs;
import blksh.store.shelf.Blob;
import blksh.store.shelf.DamagedContentException;
import blksh.store.shelf.Shelf;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/**
 * {@code store.json}: what a directory must say to be a store.
 *
 * <p>Format 2 is format 1 with packs that may give way to others: whoever knows only format 1 looks
 * into packs without saying that he relies on them, and must not use such a store. Format 3 is
 * format 2 with parity beside what is stored: whoever knows only format 2 would let others take the
 * name of a blob and leave the parity of what was there. Format 4 is that of stores whose pages
 * have another size than 4096 bytes, with parity or without: whoever knows only format 3 would take
 * their packs and manifests for damaged.
 *
 * @param id of the store, repeated in every pack and manifest
 * @param codec of new frames; frames say for themselves how they are compressed
 * @param pageSize of what is stored; never changes
 * @param format 1 to 4
 * @param parity per cent of the blocks of a pack or manifest that may be lost, 0 for none
 */
record StoreDescriptor(UUID id, CodecChoice codec, PageSize pageSize, int format, int parity) {

  static final String FILE = "store.json";

  /** The newest format. */
  static final int FORMAT = 4;

  /** From which on there may be parity. */
  static final int PROTECTED = 3;

  /** From which on pages may have another size. */
  static final int PAGED = 4;

  /** From which on packs may give way to others. */
  static final int COMPACTED = 2;

  /** Of the oldest format that a new store needs. */
  StoreDescriptor(UUID id, CodecChoice codec, PageSize pageSize, int parity) {
    this(id, codec, pageSize, formatOf(pageSize, parity > 0), parity);
  }

  /**
   * The oldest format that allows what there is.
   *
   * @param parity whether there is any
   */
  static int formatOf(PageSize pageSize, boolean parity) {
    return pageSize != PageSize.USUAL ? PAGED : parity ? PROTECTED : COMPACTED;
  }

  /** Bytes that no descriptor has. */
  private static final int MOST = 1 << 16;

  /** The id as it stands in packs and manifests. */
  byte[] idBytes() {
    return bytes(id);
  }

  static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(16)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }

  static UUID uuid(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
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
            .formatted(format, id, pageSize.bytes(), codec);
    if (parity > 0) {
      body += "  \"parity\": %d,\n".formatted(parity);
    }
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return body + "  \"crc32c\": \"%08x\"\n}\n".formatted(Checksum.of(bytes, 0, bytes.length));
  }

  /** Writes it so that it is there whole or not at all. */
  void write(Shelf shelf) throws IOException {
    shelf.put(FILE, text().getBytes(StandardCharsets.UTF_8));
  }

  /** Writes it unless there is one: of two who make a store at once, one alone does. */
  boolean writeFirst(Shelf shelf) throws IOException {
    return shelf.putIfAbsent(FILE, text().getBytes(StandardCharsets.UTF_8));
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

  /**
   * Reads it.
   *
   * @throws NoSuchFileException when there is none
   * @throws DamagedDescriptor when it is not as it was written
   * @throws NewerFormat when this blksh cannot know what it means
   */
  static StoreDescriptor read(Shelf shelf) throws IOException {
    return parse(content(shelf));
  }

  private static byte[] content(Shelf shelf) throws IOException {
    try (Blob file = shelf.open(FILE)) {
      return content(file);
    }
  }

  private static byte[] content(Blob file) throws IOException {
    if (file.size() > MOST) {
      throw new DamagedDescriptor("it is too long");
    }
    try {
      return file.read(0, (int) file.size());
    } catch (DamagedContentException e) {
      throw new DamagedDescriptor(e.getMessage());
    }
  }

  /** As {@link #read}; this where it says the same. */
  StoreDescriptor renewed(Shelf shelf) throws IOException {
    byte[] now = content(shelf);
    return Arrays.equals(now, text().getBytes(StandardCharsets.UTF_8)) ? this : parse(now);
  }

  /** As {@link #read}, of what may become the file. */
  static StoreDescriptor parse(Blob file) throws IOException {
    return parse(content(file));
  }

  private static StoreDescriptor parse(byte[] bytes) throws IOException {
    Map<String, String> fields = new LinkedHashMap<>();
    // As text: by its first bytes, Jackson would take what rotted for UTF-32 and call it
    // unreadable.
    String text = new String(bytes, StandardCharsets.UTF_8);
    try (JsonParser in = new JsonFactory().createParser(text)) {
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
              CodecChoice.parse(fields.getOrDefault("codec", "")),
              PageSize.of(Long.parseLong(fields.getOrDefault("pageSize", "0"))),
              format,
              Integer.parseInt(fields.getOrDefault("parity", "0")));
      if (format < 1
          || found.parity > 0 && format < PROTECTED
          || (found.pageSize != PageSize.USUAL) != (format == PAGED)) {
        throw new DamagedDescriptor("there is no format " + format + " of this kind");
      }
      if (found.parity != 0) {
        ParityBlobs.check(found.parity);
      }
      if (!Arrays.equals(found.text().getBytes(StandardCharsets.UTF_8), bytes)) {
        throw new DamagedDescriptor("its checksum does not match");
      }
      return found;
    } catch (JsonProcessingException | IllegalArgumentException e) {
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
