package blksh.catalogue;

import blksh.io.ExtendedAttributes;
import blksh.io.Packed;
import java.util.ArrayList;
import java.util.List;

/** The extended attributes of an entry as the database has them: names and values, packed. */
final class AttributeBytes {

  private AttributeBytes() {}

  /** Null for none. */
  static byte[] of(ExtendedAttributes attributes) {
    if (attributes.isEmpty()) {
      return null;
    }
    Packed.Packing bytes = new Packed.Packing(128);
    attributes.all().forEach(each -> bytes.bytes(each.name()).bytes(each.value()));
    return bytes.toByteArray();
  }

  /**
   * @throws IllegalArgumentException when they are damaged
   */
  static ExtendedAttributes attributes(byte[] bytes) {
    if (bytes == null) {
      return ExtendedAttributes.NONE;
    }
    List<ExtendedAttributes.Attribute> all = new ArrayList<>();
    Packed from = new Packed(bytes);
    while (from.hasMore()) {
      all.add(new ExtendedAttributes.Attribute(from.bytes(), from.bytes()));
    }
    return new ExtendedAttributes(all);
  }
}
