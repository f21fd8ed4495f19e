package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.Checksum;
import blksh.io.IoFailure;
import blksh.io.LittleEndian;
import blksh.store.pack.PageSize;
import blksh.store.shelf.Blob;
import blksh.store.shelf.DamagedContentException;
import blksh.store.shelf.Shelf;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A manifest on disk: an extent map of an image, written once. Finding the extent of a page is a
 * binary search over the chunk table, held in memory (20 bytes for each 4096 extents), and another
 * inside one chunk.
 *
 * <pre>
 *   "BKMANIF2"
 *   chunks       of up to 4096 records of one kind each, as they were filled:
 *     extents    16 bytes each, by first page: u64 first page of the image in the low 56 bits and
 *                kind in the high 8 (1 data, 2 zero, 3 free, 4 bad); u32 number in the pack table;
 *                u32 first page in the pack. An extent ends where the next begins.
 *     bad ranges 16 bytes each, in order: u64 first byte, u64 bytes. Exact to the sector, so a page
 *                may be data with zeros where a bad range covers part of it.
 *     groups     24 bytes each, in order: u64 number, 16 bytes digest; see {@link GroupProof}
 *   pack table   u64 pack id each
 *   chunk table  20 bytes for each chunk of extents, then of bad ranges, then of groups: u64 first
 *                page (or byte, or number), u64 where it is in the file, u32 CRC-32C of it
 *   description  a JSON object
 *   trailer      96 bytes:
 *       0  "BKMFTEND"        8  u64 extents      16  u64 bad ranges     24  u32 packs
 *      28  u32 bytes of the description          32  u64 image bytes    40  u64 pages
 *      48  u32 CRC-32C of the pack table         52  u32 of the chunk table
 *      56  u32 of the description                60  u32 page size
 *      64  16 bytes store id                     80  u64 groups
 *      88  4 zero bytes                          92  u32 CRC-32C of the trailer up to here
 * </pre>
 *
 * <p>The first form, "BKMANIF1", has no groups: all extents, then all bad ranges, and 12 bytes in
 * the chunk table without the place.
 */
final class ManifestFile implements Closeable {

  static final String MAGIC = "BKMANIF2";
  private static final String FIRST_MAGIC = "BKMANIF1";
  static final long END_MAGIC = 0x444E4554464D4B42L; // "BKMFTEND"
  static final int RECORD = 16;
  static final int GROUP = 8 + GroupProof.BYTES;
  static final int CHUNK = 4096;
  static final int CHUNK_ENTRY = 20;
  private static final int FIRST_CHUNK_ENTRY = 12;
  static final int TRAILER = 96;
  static final int KIND_SHIFT = 56;
  static final long START_MASK = (1L << KIND_SHIFT) - 1;

  /** Chunks kept in memory, of 64 KiB at most each. */
  private static final int KEPT_CHUNKS = 64;

  private final Blob file;
  private Closeable use = () -> {};

  /** Where it is, for people. */
  private final String location;

  private final Manifest manifest;
  private final byte[] storeId;
  private final PageSize pageSize;
  private final long extents;
  private final long badRanges;
  private final long pages;
  private final long[] packs;
  private final long groups;

  /** Of chunks of extents, then of bad ranges, then of groups: what the first record is about. */
  private final long[] chunkFirst;

  private final long[] chunkAt;
  private final int[] chunkSums;

  /** The chunks used last, oldest first; guards itself. */
  private final Map<Integer, byte[]> chunks = new LinkedHashMap<>(16, 0.75f, true);

  private ManifestFile(Blob file, String location) throws IOException {
    this.file = file;
    this.location = location;
    long size = file.size();
    int magic = MAGIC.length();
    if (size < magic + TRAILER) {
      throw new NoManifest("it is only " + size + " bytes long");
    }
    String begins = new String(file.read(0, magic), StandardCharsets.ISO_8859_1);
    boolean first = begins.equals(FIRST_MAGIC);
    if (!first && !begins.equals(MAGIC)) {
      throw new NoManifest("it does not begin with " + MAGIC);
    }
    byte[] t = file.read(size - TRAILER, TRAILER);
    if (LittleEndian.i64(t, 0) != END_MAGIC || LittleEndian.i32(t, 92) != Checksum.of(t, 0, 92)) {
      throw new NoManifest("its end is damaged or missing");
    }
    extents = LittleEndian.i64(t, 8);
    badRanges = LittleEndian.i64(t, 16);
    int packCount = LittleEndian.i32(t, 24);
    int jsonLength = LittleEndian.i32(t, 28);
    pages = LittleEndian.i64(t, 40);
    pageSize = PageSize.orNull(LittleEndian.i32(t, 60));
    if (pageSize == null) {
      throw new NoManifest("its pages have " + LittleEndian.i32(t, 60) + " bytes");
    }
    storeId = Arrays.copyOfRange(t, 64, 80);
    groups = first ? 0 : LittleEndian.i64(t, 80);
    long room = size / RECORD;
    if (extents < 0
        || badRanges < 0
        || groups < 0
        || groups > room
        || packCount < 0
        || jsonLength < 0
        || extents > room
        || badRanges > room
        || packCount > room
        || jsonLength > size) {
      throw new NoManifest("its counts do not fit its size");
    }
    int entry = first ? FIRST_CHUNK_ENTRY : CHUNK_ENTRY;
    long chunkCount = chunks(extents) + chunks(badRanges) + chunks(groups);
    long packsAt = magic + (extents + badRanges) * RECORD + groups * GROUP;
    long chunksAt = packsAt + 8L * packCount;
    long jsonAt = chunksAt + chunkCount * entry;
    if (jsonAt + jsonLength + TRAILER != size) {
      throw new NoManifest("its counts do not fit its size");
    }
    byte[] packTable = checked(packsAt, 8 * packCount, LittleEndian.i32(t, 48), "pack table");
    byte[] chunkTable =
        checked(
            chunksAt, Math.toIntExact(chunkCount * entry), LittleEndian.i32(t, 52), "chunk table");
    byte[] json = checked(jsonAt, jsonLength, LittleEndian.i32(t, 56), "description");
    packs = new long[packCount];
    for (int i = 0; i < packCount; i++) {
      packs[i] = LittleEndian.i64(packTable, 8 * i);
    }
    chunkFirst = new long[(int) chunkCount];
    chunkAt = new long[(int) chunkCount];
    chunkSums = new int[(int) chunkCount];
    long next = magic;
    for (int i = 0; i < chunkCount; i++) {
      chunkFirst[i] = LittleEndian.i64(chunkTable, i * entry);
      chunkAt[i] = first ? next : LittleEndian.i64(chunkTable, i * entry + 8);
      chunkSums[i] = LittleEndian.i32(chunkTable, i * entry + entry - 4);
      next += chunkLength(i);
      if (chunkAt[i] < magic || chunkAt[i] + chunkLength(i) > packsAt) {
        throw new NoManifest("its chunk table does not make sense");
      }
    }
    manifest = described(json);
    if (manifest.size() != LittleEndian.i64(t, 32) || pages != pageSize.count(manifest.size())) {
      throw new NoManifest("its sizes contradict each other");
    }
  }

  private static Manifest described(byte[] json) throws NoManifest {
    try {
      return ManifestJson.read(json);
    } catch (IOException e) {
      throw new NoManifest(IoFailure.reason(e));
    }
  }

  /**
   * Opens the manifest of a version.
   *
   * @param storeId of the store it must belong to; null when any will do
   * @param pageSize of that store; null when any will do
   * @throws BlkshException when it is missing, not a whole manifest or another's
   */
  static ManifestFile open(
      Shelf shelf,
      String blob,
      ManifestDirectory.Version version,
      byte[] storeId,
      PageSize pageSize) {
    try {
      return read(shelf, blob, version, storeId, pageSize);
    } catch (IOException e) {
      throw new BlkshException("read manifest " + shelf.locate(blob), IoFailure.reason(e), e)
          .suggest("verify the store to see what else is damaged");
    }
  }

  /**
   * Opens the manifest of a version. A name proves nothing: what it says inside must be what it is
   * called.
   *
   * @param storeId of the store it must belong to; null when any will do
   * @param pageSize of that store; null when any will do
   * @throws NoManifest when it is not a whole manifest, or another's
   * @throws IOException when it is missing or cannot be read
   */
  static ManifestFile read(
      Shelf shelf,
      String blob,
      ManifestDirectory.Version version,
      byte[] storeId,
      PageSize pageSize)
      throws IOException {
    try {
      return read(shelf.open(blob), shelf.locate(blob), version, storeId, pageSize);
    } catch (NoManifest e) { // maybe as it came
      return read(shelf.open(blob), shelf.locate(blob), version, storeId, pageSize);
    }
  }

  /** As above, of what may become its blob; that is closed with it, or when it is none. */
  static ManifestFile read(
      Blob file,
      String location,
      ManifestDirectory.Version version,
      byte[] storeId,
      PageSize pageSize)
      throws IOException {
    boolean whole = false;
    try {
      ManifestFile opened = new ManifestFile(file, location);
      Manifest says = opened.manifest;
      if (!says.name().equals(version.name()) || says.version() != version.number()) {
        throw new NoManifest("it is the manifest of " + says.reference());
      }
      if (storeId != null && !Arrays.equals(storeId, opened.storeId)) {
        throw new NoManifest("it belongs to another store");
      }
      if (pageSize != null && pageSize != opened.pageSize) {
        throw new NoManifest(
            "its pages have %s bytes, and those of the store %s"
                .formatted(opened.pageSize, pageSize));
      }
      whole = true;
      return opened;
    } catch (ArithmeticException | EOFException | DamagedContentException e) {
      throw new NoManifest(e.getMessage());
    } finally {
      if (!whole) {
        file.close();
      }
    }
  }

  /** What is there was read, and is not a manifest as it was written. */
  static final class NoManifest extends IOException {
    NoManifest(String problem) {
      super(problem);
    }
  }

  private byte[] checked(long at, int length, int sum, String what) throws IOException {
    byte[] bytes = file.read(at, length);
    if (Checksum.of(bytes, 0, length) != sum) {
      throw new NoManifest("its " + what + " is damaged");
    }
    return bytes;
  }

  static long chunks(long records) {
    return (records + CHUNK - 1) / CHUNK;
  }

  Manifest manifest() {
    return manifest;
  }

  /** Where it is, for people. */
  String location() {
    return location;
  }

  /** Of its whole pages. */
  PageSize pageSize() {
    return pageSize;
  }

  byte[] storeId() {
    return storeId;
  }

  long pages() {
    return pages;
  }

  /** The ids of the packs it names. */
  long[] packs() {
    return packs;
  }

  long extents() {
    return extents;
  }

  long badRanges() {
    return badRanges;
  }

  /** Where chunks of bad ranges begin, and those of groups. */
  private int firstBadChunk() {
    return extentChunks();
  }

  private int firstGroupChunk() {
    return firstBadChunk() + (int) chunks(badRanges);
  }

  /** Bytes of a chunk. */
  private int chunkLength(int number) {
    boolean ofGroups = number >= firstGroupChunk();
    boolean ofBad = !ofGroups && number >= firstBadChunk();
    long records = ofGroups ? groups : ofBad ? badRanges : extents;
    int base = ofGroups ? firstGroupChunk() : ofBad ? firstBadChunk() : 0;
    long before = (long) (number - base) * CHUNK;
    return (int) Math.min(CHUNK, records - before) * (ofGroups ? GROUP : RECORD);
  }

  /** A chunk that is sound; the array is shared and not to be changed. */
  private byte[] chunk(int number) throws IOException {
    byte[] chunk;
    synchronized (chunks) {
      chunk = chunks.get(number);
    }
    if (chunk == null) {
      try {
        chunk = readChunk(number);
      } catch (IOException e) {
        file.forget();
        chunk = readChunk(number); // what fails once may read well
      }
      synchronized (chunks) {
        chunks.put(number, chunk);
        if (chunks.size() > KEPT_CHUNKS) {
          var oldest = chunks.keySet().iterator();
          oldest.next();
          oldest.remove();
        }
      }
    }
    return chunk;
  }

  private byte[] readChunk(int number) throws IOException {
    byte[] bytes = file.read(chunkAt[number], chunkLength(number));
    if (Checksum.of(bytes, 0, bytes.length) != chunkSums[number]) {
      throw new IOException("the chunk at byte " + chunkAt[number] + " is damaged");
    }
    return bytes;
  }

  /** Whether it says what its pages are, so that they need not be believed themselves. */
  boolean hasGroups() {
    return groups > 0;
  }

  int groupChunks() {
    return (int) chunks(groups);
  }

  /** A chunk of groups that is sound; not to be changed. */
  byte[] groupChunk(int number) throws IOException {
    return chunk(firstGroupChunk() + number);
  }

  /** The pages of the image a chunk of groups speaks of: first, and one past the last. */
  long[] groupChunkRange(int chunk) {
    int number = firstGroupChunk() + chunk;
    long end = number + 1 < chunkFirst.length ? chunkFirst[number + 1] * GroupProof.PAGES : pages;
    return new long[] {chunkFirst[number] * GroupProof.PAGES, Math.min(pages, end)};
  }

  /**
   * The chunk of groups that may hold a group, or -1.
   *
   * @param number of the group
   */
  int groupChunkOf(long number) {
    int from = firstGroupChunk();
    int found = Arrays.binarySearch(chunkFirst, from, chunkFirst.length, number);
    int chunk = found >= 0 ? found : -found - 2;
    return chunk < from ? -1 : chunk - from;
  }

  /** Chunks of extents. */
  int extentChunks() {
    return (int) chunks(extents);
  }

  /** The chunk that holds the extent of a page; -1 when there is none. */
  int extentChunkOf(long page) {
    int found = Arrays.binarySearch(chunkFirst, 0, extentChunks(), page);
    return found >= 0 ? found : -found - 2;
  }

  /** A chunk of extents that is sound; not to be changed. */
  byte[] extentChunk(int number) throws IOException {
    return chunk(number);
  }

  /** The pages an extent chunk speaks of: first, and one past the last. */
  long[] chunkRange(int chunk) {
    return new long[] {
      chunkFirst[chunk], chunk + 1 < extentChunks() ? chunkFirst[chunk + 1] : pages
    };
  }

  /**
   * Unreadable ranges of the image that touch {@code [from, to)}, in bytes, in order, not clipped.
   *
   * @param most how many of them at most
   */
  List<Extent> bad(long from, long to, int most) {
    List<Extent> found = new ArrayList<>();
    eachBad(
        from,
        to,
        range -> {
          found.add(range);
          return found.size() < most;
        });
    return found;
  }

  /**
   * As above, one after the other.
   *
   * @param more whether another one is wanted after this
   */
  void eachBad(long from, long to, Predicate<Extent> more) {
    int end = firstGroupChunk();
    int found = Arrays.binarySearch(chunkFirst, firstBadChunk(), end, from);
    int chunk = Math.max(firstBadChunk(), found >= 0 ? found : -found - 2);
    try {
      for (; chunk < end && chunkFirst[chunk] < to; chunk++) {
        byte[] records = chunk(chunk);
        for (int at = 0; at < records.length; at += RECORD) {
          long start = LittleEndian.i64(records, at);
          long length = LittleEndian.i64(records, at + 8);
          if (length <= 0 || start < 0 || start + length > manifest.size()) {
            throw new IOException("a bad range at byte " + start + " is outside the image");
          }
          if (start < to
              && start + length > from
              && !more.test(new Extent(start, length, Extent.Kind.BAD))) {
            return;
          }
        }
      }
    } catch (IOException e) {
      throw new BlkshException("read manifest " + location, IoFailure.reason(e), e);
    }
  }

  /** A part of a manifest that cannot be used: the pages from first up to end. */
  static final class DamagedManifest extends IOException {
    final long first;
    final long end;

    DamagedManifest(long first, long end, String problem) {
      super(problem);
      this.first = first;
      this.end = end;
    }
  }

  /** Has a use of its version end with it. */
  ManifestFile inUse(Closeable of) {
    use = of;
    return this;
  }

  @Override
  public void close() {
    try {
      file.close();
    } finally {
      endUse();
    }
  }

  private void endUse() {
    try {
      use.close();
    } catch (IOException e) {
      throw new BlkshException("close manifest " + location, IoFailure.reason(e), e);
    }
  }
}
