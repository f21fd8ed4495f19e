package blksh.filesystem;

import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;

/**
 * The free clusters of NTFS: record 6 of the master file table is a bitmap of all clusters. A
 * volume marked dirty, an open log and a hibernated Windows all mean that the bitmap may be behind.
 */
final class NtfsBitmap {

  private static final int MASTER_TABLE = 0;
  private static final int LOG_FILE = 2;
  private static final int VOLUME = 3;
  private static final int ROOT = 5;
  private static final int BITMAP = 6;

  private static final int DIRTY = 1;
  private static final int LOG_PAGE = 4096;
  private static final int LARGEST_ROOT = 64 << 20;

  /** Read at once, in bytes. */
  private static final int PIECE = 1 << 20;

  private static final int FIXUP_SECTOR = 512;
  private static final byte[] HIBERFIL = "hiberfil.sys".getBytes(StandardCharsets.UTF_16LE);

  /** Where the name of an index entry begins. */
  private static final int ENTRY_NAME = 0x52;

  private final NtfsRecords records;
  private final long clusterSize;
  private final long clusters;

  private NtfsBitmap(BlockSource source, NtfsBootSector boot) {
    records = NtfsRecords.open(new Volume(source), boot);
    clusterSize = boot.clusterSize();
    clusters = boot.clusters();
  }

  static FreeRanges free(BlockSource source, Structure bytes) throws Unmapped {
    NtfsBootSector boot = NtfsBootSector.of(bytes);
    Unmapped.unless(
        bytes.u16(510) == 0xaa55
            && boot.isSound()
            && boot.sectors() <= source.size() / boot.sectorSize(),
        "its boot sector makes no sense");
    try {
      return new NtfsBitmap(source, boot).free();
    } catch (FileSystemDamageException e) {
      throw new Unmapped(e.problem());
    } catch (UnreadableException e) {
      // What counts is the byte of the source, not the one of the file that lies there.
      throw e.getCause() instanceof UnreadableException below ? below : e;
    }
  }

  private FreeRanges free() throws Unmapped {
    checkVolume();
    checkLog();
    checkHibernation();
    NtfsRuns where = runs(record(BITMAP), NtfsRecord.DATA, "");
    long length = record(BITMAP).size(NtfsRecord.DATA, "");
    Unmapped.unless(length >= (clusters + 7) / 8, "its bitmap is of another size");
    try (BlockSource content = whole(record(BITMAP), NtfsRecord.DATA, "", (clusters + 7) / 8)) {
      return free(new Bits((clusters + 7) / 8, (at, count) -> read(content, at, count)), where);
    }
  }

  private FreeRanges free(Bits bitmap, NtfsRuns where) throws Unmapped {
    checkOwn(bitmap, runs(record(MASTER_TABLE), NtfsRecord.DATA, ""));
    checkOwn(bitmap, where);
    Unmapped.unless(bitmap.get(0), "its bitmap does not hold its own metadata");
    FreeRanges free = new FreeRanges();
    for (long i = 0; i < clusters; i++) {
      if (!bitmap.get(i)) {
        free.add(i * clusterSize, (i + 1) * clusterSize);
      }
    }
    return free;
  }

  /** The bitmap must hold what certainly is in use. */
  private void checkOwn(Bits bitmap, NtfsRuns runs) throws Unmapped {
    for (int i = 0; i < runs.count(); i++) {
      FileRun run = runs.get(i);
      Unmapped.unless(!run.isHole(), "a system file has a hole");
      for (long at = run.at(); at < run.at() + run.length(); at += clusterSize) {
        Unmapped.unless(bitmap.get(at / clusterSize), "its bitmap does not hold its own metadata");
      }
    }
  }

  private void checkVolume() throws Unmapped {
    byte[] information = record(VOLUME).resident(NtfsRecord.VOLUME_INFORMATION, "", LOG_PAGE);
    Unmapped.unless(
        information != null
            && information.length >= 12
            && (Structure.of(information).u16(10) & DIRTY) == 0,
        "it is marked dirty");
  }

  private void checkLog() throws Unmapped {
    Structure page = content(record(LOG_FILE), NtfsRecord.DATA, "", LOG_PAGE);
    if (page.i32(0) == -1) {
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
    NtfsRecord root = record(ROOT);
    byte[] first = root.resident(NtfsRecord.INDEX_ROOT, NtfsRecord.NAMES, records.recordSize());
    Unmapped.unless(first != null, "its root directory has no index");
    checkHibernation(Structure.of(first));
    if (root.has(NtfsRecord.INDEX_ALLOCATION, NtfsRecord.NAMES)) {
      long length = root.size(NtfsRecord.INDEX_ALLOCATION, NtfsRecord.NAMES);
      Unmapped.unless(length <= LARGEST_ROOT, "its root directory is too large");
      checkHibernation(content(root, NtfsRecord.INDEX_ALLOCATION, NtfsRecord.NAMES, (int) length));
    }
  }

  private void checkHibernation(Structure entries) throws Unmapped {
    for (int i = ENTRY_NAME; i + HIBERFIL.length <= entries.length(); i += 2) {
      if (isHiberfil(entries, i)) {
        NtfsRecord file = record(entries.i64(i - ENTRY_NAME) & NtfsRecord.REFERENCE);
        boolean hibernated = !file.has(NtfsRecord.DATA, "");
        if (!hibernated
            && !file.isResident(NtfsRecord.DATA, "")
            && file.size(NtfsRecord.DATA, "") >= 4) {
          Structure start = content(file, NtfsRecord.DATA, "", 4);
          hibernated = start.has(0, "hibr") || start.has(0, "HIBR");
        }
        Unmapped.unless(!hibernated, "Windows hibernated on it");
      }
    }
  }

  private static boolean isHiberfil(Structure entries, int at) {
    for (int i = 0; i < HIBERFIL.length; i++) {
      // The last two bytes of a sector stand elsewhere in an index block.
      boolean replaced = (at + i) % FIXUP_SECTOR >= FIXUP_SECTOR - 2;
      if (!replaced && Character.toLowerCase(entries.i8(at + i)) != HIBERFIL[i]) {
        return false;
      }
    }
    return true;
  }

  private NtfsRecord record(long number) throws Unmapped {
    NtfsRecord record = records.read(number);
    Unmapped.unless(record.isEnded(), "file record %d is damaged", number);
    Unmapped.unless(record.isAlone(), "a system file is in more than one record");
    return record;
  }

  /** Where an attribute lies, which must be outside its record. */
  private static NtfsRuns runs(NtfsRecord record, int type, String name) throws Unmapped {
    Unmapped.unless(
        record.has(type, name) && !record.isResident(type, name),
        "a system file is not where it must be");
    return record.runs(type, name);
  }

  /** The first bytes of an attribute, all of which must be on the volume. */
  private static Structure content(NtfsRecord record, int type, String name, int length)
      throws Unmapped {
    try (BlockSource content = whole(record, type, name, length)) {
      return read(content, 0, length);
    }
  }

  /** An attribute, whose first bytes must all be on the volume. */
  private static BlockSource whole(NtfsRecord record, int type, String name, long length)
      throws Unmapped {
    runs(record, type, name);
    BlockSource content = record.content(type, name, "a system file");
    Unmapped.unless(content.size() >= length, "a system file is too short");
    for (Iterator<Extent> extents = content.extents(0, length); extents.hasNext(); ) {
      Unmapped.unless(!extents.next().kind().readsAsZeros(), "a system file has a hole");
    }
    return content;
  }

  private static Structure read(BlockSource content, long from, int length) {
    byte[] bytes = new byte[length];
    for (int at = 0; at < length; at += PIECE) {
      content.read(from + at, ByteBuffer.wrap(bytes, at, Math.min(PIECE, length - at)));
    }
    return Structure.of(bytes);
  }
}
