package blksh.snapshot;

import blksh.io.ExtendedAttributes;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.Packed;
import blksh.io.Sha256;
import blksh.tree.TreeMetadata;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What was noted of an entry when a snapshot was taken: what it was, not what the destination could
 * keep of it.
 *
 * @param flags {@link #TORN}, {@link #MISSING}, {@link #LOST}, {@link #WRONG}
 * @param digest of the contents of a regular file; empty of anything else
 * @param target of a link; empty of anything else
 * @param attributes the first bytes of the SHA-256 of all extended attributes; empty for none
 * @param groupDevice with {@code groupInode} what all names of a file have in common; 0 of one with
 *     a single name
 */
record RecordEntry(
    byte[] name,
    FileType type,
    int flags,
    int mode,
    int uid,
    int gid,
    long size,
    long mtimeSeconds,
    int mtimeNanos,
    long special,
    byte[] digest,
    byte[] target,
    byte[] attributes,
    long groupDevice,
    long groupInode) {

  /** It changed while it was read, each time it was tried. */
  static final int TORN = 1;

  /** It could not be read, and is not in the snapshot. */
  static final int MISSING = 2;

  /** Some of its metadata could not be given to what is in the snapshot. */
  static final int LOST = 4;

  /** What the snapshot has is known not to be what the original had. */
  static final int WRONG = 8;

  private static final byte[] NONE = {};
  private static final int ATTRIBUTES = 16;
  private static final FileType[] TYPES = FileType.values();

  static RecordEntry of(
      byte[] name, FileStatus status, int flags, byte[] digest, byte[] target, byte[] attributes) {
    boolean group = !status.isDirectory() && status.links() > 1;
    return new RecordEntry(
        name,
        status.type(),
        flags,
        status.mode(),
        status.uid(),
        status.gid(),
        status.isDirectory() ? 0 : status.size(),
        status.mtimeSeconds(),
        status.mtimeNanos(),
        status.special(),
        digest == null ? NONE : digest,
        target == null ? NONE : target,
        attributes,
        group ? status.device() : 0,
        group ? status.inode() : 0);
  }

  static byte[] digestOf(ExtendedAttributes attributes) {
    if (attributes.isEmpty()) {
      return NONE;
    }
    MessageDigest digest = Sha256.begin();
    Packed.Packing all = new Packed.Packing(256);
    attributes.all().forEach(it -> all.bytes(it.name()).bytes(it.value()));
    return Arrays.copyOf(digest.digest(all.toByteArray()), ATTRIBUTES);
  }

  /** Whether its contents were read when a file had a status, as far as size and time tell. */
  boolean isOf(FileStatus status) {
    return size == status.size()
        && mtimeSeconds == status.mtimeSeconds()
        && mtimeNanos == status.mtimeNanos();
  }

  boolean isDirectory() {
    return type == FileType.DIRECTORY;
  }

  boolean isMissing() {
    return (flags & MISSING) != 0;
  }

  boolean isWrong() {
    return (flags & WRONG) != 0;
  }

  /** As this, of a single name. */
  RecordEntry withoutGroup() {
    return new RecordEntry(
        name,
        type,
        flags,
        mode,
        uid,
        gid,
        size,
        mtimeSeconds,
        mtimeNanos,
        special,
        digest,
        target,
        attributes,
        0,
        0);
  }

  boolean hasLost() {
    return (flags & LOST) != 0;
  }

  boolean isTorn() {
    return (flags & TORN) != 0;
  }

  /** Whether both have the same contents, or are the same kind of thing. */
  boolean hasContentsOf(RecordEntry other) {
    return type == other.type
        && size == other.size
        && special == other.special
        && isMissing() == other.isMissing()
        && Arrays.equals(digest, other.digest)
        && Arrays.equals(target, other.target);
  }

  /** Whether both have the same owner, permissions, time and attributes. */
  boolean hasMetadataOf(RecordEntry other) {
    return mode == other.mode
        && uid == other.uid
        && gid == other.gid
        && mtimeSeconds == other.mtimeSeconds
        && mtimeNanos == other.mtimeNanos
        && Arrays.equals(attributes, other.attributes);
  }

  /** A number that two entries have in common when they can be names of one file. */
  long fileKey() {
    Packed.Packing all = new Packed.Packing(160);
    all.bytes(digest).bytes(attributes).number(mode).number(uid).number(gid);
    all.number(mtimeSeconds).number(mtimeNanos).number(size);
    return ByteBuffer.wrap(Sha256.begin().digest(all.toByteArray())).getLong();
  }

  TreeMetadata metadata(ExtendedAttributes all) {
    return new TreeMetadata(type, mode, uid, gid, mtimeSeconds, mtimeNanos, special, all);
  }

  /** A part of a directory. */
  static byte[] packed(List<RecordEntry> entries) {
    Packed.Packing part = new Packed.Packing(64 + entries.size() * 128);
    for (RecordEntry each : entries) {
      part.bytes(each.name)
          .number(each.type.ordinal() | each.flags << 4)
          .number(each.mode)
          .number(each.uid & 0xffffffffL)
          .number(each.gid & 0xffffffffL)
          .number(each.size)
          .number(each.mtimeSeconds)
          .number(each.mtimeNanos)
          .number(each.special)
          .bytes(each.digest)
          .bytes(each.target)
          .bytes(each.attributes)
          .number(each.groupDevice)
          .number(each.groupInode);
    }
    return part.toByteArray();
  }

  /**
   * The entries of a part.
   *
   * @throws IllegalArgumentException when it is none
   */
  static List<RecordEntry> unpacked(byte[] part) {
    Packed from = new Packed(part);
    List<RecordEntry> entries = new ArrayList<>();
    while (from.hasMore()) {
      byte[] name = from.bytes();
      int kind = (int) from.number();
      int type = kind & 15;
      if (type >= TYPES.length) {
        throw new IllegalArgumentException("an entry of type " + type);
      }
      entries.add(
          new RecordEntry(
              name,
              TYPES[type],
              kind >> 4,
              (int) from.number(),
              (int) from.number(),
              (int) from.number(),
              from.number(),
              from.number(),
              (int) from.number(),
              from.number(),
              from.bytes(),
              from.bytes(),
              from.bytes(),
              from.number(),
              from.number()));
    }
    return entries;
  }
}
