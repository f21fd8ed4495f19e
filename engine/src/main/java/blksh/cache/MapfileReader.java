package blksh.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import blksh.io.FileType;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads a {@link Mapfile} line by line, however many it has. */
final class MapfileReader implements Closeable {

  private static final String BLKCACHE = "## blkcache:";

  /** No status and no block is longer; of a comment only so much is looked at. */
  private static final int LONGEST_LINE = 4096;

  /** How much of a line a message quotes. */
  private static final int QUOTED = 60;

  private static final int BUFFER = 1 << 16;

  /** Words of a line that mean something; another is too many. */
  private static final int WORDS = 4;

  private final Path path;
  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER];
  private int next;
  private int filled;

  // The line.
  private final byte[] line = new byte[LONGEST_LINE];
  private int length;
  private long number;
  private final int[] from = new int[WORDS];
  private final int[] to = new int[WORDS];
  private int words;

  MapfileReader(Path path) throws IOException {
    FileType.requireRegular(path);
    this.path = path;
    this.in = Files.newInputStream(path);
  }

  private record Status(long position, char phase, int pass) {}

  private record Block(long start, long end, RescueStatus status) {}

  /**
   * Reads it all.
   *
   * @param size of the source in bytes
   * @throws BlkshException when it is no mapfile, naming the line
   */
  Mapfile read(long size) throws IOException {
    Map<String, String> notes = new LinkedHashMap<>();
    RescueMap.Builder map = new RescueMap.Builder(size);
    boolean byBlkcache = false;
    Status status = null;
    long end = -1;
    long finishedTo = 0;
    while (nextLine()) {
      if (isComment()) {
        byBlkcache |= note(notes);
      } else if (status == null) {
        status = status();
      } else {
        Block block = block(end);
        if (end < 0) {
          map.addTo(block.start, RescueStatus.NON_TRIED);
        }
        end = block.end;
        map.addTo(end, block.status);
        finishedTo = block.status == RescueStatus.FINISHED ? end : finishedTo;
      }
    }
    if (status == null) {
      throw new BlkshException("read mapfile " + path, "it has no status line");
    }
    RescueMap read = map.map();
    return new Mapfile(
        status.position,
        status.phase,
        status.pass,
        byBlkcache ? retried(read) : read,
        finishedTo,
        notes);
  }

  /**
   * Whether it has a note, or else tells of bytes that were read; of a map with millions of blocks
   * no more is looked at than that takes.
   *
   * @throws BlkshException when what is looked at is no mapfile, naming the line
   */
  boolean hasNoteOrBytes(String key, String value) throws IOException {
    Map<String, String> notes = new LinkedHashMap<>();
    boolean begun = false;
    while (nextLine()) {
      if (isComment()) {
        note(notes);
        if (value.equals(notes.get(key))) {
          return true;
        }
      } else if (!begun) {
        status();
        begun = true;
      } else if (block(-1).status == RescueStatus.FINISHED) {
        return true;
      }
    }
    return false;
  }

  /** Whether the line is a comment, or empty; if not, its words are found. */
  private boolean isComment() {
    split();
    return words == 0;
  }

  private Status status() {
    try {
      long position = number(0);
      char phase = symbol(1);
      int pass = words > 2 ? Integer.parseInt(word(2)) : 1;
      require(Mapfile.PHASES.indexOf(phase) >= 0);
      return new Status(position, phase, pass);
    } catch (IllegalArgumentException e) {
      throw noLine(e);
    }
  }

  /**
   * @param end of the block before, or -1
   */
  private Block block(long end) {
    try {
      require(words == 3);
      long start = number(0);
      long count = number(1);
      RescueStatus status = RescueStatus.of(symbol(2));
      require(status != null && count > 0 && start + count > 0 && (end < 0 || end == start));
      return new Block(start, start + count, status);
    } catch (IllegalArgumentException e) {
      throw noLine(e);
    }
  }

  private BlkshException noLine(IllegalArgumentException cause) {
    return new BlkshException(
        "read mapfile " + path,
        "line %d is neither a status nor the next block: %s".formatted(number, quoted()),
        cause);
  }

  /**
   * As blkcache marks a whole request bad when one sector of it fails, all of it is tried again.
   */
  private static RescueMap retried(RescueMap map) {
    if (map.bytes(RescueStatus.BAD_SECTOR) == 0) {
      return map;
    }
    RescueMap.Builder retried = new RescueMap.Builder(map.size());
    for (RescueRange range : map.ranges()) {
      boolean coarse = range.status() == RescueStatus.BAD_SECTOR;
      retried.addTo(range.end(), coarse ? RescueStatus.NON_TRIMMED : range.status());
    }
    return retried.map();
  }

  /** Takes a note from a comment. @return whether it is a note of blkcache's own */
  private boolean note(Map<String, String> notes) {
    String text = new String(line, 0, length, UTF_8);
    int equals = text.indexOf('=');
    if (text.startsWith(Mapfile.NOTE) && equals > 0) {
      String key = text.substring(Mapfile.NOTE.length(), equals).strip();
      notes.put(key, text.substring(equals + 1));
    }
    return text.startsWith(BLKCACHE);
  }

  // ---- lines and words ------------------------------------------------------------------------

  private boolean nextLine() throws IOException {
    length = 0;
    number++;
    while (true) {
      if (next == filled) {
        filled = in.read(buffer);
        next = 0;
        if (filled <= 0) {
          filled = 0;
          return length > 0;
        }
      }
      byte one = buffer[next++];
      if (one == '\n') {
        if (length > 0 && line[length - 1] == '\r') {
          length--;
        }
        return true;
      }
      if (one == 0) {
        throw new BlkshException("read mapfile " + path, "it is not text");
      }
      if (length < LONGEST_LINE) {
        line[length++] = one;
      } else if (line[0] != '#') {
        throw new BlkshException(
            "read mapfile " + path, "line %d has no end: %s".formatted(number, quoted()));
      }
    }
  }

  /** Finds the words up to a comment. */
  private void split() {
    words = 0;
    int at = 0;
    while (true) {
      while (at < length && isSpace(line[at])) {
        at++;
      }
      if (at == length || line[at] == '#' || words == WORDS) {
        return;
      }
      from[words] = at;
      while (at < length && !isSpace(line[at])) {
        at++;
      }
      to[words++] = at;
    }
  }

  private static boolean isSpace(byte one) {
    return one == ' ' || (one >= '\t' && one <= '\r');
  }

  private String word(int index) {
    return new String(line, from[index], to[index] - from[index], UTF_8);
  }

  private char symbol(int word) {
    require(words > word && to[word] == from[word] + 1);
    return (char) line[from[word]];
  }

  /** As C++ writes integers: decimal, 0x hexadecimal, 0 octal. */
  private long number(int word) {
    int at = from[word];
    int end = to[word];
    require(words > word && line[at] >= '0' && line[at] <= '9');
    int base = 10;
    if (line[at] == '0' && end > at + 1) {
      boolean hexadecimal = line[at + 1] == 'x' || line[at + 1] == 'X';
      base = hexadecimal ? 16 : 8;
      at += hexadecimal ? 2 : 1;
    }
    require(at < end);
    long value = 0;
    for (; at < end; at++) {
      int digit = Character.digit((char) line[at], base);
      require(digit >= 0 && value <= (Long.MAX_VALUE - digit) / base);
      value = value * base + digit;
    }
    return value;
  }

  private static void require(boolean well) {
    if (!well) {
      throw new IllegalArgumentException();
    }
  }

  /** The beginning of the line. Whoever shows a message makes visible what it does not show. */
  private String quoted() {
    String text = new String(line, 0, length, UTF_8);
    return text.length() <= QUOTED ? text : text.substring(0, QUOTED) + "…";
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
