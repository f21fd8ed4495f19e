package blksh.cache;

/**
 * What is known of a range of a source, as GNU ddrescue tells it (its manual, section "Mapfile
 * structure").
 */
public enum RescueStatus {
  /** Never tried. */
  NON_TRIED('?'),
  /** Part of a large read that failed; its edges were not tried sector by sector. */
  NON_TRIMMED('*'),
  /** Between two bad edges; its sectors were not tried one by one. */
  NON_SCRAPED('/'),
  /** Sectors that failed when tried one by one. */
  BAD_SECTOR('-'),
  /** Read, and its bytes are in the data file. */
  FINISHED('+');

  private final char symbol;

  RescueStatus(char symbol) {
    this.symbol = symbol;
  }

  /** The character that stands for it in a mapfile. */
  public char symbol() {
    return symbol;
  }

  /** The status a character stands for, or null. */
  static RescueStatus of(char symbol) {
    for (RescueStatus status : values()) {
      if (status.symbol == symbol) {
        return status;
      }
    }
    return null;
  }
}
