package blksh.bench;

import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.store.Store;
import blksh.store.StoreOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.IntStream;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;

/**
 * Makes a store of as many packs, pages and digests as one of full packs has, by
 * docs/store-format.md: the first packs hold pages, all alike but for their first bytes; the frames
 * of the others are holes, and the digests of their pages numbers. Two versions of one image name
 * all pages, and half of them. Arguments: a directory, how many packs, how many of them hold pages.
 * Run by {@code bench/large.sh}.
 */
public final class LargeStore {

  private static final int PAGE = 4096;
  private static final int DIGEST = 32;
  private static final int PAGES = 22_500;
  private static final int FRAME = 8;
  private static final int FRAMES = (PAGES + FRAME - 1) / FRAME;
  private static final int ENTRY = 24;
  private static final int CHUNK = 4096;
  private static final int GROUP = 128;

  private final Path store;
  private final byte[] storeId;
  private final int packs;
  private final int real;

  private LargeStore(Path store, byte[] storeId, int packs, int real) {
    this.store = store;
    this.storeId = storeId;
    this.packs = packs;
    this.real = real;
  }

  public static void main(String[] arguments) throws IOException {
    Path store = Path.of(arguments[0]);
    Store.create(store, StoreOptions.defaults()).close();
    String text = Files.readString(store.resolve("store.json"));
    String id = text.replaceAll("(?s).*\"id\": \"([^\"]*)\".*", "$1").replace("-", "");
    int packs = Integer.parseInt(arguments[1]);
    int real = Integer.parseInt(arguments[2]);
    LargeStore made = new LargeStore(store, HexFormat.of().parseHex(id), packs, real);
    IntStream.range(0, packs).parallel().forEach(made::writePack);
    made.writeManifest(1, packs / 2);
    made.writeManifest(2, packs);
  }

  /** Spread over the directories of a store; those that hold pages come first. */
  private long packId(int pack) {
    return Long.divideUnsigned(-1L, packs + 1) * (pack + 1);
  }

  private Path path(int pack) {
    String name = "%016x".formatted(packId(pack));
    return store.resolve("packs/" + name.substring(0, 2) + "/" + name + ".pack");
  }

  // ---- packs ----------------------------------------------------------------------------------

  private void writePack(int pack) {
    try {
      Files.createDirectories(path(pack).getParent());
      byte[] digests = new byte[PAGES * DIGEST];
      byte[] table = new byte[FRAMES * ENTRY];
      try (FileChannel file =
          FileChannel.open(path(pack), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        file.write(ByteBuffer.wrap(header(pack)), 0);
        long end = pack < real ? pages(pack, file, digests, table) : holes(pack, digests, table);
        file.write(ByteBuffer.wrap(footer(pack, end, digests, table)), end);
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private byte[] header(int pack) {
    byte[] header = new byte[40];
    put(header, 0, "BKPACK01");
    LittleEndian.putI64(header, 8, packId(pack));
    System.arraycopy(storeId, 0, header, 16, 16);
    LittleEndian.putI32(header, 36, Checksum.of(header, 0, 36));
    return header;
  }

  private long pages(int pack, FileChannel file, byte[] digests, byte[] table) throws IOException {
    LZ4Compressor lz4 = LZ4Factory.fastestInstance().fastCompressor();
    MessageDigest sha = sha256();
    byte[] raw = new byte[FRAME * PAGE];
    byte[] payload = new byte[lz4.maxCompressedLength(raw.length)];
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    for (int frame = 0; frame < FRAMES; frame++) {
      int first = frame * FRAME;
      int count = Math.min(FRAME, PAGES - first);
      for (int i = 0; i < count; i++) {
        LittleEndian.putI64(raw, i * PAGE, ((long) pack << 32 | first + i) + 1);
        sha.update(raw, i * PAGE, PAGE);
        System.arraycopy(sha.digest(), 0, digests, (first + i) * DIGEST, DIGEST);
      }
      int stored = lz4.compress(raw, 0, count * PAGE, payload, 0);
      byte[] head = frameHeader(first, count, stored, Checksum.of(payload, 0, stored), digests);
      entry(table, frame, 40 + frames.size(), stored, head);
      frames.write(head);
      frames.write(payload, 0, stored);
    }
    file.write(ByteBuffer.wrap(frames.toByteArray()), 40);
    return 40 + frames.size();
  }

  private static byte[] frameHeader(int first, int count, int stored, int sum, byte[] digests) {
    byte[] head = new byte[24 + count * (2 + DIGEST) + 4];
    put(head, 0, "BKFR");
    LittleEndian.putI32(head, 4, first);
    LittleEndian.putU16(head, 8, count);
    head[10] = 1; // LZ4
    LittleEndian.putI32(head, 12, count * PAGE);
    LittleEndian.putI32(head, 16, stored);
    LittleEndian.putI32(head, 20, sum);
    for (int i = 0; i < count; i++) {
      LittleEndian.putU16(head, 24 + 2 * i, PAGE);
    }
    System.arraycopy(digests, first * DIGEST, head, 24 + 2 * count, count * DIGEST);
    LittleEndian.putI32(head, head.length - 4, Checksum.of(head, 0, head.length - 4));
    return head;
  }

  private static void entry(byte[] table, int frame, int offset, int stored, byte[] head) {
    int at = frame * ENTRY;
    LittleEndian.putI32(table, at, offset);
    LittleEndian.putI32(table, at + 4, stored);
    LittleEndian.putI32(table, at + 8, LittleEndian.i32(head, 12));
    LittleEndian.putI32(table, at + 12, LittleEndian.i32(head, 4));
    LittleEndian.putU16(table, at + 16, LittleEndian.u16(head, 8));
    table[at + 18] = head[10];
    LittleEndian.putI32(table, at + 20, LittleEndian.i32(head, 20));
  }

  /** Frames as large as the others', of which nothing but the footer is written. */
  private static long holes(int pack, byte[] digests, byte[] table) {
    for (int at = 0; at < digests.length; at += 8) {
      LittleEndian.putI64(digests, at, mixed(((long) pack << 32 | at) + 1));
    }
    int offset = 40;
    for (int frame = 0; frame < FRAMES; frame++) {
      int first = frame * FRAME;
      int count = Math.min(FRAME, PAGES - first);
      byte[] head = frameHeader(first, count, 240, frame, digests);
      entry(table, frame, offset, 240, head);
      offset += head.length + 240;
    }
    return offset;
  }

  /** The finisher of SplitMix64. */
  private static long mixed(long number) {
    long z = number * 0x9E3779B97F4A7C15L;
    z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  private byte[] footer(int pack, long at, byte[] digests, byte[] table) {
    int blocks = (PAGES + GROUP - 1) / GROUP;
    byte[] sums = new byte[4 * blocks];
    for (int i = 0; i < blocks; i++) {
      int from = i * GROUP * DIGEST;
      int length = Math.min(GROUP * DIGEST, digests.length - from);
      LittleEndian.putI32(sums, 4 * i, Checksum.of(digests, from, length));
    }
    byte[] end = new byte[64];
    put(end, 0, "BKPACKND");
    LittleEndian.putI64(end, 8, packId(pack));
    LittleEndian.putI32(end, 16, FRAMES);
    LittleEndian.putI32(end, 20, PAGES);
    LittleEndian.putI64(end, 24, at);
    LittleEndian.putI64(end, 32, (long) PAGES * PAGE);
    LittleEndian.putI32(end, 40, Checksum.of(table, 0, table.length));
    LittleEndian.putI32(end, 44, Checksum.of(sums, 0, sums.length));
    LittleEndian.putI32(end, 60, Checksum.of(end, 0, 60));
    return ByteBuffer.allocate(table.length + digests.length + sums.length + end.length)
        .put(table)
        .put(digests)
        .put(sums)
        .put(end)
        .array();
  }

  // ---- manifests ------------------------------------------------------------------------------

  /** An image of the pages of the first packs, in order. */
  private void writeManifest(int version, int count) throws IOException {
    long pages = (long) count * PAGES;
    byte[] packTable = new byte[8 * count];
    Chunks extents = new Chunks(16);
    for (int pack = 0; pack < count; pack++) {
      LittleEndian.putI64(packTable, 8 * pack, packId(pack));
      byte[] record = new byte[16];
      LittleEndian.putI64(record, 0, (long) pack * PAGES | 1L << 56);
      LittleEndian.putI32(record, 8, pack);
      extents.add((long) pack * PAGES, record);
    }
    Chunks groups = new Chunks(24);
    String root = prove(count, groups);
    Path file = store.resolve("manifests/large/" + version + ".manifest");
    Files.createDirectories(file.getParent());
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write("BKMANIF2".getBytes(StandardCharsets.US_ASCII));
      byte[] extentTable = extents.write(out, 8);
      byte[] groupTable = groups.write(out, 8 + extents.bytes());
      byte[] chunkTable = Arrays.copyOf(extentTable, extentTable.length + groupTable.length);
      System.arraycopy(groupTable, 0, chunkTable, extentTable.length, groupTable.length);
      byte[] json = description(version, pages, count, root).getBytes(StandardCharsets.UTF_8);
      out.write(packTable);
      out.write(chunkTable);
      out.write(json);
      byte[] end = new byte[96];
      put(end, 0, "BKMFTEND");
      LittleEndian.putI64(end, 8, count);
      LittleEndian.putI32(end, 24, count);
      LittleEndian.putI32(end, 28, json.length);
      LittleEndian.putI64(end, 32, pages * PAGE);
      LittleEndian.putI64(end, 40, pages);
      LittleEndian.putI32(end, 48, Checksum.of(packTable, 0, packTable.length));
      LittleEndian.putI32(end, 52, Checksum.of(chunkTable, 0, chunkTable.length));
      LittleEndian.putI32(end, 56, Checksum.of(json, 0, json.length));
      LittleEndian.putI32(end, 60, PAGE);
      System.arraycopy(storeId, 0, end, 64, 16);
      LittleEndian.putI64(end, 80, groups.records());
      LittleEndian.putI32(end, 92, Checksum.of(end, 0, 92));
      out.write(end);
    }
  }

  private static String description(int version, long pages, int extents, String root) {
    return """
        {"name":"large","version":%d,"size":%d,\
        "started":"2026-01-0%1$dT00:00:00Z","finished":"2026-01-0%1$dT01:00:00Z",\
        "source":{"type":"file","name":"large","location":"/large","details":{}},\
        "figures":{"dataBytes":%2$d,"zeroBytes":0,"freeBytes":0,"badBytes":0,"newPages":%d,\
        "newBytes":%2$d,"storedBytes":%2$d,"extents":%d},"root":"%s"}"""
        .formatted(version, pages * PAGE, pages, extents, root);
  }

  /** Gives the digests of groups, and returns the root. */
  private String prove(int count, Chunks groups) throws IOException {
    MessageDigest root = sha256();
    MessageDigest group = sha256();
    long page = 0;
    for (int pack = 0; pack < count; pack++) {
      byte[] digests = digests(pack);
      root.update(digests);
      for (int i = 0; i < PAGES; i++) {
        group.update(digests, i * DIGEST, DIGEST);
        if (++page % GROUP == 0) {
          addGroup(groups, page / GROUP - 1, group.digest());
        }
      }
    }
    if (page % GROUP > 0) {
      addGroup(groups, page / GROUP, group.digest());
    }
    byte[] number = new byte[9];
    number[0] = 1;
    LittleEndian.putI64(number, 1, page);
    root.update(number);
    LittleEndian.putI64(number, 1, page * PAGE);
    root.update(number, 1, 8);
    return HexFormat.of().formatHex(root.digest());
  }

  private static void addGroup(Chunks groups, long number, byte[] digest) {
    byte[] record = new byte[24];
    LittleEndian.putI64(record, 0, number);
    System.arraycopy(digest, 0, record, 8, 16);
    groups.add(number, record);
  }

  /** As they stand in the footer. */
  private byte[] digests(int pack) throws IOException {
    byte[] digests = new byte[PAGES * DIGEST];
    try (FileChannel file = FileChannel.open(path(pack))) {
      int sums = 4 * ((PAGES + GROUP - 1) / GROUP);
      file.read(ByteBuffer.wrap(digests), file.size() - 64 - sums - digests.length);
    }
    return digests;
  }

  /** Records of one kind. */
  private static final class Chunks {
    private final int length;
    private final ByteArrayOutputStream records = new ByteArrayOutputStream();
    private final ByteArrayOutputStream firsts = new ByteArrayOutputStream();

    Chunks(int length) {
      this.length = length;
    }

    void add(long first, byte[] record) {
      if (records() % CHUNK == 0) {
        byte[] number = new byte[8];
        LittleEndian.putI64(number, 0, first);
        firsts.writeBytes(number);
      }
      records.writeBytes(record);
    }

    long records() {
      return bytes() / length;
    }

    long bytes() {
      return records.size();
    }

    /**
     * Writes them where the file is {@code at} bytes long. @return their part of the chunk table
     */
    byte[] write(OutputStream out, long at) throws IOException {
      byte[] all = records.toByteArray();
      byte[] first = firsts.toByteArray();
      byte[] table = new byte[first.length / 8 * 20];
      for (int i = 0; i < first.length / 8; i++) {
        int from = i * CHUNK * length;
        System.arraycopy(first, 8 * i, table, 20 * i, 8);
        LittleEndian.putI64(table, 20 * i + 8, at + from);
        int bytes = Math.min(CHUNK * length, all.length - from);
        LittleEndian.putI32(table, 20 * i + 16, Checksum.of(all, from, bytes));
      }
      out.write(all);
      return table;
    }
  }

  private static void put(byte[] to, int at, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(bytes, 0, to, at, bytes.length);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
