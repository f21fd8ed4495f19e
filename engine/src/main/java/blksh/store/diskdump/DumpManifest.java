package blksh.store.diskdump;

import blksh.io.LittleEndian;
import blksh.io.OpenFile;
import blksh.io.ScratchFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The manifest of a dump, as diskdump 0.1.5 writes it: lines of UTF-8, first those that begin with
 * {@code #} and say what it is of, then the digest of each block in order, in hex.
 *
 * <p>Digests that stand in lines of the usual length are read where they are. A file of other lines
 * (blank ones, comments among the digests, ends of lines as on Windows) is read once, and its
 * digests are kept on the disk meanwhile.
 */
final class DumpManifest implements Closeable {

  /** What it begins with, as far as all versions do. */
  static final String MAGIC = "# diskdump manifest v";

  static final String VERSION = "1";

  /** What blksh adds: which version of which image it exported. */
  static final String ORIGIN = "# blksh: ";

  static final String SOURCE = "# source: ";
  static final String DATE = "# date: ";
  static final String BLOCK_SIZE = "# block_size: ";
  static final String TOTAL_BLOCKS = "# total_blocks: ";
  static final String TOTAL_SIZE = "# total_size: ";

  /** Bytes of a block, where nothing else is said. */
  static final int USUAL_BLOCK = 131_072;

  static final int SMALLEST_BLOCK = 512;
  static final int LARGEST_BLOCK = 16 << 20;

  /** More than any disk has, and less than what sums of it would run over. */
  private static final long LARGEST_SIZE = 1L << 56;

  private static final int HEX = 2 * DiskdumpPlace.DIGEST;
  private static final int LINE = HEX + 1;
  private static final int LONGEST_LINE = 64 << 10;
  private static final int MOST_HEAD = 1 << 20;

  /** A line that was scanned: its digest, and where it stands when it is none. */
  private static final int ENTRY = DiskdumpPlace.DIGEST + Long.BYTES;

  private static final long SOUND = -1;
  private static final String NO_DIGEST = "what stands at byte %d of it is no SHA-256";

  private final OpenFile file;
  private final Path path;
  private String source = "";
  private String date = "";
  private String origin = "";
  private long blockSize = USUAL_BLOCK;
  private long declared;
  private long totalSize;

  /** Byte of the first digest, when all stand in lines of the usual length. */
  private long first;

  /** The digests, when they do not. */
  private ScratchFile scanned;

  private long blocks;

  private DumpManifest(OpenFile file, Path path) {
    this.file = file;
    this.path = path;
  }

  /** It was read, and is not what diskdump writes. */
  static final class Refused extends IOException {
    Refused(String problem) {
      super(problem);
    }
  }

  /**
   * Opens a manifest; of one as usual only the head is read.
   *
   * @throws Refused when it is none, or says what makes no sense
   */
  static DumpManifest open(Path path) throws IOException {
    OpenFile file = OpenFile.open(path, OpenFile.Use.READ, OpenFile.WhenInterrupted.FINISH);
    DumpManifest manifest = new DumpManifest(file, path);
    boolean whole = false;
    try {
      manifest.read();
      manifest.check();
      whole = true;
      return manifest;
    } finally {
      if (!whole) {
        manifest.close();
      }
    }
  }

  private void read() throws IOException {
    Lines lines = new Lines();
    boolean begun = false;
    for (String line = lines.next(); line != null; line = lines.next()) {
      String text = line.strip();
      if (!begun && !text.isEmpty()) {
        begin(text);
        begun = true;
      } else if (text.startsWith("#")) {
        field(text);
      } else if (!text.isEmpty()) {
        break;
      }
      if (lines.start > MOST_HEAD) {
        throw new Refused("there is no digest in its first %d bytes".formatted(MOST_HEAD));
      }
    }
    if (!begun) {
      throw new Refused("it is empty");
    }
    first = lines.ended ? file.size() : lines.start;
    if (isUsual()) {
      blocks = (file.size() - first + 1) / LINE;
    } else {
      scan();
    }
  }

  /**
   * Whether each line from the first digest on has the usual length, as far as can be told by the
   * first and the last. Lines of Windows may add up to the same bytes; and of a file that a power
   * cut took the end of, bytes are there that stand for nothing.
   */
  private boolean isUsual() throws IOException {
    long rest = file.size() - first;
    if (rest % LINE != 0 && rest % LINE != HEX) {
      return false;
    }
    long count = (rest + 1) / LINE;
    boolean ends = rest % LINE == HEX || rest == 0 || endsAt(file.size() - 1);
    return (count <= 1 || endsAt(first + HEX))
        && (declared == 0 ? ends : count == declared || count < declared && ends);
  }

  private boolean endsAt(long position) throws IOException {
    return file.readFully(position, 1)[0] == '\n';
  }

  private static void begin(String text) throws Refused {
    if (!text.startsWith(MAGIC)) {
      throw new Refused("it does not begin with \"" + MAGIC + VERSION + "\"");
    }
    String version = text.substring(MAGIC.length());
    if (!version.equals(VERSION)) {
      throw new Refused("it is of version " + version + ", and only 1 is known");
    }
  }

  private void field(String line) throws Refused {
    if (line.startsWith(SOURCE)) {
      source = line.substring(SOURCE.length());
    } else if (line.startsWith(DATE)) {
      date = line.substring(DATE.length());
    } else if (line.startsWith(ORIGIN)) {
      origin = line.substring(ORIGIN.length());
    } else if (line.startsWith(BLOCK_SIZE)) {
      blockSize = number(line, BLOCK_SIZE);
    } else if (line.startsWith(TOTAL_BLOCKS)) {
      declared = number(line, TOTAL_BLOCKS);
    } else if (line.startsWith(TOTAL_SIZE)) {
      totalSize = number(line, TOTAL_SIZE);
    }
  }

  private static long number(String line, String field) throws Refused {
    String text = line.substring(field.length()).strip();
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new Refused("its " + field.substring(2) + text + " is no number");
    }
  }

  private void scan() throws IOException {
    scanned = new ScratchFile();
    Lines lines = new Lines();
    byte[] entry = new byte[ENTRY];
    lines.seek(first);
    for (String line = lines.next(); line != null; line = lines.next()) {
      String text = line.strip();
      if (text.startsWith("#")) {
        field(text);
      } else if (!text.isEmpty()) {
        byte[] hex = text.getBytes(StandardCharsets.UTF_8);
        boolean sound = hex.length == HEX && digits(hex, 0, entry, 0);
        LittleEndian.putI64(entry, DiskdumpPlace.DIGEST, sound ? SOUND : lines.start);
        scanned.append(entry, 0, ENTRY);
        blocks++;
      }
    }
    scanned.finish();
  }

  private void check() throws Refused {
    if (blockSize < SMALLEST_BLOCK || blockSize > LARGEST_BLOCK) {
      throw new Refused(
          "its blocks have %d bytes; from %d to %d can be read"
              .formatted(blockSize, SMALLEST_BLOCK, LARGEST_BLOCK));
    }
    if (totalSize < 0 || totalSize > LARGEST_SIZE || declared < 0) {
      throw new Refused(
          "a size of %d bytes in %d blocks makes no sense".formatted(totalSize, declared));
    }
    if (totalSize > 0 && blocks > needed()) {
      throw new Refused(
          "it has %d blocks, and %d bytes have only %d".formatted(blocks, totalSize, needed()));
    }
  }

  Path path() {
    return path;
  }

  /** What was dumped: {@code server01:/dev/sda}. */
  String source() {
    return source;
  }

  /** When, as it stands there. */
  String date() {
    return date;
  }

  /** What blksh exported, or empty. */
  String origin() {
    return origin;
  }

  int blockSize() {
    return (int) blockSize;
  }

  /** Blocks there are digests of. */
  long blocks() {
    return blocks;
  }

  /** Bytes of what was dumped; 0 where that is not said. */
  long totalSize() {
    return totalSize;
  }

  private long needed() {
    return (totalSize + blockSize - 1) / blockSize;
  }

  /** Blocks it should have and has not. */
  long missing() {
    return Math.max(Math.max(needed(), declared) - blocks, 0);
  }

  /**
   * Reads digests.
   *
   * @param to gets {@code count} of them from 0 on
   * @throws Refused when what stands there is none
   */
  void digests(long from, int count, byte[] to) throws IOException {
    if (scanned != null) {
      scanned(from, count, to);
      return;
    }
    long start = first + from * LINE;
    int length = (int) Math.min((long) count * LINE, file.size() - start);
    byte[] lines = file.readFully(start, length);
    for (int i = 0; i < count; i++) {
      int at = i * LINE;
      boolean ends = at + HEX == length || lines[at + HEX] == '\n';
      if (!ends || !digits(lines, at, to, i * DiskdumpPlace.DIGEST)) {
        throw new Refused(NO_DIGEST.formatted(start + at));
      }
    }
  }

  private void scanned(long from, int count, byte[] to) throws Refused {
    byte[] entry = new byte[ENTRY];
    for (int i = 0; i < count; i++) {
      scanned.read((from + i) * ENTRY, ByteBuffer.wrap(entry));
      long position = LittleEndian.i64(entry, DiskdumpPlace.DIGEST);
      if (position != SOUND) {
        throw new Refused(NO_DIGEST.formatted(position));
      }
      System.arraycopy(entry, 0, to, i * DiskdumpPlace.DIGEST, DiskdumpPlace.DIGEST);
    }
  }

  private static boolean digits(byte[] from, int at, byte[] to, int bt) {
    for (int i = 0; i < DiskdumpPlace.DIGEST; i++) {
      int high = digit(from[at + 2 * i]);
      int low = digit(from[at + 2 * i + 1]);
      if (high < 0 || low < 0) {
        return false;
      }
      to[bt + i] = (byte) (high << 4 | low);
    }
    return true;
  }

  private static int digit(byte c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }

  @Override
  public void close() {
    if (scanned != null) {
      scanned.close();
    }
    file.close();
  }

  /** The lines of the file, from its beginning or from elsewhere. */
  private final class Lines {
    private final byte[] buffer = new byte[LONGEST_LINE];
    private int length;
    private int at;
    private long position;

    /** Byte of the line that came last. */
    long start;

    /** Whether there is no more. */
    boolean ended;

    void seek(long to) {
      position = to;
      length = 0;
      at = 0;
    }

    /** The next line without its end; null after the last. */
    String next() throws IOException {
      int end = end();
      if (end < 0 && at > 0 || length == 0) {
        fill();
        end = end();
      }
      start = position + at;
      if (at == length) {
        ended = true;
        return null;
      }
      if (end < 0 && length == buffer.length) {
        throw new Refused("the line at byte %d of it is too long".formatted(start));
      }
      int stop = end < 0 ? length : end;
      String line = new String(buffer, at, stop - at, StandardCharsets.UTF_8);
      at = end < 0 ? length : end + 1;
      return line;
    }

    private int end() {
      for (int i = at; i < length; i++) {
        if (buffer[i] == '\n') {
          return i;
        }
      }
      return -1;
    }

    /** Moves what is left to the front, and reads on behind it. */
    private void fill() throws IOException {
      int left = length - at;
      System.arraycopy(buffer, at, buffer, 0, left);
      position += at;
      at = 0;
      int room = (int) Math.min(buffer.length - left, Math.max(0, file.size() - position - left));
      file.readFully(position + left, buffer, left, room);
      length = left + room;
    }
  }
}
