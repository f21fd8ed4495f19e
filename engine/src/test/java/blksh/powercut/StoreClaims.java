package blksh.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.ByteArraySource;
import blksh.store.AffectedRange;
import blksh.store.CaptureOptions;
import blksh.store.Damage;
import blksh.store.Manifest;
import blksh.store.Store;
import blksh.store.VerifyOptions;
import blksh.store.parity.ParityBlobs;
import blksh.task.Task;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;

/** What was told of a store before a power cut, and whether it is so afterwards. */
final class StoreClaims {

  /** No program captures it. */
  private static final int FRESH = 900;

  private final IntFunction<byte[]> images;
  private boolean made;

  /** The image of each version that was reported as written and whose deletion was not begun. */
  private final Map<String, Integer> written = new TreeMap<>();

  /** The image of each version that was ever reported. */
  private final Map<String, Integer> captured = new TreeMap<>();

  private final Set<String> deleted = new TreeSet<>();

  /** Images that a version may hold, reported or not. */
  private final Set<Integer> begun = new TreeSet<>();

  private final Set<String> capturedNames = new TreeSet<>();

  private StoreClaims(IntFunction<byte[]> images) {
    this.images = images;
  }

  static StoreClaims of(List<String> told, IntFunction<byte[]> images) {
    StoreClaims claims = new StoreClaims(images);
    for (String line : told) {
      String[] words = line.split(" ");
      switch (words[0]) {
        case "made" -> claims.made = true;
        case "capturing" -> {
          claims.capturedNames.add(words[1]);
          claims.begun.add(Integer.parseInt(words[2]));
        }
        case "captured" -> {
          claims.written.put(words[1], Integer.parseInt(words[2]));
          claims.captured.put(words[1], Integer.parseInt(words[2]));
          claims.deleted.remove(words[1]);
        }
        case "undeleting" -> claims.deleted.remove(words[1]); // it may be back
        case "deleting" -> claims.written.remove(words[1]);
        case "deleted" -> claims.deleted.add(words[1]);
        default -> {}
      }
    }
    return claims;
  }

  /** What a version held that was restored, whatever became of it. */
  byte[] image(String reference) {
    return images.apply(captured.get(reference));
  }

  /**
   * Looks at a store and goes on with it.
   *
   * @param thoroughly whether it is reindexed, too
   */
  void check(Path path, boolean thoroughly, Faults faults) {
    boolean opened =
        faults.check(
            "the store opens",
            () -> {
              try (Store store = open(path)) {
                look(store, faults);
                change(store, faults);
              }
            });
    if (opened) {
      faults.check(
          "the store opens again",
          () -> {
            try (Store store = Store.open(path)) {
              lookAgain(store, faults);
              if (thoroughly) {
                repair(store, faults);
              }
            }
          });
    }
  }

  /** Looks at a store alone. */
  void look(Path path, Faults faults) {
    faults.check(
        "the store opens",
        () -> {
          try (Store store = open(path)) {
            look(store, faults);
          }
        });
  }

  private Store open(Path path) {
    return made ? Store.open(path) : Store.openOrCreate(path);
  }

  // ---- what is there --------------------------------------------------------------------------

  private void look(Store store, Faults faults) {
    faults.check(
        "every version reported as written is listed",
        () -> {
          assertThat(listed(store)).containsAll(written.keySet());
          assertThat(store.names()).containsAll(names());
        });
    faults.check(
        "no version reported as deleted is listed", () -> assertNoneDeleted(listed(store)));
    faults.check(
        "no version reported as deleted counts",
        () -> {
          for (String name : names()) {
            assertNoneDeleted(references(store.expendable(name, 1)));
          }
        });
    List<Damage> damage = new ArrayList<>();
    faults.check(
        "verify finds no damage of a version reported as written",
        () -> {
          damage.addAll(store.verify(VerifyOptions.full(), Task.unwatched()).damage());
          assertThat(affected(damage)).noneMatch(written::containsKey);
        });
    faults.check(
        "parity is whole, and of what is there", () -> assertThat(ofParity(damage)).isEmpty());
    faults.check("every version reported as written restores", () -> restoreWritten(store));
    faults.check("every version that is there restores", () -> restoreUntold(store));
  }

  private void assertNoneDeleted(List<String> references) {
    assertThat(references).noneMatch(deleted::contains);
  }

  private static List<String> listed(Store store) {
    return references(store.manifests());
  }

  private static List<String> references(List<Manifest> manifests) {
    return manifests.stream().map(Manifest::reference).toList();
  }

  private Set<String> names() {
    Set<String> names = new TreeSet<>();
    written.keySet().forEach(reference -> names.add(nameOf(reference)));
    return names;
  }

  private static String nameOf(String reference) {
    return reference.substring(0, reference.indexOf('@'));
  }

  private static Set<String> affected(List<Damage> damage) {
    Set<String> affected = new HashSet<>();
    for (Damage each : damage) {
      each.affected().stream().map(AffectedRange::manifest).forEach(affected::add);
    }
    return affected;
  }

  private static List<Damage> ofParity(List<Damage> damage) {
    return damage.stream().filter(each -> each.file().startsWith(ParityBlobs.PREFIX)).toList();
  }

  private void restoreWritten(Store store) {
    for (Map.Entry<String, Integer> version : written.entrySet()) {
      assertThat(restored(store, store.manifest(version.getKey())))
          .as(version.getKey())
          .isEqualTo(images.apply(version.getValue()));
    }
  }

  private static byte[] restored(Store store, Manifest manifest) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    store.restore(manifest, out, Task.unwatched());
    return out.toByteArray();
  }

  /** Also those that nobody was told of: what has its name is whole. */
  private void restoreUntold(Store store) {
    for (String name : capturedNames) {
      for (int version : store.versions(name)) {
        Manifest manifest = store.manifest(name + "@" + version);
        if (!written.containsKey(manifest.reference())) {
          byte[] bytes = restored(store, manifest);
          assertThat(begun.stream().anyMatch(image -> Arrays.equals(bytes, images.apply(image))))
              .as("%s is an image that was captured", manifest.reference())
              .isTrue();
        }
      }
    }
  }

  // ---- what can be done with it ---------------------------------------------------------------

  private void change(Store store, Faults faults) {
    faults.check("the newest of a name outlives keepLast", () -> keepLast(store));
    faults.check(
        "another capture is stored",
        () -> {
          String reference = capture(store, "a", FRESH);
          assertThat(written).doesNotContainKey(reference);
          written.put(reference, FRESH);
          deleted.remove(reference); // whose number may be given again
          assertThat(listed(store)).containsAll(written.keySet());
          restoreWritten(store);
        });
  }

  private String capture(Store store, String name, int image) {
    ByteArraySource source = new ByteArraySource(images.apply(image));
    return store
        .capture(source, name, CaptureOptions.defaults(), Task.unwatched())
        .manifest()
        .reference();
  }

  /** As a script does it. */
  private void keepLast(Store store) {
    for (String name : names()) {
      List<String> before = new ArrayList<>(written.keySet());
      before.removeIf(reference -> !nameOf(reference).equals(name));
      for (Manifest manifest : store.expendable(name, 1)) {
        store.delete(manifest);
        written.remove(manifest.reference());
        deleted.add(manifest.reference());
      }
      assertThat(store.versions(name)).as("versions of " + name).hasSize(1);
      assertThat(references(store.manifests(name))).as("listed of " + name).hasSize(1);
      // One that nobody was told of may be newer.
      Manifest newest = store.manifest(name);
      assertThat(newest.version()).isGreaterThanOrEqualTo(newestOf(before));
      restored(store, newest);
    }
  }

  private static int newestOf(List<String> references) {
    return references.stream()
        .mapToInt(reference -> Integer.parseInt(reference.substring(reference.indexOf('@') + 1)))
        .max()
        .orElseThrow();
  }

  private void lookAgain(Store store, Faults faults) {
    faults.check(
        "what was changed is so after opening again",
        () -> {
          assertThat(listed(store)).containsAll(written.keySet());
          assertNoneDeleted(listed(store));
        });
  }

  private void repair(Store store, Faults faults) {
    faults.check(
        "all is sound after reindex",
        () -> {
          assertThat(store.reindex(Task.unwatched()).damage()).isEmpty();
          assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).damage()).isEmpty();
          assertThat(listed(store)).containsAll(written.keySet());
          assertNoneDeleted(listed(store));
          restoreWritten(store);
        });
  }
}
