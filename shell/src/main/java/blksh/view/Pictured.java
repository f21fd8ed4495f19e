package blksh.view;

/** A thing that is looked at rather than read: it prints as a picture instead of a card. */
public interface Pictured extends Described {

  /** The picture, titled. */
  View picture();
}
