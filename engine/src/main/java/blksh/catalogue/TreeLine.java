package blksh.catalogue;

import blksh.io.ExtendedAttributes;
import blksh.io.FileType;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;

/**
 * One line of a disc's tree.jsonl: all that is known of an entry, as a JSON object. How long it is
 * does not depend on where the disc has the contents.
 */
final class TreeLine {

  private static final int SECTOR_WIDTH = 10;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

  private TreeLine() {}

  /**
   * What a line says beside the entry.
   *
   * @param path in the one tree of all sources
   * @param link the path of the first name of the same file; null when this is the first, or only
   *     one
   * @param sha256 null when it has no contents
   * @param part null when its contents are not on this disc
   * @param otherDisc the disc that has them, and {@code same} a path of theirs there; null when
   *     this one has
   */
  record Place(
      byte[] path, byte[] link, byte[] sha256, PartRow part, String otherDisc, byte[] same) {}

  static byte[] of(EntryState entry, Place place) {
    return new TreeLine().line(entry, place);
  }

  private byte[] line(EntryState entry, Place place) {
    text("{\"path\": ");
    out.writeBytes(JsonText.of(place.path));
    text(", \"type\": \"" + type(entry.type()) + "\", \"mode\": " + entry.mode());
    text(
        ", \"uid\": %s, \"gid\": %s, \"mtime\": [%d, %d]"
            .formatted(
                Integer.toUnsignedString(entry.uid()),
                Integer.toUnsignedString(entry.gid()),
                entry.mtime(),
                entry.mtimeNanos()));
    if (entry.type() == FileType.LINK) {
      text(", \"target\": ");
      out.writeBytes(JsonText.of(entry.target()));
    }
    if (entry.special() != 0) {
      text(", \"device\": " + Long.toUnsignedString(entry.special()));
    }
    attributes(AttributeBytes.attributes(entry.attributes()));
    if (place.link != null) {
      text(", \"link\": ");
      out.writeBytes(JsonText.of(place.link));
    }
    if (entry.isRegular()) {
      contents(entry, place);
    }
    text("}\n");
    return out.toByteArray();
  }

  private void contents(EntryState entry, Place place) {
    text(", \"size\": " + entry.size());
    if (place.sha256 != null) {
      text(", \"sha256\": \"" + HexFormat.of().formatHex(place.sha256) + "\"");
    }
    if (place.part != null) {
      PartRow part = place.part;
      text(", \"at\": %".concat(SECTOR_WIDTH + "d").formatted(part.sector()));
      if (part.parts() > 1) {
        text(
            ", \"part\": %d, \"parts\": %d, \"start\": %d, \"length\": %d, \"file\": "
                .formatted(part.number(), part.parts(), part.start(), part.length()));
        out.writeBytes(JsonText.of(part.name(entry.name())));
      }
    }
    if (place.otherDisc != null) {
      text(", \"disc\": ");
      out.writeBytes(JsonText.of(place.otherDisc));
      if (place.same != null) {
        text(", \"same\": ");
        out.writeBytes(JsonText.of(place.same));
      }
    }
  }

  private void attributes(ExtendedAttributes attributes) {
    if (attributes.isEmpty()) {
      return;
    }
    String before = ", \"xattr\": {";
    for (ExtendedAttributes.Attribute each : attributes.all()) {
      text(before);
      out.writeBytes(JsonText.of(each.name()));
      text(": \"" + Base64.getEncoder().encodeToString(each.value()) + "\"");
      before = ", ";
    }
    text("}");
  }

  private static String type(FileType type) {
    return switch (type) {
      case REGULAR -> "file";
      case DIRECTORY -> "directory";
      case LINK -> "link";
      case BLOCK_DEVICE -> "block";
      case CHARACTER_DEVICE -> "character";
      case PIPE -> "pipe";
      case SOCKET -> "socket";
    };
  }

  private void text(String text) {
    out.writeBytes(text.getBytes(StandardCharsets.UTF_8));
  }
}
