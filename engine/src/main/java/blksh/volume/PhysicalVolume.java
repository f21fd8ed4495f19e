package blksh.volume;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A physical volume of LVM2: a label in one of its first four sectors, a header behind it, and
 * metadata areas with the text of its group ({@code lib/label/label.h}, {@code
 * lib/format_text/layout.h}). Each of them has a checksum.
 *
 * @param source what it is
 * @param place what that is called, for people
 * @param id its UUID, as the text writes it: 32 letters and digits in seven groups
 * @param hasText whether a metadata area of it says something of its group
 * @param warnings what is damaged, as sentences
 */
record PhysicalVolume(
    BlockSource source, String place, String id, boolean hasText, List<String> warnings) {

  static final int SECTOR = 512;

  static final String LABEL = "LABELONE";
  static final String TYPE = "LVM2 001";
  static final String AREA = " LVM2 x[5A%r0N*>";
  private static final int LABEL_SECTORS = 4;
  private static final int ID = 32;

  /** Of an area: what its checksum does not cover, and where it tells of its texts. */
  private static final int AFTER_CRC = 4;

  private static final int TEXTS = 40;
  private static final int TEXT_ENTRY = 24;
  private static final int IGNORED = 1;
  private static final int MOST_AREAS = 8;

  /** Groups of letters in an identifier. */
  private static final int[] GROUPS = {6, 4, 4, 4, 4, 4, 6};

  /**
   * Looks at a source.
   *
   * @param place what it is called, for people
   * @param texts takes what its metadata areas say now: each a text whose checksum is right
   * @return nothing where no physical volume is
   * @throws VolumeProblem when there is a label, and it or its header is damaged
   * @throws blksh.io.UnreadableException when the first sectors cannot be read
   */
  static Optional<PhysicalVolume> at(BlockSource source, String place, TextAllowance texts)
      throws VolumeProblem {
    int length = (int) Math.min(LABEL_SECTORS * SECTOR, source.size() / SECTOR * SECTOR);
    ByteBuffer head = VolumeBytes.read(source, 0, length);
    for (int sector = 0; head != null && sector < length / SECTOR; sector++) {
      int at = sector * SECTOR;
      if (VolumeBytes.has(head, at, LABEL) && VolumeBytes.has(head, at + 24, TYPE)) {
        VolumeProblem.unless(
            head.getLong(at + 8) == sector
                && head.getInt(at + 16) == crc(head.array(), at + 20, SECTOR - 20),
            "its label is damaged");
        return Optional.of(read(source, place, texts, VolumeBytes.of(head.array(), at, SECTOR)));
      }
    }
    return Optional.empty();
  }

  private static PhysicalVolume read(
      BlockSource source, String place, TextAllowance texts, ByteBuffer sector)
      throws VolumeProblem {
    int at = sector.getInt(20);
    VolumeProblem.unless(at >= 32 && at <= SECTOR - ID - 8, "its header is damaged");
    byte[] id = new byte[ID];
    sector.get(at, id);
    long size = sector.getLong(at + ID);
    VolumeProblem.unless(
        size >= 0 && size <= source.size(),
        "it should have %d bytes, and what it lies on has %d: it may lie on an array",
        size,
        source.size());
    at += ID + 8;
    at = behindAreas(sector, at, null);
    List<long[]> areas = new ArrayList<>();
    behindAreas(sector, at, areas);
    boolean hasText = false;
    List<String> warnings = new ArrayList<>();
    for (long[] area : areas) {
      try {
        Optional<byte[]> text = text(source, area[0], area[1], texts);
        hasText |= text.isPresent();
        if (text.isPresent()) {
          texts.keep(text.get());
        }
      } catch (VolumeProblem e) {
        warnings.add(
            "of the LVM volume %s the metadata at byte %d: %s"
                .formatted(place, area[0], e.getMessage()));
      }
    }
    return new PhysicalVolume(source, place, grouped(id), hasText, warnings);
  }

  /** Reads a list of places, which ends with one at 0. @return where it ends */
  private static int behindAreas(ByteBuffer sector, int from, List<long[]> areas)
      throws VolumeProblem {
    int at = from;
    while (at <= SECTOR - 16) {
      long start = sector.getLong(at);
      long size = sector.getLong(at + 8);
      at += 16;
      if (start == 0) {
        return at;
      }
      if (areas != null) {
        VolumeProblem.unless(areas.size() < MOST_AREAS, "its header is damaged");
        areas.add(new long[] {start, size});
      }
    }
    throw new VolumeProblem("its header is damaged");
  }

  /** The text that an area says counts; nothing where it has none, or is not used. */
  private static Optional<byte[]> text(
      BlockSource source, long start, long size, TextAllowance texts) throws VolumeProblem {
    ByteBuffer header = VolumeBytes.read(source, start, SECTOR);
    VolumeProblem.unless(header != null, "it lies outside");
    VolumeProblem.unless(
        VolumeBytes.has(header, 4, AREA)
            && header.getInt(0) == crc(header.array(), AFTER_CRC, SECTOR - AFTER_CRC),
        "its header is damaged");
    VolumeProblem.unless(header.getInt(20) == 1, "it is of version %d", header.getInt(20));
    VolumeProblem.unless(
        header.getLong(24) == start && header.getLong(32) == size && size > SECTOR,
        "its header is of another place");
    long offset = header.getLong(TEXTS);
    long length = header.getLong(TEXTS + 8);
    if (offset == 0 || (header.getInt(TEXTS + TEXT_ENTRY - 4) & IGNORED) != 0) {
      return Optional.empty();
    }
    VolumeProblem.unless(
        offset >= SECTOR && offset < size && length > 0 && length <= size - SECTOR,
        "its text lies outside");
    VolumeProblem.unless(
        length <= MetadataText.LONGEST,
        "its text has %d bytes, and %d are read",
        length,
        MetadataText.LONGEST);
    texts.reading(length);
    byte[] text = new byte[(int) length];
    int first = (int) Math.min(length, size - offset);
    ByteBuffer beginning = VolumeBytes.read(source, start + offset, first);
    VolumeProblem.unless(beginning != null, "it lies outside");
    beginning.get(text, 0, first);
    if (first < length) { // the area is a ring behind its header
      ByteBuffer rest = VolumeBytes.read(source, start + SECTOR, (int) length - first);
      VolumeProblem.unless(rest != null, "it lies outside");
      rest.get(text, first, (int) length - first);
    }
    VolumeProblem.unless(
        header.getInt(TEXTS + 16) == crc(text, 0, text.length), "its text has another checksum");
    return Optional.of(text);
  }

  private static String grouped(byte[] id) {
    String letters = MetadataText.shown(new String(id, StandardCharsets.ISO_8859_1));
    StringBuilder text = new StringBuilder();
    int at = 0;
    for (int group : GROUPS) {
      text.append(text.isEmpty() ? "" : "-").append(letters, at, at + group);
      at += group;
    }
    return text.toString();
  }

  private static final int[] CRC = new int[256];

  static {
    for (int i = 0; i < CRC.length; i++) {
      int value = i;
      for (int bit = 0; bit < 8; bit++) {
        value = (value & 1) != 0 ? value >>> 1 ^ 0xedb88320 : value >>> 1;
      }
      CRC[i] = value;
    }
  }

  /** The CRC-32 of zip, but begun with a number of LVM's own and not inverted in the end. */
  static int crc(byte[] bytes, int from, int length) {
    int crc = 0xf597a6cf;
    for (int i = from; i < from + length; i++) {
      crc = crc >>> 8 ^ CRC[(crc ^ bytes[i]) & 0xff];
    }
    return crc;
  }
}
