package blksh.cache;

import blksh.BlkshException;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A rescue map as GNU ddrescue keeps it in a file (its manual, section "Mapfile structure"): a
 * status line and a list of blocks that follow each other. What lies before the first block or
 * after the last was never tried.
 *
 * <p>Notes travel as comments, {@code ## blksh: key=value}, which ddrescue ignores.
 *
 * @param position the byte being tried when it was written
 * @param phase what was being done: a status character, or {@code F} or {@code G}
 * @param pass the pass within the phase, from 1
 * @param blocks in order, contiguous
 * @param notes what blksh noted about the source
 * @param byBlkcache whether blkcache wrote it, which marks a whole request bad when a sector fails
 */
record Mapfile(
    long position,
    char phase,
    int pass,
    List<RescueRange> blocks,
    Map<String, String> notes,
    boolean byBlkcache) {

  private static final String NOTE = "## blksh: ";
  private static final String BLKCACHE = "## blkcache:";
  private static final String PHASES = "?*/-FG+";

  /**
   * @throws BlkshException when it cannot be read or is no mapfile, naming the line
   */
  static Mapfile read(Path path) {
    try {
      FileType.requireRegular(path);
      try (BufferedReader reader = Files.newBufferedReader(path)) {
        requireText(reader);
        return parse(path, reader);
      }
    } catch (MalformedInputException e) {
      throw new BlkshException("read mapfile " + path, "it is not text", e);
    } catch (IOException e) {
      throw IoFailure.told("read mapfile " + path, e);
    }
  }

  /** A hole as large as a disk, say, would be one endless line. */
  private static void requireText(BufferedReader reader) throws IOException {
    reader.mark(1);
    if (reader.read() == 0) {
      throw new MalformedInputException(1);
    }
    reader.reset();
  }

  private static Mapfile parse(Path path, BufferedReader reader) throws IOException {
    Map<String, String> notes = new LinkedHashMap<>();
    boolean byBlkcache = false;
    long position = 0;
    char phase = 0;
    int pass = 1;
    List<RescueRange> blocks = new ArrayList<>();
    int number = 0;
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      number++;
      if (line.startsWith(NOTE) && line.indexOf('=') > 0) {
        int equals = line.indexOf('=');
        notes.put(line.substring(NOTE.length(), equals).strip(), line.substring(equals + 1));
      }
      byBlkcache |= line.startsWith(BLKCACHE);
      String[] words = withoutComment(line).strip().split("\\s+");
      if (words[0].isEmpty()) {
        continue;
      }
      try {
        if (phase == 0) {
          position = number(words[0]);
          phase = symbol(words[1]);
          pass = words.length > 2 ? Integer.parseInt(words[2]) : 1;
          if (PHASES.indexOf(phase) < 0) {
            throw new IllegalArgumentException("status " + phase);
          }
        } else {
          blocks.add(block(words, blocks));
        }
      } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
        throw new BlkshException(
            "read mapfile " + path,
            "line %d is neither a status nor the next block: %s".formatted(number, line),
            e);
      }
    }
    if (phase == 0) {
      throw new BlkshException("read mapfile " + path, "it has no status line");
    }
    return new Mapfile(position, phase, pass, blocks, notes, byBlkcache);
  }

  private static String withoutComment(String line) {
    for (int i = line.indexOf('#'); i >= 0; i = line.indexOf('#', i + 1)) {
      if (i == 0 || Character.isWhitespace(line.charAt(i - 1))) {
        return line.substring(0, i);
      }
    }
    return line;
  }

  private static RescueRange block(String[] words, List<RescueRange> before) {
    long start = number(words[0]);
    long length = number(words[1]);
    RescueStatus status = RescueStatus.of(symbol(words[2]));
    if (status == null || words.length > 3 || length <= 0 || start + length < 0) {
      throw new IllegalArgumentException("block");
    }
    if (!before.isEmpty() && before.get(before.size() - 1).end() != start) {
      throw new IllegalArgumentException("block does not follow the one before");
    }
    return new RescueRange(start, start + length, status);
  }

  private static char symbol(String word) {
    if (word.length() != 1) {
      throw new IllegalArgumentException(word);
    }
    return word.charAt(0);
  }

  /** As C++ writes integers: decimal, 0x hexadecimal, 0 octal. */
  private static long number(String word) {
    if (!Character.isDigit(word.charAt(0))) {
      throw new NumberFormatException(word);
    }
    return Long.decode(word);
  }

  /** What the blocks say of a source of a size; blocks past its end must not be finished. */
  RescueMap map(Path path, long size) {
    RescueMap map = new RescueMap(size);
    for (RescueRange block : blocks) {
      if (block.end() > size && block.status() == RescueStatus.FINISHED) {
        throw new BlkshException(
                "use mapfile " + path,
                "it tells of bytes up to %d, and the medium has %d".formatted(block.end(), size))
            .suggest("it belongs to another medium");
      }
      boolean coarse = byBlkcache && block.status() == RescueStatus.BAD_SECTOR;
      map.mark(block.start(), block.end(), coarse ? RescueStatus.NON_TRIMMED : block.status());
    }
    return map;
  }

  /**
   * Writes the file anew: whoever reads it sees the old one or this, whole, even after a power cut.
   */
  void write(Path path) throws IOException {
    byte[] text = text().getBytes(StandardCharsets.UTF_8);
    WholeFile.replace(path, PartFile.Durability.DURABLE, text);
  }

  private String text() {
    StringBuilder text = new StringBuilder("# Mapfile. Created by blksh\n");
    notes.forEach((key, value) -> text.append(NOTE).append(key).append('=').append(value + "\n"));
    text.append("# current_pos  current_status  current_pass\n");
    text.append(
        String.format(Locale.ROOT, "0x%08X     %c               %d\n", position, phase, pass));
    text.append("#      pos        size  status\n");
    for (RescueRange block : blocks) {
      text.append(
          String.format(
              Locale.ROOT,
              "0x%08X  0x%08X  %c\n",
              block.start(),
              block.length(),
              block.status().symbol()));
    }
    return text.toString();
  }
}
