package blksh.filesystem;

import blksh.block.BlockSource;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * NTFS (the layout as ntfs-3g documents it in {@code layout.h}): record 6 of the master file table
 * is a bitmap of all clusters. A volume marked dirty, an open log and a hibernated Windows all mean
 * that the bitmap may be behind.
 */
final class Ntfs implements FileSystem {

  private static final int MFT = 0;
  private static final int LOG_FILE = 2;
  private static final int VOLUME = 3;
  private static final int ROOT = 5;
  private static final int BITMAP = 6;

  private static final int ATTRIBUTE_LIST = 0x20;
  private static final int VOLUME_INFORMATION = 0x70;
  private static final int DATA = 0x80;
  private static final int INDEX_ROOT = 0x90;
  private static final int INDEX_ALLOCATION = 0xa0;
  private static final int END = 0xffffffff;

  private static final int FIXUP_SECTOR = 512;
  private static final byte[] HIBERFIL = "hiberfil.sys".getBytes(StandardCharsets.UTF_16LE);

  @Override
  public String recognise(Bytes head) {
    return head.has(3, "NTFS    ") && head.u16(510) == 0xaa55 ? "ntfs" : null;
  }

  @Override
  public FreeRanges free(BlockSource source, Bytes head) throws Unmapped {
    return new Volume(source, head).free();
  }

  /** A run of clusters; a hole when the first is negative. */
  private record Run(long first, long count) {}

  private static final class Volume {
    private final BlockSource source;
    private final long cluster;
    private final long clusters;
    private final int recordSize;
    private final long mftStart;
    private List<Run> mft;

    Volume(BlockSource source, Bytes boot) throws Unmapped {
      this.source = source;
      int sector = boot.u16(0x0b);
      int per = boot.u8(0x0d);
      Unmapped.unless(
          Integer.bitCount(sector) == 1 && sector >= 256 && sector <= 4096 && per != 0,
          "its boot sector makes no sense");
      long perCluster = per > 0x80 ? 1L << (256 - per) : per;
      cluster = sector * perCluster;
      long sectors = boot.u64(0x28);
      int size = (byte) boot.u8(0x40);
      clusters = sectors / perCluster;
      recordSize = (int) (size < 0 ? 1L << -size : size * cluster);
      mftStart = boot.u64(0x30);
      Unmapped.unless(
          Long.bitCount(perCluster) == 1
              && cluster <= 2 << 20
              && clusters > 0
              && sectors <= source.size() / sector
              && recordSize >= 512
              && recordSize <= 1 << 16
              && mftStart > 0
              && mftStart < clusters,
          "its boot sector makes no sense");
    }

    FreeRanges free() throws Unmapped {
      mft = runs(attribute(record(MFT), DATA), "the master file table");
      checkVolume();
      checkLog();
      checkHibernation();
      List<Run> where = runs(attribute(record(BITMAP), DATA), "its bitmap");
      long length = length(attribute(record(BITMAP), DATA));
      Unmapped.unless(
          length >= (clusters + 7) / 8 && length <= Integer.MAX_VALUE - 8,
          "its bitmap is of another size");
      Bytes bitmap = content(where, 0, (int) ((clusters + 7) / 8));
      checkOwn(bitmap, mft);
      checkOwn(bitmap, where);
      checkOwn(bitmap, List.of(new Run(0, 1)));
      FreeRanges free = new FreeRanges();
      for (long i = 0; i < clusters; i++) {
        if (!bitmap.bit(i)) {
          free.add(i * cluster, (i + 1) * cluster);
        }
      }
      return free;
    }

    /** The bitmap must hold what certainly is in use. */
    private void checkOwn(Bytes bitmap, List<Run> runs) throws Unmapped {
      for (Run run : runs) {
        for (long i = run.first(); i < run.first() + run.count(); i++) {
          Unmapped.unless(bitmap.bit(i), "its bitmap does not hold its own metadata");
        }
      }
    }

    private void checkVolume() throws Unmapped {
      Bytes information = resident(attribute(record(VOLUME), VOLUME_INFORMATION));
      Unmapped.unless(
          information.length() >= 12 && (information.u16(10) & 1) == 0, "it is marked dirty");
    }

    private void checkLog() throws Unmapped {
      Bytes data = attribute(record(LOG_FILE), DATA);
      List<Run> runs = runs(data, "its log");
      Bytes page = content(runs, 0, 4096);
      if (page.s32(0) == -1) {
        return; // never used, or reset
      }
      Unmapped.unless(page.has(0, "RSTR"), "its log cannot be read");
      int at = page.u16(0x18);
      Unmapped.unless(at + 16 <= FIXUP_SECTOR - 2, "its log cannot be read");
      boolean unused = page.u16(at + 12) == 0xffff;
      boolean clean = (page.u16(at + 14) & 2) != 0;
      Unmapped.unless(unused || clean, "its log was not replayed");
    }

    /** A hibernated or quickly stopped Windows keeps part of the truth in a file in the root. */
    private void checkHibernation() throws Unmapped {
      Bytes root = record(ROOT);
      checkHibernation(attribute(root, INDEX_ROOT));
      Bytes allocation = attributeOrNull(root, INDEX_ALLOCATION);
      if (allocation != null) {
        List<Run> runs = runs(allocation, "its root directory");
        long length = length(allocation);
        Unmapped.unless(length <= 64 << 20, "its root directory is too large");
        checkHibernation(content(runs, 0, (int) length));
      }
    }

    private void checkHibernation(Bytes entries) throws Unmapped {
      byte[] bytes = entries.array();
      for (int i = 0; i + HIBERFIL.length <= bytes.length; i += 2) {
        if (sameName(bytes, i) && i >= 0x52) {
          long reference = entries.u64(i - 0x52) & 0xffffffffffffL;
          Bytes data = attributeOrNull(record(reference), DATA);
          boolean hibernated = data == null;
          if (data != null && data.u8(8) != 0 && length(data) >= 4) {
            Bytes start = content(runs(data, "hiberfil.sys"), 0, 4);
            hibernated = start.has(0, "hibr") || start.has(0, "HIBR");
          }
          Unmapped.unless(!hibernated, "Windows hibernated on it");
        }
      }
    }

    private static boolean sameName(byte[] bytes, int at) {
      for (int i = 0; i < HIBERFIL.length; i++) {
        // The last two bytes of a sector stand elsewhere in an index block.
        boolean replaced = (at + i) % FIXUP_SECTOR >= FIXUP_SECTOR - 2;
        if (!replaced && Character.toLowerCase(bytes[at + i]) != HIBERFIL[i]) {
          return false;
        }
      }
      return true;
    }

    // ---- records and attributes ----------------------------------------------------------------

    private Bytes record(long number) throws Unmapped {
      Bytes record;
      if (mft == null || number == MFT) {
        record = Bytes.read(source, mftStart * cluster + number * recordSize, recordSize);
      } else {
        record = content(mft, number * recordSize, recordSize);
      }
      Unmapped.unless(record.has(0, "FILE"), "file record %d is damaged", number);
      fixUp(record, number);
      return record;
    }

    /** Puts back the last bytes of each sector, which show whether it was written whole. */
    private static void fixUp(Bytes record, long number) throws Unmapped {
      int at = record.u16(4);
      int count = record.u16(6);
      Unmapped.unless(
          count - 1 == record.length() / FIXUP_SECTOR && at + 2 * count <= record.length(),
          "file record %d is damaged",
          number);
      byte[] bytes = record.array();
      for (int i = 1; i < count; i++) {
        int end = i * FIXUP_SECTOR - 2;
        Unmapped.unless(record.u16(end) == record.u16(at), "file record %d is torn", number);
        bytes[end] = bytes[at + 2 * i];
        bytes[end + 1] = bytes[at + 2 * i + 1];
      }
    }

    private Bytes attribute(Bytes record, int type) throws Unmapped {
      Bytes found = attributeOrNull(record, type);
      Unmapped.unless(found != null, "a file record lacks attribute 0x%x", type);
      return found;
    }

    /** The first attribute of a type, without a name unless it is an index. */
    private Bytes attributeOrNull(Bytes record, int type) throws Unmapped {
      Bytes found = null;
      int at = record.u16(0x14);
      while (at + 16 <= record.length() && record.s32(at) != END) {
        int length = record.s32(at + 4);
        Unmapped.unless(length >= 16 && length <= record.length() - at, "a file record is damaged");
        Unmapped.unless(
            record.s32(at) != ATTRIBUTE_LIST, "a system file is in more than one record");
        boolean named = record.u8(at + 9) != 0;
        boolean index = type == INDEX_ROOT || type == INDEX_ALLOCATION;
        if (found == null && record.s32(at) == type && named == index) {
          found = Bytes.of(Arrays.copyOfRange(record.array(), at, at + length));
        }
        at += length;
      }
      return found;
    }

    private static Bytes resident(Bytes attribute) throws Unmapped {
      int at = attribute.u16(0x14);
      long length = attribute.u32(0x10);
      Unmapped.unless(
          attribute.u8(8) == 0 && at + length <= attribute.length(), "an attribute is damaged");
      return Bytes.of(Arrays.copyOfRange(attribute.array(), at, (int) (at + length)));
    }

    private static long length(Bytes attribute) throws Unmapped {
      Unmapped.unless(
          attribute.u8(8) == 0 || attribute.length() >= 0x40, "an attribute is damaged");
      return attribute.u8(8) == 0 ? attribute.u32(0x10) : attribute.u64(0x30);
    }

    /** The mapping pairs of a non-resident attribute. */
    private List<Run> runs(Bytes attribute, String what) throws Unmapped {
      Unmapped.unless(
          attribute.u8(8) == 1 && attribute.length() >= 0x40 && attribute.u64(0x10) == 0,
          "%s is not where it must be",
          what);
      List<Run> runs = new ArrayList<>();
      int at = attribute.u16(0x20);
      long first = 0;
      while (at < attribute.length() && attribute.u8(at) != 0) {
        int lengthBytes = attribute.u8(at) & 0xf;
        int deltaBytes = attribute.u8(at) >> 4;
        Unmapped.unless(
            lengthBytes > 0
                && lengthBytes <= 8
                && deltaBytes <= 8
                && at + 1 + lengthBytes + deltaBytes <= attribute.length(),
            "%s is damaged",
            what);
        long count = signed(attribute, at + 1, lengthBytes);
        first += signed(attribute, at + 1 + lengthBytes, deltaBytes);
        boolean hole = deltaBytes == 0;
        Unmapped.unless(
            count > 0 && (hole || first >= 0 && first <= clusters - count),
            "%s lies outside",
            what);
        runs.add(new Run(hole ? -1 : first, count));
        at += 1 + lengthBytes + deltaBytes;
      }
      return runs;
    }

    private static long signed(Bytes bytes, int at, int count) {
      long value = 0;
      for (int i = 0; i < count; i++) {
        value |= (long) bytes.u8(at + i) << 8 * i;
      }
      int unused = 64 - 8 * count;
      return count == 0 ? 0 : value << unused >> unused;
    }

    /** Bytes of a file. */
    private Bytes content(List<Run> runs, long position, int length) throws Unmapped {
      byte[] bytes = new byte[length];
      int done = 0;
      long start = 0;
      for (Run run : runs) {
        long end = start + run.count() * cluster;
        while (done < length && position + done >= start && position + done < end) {
          Unmapped.unless(run.first() >= 0, "a system file has a hole");
          long at = position + done - start;
          int count = (int) Math.min(Math.min(length - done, end - start - at), 1 << 20);
          byte[] part = Bytes.read(source, run.first() * cluster + at, count).array();
          System.arraycopy(part, 0, bytes, done, count);
          done += count;
        }
        start = end;
      }
      Unmapped.unless(done == length, "a system file is too short");
      return Bytes.of(bytes);
    }
  }
}
