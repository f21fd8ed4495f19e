package blksh.store.sealed;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.shelf.Blob;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.Exclusion;
import blksh.store.shelf.Shelf;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The keys of an encrypted store: its {@code store.json}, which says that it is one, and a blob
 * {@code keys/HEX.key} for each passphrase and key file. Both lie in the clear.
 *
 * <p>The order of writes. A store is made with its {@code store.json} first, so that nobody takes
 * it for an empty place, then its first key, which is read back and opened, then all else: who dies
 * before there is anything else leaves a store in which nothing ever was, and that is said. A key
 * is added whole or not at all; it is read back and opened before anything relies on it. One that
 * is changed is added anew and the other removed only then: who dies leaves the old one, both, or
 * the new one, and each opens the store. No blob of the store is written again by any of this.
 *
 * <p>What is believed. A key that opens one of the slots is the store's when it also opens what is
 * encrypted there, see {@link KeyProof}. A slot that says it is of another store is none. {@code
 * store.json} is written again only where it is lost, by who has such a key, and never in place of
 * one that can be read, or may be another time.
 */
public final class StoreKeys {

  private static final String ENDING = ".key";

  /** Keys that a store has at most. */
  private static final int MOST = 64;

  /** Blobs that are looked at: others may lie there as well. */
  private static final int READ = 1024;

  /** KiB that Argon2 goes through for one secret at most, over all slots. */
  private static final long WORK = 2 * Argon2.MOST_WORK;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Shelf shelf;

  /** Null while nothing says it that can be believed. */
  private final UUID store;

  private final MasterKey key;

  /** The blob of the slot by which it was opened; null when by none. */
  private final String openedBy;

  private StoreKeys(Shelf shelf, UUID store, MasterKey key, String openedBy) {
    this.shelf = shelf;
    this.store = store;
    this.key = key;
    this.openedBy = openedBy;
  }

  /**
   * One of them.
   *
   * @param id by which it is removed
   * @param problem why it cannot be used; null when it can
   */
  public record Entry(String id, String label, String kind, Instant made, String problem) {}

  /**
   * That a key may be called so.
   *
   * @throws IllegalArgumentException when not
   */
  public static void checkLabel(String label) {
    StoreKeySlot.check(label);
  }

  // ---- making and opening --------------------------------------------------------------------

  /**
   * Whether the store on a shelf is encrypted, whatever else became of it. One in the clear beside
   * which something encrypted lies counts: what it is has to be decided by who sees both.
   */
  public static boolean isSealed(Shelf shelf) throws IOException {
    return switch (SealNotice.read(shelf).kind()) {
      case SEALED, NEWER -> true;
      case PLAIN, MISSING, DAMAGED -> hasSealed(shelf);
    };
  }

  /** Whether something lies there that only an encrypted store has. */
  private static boolean hasSealed(Shelf shelf) throws IOException {
    return shelf.isPrepared(SealedShelf.FOLDER)
        && (shelf.size(SealedShelf.SEALED).isPresent()
            || shelf.isPrepared(SealedShelf.FOLDER + "packs/")
            || shelf.isPrepared(SealedShelf.FOLDER + "manifests/"));
  }

  /** Whether the store in a directory is, as above. */
  public static boolean isSealed(Path directory) {
    try (Shelf shelf = new DirectoryShelf(directory)) {
      return isSealed(shelf);
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * The keys of the store in a directory.
   *
   * @param unlocking asked for what opens it
   * @throws BlkshException when it is not encrypted, or nothing that was said opens it
   */
  public static StoreKeys in(Path directory, Unlocking unlocking) {
    return in(new DirectoryShelf(directory), unlocking);
  }

  /** As above, of the store on a shelf, which is in use from then on. */
  public static StoreKeys in(Shelf shelf, Unlocking unlocking) {
    String action = "open the keys of store " + shelf.place();
    try {
      if (!isSealed(shelf)) {
        throw new BlkshException(action, "it is not encrypted")
            .suggest("make another with create --encrypt, and copy its versions there");
      }
      return open(shelf, unlocking);
    } catch (IOException e) {
      throw new BlkshException(action, IoFailure.reason(e), e);
    }
  }

  private static byte[] content(Shelf shelf, String name) throws IOException {
    try (Blob blob = shelf.open(name)) {
      return blob.read(0, (int) Math.min(blob.size(), SealText.MOST + 1));
    }
  }

  /**
   * Makes a shelf an encrypted one on which nothing is yet.
   *
   * @param store the id that the store is to have
   * @param label what the first key is called
   * @throws FileAlreadyExistsException when there is a store
   * @throws BlkshException when there cannot be such a key, or it is not read back
   */
  public static SealedShelf make(
      Shelf shelf, UUID store, MasterKey key, KeySecret secret, String label) throws IOException {
    return make(shelf, store, key, secret, label, Argon2.USUAL);
  }

  static SealedShelf make(
      Shelf shelf, UUID store, MasterKey key, KeySecret secret, String label, Argon2 hard)
      throws IOException {
    String action = "make store " + shelf.place();
    StoreKeySlot slot = slot(action, store, label, key, secret, hard);
    if (!shelf.putIfAbsent(SealedShelf.OPEN, new SealNotice(store, key.check()).text())) {
      throw new FileAlreadyExistsException(
          shelf.locate(SealedShelf.OPEN), null, "somebody else has just made one");
    }
    shelf.prepare(SealedShelf.KEYS);
    put(shelf, action, slot, key, secret);
    return new SealedShelf(shelf, key);
  }

  private static StoreKeySlot slot(
      String action, UUID store, String label, MasterKey key, KeySecret secret, Argon2 hard) {
    try {
      return StoreKeySlot.make(store, label, key, secret, hard);
    } catch (IllegalArgumentException | IllegalStateException e) {
      throw new BlkshException(action, e.getMessage(), e);
    }
  }

  /**
   * Puts a slot, and proves that it opens as it lies there; one that does not is removed.
   *
   * @return the name of its blob
   */
  private static String put(
      Shelf shelf, String action, StoreKeySlot slot, MasterKey key, KeySecret secret)
      throws IOException {
    String name = SealedShelf.KEYS + "%016x".formatted(RANDOM.nextLong()) + ENDING;
    shelf.put(name, slot.text());
    boolean proven = false;
    try {
      proven = key.equals(StoreKeySlot.parse(content(shelf, name)).open(secret));
    } finally {
      if (!proven) {
        shelf.delete(name);
      }
    }
    if (!proven) {
      throw new BlkshException(action, "what was written is not read back: " + shelf.locate(name));
    }
    return name;
  }

  /**
   * Opens an encrypted store.
   *
   * @throws BlkshException when nothing that was said opens it, none of its keys is whole, or it
   *     was made by a newer blksh
   */
  public static StoreKeys open(Shelf shelf, Unlocking unlocking) throws IOException {
    SealNotice.Found found = SealNotice.read(shelf);
    KeyRefusal refusal = new KeyRefusal("open store " + shelf.place());
    refusal.unlessKnown(found.kind());
    if (shelf.size(SealedShelf.SEALED).isEmpty() && shelf.list(SealedShelf.FOLDER).isEmpty()) {
      throw refusal.ofVoid(found.kind());
    }
    UUID said = found.notice() == null ? null : found.notice().store();
    Map<String, StoreKeySlot> slots = new LinkedHashMap<>();
    read(shelf, said, slots, refusal.broken());
    refusal.slots(slots.size());
    for (int failed = 0; ; failed++) {
      Optional<KeySecret> secret = unlocking.next(shelf.place(), failed);
      if (secret.isEmpty()) {
        throw refusal.now();
      }
      try {
        refusal.tried(secret.get().kind());
        StoreKeys opened = opened(shelf, found.notice(), slots, secret.get(), refusal);
        if (opened != null) {
          opened.describeAgain(found);
          return opened;
        }
      } finally {
        secret.get().clear();
      }
    }
  }

  private static StoreKeys opened(
      Shelf shelf,
      SealNotice notice,
      Map<String, StoreKeySlot> slots,
      KeySecret secret,
      KeyRefusal refusal)
      throws IOException {
    if (secret.kind() == KeySecret.Kind.RECOVERY) {
      return proven(shelf, notice, new MasterKey(secret.bytes()), null, null, refusal);
    }
    List<Map.Entry<String, StoreKeySlot>> cheapest = new ArrayList<>(slots.entrySet());
    cheapest.sort(Comparator.comparingLong(each -> each.getValue().work()));
    long work = 0;
    for (Map.Entry<String, StoreKeySlot> each : cheapest) {
      StoreKeySlot slot = each.getValue();
      work += slot.kind() == secret.kind() ? slot.work() : 0;
      MasterKey key = work > WORK ? refusal.tooMuch(WORK) : refusal.opened(slot, secret);
      StoreKeys opened =
          key == null ? null : proven(shelf, notice, key, slot.store(), each.getKey(), refusal);
      if (opened != null) {
        return opened;
      }
    }
    return null;
  }

  /**
   * Null when it is the key of another store.
   *
   * @param slotStore the store its slot says it is of; null when it has none
   */
  private static StoreKeys proven(
      Shelf shelf,
      SealNotice notice,
      MasterKey key,
      UUID slotStore,
      String openedBy,
      KeyRefusal refusal)
      throws IOException {
    if (notice != null && !notice.check().equals(key.check())) {
      return null;
    }
    KeyProof proof = KeyProof.of(shelf, key);
    if (notice == null ? !proof.isRight() : proof.isWrong()) {
      refusal.foreign();
      return null;
    }
    UUID store = notice != null ? notice.store() : KeyProof.storeId(shelf, key).orElse(slotStore);
    return new StoreKeys(shelf, store, key, openedBy);
  }

  /** Puts back what says that it is encrypted, if that was lost; the key was proven. */
  private void describeAgain(SealNotice.Found found) {
    if (found.notice() == null && store != null && shelf.writable()) {
      try {
        shelf.put(SealedShelf.OPEN, new SealNotice(store, key.check()).text());
      } catch (IOException e) {
        // as on a full disk: it is read without, and the next who opens it writes it
      }
    }
  }

  /** The shelf, as it is in the clear. */
  public SealedShelf shelf() {
    return new SealedShelf(shelf, key);
  }

  /** What opens the store when all keys are lost. */
  public String recovery() {
    return RecoverySheet.text(key);
  }

  /** The key that they all give. */
  public MasterKey key() {
    return key;
  }

  // ---- changing ------------------------------------------------------------------------------

  /** All there are, in the order in which they were made. */
  public List<Entry> list() throws IOException {
    Map<String, StoreKeySlot> slots = new LinkedHashMap<>();
    List<Entry> all = new ArrayList<>();
    read(shelf, store, slots, all);
    slots.forEach(
        (name, slot) ->
            all.add(new Entry(id(name), slot.label(), slot.kind().toString(), slot.made(), null)));
    all.sort(Comparator.comparing(Entry::made).thenComparing(Entry::id));
    return all;
  }

  private static String id(String name) {
    return name.substring(SealedShelf.KEYS.length(), name.length() - ENDING.length());
  }

  /**
   * Reads the slots of a store.
   *
   * @param store whose they must be; null when that is not known
   */
  private static void read(
      Shelf shelf, UUID store, Map<String, StoreKeySlot> slots, List<Entry> broken)
      throws IOException {
    List<String> names = new ArrayList<>(shelf.list(SealedShelf.KEYS));
    names.removeIf(name -> !name.endsWith(ENDING));
    names.sort(Comparator.naturalOrder());
    for (String name : names.subList(0, Math.min(READ, names.size()))) {
      byte[] bytes;
      try {
        bytes = content(shelf, name);
      } catch (NoSuchFileException e) {
        continue; // it was removed meanwhile
      } catch (IOException e) {
        broken.add(new Entry(id(name), "", "", Instant.EPOCH, IoFailure.reason(e)));
        continue;
      }
      try {
        StoreKeySlot slot = StoreKeySlot.parse(bytes);
        if (store == null || slot.store().equals(store)) {
          slots.put(name, slot);
        } else {
          String kind = slot.kind().toString();
          String problem = "it is a key of another store";
          broken.add(new Entry(id(name), slot.label(), kind, slot.made(), problem));
        }
      } catch (IOException e) {
        broken.add(new Entry(id(name), "", "", Instant.EPOCH, IoFailure.reason(e)));
      }
    }
  }

  /**
   * Adds a key.
   *
   * @param label what it is called, which everybody can read
   * @return its id
   * @throws BlkshException when there are too many, or it cannot be called so
   */
  public String add(KeySecret secret, String label) throws IOException {
    return add(secret, label, Argon2.USUAL);
  }

  String add(KeySecret secret, String label, Argon2 hard) throws IOException {
    String action = "add a key to store " + shelf.place();
    if (sound(list()) >= MOST) {
      throw new BlkshException(action, "it has " + MOST + ", which is the most there may be")
          .suggest("remove one");
    }
    return put(action, secret, label, hard);
  }

  private String put(String action, KeySecret secret, String label, Argon2 hard)
      throws IOException {
    if (store == null) {
      throw new BlkshException(action, "nothing says which store it is")
          .suggest("open it and run repair first");
    }
    StoreKeySlot made = slot(action, store, label, key, secret, hard);
    return id(put(shelf, action, made, key, secret));
  }

  private static long sound(List<Entry> all) {
    return all.stream().filter(each -> each.problem() == null).count();
  }

  /** The one that is meant. */
  private static Entry one(List<Entry> all, String which, String action) {
    List<Entry> meant =
        all.stream().filter(each -> each.id().equals(which) || each.label().equals(which)).toList();
    if (meant.size() != 1) {
      throw new BlkshException(
              action,
              meant.isEmpty() ? "there is none" : "%d are called so".formatted(meant.size()))
          .suggest("list its keys, and name one by its id");
    }
    return meant.get(0);
  }

  /**
   * Removes a key, but not the one by which the store was opened: that alone is known to open it.
   * Who has had the other may have kept the master key, or a copy of the store.
   *
   * @param which its id or its label
   * @throws BlkshException when there is none, more than one, no other that is whole, or it is the
   *     one by which the store was opened
   */
  public void remove(String which) throws IOException {
    // Two who remove at once could remove the last two.
    try (Exclusion exclusion = shelf.exclusion().orElse(Exclusion.NONE)) {
      exclusion.publishing(
          () -> {
            removeUnlessLast(which);
            return null;
          });
    }
  }

  private void removeUnlessLast(String which) throws IOException {
    String action = "remove key " + which + " of store " + shelf.place();
    List<Entry> all = list();
    Entry gone = one(all, which, action);
    if (all.stream().noneMatch(each -> each.problem() == null && !each.id().equals(gone.id()))) {
      throw new BlkshException(action, "it is the only one").suggest("add another first");
    }
    String name = SealedShelf.KEYS + gone.id() + ENDING;
    if (name.equals(openedBy)) {
      throw new BlkshException(
              action, "the store was opened by it, and whether another opens it is not proven")
          .suggest("open the store by another key and remove it then, or change it");
    }
    byte[] removed = gone.problem() == null ? content(shelf, name) : null;
    shelf.delete(name);
    if (removed != null
        && sound(list())
            == 0) { // where others cannot be kept away they may remove theirs meanwhile
      shelf.put(name, removed);
      throw new BlkshException(action, "somebody else has just removed all others");
    }
  }

  /**
   * Puts another secret in place of a key's: the new one is there and proven before the old goes.
   *
   * @param which as of {@link #remove}
   * @return the id it has now
   * @throws BlkshException as {@link #add} and {@link #remove}
   */
  public String change(String which, KeySecret secret) throws IOException {
    return change(which, secret, Argon2.USUAL);
  }

  String change(String which, KeySecret secret, Argon2 hard) throws IOException {
    String action = "change key " + which + " of store " + shelf.place();
    Entry old = one(list(), which, action);
    String added = put(action, secret, old.label().isEmpty() ? "key" : old.label(), hard);
    shelf.delete(SealedShelf.KEYS + old.id() + ENDING);
    return added;
  }
}
