package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.ManifestDirectory.Version;
import blksh.store.pack.Pack;
import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDirectory;
import blksh.store.pack.PackRepair;
import blksh.store.parity.ParityBlobs;
import blksh.store.parity.ParityOutlook;
import blksh.store.parity.Rebuilding;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes blobs again that lost something, by their own parity. Nothing is believed because parity
 * says it: a pack takes the place of the damaged one only when every page that was proven by its
 * digest there is proven by it here, and every page that came right is; a manifest, when it is to
 * the byte what was published, and can be read through. Both are durable before they take the name,
 * so whoever dies leaves what was.
 *
 * <p>No compaction goes on meanwhile. Readers that have a damaged pack open go on reading that.
 */
final class ParityRepair {

  private final Repository repository;
  private final ParityBlobs parity;
  private final boolean dryRun;
  private final Task task;
  private final PackRepair packs;
  private final List<String> healed = new ArrayList<>();

  /** Those of them of which nothing is lost any more. */
  private final Set<String> whole = new HashSet<>();

  ParityRepair(Repository repository, boolean dryRun, Task task) {
    this.repository = repository;
    this.parity = repository.parity();
    this.dryRun = dryRun;
    this.task = task;
    this.packs =
        new PackRepair(repository.packs(), repository.identity().idBytes(), repository.codec());
  }

  /** All that is known to be damaged, or shows it at a glance; the files that came right. */
  List<String> run() throws IOException {
    if (parity.protectedBlobs("").isEmpty()) {
      return List.of();
    }
    manifests();
    Set<String> suspects = suspects();
    for (String blob : suspects) {
      task.checkCancelled();
      PackDirectory.idOf(blob).ifPresent(this::pack);
    }
    for (String blob : suspects) {
      task.checkCancelled();
      if (blob.startsWith(ParityBlobs.PREFIX)) {
        parity(blob.substring(ParityBlobs.PREFIX.length()));
      }
    }
    return List.copyOf(healed);
  }

  /** The files that came right of which nothing is lost any more. */
  Set<String> whole() {
    return Set.copyOf(whole);
  }

  /** Files that verifications found damaged, and packs that cannot be opened or lost their ends. */
  private Set<String> suspects() {
    Set<String> found = new TreeSet<>();
    StoreIndex rows = repository.indexes().rows();
    rows.bad(null).forEach(range -> found.add(PackDirectory.nameOf(range.pack())));
    rows.damage().places().forEach(place -> found.add(place.damage().file()));
    for (long id : repository.packs().sealed()) {
      task.checkCancelled();
      try (PackCheck check =
          new PackCheck(repository.packs(), id, repository.identity().idBytes())) {
        check.structure();
        if (check.damagedParts() > 0) {
          found.add(PackDirectory.nameOf(id));
        }
      }
    }
    return found;
  }

  // ---- packs ---------------------------------------------------------------------------------

  /** Whether a pack came right, all or more of it than was. */
  boolean pack(long id) {
    String name = PackDirectory.nameOf(id);
    try {
      return !isSound(id) && heal(id, name);
    } catch (CancelledException e) {
      throw e;
    } catch (IOException | BlkshException e) {
      ShelfAwayException.letPass(e);
      task.finding(name + " cannot be made again by its parity: " + reason(e));
      return false;
    } finally {
      repository.packs().forget(id);
    }
  }

  private static String reason(Exception e) {
    return e instanceof BlkshException known ? known.problem() : IoFailure.reason((IOException) e);
  }

  /** Also where the parity is that of another generation: it is of no use then. */
  private boolean isSound(long id) {
    try (Pack pack = repository.packs().acquire(id)) {
      return packs.isAsWritten(pack)
          || pack.footerSound() && !parity.isOf(PackDirectory.nameOf(id));
    } catch (BlkshException | IOException e) {
      ShelfAwayException.letPass(e);
      return false;
    }
  }

  private boolean heal(long id, String name) throws IOException {
    if (dryRun) {
      return note(name, parity.outlook(name, name, task::checkCancelled));
    }
    try (Rebuilding made = parity.rebuild(name, name, task::checkCancelled)) {
      if (made == null || made.made() == 0) {
        return false;
      }
      BitSet before = packs.proven(id, repository.open(name), task::checkCancelled);
      BitSet after = packs.proven(id, made.result(), task::checkCancelled);
      if (before != null && after != null) {
        before.andNot(after);
      }
      if (after == null || before != null && !before.isEmpty()) {
        task.finding(name + " has parity of something else, which is not used");
        return false;
      }
      if (!made.isWhole() && (before == null || made.mayHaveZeros())) {
        task.finding(name + ": more is lost than its parity can make again; it stays as it is");
        return false;
      }
      made.publish();
      return note(name, made.isWhole());
    }
  }

  private boolean note(String name, boolean isWhole) {
    healed.add(name);
    if (isWhole) {
      whole.add(name);
    } else {
      task.finding(name + ": more is lost than its parity can make again; what could be is");
    }
    return true;
  }

  private boolean note(String name, ParityOutlook outlook) {
    return outlook.made() > 0 && note(name, outlook.made() == outlook.lost());
  }

  // ---- manifests -----------------------------------------------------------------------------

  /** Those of all versions, and of those in the trash; the files that came right. */
  List<String> manifests() {
    int before = healed.size();
    for (Version version : repository.manifests().versions()) {
      manifest(version, repository.manifests().blob(version));
    }
    for (Trash.Entry entry : repository.trash().entries()) {
      manifest(entry.version(), repository.trash().blob(entry));
    }
    return List.copyOf(healed.subList(before, healed.size()));
  }

  private void manifest(Version version, String blob) {
    task.checkCancelled();
    try {
      if (!ManifestCheck.isWhole(repository, version, blob)
          && repository.isThere(blob)
          && heal(version, blob)) {
        note(blob, true);
      }
    } catch (CancelledException e) {
      throw e;
    } catch (IOException | BlkshException e) {
      ShelfAwayException.letPass(e);
      task.finding(blob + " cannot be made again by its parity: " + reason(e));
    }
  }

  private boolean heal(Version version, String blob) throws IOException {
    String of = repository.manifests().blob(version);
    if (dryRun) {
      ParityOutlook outlook = parity.outlook(of, blob, task::checkCancelled);
      return outlook.made() > 0 && outlook.made() == outlook.lost();
    }
    try (Rebuilding made = parity.rebuild(of, blob, task::checkCancelled)) {
      if (made == null || !made.isWhole()) {
        return false;
      }
      if (!ManifestCheck.isWhole(repository, version, made.result())) {
        task.finding(blob + " has parity of something else, which is not used");
        return false;
      }
      return repository
          .exclusion()
          .publishing(
              () -> {
                boolean there = repository.isThere(blob); // or was deleted, or taken back
                if (there) {
                  made.publish();
                }
                return there;
              });
    }
  }

  // ---- parity --------------------------------------------------------------------------------

  /** Where what has parity by a name lies by now: a manifest may be in the trash. */
  private String lies(String blob) throws IOException {
    return repository.isThere(blob)
        ? blob
        : repository.trash().of(blob).map(repository.trash()::blob).orElse(blob);
  }

  /** Of what is whole, and has parity that lost something, it is made anew. */
  private void parity(String blob) {
    try {
      if (parity.look(blob, lies(blob), task::checkCancelled) == ParityBlobs.Condition.WHOLE) {
        return;
      }
      boolean made = dryRun || new StoreParity(repository, task).renew(blob);
      if (made) {
        note(ParityBlobs.nameOf(blob), true);
      }
    } catch (IOException e) {
      task.finding(ParityBlobs.nameOf(blob) + ": " + IoFailure.reason(e));
    }
  }
}
