package blksh.filesystem;

import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/** What Rock Ridge (RRIP 1.12, on SUSP 1.12) says about a directory record. */
final class RockRidgeFields {

  /** Longest list of fields that belong to one record, in bytes. */
  private static final int MOST_FIELDS = 64 << 10;

  private static final byte[] UP = {'.', '.'};

  private final Volume volume;
  private final int blockSize;

  final ByteArrayOutputStream name = new ByteArrayOutputStream();
  final ByteArrayOutputStream link = new ByteArrayOutputStream();
  private boolean linkBegun;
  private boolean linkGoesOn;
  int mode = -1;
  Instant modified;
  long child = -1;
  boolean moved;
  int uid = -1;
  int gid = -1;
  long links;

  /** How the content is compressed; null when it is not, or that is not known. */
  Zisofs compressed;

  /** Why the content cannot be read, as a clause; null when it can. */
  String unread;

  RockRidgeFields(Volume volume, int blockSize) {
    this.volume = volume;
    this.blockSize = blockSize;
  }

  /** What it is, of what the record itself says is no directory, or is one. */
  FileEntry.Kind kind(FileEntry.Kind otherwise) {
    return mode < 0
        ? otherwise
        : switch (mode >> 12 & 0xf) {
          case 0x8 -> FileEntry.Kind.FILE;
          case 0xa -> FileEntry.Kind.LINK;
          case 0x4 -> otherwise;
          default -> FileEntry.Kind.SPECIAL;
        };
  }

  /**
   * Takes up the fields of a record, and those that lie elsewhere.
   *
   * @param from where they begin in it
   */
  void take(FileEntry directory, Structure area, int from) {
    Set<Long> continued = new HashSet<>();
    int total = 0;
    Structure fields = area;
    int at = from;
    while (fields != null) {
      long next = -1;
      int nextLength = 0;
      while (at + 4 <= fields.length()) {
        int length = fields.u8(at + 2);
        if (length < 4 || at + length > fields.length()) {
          break;
        }
        int signature = IsoTree.signature(fields, at);
        if (signature == Iso9660.FIELDS_END) {
          break;
        }
        if (signature == Iso9660.CONTINUATION && length >= 28) {
          next = fields.u32(at + 4) * blockSize + fields.u32(at + 12);
          nextLength = fields.i32(at + 20);
        } else {
          take(signature, fields, at, length);
        }
        at += length;
      }
      total += nextLength;
      if (next < 0) {
        fields = null;
      } else if (nextLength < 0 || total > MOST_FIELDS || !continued.add(next)) {
        throw volume.damage(directory, "the directory is damaged");
      } else {
        fields = volume.read(next, nextLength);
        at = 0;
      }
    }
  }

  private void take(int signature, Structure fields, int at, int length) {
    switch (signature) {
      case Iso9660.ALTERNATE_NAME -> {
        if (length > 5) {
          name.writeBytes(fields.bytes(at + 5, length - 5));
        }
      }
      case Iso9660.ATTRIBUTES -> takeAttributes(fields, at, length);
      case Iso9660.COMPRESSED, Iso9660.COMPRESSED2 -> takeCompression(fields, at, length);
      case Iso9660.SPARSE -> unread = "it is a sparse file of Rock Ridge, which is not read";
      case Iso9660.TIMES -> takeTimes(fields, at, length);
      case Iso9660.SYMBOLIC_LINK -> takeLink(fields, at, length);
      case Iso9660.CHILD_LINK -> child = length >= 12 ? fields.u32(at + 4) : child;
      case Iso9660.RELOCATED -> moved = true;
      default -> {}
    }
  }

  private void takeAttributes(Structure fields, int at, int length) {
    mode = length >= 12 ? fields.i32(at + 4) : mode;
    if (length >= 36) {
      links = fields.u32(at + 12);
      uid = fields.i32(at + 20);
      gid = fields.i32(at + 28);
    }
  }

  private void takeCompression(Structure fields, int at, int length) {
    compressed = length >= 16 ? Zisofs.of(fields, at) : null;
    unread = compressed == null ? "it is compressed in a way that is not known (zisofs)" : null;
  }

  private void takeTimes(Structure fields, int at, int length) {
    int flags = length >= 5 ? fields.u8(at + 4) : 0;
    int each = (flags & 0x80) != 0 ? 17 : 7;
    int place = at + 5 + ((flags & 1) != 0 ? each : 0);
    if ((flags & 2) != 0 && each == 7 && place + 7 <= at + length) {
      modified = IsoTree.time(fields, place);
    }
  }

  private void takeLink(Structure fields, int at, int length) {
    for (int part = at + 5; part + 2 <= at + length; ) {
      int flags = fields.u8(part);
      int bytes = fields.u8(part + 1);
      if (part + 2 + bytes > at + length) {
        return;
      }
      if (linkBegun && !linkGoesOn) {
        link.write('/');
      }
      // What follows the root is not told from it once more.
      linkBegun = (flags & 0xe) != 8;
      switch (flags & 0xe) {
        case 2 -> link.write('.');
        case 4 -> link.writeBytes(UP);
        case 8 -> link.write('/');
        default -> {
          link.writeBytes(fields.bytes(part + 2, bytes));
        }
      }
      linkGoesOn = (flags & 1) != 0;
      part += 2 + bytes;
    }
  }
}
