package blksh.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The partition table of a drive as {@code sfdisk --dump} wrote it into {@code DISK-pt.sf}.
 *
 * @param label {@code "dos"}, {@code "gpt"} or empty
 * @param sectorSize bytes
 * @param entries in the order of the file
 */
record ClonezillaTable(String label, int sectorSize, List<Entry> entries) {

  /**
   * A partition.
   *
   * @param name {@code "sda1"}
   * @param start its first byte on the drive
   * @param length bytes
   * @param type as it is written there: {@code "83"}, a UUID, or empty
   */
  record Entry(String name, long start, long length, String type) {

    /** Whether it holds nothing but logical partitions. */
    boolean isExtended() {
      return type.matches("(?i)5|05|f|0f|85");
    }
  }

  private static final Pattern ENTRY =
      Pattern.compile("^/dev/(\\S+)\\s*:\\s*start=\\s*(\\d{1,13}),\\s*size=\\s*(\\d{1,13})\\b(.*)");
  private static final Pattern TYPE = Pattern.compile("\\b(?:type|Id)=\\s*([0-9A-Za-z-]+)");
  private static final Pattern SECTOR_SIZE = Pattern.compile("^sector-size:\\s*(\\d{3,6})\\s*$");
  private static final Pattern LABEL = Pattern.compile("^label:\\s*(\\w+)");
  private static final int SECTOR = 512;

  ClonezillaTable {
    entries = List.copyOf(entries);
  }

  /** Reads a table; one without entries when the file is not there. */
  static ClonezillaTable read(Path file) throws IOException {
    String label = "";
    int sector = SECTOR;
    List<Entry> entries = new ArrayList<>();
    for (String line : ClonezillaSet.lines(file)) {
      Matcher labels = LABEL.matcher(line);
      if (labels.find()) {
        label = labels.group(1);
      }
      Matcher size = SECTOR_SIZE.matcher(line);
      if (size.find()) {
        sector = Integer.parseInt(size.group(1));
      }
      Matcher entry = ENTRY.matcher(line);
      if (entry.find() && Long.parseLong(entry.group(3)) > 0) {
        Matcher type = TYPE.matcher(entry.group(4));
        entries.add(
            new Entry(
                entry.group(1),
                Long.parseLong(entry.group(2)) * sector,
                Long.parseLong(entry.group(3)) * sector,
                type.find() ? type.group(1) : ""));
      }
    }
    return new ClonezillaTable(label, sector, entries);
  }
}
