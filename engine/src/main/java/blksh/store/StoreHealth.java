package blksh.store;

import java.time.Instant;
import java.util.List;

/**
 * How well a store is, as far as it is known without reading what is stored.
 *
 * @param packs sealed packs, in the order they became known
 * @param open damage by which a part of a version cannot be restored, or may not be
 * @param harmless damaged places by which nothing is lost
 * @param pages numbers of pages in all packs
 * @param unusedPages about how many no version needs
 * @param deleted versions in the trash
 * @param parity per cent of the blocks of packs and manifests that may be lost; 0 for none
 * @param unprotected packs, manifests and descriptors that should have parity and have none
 * @param names the newest version of each name
 * @param overdue what should have been done by now, each a sentence; empty when all is well
 */
public record StoreHealth(
    List<PackAge> packs,
    List<OpenDamage> open,
    long harmless,
    long pages,
    long unusedPages,
    int deleted,
    int parity,
    int unprotected,
    List<LastCapture> names,
    List<String> overdue) {

  /** Days within which each byte should be read once, at a share of 5 % a night. */
  public static final int TURN_DAYS = 20;

  /** Days after which a pack that nobody has read is overdue. */
  public static final int OVERDUE_DAYS = 90;

  /** What is known of a pack. */
  public enum State {
    /** Something of it is damaged that a version needs. */
    DAMAGED,
    /** Read whole and found sound within {@value #TURN_DAYS} days. */
    VERIFIED,
    /** Within {@value #OVERDUE_DAYS} days. */
    VERIFIED_BEFORE,
    /**
     * Written within {@value #OVERDUE_DAYS} days and not read yet, or read and damaged where nobody
     * needs it.
     */
    UNVERIFIED,
    /** Neither read nor written for {@value #OVERDUE_DAYS} days. */
    OVERDUE
  }

  /**
   * A pack.
   *
   * @param bytes of its file
   */
  public record PackAge(long bytes, State state) {}

  /**
   * Damage that is not healed.
   *
   * @param file relative to the store
   * @param since when it was found first; null when that is not known
   * @param affected parts of versions it hits; empty when that was not looked at yet
   */
  public record OpenDamage(
      String file, String problem, Instant since, List<AffectedRange> affected) {}

  /**
   * The newest version of a name.
   *
   * @param whole whether nothing of it was unreadable when it was captured
   */
  public record LastCapture(String reference, Instant started, boolean whole) {}

  /** Bytes of all packs. */
  public long bytes() {
    return packs.stream().mapToLong(PackAge::bytes).sum();
  }

  /** Bytes of packs that were read whole and found sound within {@value #TURN_DAYS} days. */
  public long verifiedInTurn() {
    return bytes(State.VERIFIED);
  }

  /** As above, within {@value #OVERDUE_DAYS} days. */
  public long verified() {
    return bytes(State.VERIFIED) + bytes(State.VERIFIED_BEFORE);
  }

  /** Bytes of packs in a state. */
  public long bytes(State state) {
    return packs.stream().filter(p -> p.state() == state).mapToLong(PackAge::bytes).sum();
  }

  /** About how many bytes of packs no version needs. */
  public long unusedBytes() {
    return pages == 0 ? 0 : (long) ((double) bytes() * unusedPages / pages);
  }
}
