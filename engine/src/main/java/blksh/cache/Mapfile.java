package blksh.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * A rescue map as GNU ddrescue keeps it in a file (its manual, section "Mapfile structure"): a
 * status line and a list of blocks that follow each other. What lies before the first block or
 * after the last was never tried. It is read and written as it goes, so it may have any number of
 * blocks.
 *
 * <p>Notes travel as comments, {@code ## blksh: key=value}, which ddrescue ignores.
 *
 * @param position the byte being tried when it was written
 * @param phase what was being done: a status character, or {@code F} or {@code G}
 * @param pass the pass within the phase, from 1
 * @param map what its blocks say, as far as the source goes
 * @param finishedTo the end of the last block that is finished, which may be beyond the source
 * @param notes what blksh noted about the source
 */
record Mapfile(
    long position,
    char phase,
    int pass,
    RescueMap map,
    long finishedTo,
    Map<String, String> notes) {

  static final String NOTE = "## blksh: ";
  static final String PHASES = "?*/-FG+";

  private static final int LEAST_DIGITS = 8;
  private static final int LONGEST_LINE = 48;

  /** A map to be written. */
  Mapfile(long position, char phase, int pass, RescueMap map, Map<String, String> notes) {
    this(position, phase, pass, map, map.size(), notes);
  }

  /**
   * @param size of the source in bytes
   * @throws BlkshException when it cannot be read or is no mapfile, naming the line
   */
  static Mapfile read(Path path, long size) {
    try (MapfileReader reader = new MapfileReader(path)) {
      return reader.read(size);
    } catch (IOException e) {
      throw IoFailure.told("read mapfile " + path, e);
    }
  }

  /**
   * What its blocks say of the source.
   *
   * @throws OtherMediumException when the source does not have all that is finished
   */
  RescueMap map(Path path) {
    if (finishedTo > map.size()) {
      throw new OtherMediumException(
          "use mapfile " + path,
          "it tells of bytes up to %d, and the medium has %d".formatted(finishedTo, map.size()),
          "it belongs to another medium");
    }
    return map;
  }

  /**
   * Writes the file anew: whoever reads it sees the old one or this, whole, even after a power cut.
   */
  void write(Path path) throws IOException {
    WholeFile.replace(path, PartFile.Durability.DURABLE, this::write);
  }

  private void write(OutputStream out) throws IOException {
    StringBuilder head = new StringBuilder("# Mapfile. Created by blksh\n");
    notes.forEach((key, value) -> head.append(NOTE).append(key).append('=').append(value + "\n"));
    head.append("# current_pos  current_status  current_pass\n");
    head.append(
        String.format(Locale.ROOT, "0x%08X     %c               %d\n", position, phase, pass));
    head.append("#      pos        size  status\n");
    out.write(head.toString().getBytes(UTF_8));
    byte[] line = new byte[LONGEST_LINE];
    for (RescueRange block : map.ranges()) {
      int at = hexadecimal(block.start(), line, 0);
      line[at++] = ' ';
      line[at++] = ' ';
      at = hexadecimal(block.length(), line, at);
      line[at++] = ' ';
      line[at++] = ' ';
      line[at++] = (byte) block.status().symbol();
      line[at++] = '\n';
      out.write(line, 0, at);
    }
  }

  /** As {@code 0x%08X}. @return where the text ends */
  private static int hexadecimal(long value, byte[] text, int at) {
    text[at] = '0';
    text[at + 1] = 'x';
    int digits = Math.max(LEAST_DIGITS, (67 - Long.numberOfLeadingZeros(value)) / 4);
    long rest = value;
    for (int i = at + 1 + digits; i > at + 1; i--) {
      text[i] = (byte) "0123456789ABCDEF".charAt((int) (rest & 0xf));
      rest >>>= 4;
    }
    return at + 2 + digits;
  }
}
