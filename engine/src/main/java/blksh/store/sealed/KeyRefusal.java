package blksh.store.sealed;

import blksh.BlkshException;
import java.util.ArrayList;
import java.util.List;

/** Why an encrypted store is not opened, as far as was seen. */
final class KeyRefusal {

  private final String action;
  private final List<StoreKeys.Entry> broken = new ArrayList<>();
  private int slots;
  private KeySecret.Kind tried;
  private String left;
  private boolean foreign;

  /**
   * @param action what is to be done, for people
   */
  KeyRefusal(String action) {
    this.action = action;
  }

  /** Those of its keys that cannot be used. */
  List<StoreKeys.Entry> broken() {
    return broken;
  }

  /** How many can. */
  void slots(int count) {
    slots = count;
  }

  /** What is tried. */
  void tried(KeySecret.Kind kind) {
    tried = kind;
  }

  /** Says that a key that was opened is that of another store. */
  void foreign() {
    foreign = true;
  }

  /**
   * Says that keys are left that were not tried.
   *
   * @return null
   */
  MasterKey tooMuch(long work) {
    left = "some need more than %d GiB of memory to be gone through".formatted(work >> 20);
    return null;
  }

  /** What a slot gives; null when it does not, or cannot on this machine. */
  MasterKey opened(StoreKeySlot slot, KeySecret secret) {
    try {
      return slot.open(secret);
    } catch (IllegalStateException e) {
      left = e.getMessage();
      return null;
    }
  }

  /**
   * That a {@code store.json} is what this blksh can go by.
   *
   * @throws BlkshException when not
   */
  void unlessKnown(SealNotice.Kind kind) {
    if (kind == SealNotice.Kind.NEWER) {
      throw new BlkshException(
              action,
              "it is encrypted in another way than %d, which this blksh knows"
                  .formatted(SealNotice.ENCRYPTION))
          .suggest("use a newer blksh");
    }
    if (kind == SealNotice.Kind.PLAIN) {
      throw new BlkshException(
              action,
              "its store.json is that of a store in the clear, and beside it lies sealed, which is"
                  + " of an encrypted one: somebody put one of them there")
          .suggest(
              "if it was encrypted move store.json away, and packs and manifests if they are there;"
                  + " else move sealed away");
    }
  }

  /** Where nothing encrypted is. */
  BlkshException ofVoid(SealNotice.Kind kind) {
    if (kind != SealNotice.Kind.SEALED) {
      return new BlkshException(
              action, "its store.json is lost, and nothing that was encrypted is left")
          .suggest("see whether all of it is mounted");
    }
    return new BlkshException(
            action, "it is encrypted and there is nothing in it: its making was cut off")
        .suggest("unless somebody is just making it, remove it and make it again");
  }

  /** As far as it was seen by now. */
  BlkshException now() {
    StringBuilder more = new StringBuilder();
    if (!broken.isEmpty()) {
      more.append(
          "; of its keys %d cannot be read: %s: %s"
              .formatted(broken.size(), broken.get(0).id(), broken.get(0).problem()));
    }
    if (left != null) {
      more.append("; not all were tried: ").append(left);
    }
    if (tried == null) {
      return new BlkshException(action, "it is encrypted, and no key was given" + more)
          .suggest("give a passphrase, a key file or the recovery sheet");
    }
    if (foreign) {
      return new BlkshException(
              action,
              "the %s gives a key that opens nothing of what is in it".formatted(tried) + more)
          .suggest("look whether its store.json and its keys are those of another store");
    }
    String none =
        slots == 0 && tried != KeySecret.Kind.RECOVERY
            ? "none of its keys is whole"
            : "the %s opens none of its %d keys".formatted(tried, slots);
    return new BlkshException(action, none + more)
        .suggest("try another, or open it by its recovery sheet");
  }
}
