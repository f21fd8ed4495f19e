package blksh.iso;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The fields that Rock Ridge (RRIP 1.12, with the identifier of 1.10) puts behind a directory
 * record, in the form of SUSP 1.12.
 */
final class RockRidge {

  /** Bytes of the fields that have one size: what shows that there are any, and a continuation. */
  static final int SHARING = 7;

  static final int ATTRIBUTES = 44;
  static final int TIMES = 5 + 3 * IsoTime.LENGTH;
  static final int CONTINUATION = 28;

  private static final int HEADER = 5;

  /** Most bytes of a name in one field, whose length is told in one byte. */
  private static final int NAME_PIECE = 250;

  private static final int LONGEST_FIELD = 255;

  /** Most bytes of one part of a target in one component. */
  private static final int COMPONENT_PIECE = 248;

  private static final int CONTINUES = 1;
  private static final int CURRENT = 2;
  private static final int PARENT = 4;
  private static final int ROOT = 8;

  private static final int DIRECTORY_TYPE = 0040000;
  private static final int FILE_TYPE = 0100000;
  private static final int LINK_TYPE = 0120000;

  private RockRidge() {}

  /** Bytes of the fields of a name. */
  static int nameLength(int bytes) {
    return bytes + HEADER * ((bytes + NAME_PIECE - 1) / NAME_PIECE);
  }

  /**
   * The fields that may stand in a continuation: the name, and where a symbolic link leads.
   *
   * @param target null when it is none
   */
  static List<byte[]> named(byte[] name, byte[] target) {
    List<byte[]> fields = new ArrayList<>();
    for (int at = 0; at < name.length; at += NAME_PIECE) {
      int length = Math.min(NAME_PIECE, name.length - at);
      byte[] field = begun('N', 'M', HEADER + length);
      field[4] = (byte) (at + length < name.length ? CONTINUES : 0);
      System.arraycopy(name, at, field, HEADER, length);
      fields.add(field);
    }
    if (target != null) {
      fields.addAll(link(target));
    }
    return fields;
  }

  private static byte[] begun(char one, char two, int length) {
    byte[] field = new byte[length];
    field[0] = (byte) one;
    field[1] = (byte) two;
    field[2] = (byte) length;
    field[3] = 1;
    return field;
  }

  private static List<byte[]> link(byte[] target) {
    List<byte[]> components = components(target);
    List<byte[]> fields = new ArrayList<>();
    ByteArrayOutputStream open = new ByteArrayOutputStream();
    for (byte[] component : components) {
      if (HEADER + open.size() + component.length > LONGEST_FIELD) {
        fields.add(linkField(open, true));
      }
      open.writeBytes(component);
    }
    fields.add(linkField(open, false));
    return fields;
  }

  private static byte[] linkField(ByteArrayOutputStream components, boolean continues) {
    byte[] field = begun('S', 'L', HEADER + components.size());
    field[4] = (byte) (continues ? CONTINUES : 0);
    System.arraycopy(components.toByteArray(), 0, field, HEADER, components.size());
    components.reset();
    return field;
  }

  /** The parts of a target; an empty one stands where two slashes do, or one at the end. */
  private static List<byte[]> components(byte[] target) {
    List<byte[]> components = new ArrayList<>();
    int from = 0;
    if (target[0] == '/') {
      components.add(new byte[] {ROOT, 0});
      from = 1;
    }
    boolean more = from < target.length;
    while (more) {
      int to = from;
      while (to < target.length && target[to] != '/') {
        to++;
      }
      component(Arrays.copyOfRange(target, from, to), components);
      from = to + 1;
      more = to < target.length;
    }
    return components;
  }

  private static void component(byte[] part, List<byte[]> to) {
    if (Arrays.equals(part, new byte[] {'.'})) {
      to.add(new byte[] {CURRENT, 0});
    } else if (Arrays.equals(part, new byte[] {'.', '.'})) {
      to.add(new byte[] {PARENT, 0});
    } else {
      int at = 0;
      do {
        int length = Math.min(COMPONENT_PIECE, part.length - at);
        byte[] component = new byte[2 + length];
        component[0] = (byte) (at + length < part.length ? CONTINUES : 0);
        component[1] = (byte) length;
        System.arraycopy(part, at, component, 2, length);
        to.add(component);
        at += length;
      } while (at < part.length);
    }
  }

  /** PX: mode, links, owner, group and the number of the file. */
  static byte[] attributes(DiscTree.Kind kind, DiscAttributes of, int links, int number) {
    int type =
        switch (kind) {
          case DIRECTORY -> DIRECTORY_TYPE;
          case FILE -> FILE_TYPE;
          case LINK -> LINK_TYPE;
        };
    byte[] field = begun('P', 'X', ATTRIBUTES);
    BothEndian.put32(field, 4, type | of.mode());
    BothEndian.put32(field, 12, links);
    BothEndian.put32(field, 20, of.uid());
    BothEndian.put32(field, 28, of.gid());
    BothEndian.put32(field, 36, number);
    return field;
  }

  /** TF: when it was modified, accessed and changed, which is one time here. */
  static byte[] times(DiscAttributes of) {
    byte[] field = begun('T', 'F', TIMES);
    field[4] = 0x0e;
    for (int i = 0; i < 3; i++) {
      IsoTime.put(field, 5 + i * IsoTime.LENGTH, of.seconds());
    }
    return field;
  }

  /** SP: there are fields from here on. */
  static byte[] sharing() {
    byte[] field = begun('S', 'P', SHARING);
    field[4] = (byte) 0xbe;
    field[5] = (byte) 0xef;
    return field;
  }

  /** CE: the fields go on elsewhere. */
  static byte[] continuation(long sector, int offset, int length) {
    byte[] field = begun('C', 'E', CONTINUATION);
    BothEndian.put32(field, 4, (int) sector);
    BothEndian.put32(field, 12, offset);
    BothEndian.put32(field, 20, length);
    return field;
  }

  /** ER: these fields are of Rock Ridge. */
  static byte[] extension() {
    byte[] id = ascii("RRIP_1991A");
    byte[] description =
        ascii(
            "THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS");
    byte[] source =
        ascii(
            "PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN"
                + " PRIMARY VOLUME DESCRIPTOR FOR CONTACT INFORMATION.");
    byte[] field = begun('E', 'R', 8 + id.length + description.length + source.length);
    field[4] = (byte) id.length;
    field[5] = (byte) description.length;
    field[6] = (byte) source.length;
    field[7] = 1;
    System.arraycopy(id, 0, field, 8, id.length);
    System.arraycopy(description, 0, field, 8 + id.length, description.length);
    System.arraycopy(source, 0, field, 8 + id.length + description.length, source.length);
    return field;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
