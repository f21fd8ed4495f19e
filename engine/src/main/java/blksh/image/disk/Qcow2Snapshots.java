package blksh.image.disk;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import blksh.io.NameText;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The snapshots inside a qcow2 image: tables of level 1 as they were (QEMU, qcow2.txt). */
final class Qcow2Snapshots {

  /** As QEMU has it. */
  private static final int MOST = 65536;

  private static final int ENTRY = 40;
  private static final int LONGEST_EXTRA = 1024;
  private static final int LONGEST_NAME = 1023;

  /** The largest table of snapshots, in bytes. */
  private static final int LARGEST = 16 << 20;

  /**
   * A snapshot.
   *
   * @param size bytes of the disk then
   * @param memory bytes of the machine's memory that were kept with it
   */
  record Snapshot(
      String id, String name, Instant taken, long l1Offset, long l1Size, long size, long memory) {

    String told() {
      String kept = memory == 0 ? "" : ", with %d bytes of memory".formatted(memory);
      return "%s (%s, %s%s)".formatted(name, id, taken, kept);
    }
  }

  private final List<Snapshot> all = new ArrayList<>();
  private final long end;

  /**
   * @throws BlkshException when the table of them cannot be
   */
  Qcow2Snapshots(BlockSource file, Qcow2Header header) {
    long at = header.snapshotsOffset;
    int count = header.snapshots;
    if (count < 0 || count > MOST) {
      throw header.damaged(60, "it has %d snapshots".formatted(count & 0xffffffffL));
    }
    for (int i = 0; i < count; i++) {
      Structure entry = read(file, header, at, ENTRY);
      int id = entry.u16(12);
      int name = entry.u16(14);
      long extra = entry.u32(36);
      if (id > LONGEST_NAME || name > LONGEST_NAME || at - header.snapshotsOffset > LARGEST) {
        throw header.damaged(at, "snapshot %d has a name of %d bytes".formatted(i, name));
      }
      if (extra > LONGEST_EXTRA) {
        throw header.damaged(at + 36, "snapshot %d has %d bytes of extra".formatted(i, extra));
      }
      Structure rest = read(file, header, at + ENTRY, (int) extra + id + name);
      long size = extra >= 16 ? rest.i64(8) : header.size;
      long memory = extra >= 8 ? rest.i64(0) : entry.u32(32);
      if (size < 0) {
        throw header.damaged(at + ENTRY + 8, "snapshot %d has 2^63 bytes or more".formatted(i));
      }
      all.add(
          new Snapshot(
              NameText.of(rest.bytes((int) extra, id)),
              NameText.of(rest.bytes((int) extra + id, name)),
              Instant.ofEpochSecond(entry.u32(16)),
              entry.i64(0),
              entry.u32(8),
              size,
              memory));
      at += (ENTRY + extra + id + name + 7) / 8 * 8;
    }
    end = at;
  }

  private static Structure read(BlockSource file, Qcow2Header header, long at, int length) {
    byte[] bytes = new byte[length];
    if (at < 0 || at > file.size() - length) {
      throw header.damaged(at < 0 ? 64 : at, "the table of its snapshots lies outside the file");
    }
    file.read(at, ByteBuffer.wrap(bytes));
    return Structure.of(bytes).bigEndian();
  }

  List<Snapshot> all() {
    return all;
  }

  /** The byte behind the table. */
  long end() {
    return end;
  }

  /**
   * The snapshot of a name or, where none has that name, of a number.
   *
   * @throws MissingDiskException when there is none
   */
  Snapshot get(String wanted, String action) {
    for (Snapshot each : all) {
      if (each.name().equals(wanted)) {
        return each;
      }
    }
    for (Snapshot each : all) {
      if (each.id().equals(wanted)) {
        return each;
      }
    }
    String there =
        all.isEmpty()
            ? "it has none"
            : "there is " + String.join(", ", all.stream().map(Snapshot::name).toList());
    throw new MissingDiskException(action, "it has no snapshot " + wanted).suggest(there);
  }
}
