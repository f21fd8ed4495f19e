package blksh.iso;

import blksh.BlkshException;

/**
 * What an image says of itself. All of it is the caller's, so that the same tree and label make the
 * same bytes.
 *
 * @param volume the name that computers show, 1 to 16 of {@code A-Z 0-9 _}, which every tree holds
 * @param set what no other disc has: 16 lower-case hexadecimal digits; the identifier that blkid
 *     shows
 * @param application what made it, up to 128 printing characters of ASCII
 * @param seconds when it was made, since 1970-01-01 UTC
 */
public record DiscLabel(String volume, String set, String application, long seconds) {

  /**
   * @throws BlkshException when one of them cannot stand on a disc
   */
  public DiscLabel {
    require(volume.matches("[A-Z0-9_]{1,16}"), "volume", volume, "1 to 16 of A-Z, 0-9 and _");
    require(set.matches("[0-9a-f]{16}"), "set", set, "16 hexadecimal digits");
    require(
        application.matches("[ -~]{0,128}"),
        "application",
        application,
        "at most 128 printing characters");
  }

  private static void require(boolean good, String what, String value, String must) {
    if (!good) {
      throw new BlkshException(
          "label a disc", "its %s is '%s' and must be %s".formatted(what, value, must));
    }
  }

  /** The nearest name of a volume to a text: {@code "Photos 2020"} becomes {@code PHOTOS_2020}. */
  public static String volume(String text) {
    String mangled = IsoNames.mangled(text);
    return mangled.isEmpty() ? "DISC" : NameScheme.cut(mangled, 16);
  }
}
