package blksh.store;

import blksh.block.Extent;
import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.store.pack.PageSize;
import blksh.store.shelf.Part;
import blksh.store.shelf.Shelf;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a manifest file in one pass, in memory that does not grow with the image (it grows with
 * the packs: 8 bytes each). The layout is at {@link ManifestFile}.
 */
final class ManifestWriter implements Closeable {

  private final PageSize pageSize;
  private final Part part;
  private long written;

  /** Bytes before what {@link #finish} writes, 0 while that was not called. */
  private long unfinished;

  private final Chunks extentChunks = new Chunks(ManifestFile.RECORD);
  private final Chunks badChunks = new Chunks(ManifestFile.RECORD);
  private final Chunks groupChunks = new Chunks(ManifestFile.GROUP);
  private final Map<Long, Integer> packNumbers = new HashMap<>();
  private final List<Long> packs = new ArrayList<>();

  private Extent.Kind kind;
  private long runStart;
  private long runPages;
  private int runPack;
  private long runPackId;
  private long runFirst;
  private long extents;

  /**
   * @param pageSize of the store
   * @param part empty; discarded when this fails, and at the end unless it was published
   */
  ManifestWriter(PageSize pageSize, Part part) throws IOException {
    this.pageSize = pageSize;
    this.part = part;
    byte[] magic = ManifestFile.MAGIC.getBytes(StandardCharsets.US_ASCII);
    try {
      part.write(0, magic, 0, magic.length);
    } catch (IOException e) {
      part.discard();
      throw e;
    }
    written = magic.length;
  }

  /** Adds pages that are not stored. */
  void add(Extent.Kind what, long pages) throws IOException {
    if (what != kind) {
      endRun();
      kind = what;
      runPack = 0;
      runFirst = 0;
    }
    runPages += pages;
  }

  /** Adds a stored page. */
  void addPage(long packId, int page) throws IOException {
    int number = kind == Extent.Kind.DATA && runPackId == packId ? runPack : -1;
    if (number >= 0 && runFirst + runPages == page) {
      runPages++;
      return;
    }
    endRun();
    if (number < 0) {
      Integer known = packNumbers.putIfAbsent(packId, packs.size());
      if (known == null) {
        number = packs.size();
        packs.add(packId);
      } else {
        number = known;
      }
    }
    kind = Extent.Kind.DATA;
    runPackId = packId;
    runPack = number;
    runFirst = page;
    runPages = 1;
  }

  /** Extents so far, with the one being gathered. */
  long extents() {
    return extents + (runPages > 0 ? 1 : 0);
  }

  private void endRun() throws IOException {
    if (runPages == 0) {
      return;
    }
    long head = runStart | (long) RootDigest.code(kind) << ManifestFile.KIND_SHIFT;
    record(runStart, head, runPack, (int) runFirst);
    extents++;
    runStart += runPages;
    runPages = 0;
    kind = null;
  }

  private void record(long first, long head, int pack, int page) throws IOException {
    int at = extentChunks.begin(first);
    LittleEndian.putI64(extentChunks.bytes, at, head);
    LittleEndian.putI32(extentChunks.bytes, at + 8, pack);
    LittleEndian.putI32(extentChunks.bytes, at + 12, page);
    extentChunks.end();
  }

  /**
   * Adds what proves a group of pages.
   *
   * @param digest as {@link GroupProof} gives it
   */
  void addGroup(long number, byte[] digest) throws IOException {
    int at = groupChunks.begin(number);
    LittleEndian.putI64(groupChunks.bytes, at, number);
    System.arraycopy(digest, 0, groupChunks.bytes, at + 8, GroupProof.BYTES);
    groupChunks.end();
  }

  /** Records of one kind on their way into chunks, which are written as they fill. */
  private final class Chunks {
    private final int record;
    private final byte[] bytes;
    private byte[] table = new byte[16 * ManifestFile.CHUNK_ENTRY];
    private int chunks;
    private int inChunk;
    private long records;

    Chunks(int record) {
      this.record = record;
      this.bytes = new byte[ManifestFile.CHUNK * record];
    }

    /** Where in {@link #bytes} the next record goes, which is known by a number. */
    int begin(long first) {
      if (inChunk == 0) {
        if ((chunks + 1) * ManifestFile.CHUNK_ENTRY > table.length) {
          table = Arrays.copyOf(table, table.length * 2);
        }
        LittleEndian.putI64(table, chunks * ManifestFile.CHUNK_ENTRY, first);
      }
      records++;
      return inChunk++ * record;
    }

    void end() throws IOException {
      if (inChunk == ManifestFile.CHUNK) {
        flush();
      }
    }

    void flush() throws IOException {
      if (inChunk > 0) {
        int length = inChunk * record;
        int entry = chunks++ * ManifestFile.CHUNK_ENTRY;
        LittleEndian.putI64(table, entry + 8, written);
        LittleEndian.putI32(table, entry + 16, Checksum.of(bytes, 0, length));
        append(bytes, length);
        inChunk = 0;
      }
    }

    int tableLength() {
      return chunks * ManifestFile.CHUNK_ENTRY;
    }
  }

  private void append(byte[] bytes, int length) throws IOException {
    part.write(written, bytes, 0, length);
    written += length;
  }

  /** Adds a range of bytes of the image that cannot be read, in order, apart from the last. */
  void addBad(long start, long length) throws IOException {
    int at = badChunks.begin(start);
    LittleEndian.putI64(badChunks.bytes, at, start);
    LittleEndian.putI64(badChunks.bytes, at + 8, length);
    badChunks.end();
  }

  /**
   * Writes what is left; nothing is durable before it is published. Called again it is written as
   * the other says.
   */
  void finish(Manifest manifest, byte[] storeId) throws IOException {
    endRun();
    extentChunks.flush();
    groupChunks.flush();
    long pages = runStart;
    badChunks.flush();
    if (unfinished == 0) {
      unfinished = written;
    }
    part.truncate(unfinished);
    written = unfinished;
    ByteArrayOutputStream chunkTable = new ByteArrayOutputStream();
    for (Chunks chunks : List.of(extentChunks, badChunks, groupChunks)) {
      chunkTable.write(chunks.table, 0, chunks.tableLength());
    }
    byte[] table = chunkTable.toByteArray();
    byte[] packTable = new byte[packs.size() * 8];
    for (int i = 0; i < packs.size(); i++) {
      LittleEndian.putI64(packTable, 8 * i, packs.get(i));
    }
    byte[] json = ManifestJson.write(manifest);
    byte[] trailer = new byte[ManifestFile.TRAILER];
    LittleEndian.putI64(trailer, 0, ManifestFile.END_MAGIC);
    LittleEndian.putI64(trailer, 8, extents);
    LittleEndian.putI64(trailer, 16, badChunks.records);
    LittleEndian.putI32(trailer, 24, packs.size());
    LittleEndian.putI32(trailer, 28, json.length);
    LittleEndian.putI64(trailer, 32, manifest.size());
    LittleEndian.putI64(trailer, 40, pages);
    LittleEndian.putI32(trailer, 48, Checksum.of(packTable, 0, packTable.length));
    LittleEndian.putI32(trailer, 52, Checksum.of(table, 0, table.length));
    LittleEndian.putI32(trailer, 56, Checksum.of(json, 0, json.length));
    LittleEndian.putI32(trailer, 60, pageSize.bytes());
    System.arraycopy(storeId, 0, trailer, 64, 16);
    LittleEndian.putI64(trailer, 80, groupChunks.records);
    LittleEndian.putI32(trailer, 92, Checksum.of(trailer, 0, 92));
    append(packTable, packTable.length);
    append(table, table.length);
    append(json, json.length);
    append(trailer, trailer.length);
  }

  /**
   * Gives the finished manifest its name, if that is free; it is durable then.
   *
   * @return false when it is taken
   */
  boolean publish(String name) throws IOException {
    return part.publishIfAbsent(name);
  }

  /**
   * As above, of a copy: it is a part still.
   *
   * @return false when the name is taken
   */
  boolean put(Shelf shelf, String name) throws IOException {
    return shelf.putWhole(name, part, false);
  }

  /** Removes it unless it was published. */
  @Override
  public void close() {
    part.discard();
  }
}
