package blksh.catalogue;

import blksh.io.ExtendedAttributes;
import blksh.io.FileType;
import java.util.Base64;

/**
 * One line of a disc's tree.jsonl: all that is known of an entry, as a JSON object. How long it is
 * does not depend on where the disc has the contents.
 */
final class TreeLine {

  private static final int SECTOR_WIDTH = 10;

  private final ByteText out = new ByteText();

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
    return new TreeLine().line(entry, place).toByteArray();
  }

  /** How many bytes the line has. */
  static int length(EntryState entry, Place place) {
    return new TreeLine().line(entry, place).length();
  }

  private ByteText line(EntryState entry, Place place) {
    out.add("{\"path\": ");
    JsonText.add(place.path, out);
    out.add(", \"type\": \"").add(type(entry.type())).add("\", \"mode\": ").number(entry.mode());
    out.add(", \"uid\": ").number(Integer.toUnsignedLong(entry.uid()));
    out.add(", \"gid\": ").number(Integer.toUnsignedLong(entry.gid()));
    out.add(", \"mtime\": [").number(entry.mtime()).add(", ").number(entry.mtimeNanos()).add(']');
    if (entry.type() == FileType.LINK) {
      out.add(", \"target\": ");
      JsonText.add(entry.target(), out);
    }
    if (entry.special() != 0) {
      out.add(", \"device\": ").add(Long.toUnsignedString(entry.special()));
    }
    attributes(AttributeBytes.attributes(entry.attributes()));
    if (place.link != null) {
      out.add(", \"link\": ");
      JsonText.add(place.link, out);
    }
    if (entry.isRegular()) {
      contents(entry, place);
    }
    return out.add("}\n");
  }

  private void contents(EntryState entry, Place place) {
    out.add(", \"size\": ").number(entry.size());
    if (place.sha256 != null) {
      out.add(", \"sha256\": \"").hex(place.sha256).add('"');
    }
    if (place.part != null) {
      PartRow part = place.part;
      out.add(", \"at\": ").number(part.sector(), SECTOR_WIDTH);
      if (part.parts() > 1) {
        out.add(", \"part\": ").number(part.number()).add(", \"parts\": ").number(part.parts());
        out.add(", \"start\": ").number(part.start()).add(", \"length\": ").number(part.length());
        out.add(", \"file\": ");
        JsonText.add(part.name(entry.name()), out);
      }
    }
    if (place.otherDisc != null) {
      out.add(", \"disc\": ");
      out.add(JsonText.of(place.otherDisc));
      if (place.same != null) {
        out.add(", \"same\": ");
        JsonText.add(place.same, out);
      }
    }
  }

  private void attributes(ExtendedAttributes attributes) {
    if (attributes.isEmpty()) {
      return;
    }
    String before = ", \"xattr\": {";
    for (ExtendedAttributes.Attribute each : attributes.all()) {
      out.add(before);
      JsonText.add(each.name(), out);
      out.add(": \"" + Base64.getEncoder().encodeToString(each.value()) + "\"");
      before = ", ";
    }
    out.add("}");
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
}
