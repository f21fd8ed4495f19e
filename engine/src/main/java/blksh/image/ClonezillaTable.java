package blksh.image;

import blksh.BlkshException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The partition table of a drive as {@code sfdisk --dump} wrote it into {@code DISK-pt.sf}. Dumps
 * before util-linux 2.26 have no label, and those before 2.35 do not say how long a sector is:
 * parted does, in {@code DISK-pt.parted}.
 *
 * @param label {@code "dos"}, {@code "gpt"} or what else sfdisk calls it
 * @param sectorSize bytes
 * @param sectors of the drive as parted tells them; 0 when it is not known
 * @param entries in the order of the file; none of the record that only announces a GPT
 */
record ClonezillaTable(String label, int sectorSize, long sectors, List<Entry> entries) {

  /**
   * A partition.
   *
   * @param name {@code "sda1"}
   * @param start its first byte on the drive
   * @param length bytes
   * @param type as it is written there: {@code "83"}, a UUID, or empty
   */
  record Entry(String name, long start, long length, String type, boolean bootable) {

    /** Whether it holds nothing but logical partitions. */
    boolean isExtended() {
      return type.matches("(?i)0*5|0*f|85");
    }

    /** Its first byte and its last, for people. */
    String range() {
      return "bytes %d to %d".formatted(start, start + length - 1);
    }
  }

  private static final Pattern ENTRY =
      Pattern.compile("^/dev/(\\S+)\\s*:\\s*start=\\s*(\\d{1,13}),\\s*size=\\s*(\\d{1,13})\\b(.*)");
  private static final Pattern TYPE = Pattern.compile("\\b(?:type|Id)=\\s*([0-9A-Za-z-]+)");
  private static final Pattern SECTOR_SIZE = Pattern.compile("^sector-size:\\s*(\\d{3,6})\\s*$");
  private static final Pattern LABEL = Pattern.compile("^label:\\s*(\\w+)");
  private static final Pattern PARTED = Pattern.compile("^Disk /dev/\\S+: (\\d{1,13})s\\s*$");
  private static final Pattern LOGICAL = Pattern.compile("^Sector size .*: (\\d{3,6})B/");
  private static final int SECTOR = 512;
  private static final int LONGEST_SECTOR = 65536;

  ClonezillaTable {
    entries = List.copyOf(entries);
  }

  /** Whether its extended partition holds others, and is none itself. */
  boolean isDos() {
    return label.equals("dos");
  }

  /** Whether an entry is a partition, and not room for others. */
  boolean holds(Entry entry) {
    return !isDos() || !entry.isExtended();
  }

  /** The number of a partition by its name; 0 when it has none. */
  static int number(String partition) {
    Matcher number = NUMBER.matcher(partition);
    return number.find() ? Integer.parseInt(number.group(1)) : 0;
  }

  private static final Pattern NUMBER = Pattern.compile("(\\d{1,4})$");

  /**
   * Reads a table; one without entries when the file is not there.
   *
   * @throws BlkshException when it says what no drive has
   */
  static ClonezillaTable read(Path directory, String disk) throws IOException {
    Path file = directory.resolve(disk + "-pt.sf");
    String label = "";
    long dumped = 0;
    List<Matcher> found = new ArrayList<>();
    for (String line : ClonezillaSet.lines(file)) {
      Matcher labels = LABEL.matcher(line);
      Matcher size = SECTOR_SIZE.matcher(line);
      Matcher entry = ENTRY.matcher(line);
      if (labels.find()) {
        label = labels.group(1);
      } else if (size.find()) {
        dumped = Long.parseLong(size.group(1));
      } else if (entry.find() && Long.parseLong(entry.group(3)) > 0) {
        found.add(entry);
      }
    }
    long sectors = 0;
    long told = 0;
    for (String line : ClonezillaSet.lines(directory.resolve(disk + "-pt.parted"))) {
      Matcher size = PARTED.matcher(line);
      Matcher unit = LOGICAL.matcher(line);
      if (size.matches()) {
        sectors = Long.parseLong(size.group(1));
      } else if (unit.find()) {
        told = Long.parseLong(unit.group(1));
      }
    }
    if (dumped > 0 && told > 0 && dumped != told) {
      throw refused(file, "a sector has %d bytes, and by parted %d".formatted(dumped, told));
    }
    long sector = dumped > 0 ? dumped : told > 0 ? told : SECTOR;
    if (Long.bitCount(sector) != 1 || sector < SECTOR || sector > LONGEST_SECTOR) {
      throw refused(file, "a sector has %d bytes".formatted(sector));
    }
    List<Entry> entries = new ArrayList<>();
    for (Matcher each : found) {
      entries.add(entry(each, sector, file));
    }
    boolean announced = entries.removeIf(entry -> entry.type().equalsIgnoreCase("ee"));
    if (label.isEmpty()) {
      boolean guid = announced || Files.exists(directory.resolve(disk + "-gpt-1st"));
      label = guid ? "gpt" : "dos";
    }
    return new ClonezillaTable(label, (int) sector, sectors, entries);
  }

  private static Entry entry(Matcher line, long sector, Path file) {
    Matcher type = TYPE.matcher(line.group(4));
    try {
      long start = Math.multiplyExact(Long.parseLong(line.group(2)), sector);
      long length = Math.multiplyExact(Long.parseLong(line.group(3)), sector);
      if (start < sector || Math.addExact(start, length) > 1L << 60) {
        throw new ArithmeticException();
      }
      return new Entry(
          line.group(1),
          start,
          length,
          type.find() ? type.group(1) : "",
          line.group(4).contains("bootable"));
    } catch (ArithmeticException e) {
      throw refused(file, "%s lies where no partition can be".formatted(line.group(1)));
    }
  }

  private static BlkshException refused(Path file, String problem) {
    return new BlkshException("read " + file, problem)
        .suggest("restore the images one by one, named by their files");
  }
}
