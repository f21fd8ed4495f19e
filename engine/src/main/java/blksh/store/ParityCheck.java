package blksh.store;

import blksh.io.IoFailure;
import blksh.store.pack.PackCheck;
import blksh.store.pack.PackDirectory;
import blksh.store.parity.ParityBlobs;
import blksh.task.Task;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The check of parity, once what it is of was checked: that it is as it was written, and of what
 * has the name of its blob. Nothing is lost by any damage of it; repair makes it anew.
 */
final class ParityCheck {

  /** How often it is looked once more whether parity is of something else. */
  private static final int LOOKS = 2;

  private final Repository repository;
  private final Function<Long, PackCheck> packs;
  private final DamageReport report;
  private final Task task;

  /** Made when it is first needed. */
  private Map<String, String> trashed;

  /**
   * @param packs the check of a pack; null where there is none
   */
  ParityCheck(
      Repository repository, Function<Long, PackCheck> packs, DamageReport report, Task task) {
    this.repository = repository;
    this.packs = packs;
    this.report = report;
    this.task = task;
  }

  /**
   * Looks at the parity of blobs.
   *
   * @param wanted which of those that have some
   * @return how many blobs have some
   */
  int run(Predicate<String> wanted) {
    task.phase("parity");
    Set<String> there;
    try {
      there = repository.parity().protectedBlobs("");
    } catch (IOException e) {
      report.addHarmless(ParityBlobs.PREFIX, "it cannot be listed: " + IoFailure.reason(e));
      return 0;
    }
    for (String blob : there) {
      task.checkCancelled();
      if (wanted.test(blob)) {
        look(blob);
      }
    }
    return there.size();
  }

  /** Which manifests lie in the trash, by the names they had: their parity keeps that of theirs. */
  private Map<String, String> trashed() {
    if (trashed == null) {
      trashed = new HashMap<>();
      for (Trash.Entry entry : repository.trash().entries()) {
        trashed.put(repository.manifests().blob(entry.version()), repository.trash().blob(entry));
      }
    }
    return trashed;
  }

  private ParityBlobs.Condition condition(String blob) throws IOException {
    ParityBlobs.Condition found = repository.parity().look(blob, task::checkCancelled);
    boolean gone = found == ParityBlobs.Condition.NONE && trashed().containsKey(blob);
    return gone ? repository.parity().look(blob, trashed().get(blob), task::checkCancelled) : found;
  }

  private void look(String blob) {
    String name = ParityBlobs.nameOf(blob);
    try {
      ParityBlobs.Condition found = condition(blob);
      if (found == ParityBlobs.Condition.DAMAGED) {
        found = condition(blob); // what came damaged once may only have been so on its way
      }
      for (int i = 0; i < LOOKS && found == ParityBlobs.Condition.OTHER; i++) {
        // Another generation may just have taken the name of the blob, and got parity of its own.
        found = condition(blob);
      }
      switch (found) {
        case DAMAGED ->
            report.addHarmless(name, "parity is damaged; nothing is lost by it, repair mends it");
        case OTHER -> {
          if (isSound(blob)) {
            report.addHarmless(
                name, "parity is of what was there before; nothing is lost by it, repair mends it");
          }
        }
        case NONE, WHOLE -> {}
      }
    } catch (IOException e) {
      report.addHarmless(name, "it cannot be read: " + IoFailure.reason(e));
    }
  }

  /** By the end of what is damaged nobody can tell what it is. */
  private boolean isSound(String blob) {
    PackCheck check = PackDirectory.idOf(blob).map(packs).orElse(null);
    return check != null
        ? check.damagedParts() == 0
        : report.list().stream().noneMatch(damage -> damage.file().equals(blob));
  }

  /** Says what of the damage may come right by parity. */
  void tell() {
    long mended = report.list().stream().map(Damage::file).distinct().filter(this::has).count();
    if (mended > 0) {
      task.note(mended + " damaged files have parity, by which repair may make them again");
    }
  }

  private boolean has(String file) {
    try {
      return repository.parity().isThere(file);
    } catch (IOException e) {
      return false;
    }
  }
}
