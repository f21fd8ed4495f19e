package blksh.store.pack;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.store.shelf.ReadOnlyFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** What is in the files of packs, for tests that damage them or count their pages. */
public final class PackFiles {

  /** Bytes before the first frame. */
  public static final int HEADER = Pack.HEADER;

  /** Bytes before the first slot of a page index. */
  public static final int PAGE_INDEX_HEADER = PageTable.HEADER;

  /** Bytes of a slot. */
  public static final int PAGE_INDEX_SLOT = PageTable.SLOT;

  private PackFiles() {}

  private static Pack open(Path file) throws IOException {
    String id = file.getFileName().toString().replace(".pack", "");
    return Pack.open(Long.parseUnsignedLong(id, 16), new ReadOnlyFile(file), null, PageSize.USUAL);
  }

  /** The parts of a whole pack of several frames, each from its first byte up to its end. */
  public static Map<String, long[]> regions(Path file) throws IOException {
    Map<String, long[]> regions = new LinkedHashMap<>();
    long size = Files.size(file);
    try (Pack pack = open(file)) {
      PackFooter footer = pack.footer();
      assertThat(pack.footerSound()).isTrue();
      assertThat(footer.frames()).isGreaterThan(1);
      regions.put("pack header", new long[] {0, Pack.HEADER});
      for (int frame : new int[] {0, footer.frames() - 1}) {
        long at = footer.offset(frame);
        long payload = at + Frame.headerLength(footer.pagesIn(frame));
        regions.put("header of frame " + frame, new long[] {at, payload});
        regions.put(
            "payload of frame " + frame,
            new long[] {payload, payload + footer.storedLength(frame)});
      }
      long table = pack.contentBytes();
      long digests = table + (long) footer.frames() * PackFooter.ENTRY;
      long sums = digests + (long) footer.pages() * Page.DIGEST;
      regions.put("frame table", new long[] {table, digests});
      regions.put("digests", new long[] {digests, sums});
      regions.put("checksums", new long[] {sums, size - PackFooter.TRAILER});
      regions.put("trailer", new long[] {size - PackFooter.TRAILER, size});
    }
    return regions;
  }

  /** Where the first frame of a pack ends. */
  public static int firstFrameEnd(byte[] pack) {
    Frame first = Frame.parse(pack, Pack.HEADER, pack.length);
    return Pack.HEADER + first.headerLength() + first.storedLength;
  }

  /** Where the header of the frame begins that has a page. */
  public static long frameOf(Path file, int page) throws IOException {
    try (Pack pack = open(file)) {
      return pack.footer().offset(pack.footer().frameOf(page));
    }
  }

  /** The payload of the frame that has a page, from its first byte up to its end. */
  public static long[] payloadOf(Path file, int page) throws IOException {
    try (Pack pack = open(file)) {
      int frame = pack.footer().frameOf(page);
      long header = Frame.headerLength(pack.footer().pagesIn(frame));
      return new long[] {pack.footer().offset(frame) + header, pack.frameEnd(frame)};
    }
  }

  /** Where a page of 4096 bytes is in its pack, which could not compress it. */
  public static long placeOf(Path file, int page) throws IOException {
    try (Pack pack = open(file)) {
      int frame = pack.footer().frameOf(page);
      assertThat(pack.footer().codec(frame)).isEqualTo(Codec.RAW);
      return pack.footer().offset(frame)
          + Frame.headerLength(pack.footer().pagesIn(frame))
          + (long) (page - pack.footer().firstPage(frame)) * Page.SIZE;
    }
  }

  /** Pages in the whole frames of a pack, or of a part that is to be one. */
  public static long wholePages(Path file) throws IOException {
    try (ReadOnlyFile pack = new ReadOnlyFile(file)) {
      long size = pack.size();
      return size < Pack.HEADER ? 0 : FrameScan.of(pack, PageSize.USUAL).pages();
    }
  }

  /** The store a pack says it belongs to. */
  public static byte[] storeId(byte[] pack) {
    return Arrays.copyOfRange(pack, 16, 32);
  }

  /** A pack that says, wherever it does, that it is the one of a file and a store. */
  public static byte[] renamed(byte[] pack, Path file, byte[] storeId) {
    long id = Long.parseUnsignedLong(file.getFileName().toString().replace(".pack", ""), 16);
    byte[] renamed = pack.clone();
    System.arraycopy(Pack.header(id, storeId), 0, renamed, 0, Pack.HEADER);
    int trailer = renamed.length - PackFooter.TRAILER;
    LittleEndian.putI64(renamed, trailer + 8, id);
    LittleEndian.putI32(renamed, trailer + 60, Checksum.of(renamed, trailer, 60));
    return renamed;
  }

  /** The digests of all pages of a pack. */
  public static Set<String> digests(Path file) throws IOException {
    Set<String> digests = new HashSet<>();
    try (Pack pack = open(file)) {
      byte[] digest = new byte[Page.DIGEST];
      for (int page = 0; page < pack.pages(); page++) {
        if (pack.firstMissing(page, page + 1) >= 0) {
          continue; // no frame has it
        }
        assertThat(pack.digest(page, digest, 0)).isTrue();
        digests.add(HexFormat.of().formatHex(digest));
      }
    }
    return digests;
  }
}
