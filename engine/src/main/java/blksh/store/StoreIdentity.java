package blksh.store;

import blksh.store.pack.CodecChoice;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PageSize;
import blksh.store.parity.ParityBlobs;
import blksh.store.parity.Rebuilding;
import blksh.store.shelf.BufferedSpool;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.Spool;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.security.SecureRandom;
import java.util.List;
import java.util.UUID;

/**
 * What a store is known by and how it compresses: what {@code store.json} says, or, while that is
 * lost, what packs and manifests say. All methods may be called from any thread.
 */
final class StoreIdentity {

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Shelf shelf;
  private final PackDirectory packs;
  private final ManifestDirectory manifests;
  private final ParityBlobs parity;
  private final StoreWitnesses witnesses;

  /** Null until it is needed, when its blob is lost. */
  private StoreDescriptor descriptor;

  private String problem;

  private StoreIdentity(
      Shelf shelf,
      PackDirectory packs,
      ManifestDirectory manifests,
      ParityBlobs parity,
      StoreDescriptor descriptor,
      String problem) {
    this.shelf = shelf;
    this.parity = parity;
    this.packs = packs;
    this.manifests = manifests;
    this.witnesses = new StoreWitnesses(packs, manifests);
    this.descriptor = descriptor;
    this.problem = problem;
  }

  /**
   * Makes an empty store: the descriptor, and then what {@link #prepare} makes.
   *
   * @throws FileAlreadyExistsException when somebody else has just made one
   */
  static void make(Shelf on, StoreOptions options) throws IOException {
    UUID id = newId();
    Shelf shelf = options.sealed(on, id);
    StoreDescriptor descriptor =
        new StoreDescriptor(id, options.codec(), options.pageSize(), options.parity());
    if (!descriptor.writeFirst(shelf)) {
      throw new FileAlreadyExistsException(
          shelf.locate(StoreDescriptor.FILE), null, "somebody else has just made one");
    }
    prepare(shelf);
    Spool spool = shelf.spool().orElseGet(() -> new BufferedSpool(shelf));
    protect(descriptor, new ParityBlobs(shelf, spool));
  }

  private static void protect(StoreDescriptor descriptor, ParityBlobs parity) throws IOException {
    if (descriptor.parity() > 0) {
      parity.make(StoreDescriptor.FILE, descriptor.parity(), () -> {});
    }
  }

  /** Makes what a store has beside its descriptor, as far as it is missing. */
  private static void prepare(Shelf shelf) throws IOException {
    for (String prefix : List.of(PackDirectory.PREFIX, ManifestDirectory.PREFIX)) {
      if (!shelf.isPrepared(prefix)) {
        shelf.prepare(prefix);
      }
    }
  }

  /** An id no other store has. */
  private static UUID newId() {
    byte[] bytes = new byte[16];
    RANDOM.nextBytes(bytes);
    return StoreDescriptor.uuid(bytes);
  }

  /**
   * Reads the descriptor of a store; one that is lost is a problem, and not a failure.
   *
   * @throws NoSuchFileException when there is neither a descriptor nor anything else of a store
   * @throws StoreDescriptor.NewerFormat when this blksh cannot know what the store means
   */
  static StoreIdentity read(
      Shelf shelf, PackDirectory packs, ManifestDirectory manifests, ParityBlobs parity)
      throws IOException {
    StoreDescriptor found = null;
    String problem = null;
    try {
      found = StoreDescriptor.read(shelf);
    } catch (NoSuchFileException e) {
      if (!hasContents(shelf)) {
        throw e;
      }
      problem = "store.json is missing";
    } catch (StoreDescriptor.DamagedDescriptor e) {
      problem = "store.json is damaged: " + e.getMessage();
    }
    StoreIdentity identity = new StoreIdentity(shelf, packs, manifests, parity, found, problem);
    packs.have(found == null ? PageSize.USUAL : found.pageSize());
    String contradiction = found == null ? null : identity.witnesses.contradiction(found);
    if (contradiction != null) {
      identity.descriptor = null;
      identity.problem = contradiction;
    }
    if (identity.problem != null) {
      PageSize size = identity.witnesses.pageSize(StoreDescriptor.uuid(identity.idFromContents()));
      packs.have(size);
      manifests.have(size);
    } else if (found != null) {
      identity.claimContents();
      if (shelf.writable()) {
        prepare(shelf); // its making may have been cut off
      }
    }
    return identity;
  }

  /** The id of the store on a shelf, by its descriptor or else by what there is. */
  static UUID idOf(Shelf shelf) throws IOException {
    try {
      return StoreDescriptor.read(shelf).id();
    } catch (NoSuchFileException | StoreDescriptor.DamagedDescriptor e) {
      Spool none = new BufferedSpool(shelf);
      try (PackDirectory packs = new PackDirectory(shelf, none)) {
        ManifestDirectory manifests = new ManifestDirectory(shelf, none);
        return read(shelf, packs, manifests, new ParityBlobs(shelf, none)).id();
      }
    }
  }

  /** Refuses packs and manifests of other stores from now on. */
  private void claimContents() {
    packs.have(descriptor.pageSize());
    packs.belongTo(descriptor.idBytes());
    manifests.belongTo(descriptor.idBytes(), descriptor.pageSize());
  }

  /** Whether there is what a store has beside its descriptor. */
  static boolean hasContents(Shelf shelf) throws IOException {
    return shelf.isPrepared(PackDirectory.PREFIX) && shelf.isPrepared(ManifestDirectory.PREFIX);
  }

  /** What packs and manifests know the store by. */
  UUID id() {
    return descriptor().id();
  }

  /** The id as it stands in packs and manifests. */
  byte[] idBytes() {
    return descriptor().idBytes();
  }

  /** How large pages are; that never changes. */
  PageSize pageSize() {
    return packs.pageSize();
  }

  /** How new frames are compressed. */
  CodecChoice codec() {
    return descriptor().codec();
  }

  /**
   * Per cent of the blocks of what is stored that may be lost; 0 for no parity. As its blob says by
   * now: who knows less than others do would remove what these make.
   */
  synchronized int parity() {
    try {
      return problem == null ? descriptor.renewed(shelf).parity() : descriptor().parity();
    } catch (IOException e) {
      return descriptor().parity();
    }
  }

  /** What is wrong with the descriptor's blob, or null. */
  synchronized String problem() {
    return problem;
  }

  /**
   * Writes the descriptor again when it is not whole: as its parity has it, or else as what there
   * is says; true when it was not whole.
   */
  synchronized boolean repair() throws IOException {
    if (problem == null) {
      return false;
    }
    if (!repairByParity()) {
      replace(descriptor());
      prepare(shelf);
      problem = null;
    }
    return true;
  }

  /**
   * Writes the descriptor again if it is gone, for who cannot keep others away: one of them does,
   * and all go by what is there then. False when it was not gone.
   */
  synchronized boolean makeIfMissing() throws IOException {
    if (problem == null || shelf.size(StoreDescriptor.FILE).isPresent()) {
      return false;
    }
    descriptor().writeFirst(shelf);
    StoreDescriptor found = StoreDescriptor.read(shelf);
    if (witnesses.contradiction(found) != null) {
      throw new IOException("somebody else has just made its store.json, as another store's");
    }
    descriptor = found;
    problem = null;
    claimContents();
    prepare(shelf);
    return true;
  }

  /**
   * Makes the descriptor again as its parity has it, if that is the one of this store.
   *
   * @return false when it cannot be
   */
  synchronized boolean repairByParity() throws IOException {
    try (Rebuilding rebuilt = rebuilt()) {
      if (rebuilt == null || !rebuilt.isWhole()) {
        return false;
      }
      StoreDescriptor found = StoreDescriptor.parse(rebuilt.result());
      if (witnesses.contradiction(found) != null) {
        return false;
      }
      rebuilt.publish();
      descriptor = found;
      problem = null;
      claimContents();
      prepare(shelf);
      return true;
    } catch (StoreDescriptor.DamagedDescriptor e) {
      return false;
    }
  }

  private Rebuilding rebuilt() throws IOException {
    if (!parity.isThere(StoreDescriptor.FILE)) {
      return null;
    }
    if (shelf.size(StoreDescriptor.FILE).isEmpty()) {
      shelf.putIfAbsent(StoreDescriptor.FILE, new byte[1]); // what is lost of it is all of it
    }
    return parity.rebuild(StoreDescriptor.FILE, StoreDescriptor.FILE, () -> {});
  }

  /** Whether its packs may give way to others: whoever has it open knows of that. */
  synchronized boolean allowsCompaction() {
    return descriptor().format() >= StoreDescriptor.COMPACTED;
  }

  /** Has older blksh refuse it from now on. Nobody else uses it meanwhile. */
  synchronized void allowCompaction() throws IOException {
    if (!allowsCompaction()) {
      StoreDescriptor now = current();
      replace(new StoreDescriptor(now.id(), now.codec(), now.pageSize(), now.parity()));
    }
  }

  /**
   * Compresses new frames in another way from now on. Nobody else changes the descriptor meanwhile;
   * captures that run end as they began.
   */
  synchronized void compressBy(CodecChoice codec) throws IOException {
    StoreDescriptor now = current();
    replace(new StoreDescriptor(now.id(), codec, now.pageSize(), now.format(), now.parity()));
  }

  /**
   * Has what is written from now on so much parity. Nobody else changes the descriptor meanwhile.
   * When there is to be none it stays in the format that older blksh refuse, as long as parity is
   * left: {@link #protectedNoMore} is said once that is gone.
   *
   * @param percent 1 to 50, or 0 for none
   */
  synchronized void protectBy(int percent) throws IOException {
    StoreDescriptor now = current();
    if (now.parity() != percent) {
      int format = StoreDescriptor.formatOf(now.pageSize(), true);
      replace(new StoreDescriptor(now.id(), now.codec(), now.pageSize(), format, percent));
    }
  }

  /** Lets older blksh use it again, if there is to be no parity. */
  synchronized void protectedNoMore() throws IOException {
    StoreDescriptor now = current();
    if (now.parity() == 0 && now.format() == StoreDescriptor.PROTECTED) {
      replace(new StoreDescriptor(now.id(), now.codec(), now.pageSize(), 0));
    }
  }

  /** As its blob says by now: somebody else may have changed it. */
  private StoreDescriptor current() throws IOException {
    descriptor = StoreDescriptor.read(shelf);
    return descriptor;
  }

  /** Its parity goes before it, and comes after it: parity is of what there is. */
  private void replace(StoreDescriptor now) throws IOException {
    parity.remove(StoreDescriptor.FILE);
    now.write(shelf);
    descriptor = now;
    protect(now, parity);
  }

  private synchronized StoreDescriptor descriptor() {
    if (descriptor == null) {
      descriptor =
          new StoreDescriptor(
              StoreDescriptor.uuid(idFromContents()),
              witnesses.codec(),
              pageSize(),
              parityFromContents());
      claimContents();
    }
    return descriptor;
  }

  /** Of the store that most of what is there says it belongs to. */
  private byte[] idFromContents() {
    return StoreDescriptor.bytes(witnesses.store().orElseGet(StoreIdentity::newId));
  }

  /** Makes the parity of the descriptor; false when another does. */
  synchronized boolean protect() throws IOException {
    StoreDescriptor now = current();
    return now.parity() > 0 && parity.make(StoreDescriptor.FILE, now.parity(), () -> {});
  }

  /** What any blob has that has parity. */
  private int parityFromContents() {
    try {
      for (String blob : parity.protectedBlobs("")) {
        int percent = parity.percent(blob);
        if (percent > 0) {
          return percent;
        }
      }
    } catch (IOException e) {
      // as if there were none
    }
    return 0;
  }
}
