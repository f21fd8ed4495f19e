package blksh.catalogue;

import blksh.BlkshException;
import java.util.List;
import java.util.Locale;

/**
 * Media by the names they go by, with what an image on them can have: in sectors of 2048 bytes, as
 * dvdisaster has measured them (its constants; of a kind with several the least).
 *
 * @param name as it is shown
 * @param bytes the longest image
 */
public record Media(String name, long bytes) {

  private static final int SECTOR = 2048;

  /** The smallest disc that is planned: less holds nothing but what every disc carries. */
  public static final long SMALLEST = 1 << 20;

  /** A CD of 80 minutes. */
  public static final Media CD = sectors("cd", 359_424);

  /** A DVD+R, which is smaller than a DVD-R. */
  public static final Media DVD = sectors("dvd", 2_295_104);

  public static final Media DVD_MINUS = sectors("dvd-r", 2_298_496);
  public static final Media DVD_DL = sectors("dvd-dl", 4_148_992);

  /** A BD-R formatted with spare areas, as most are. */
  public static final Media BD = sectors("bd", 11_826_176);

  /** A BD-R that is written without spare areas. */
  public static final Media BD_FULL = sectors("bd-full", 12_219_392);

  public static final Media BD_DL = sectors("bd-dl", 23_652_352);
  public static final Media BD_DL_FULL = sectors("bd-dl-full", 24_438_784);
  public static final Media BD_XL = sectors("bd-xl", 47_305_728);
  public static final Media BD_XL_FULL = sectors("bd-xl-full", 48_878_592);
  public static final Media BD_XX = sectors("bd-xx", 60_403_712);
  public static final Media BD_XX_FULL = sectors("bd-xx-full", 62_500_864);

  /** All that have a name. */
  public static final List<Media> ALL =
      List.of(
          CD,
          DVD,
          DVD_MINUS,
          DVD_DL,
          BD,
          BD_FULL,
          BD_DL,
          BD_DL_FULL,
          BD_XL,
          BD_XL_FULL,
          BD_XX,
          BD_XX_FULL);

  private static Media sectors(String name, long sectors) {
    return new Media(name, sectors * SECTOR);
  }

  /**
   * A medium by its name, in any case, or by its bytes.
   *
   * @throws BlkshException when there is none of that name, or it is too small
   */
  public static Media of(String text) {
    String name = text.strip().toLowerCase(Locale.ROOT).replace('_', '-');
    name =
        switch (name) {
          case "bluray", "blu-ray", "bd-r" -> "bd";
          case "dvd+r" -> "dvd";
          case "dvd+r-dl", "dvd+r dl" -> "dvd-dl";
          case "cd-r" -> "cd";
          default -> name;
        };
    for (Media each : ALL) {
      if (each.name.equals(name)) {
        return each;
      }
    }
    if (name.matches("[0-9][0-9_',]{0,24}")) {
      String digits = name.replaceAll("[_',]", "");
      if (digits.length() <= 15) {
        return of(Long.parseLong(digits));
      }
    }
    throw new BlkshException("plan discs of " + text, "no medium is called so")
        .suggest(
            "give bytes, or one of " + String.join(", ", ALL.stream().map(Media::name).toList()));
  }

  /**
   * A medium of some bytes.
   *
   * @throws BlkshException when that is too little
   */
  public static Media of(long bytes) {
    if (bytes < SMALLEST) {
      throw new BlkshException(
          "plan discs of " + bytes + " bytes", "no disc is smaller than " + SMALLEST + " bytes");
    }
    return new Media(bytes + " bytes", bytes);
  }
}
