package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.ManifestDirectory.Version;
import blksh.store.pack.Pack;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PackRepair;
import blksh.store.parity.ParityBlobs;
import blksh.store.parity.ParityCoverage;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Puts parity beside what a store holds, where it is to have some.
 *
 * <p>In this order: a blob is durable and has its name, then its parity is made; of packs before
 * the manifest that needs them appears, of a manifest right after. Parity goes before another takes
 * the name of its blob, and after a blob that is removed. So whoever dies at any moment leaves
 * blobs without parity, or parity without a blob, and never parity of what is not there any more in
 * the place of what is; {@link #tidy} mends both.
 *
 * <p>What is damaged gets no parity. A failure to make some is a finding, and fails nothing else.
 */
final class StoreParity {

  private static final long PAUSE_MILLIS = 200;

  private final Repository repository;
  private final ParityBlobs parity;
  private final Task task;
  private final PackRepair packs;
  private boolean told;

  StoreParity(Repository repository, Task task) {
    this.repository = repository;
    this.parity = repository.parity();
    this.task = task;
    this.packs =
        new PackRepair(repository.packs(), repository.identity().idBytes(), repository.codec());
  }

  /** Of a pack, which nobody replaces meanwhile. */
  boolean pack(long id) {
    String name = PackDirectory.nameOf(id);
    return attempt(name, () -> isAsWritten(id) && make(name, name));
  }

  private boolean isAsWritten(long id) throws IOException {
    try (Pack pack = repository.packs().acquire(id)) {
      if (packs.isAsWritten(pack)) {
        return true;
      }
    }
    tell(PackDirectory.nameOf(id) + " is damaged, and gets no parity; verify the store");
    return false;
  }

  /**
   * @param of the blob whose parity it is
   * @param blob which has its contents by now
   */
  private boolean make(String of, String blob) throws IOException {
    int percent = repository.identity().parity();
    return percent > 0 && parity.make(of, blob, percent, this::name, task::checkCancelled);
  }

  /**
   * Whoever wants no parity any more says so with others kept from publishing, and removes what is
   * there after that: so what has its name before goes with the rest, and nothing gets one later.
   */
  private boolean name(ParityBlobs.Naming.Name name) {
    return repository
        .exclusion()
        .publishing(
            () -> {
              boolean wanted = repository.identity().parity() > 0;
              if (wanted) {
                name.give();
              }
              return wanted;
            });
  }

  /** Of the manifest of a version that is there. */
  boolean manifest(Version version) {
    return manifest(version, repository.manifests().blob(version));
  }

  /**
   * @param blob where it lies: under its name, or in the trash
   */
  private boolean manifest(Version version, String blob) {
    String name = repository.manifests().blob(version);
    return attempt(
        name,
        () -> {
          boolean whole = ManifestCheck.isWhole(repository, version, blob);
          if (!whole && repository.isThere(blob)) {
            tell(blob + " is damaged, and gets no parity; verify the store");
          }
          return whole && make(name, blob);
        });
  }

  /** What may fail. */
  private interface Attempt {
    boolean run() throws IOException;
  }

  /** False where it is to have none, cannot have any, or another makes it. */
  private boolean attempt(String name, Attempt attempt) {
    if (repository.identity().parity() == 0) {
      return false;
    }
    try {
      return attempt.run();
    } catch (NoSuchFileException e) {
      return false; // removed since it was listed
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      ShelfAwayException.letPass(e);
      if (IoFailure.of(e) != IoFailure.NO_SUCH_FILE) {
        tellOnce(name + " has no parity: " + e.problem());
      }
    } catch (IOException e) {
      tellOnce(name + " has no parity: " + IoFailure.reason(e));
    }
    return false;
  }

  private void tell(String finding) {
    task.finding(finding);
  }

  /** What fails for one mostly fails for all. */
  private void tellOnce(String finding) {
    if (!told) {
      told = true;
      tell(finding + "; protect makes what is missing");
    }
  }

  // ---- what is missing, and what is too much ---------------------------------------------------

  /** What should have parity, and has none. */
  Set<String> missing() throws IOException {
    if (repository.identity().parity() == 0) {
      return Set.of();
    }
    // Listed before: what has parity was there then.
    Set<String> there = parity.protectedBlobs("");
    Set<String> missing = all();
    missing.removeAll(there);
    return missing;
  }

  /** What is to have parity where there is some. */
  private Set<String> all() {
    Set<String> all = new TreeSet<>();
    for (long id : repository.packs().sealed()) {
      all.add(PackDirectory.nameOf(id));
    }
    for (Version version : repository.manifests().versions()) {
      all.add(repository.manifests().blob(version));
    }
    all.add(StoreDescriptor.FILE);
    return all;
  }

  /**
   * Makes what is missing, and that anew which has another share than is wanted, beside whoever
   * uses the store.
   *
   * @return how many blobs got some
   */
  private int add() throws IOException {
    Set<String> wanted = new TreeSet<>(missing());
    int percent = repository.identity().parity();
    if (percent > 0) {
      for (String blob : parity.protectedBlobs("")) {
        task.checkCancelled();
        if (parity.percent(blob) != percent) {
          wanted.add(blob);
        }
      }
    }
    task.expect(task.done() + wanted.stream().mapToLong(repository::bytes).sum());
    int made = 0;
    for (String blob : wanted) {
      task.checkCancelled();
      long bytes = repository.bytes(blob);
      made += add(blob) ? 1 : 0;
      task.advance(bytes);
    }
    return made;
  }

  /**
   * Has a store so much parity from now on, in this order: the descriptor says so, and what is
   * written from then on has it; then what is there gets it, or loses it; and when all of it is
   * gone the descriptor says that, too.
   *
   * @param percent 1 to 50, or 0 for none
   */
  ParityCoverage by(int percent, boolean dryRun) throws IOException {
    StoreIdentity identity = repository.identity();
    if (dryRun) {
      int missing = missing().size();
      int made = percent == 0 || percent == identity.parity() ? missing : all().size();
      return new ParityCoverage(percent, percent == 0 ? 0 : made, missing);
    }
    int own =
        percent == 0 || percent == identity.parity() ? 0 : 1; // the descriptor's, made with it
    change(() -> identity.protectBy(percent));
    task.phase("parity");
    int made = percent == 0 ? 0 : own + add();
    if (percent == 0) {
      removeAll();
      change(identity::protectedNoMore);
    }
    return new ParityCoverage(percent, made, missing().size());
  }

  /** What may fail. */
  private interface Change {
    void run() throws IOException;
  }

  private void change(Change change) {
    repository
        .exclusion()
        .publishing(
            () -> {
              change.run();
              return null;
            });
  }

  /** No compaction goes on meanwhile, so that nothing takes the name of the blob. */
  private boolean add(String blob) {
    boolean[] made = {false};
    boolean done = false;
    while (!done) {
      task.checkCancelled();
      done =
          repository
              .exclusion()
              .unlessCompacting(
                  () -> {
                    made[0] = addNow(blob);
                    return null;
                  });
      if (!done) {
        pause();
      }
    }
    return made[0];
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("wait for a compaction");
    }
  }

  private boolean addNow(String blob) {
    Long pack = PackDirectory.idOf(blob).orElse(null);
    if (pack != null) {
      repository.packs().forget(pack); // another generation may have its name
      return pack(pack);
    }
    Version version = versionOf(blob, ManifestDirectory.BLOB, blob);
    if (version != null) {
      return manifest(version);
    }
    Trash.Entry deleted = repository.trash().of(blob).orElse(null);
    if (deleted != null) {
      return manifest(deleted.version(), repository.trash().blob(deleted));
    }
    return blob.equals(StoreDescriptor.FILE)
        && attempt(
            blob, () -> repository.exclusion().publishing(() -> repository.identity().protect()));
  }

  /** Makes that of a blob anew. No compaction goes on but for who calls. */
  boolean renew(String blob) {
    return addNow(blob);
  }

  /**
   * The version whose manifest has a name, when it is there, or in the trash; else null.
   *
   * @param prefix of the blobs that are looked at
   * @param form which their names have
   */
  private Version versionOf(String blob, Pattern form, String prefix) {
    Version[] found = {null};
    ManifestDirectory manifests = repository.manifests();
    manifests.each(
        prefix,
        form,
        (version, matcher) -> found[0] = manifests.blob(version).equals(blob) ? version : found[0]);
    return found[0];
  }

  /**
   * Makes what is missing and removes what is left of blobs that are gone. No compaction goes on
   * but that which calls.
   */
  void tidy() throws IOException {
    parity.removeDeadParts();
    Set<String> there = parity.protectedBlobs("");
    if (!there.isEmpty()) {
      repository
          .exclusion()
          .publishing(
              () -> {
                for (String blob : there) {
                  if (isGone(blob)) {
                    parity.remove(blob);
                  }
                }
                return null;
              });
    }
    for (String blob : missing()) {
      task.checkCancelled();
      addNow(blob);
    }
  }

  /** A version that is in the trash is there. */
  private boolean isGone(String blob) throws IOException {
    if (repository.isThere(blob) || blob.equals(StoreDescriptor.FILE)) {
      return false; // a descriptor that is lost comes again by its parity
    }
    String folder = blob.substring(0, blob.lastIndexOf('/') + 1);
    return !folder.startsWith(ManifestDirectory.PREFIX)
        || versionOf(blob, Trash.BLOB, folder) == null;
  }

  /** Removes all there is. */
  private void removeAll() throws IOException {
    for (String blob : parity.protectedBlobs("")) {
      task.checkCancelled();
      parity.remove(blob);
    }
    parity.removeDeadParts();
  }
}
