package blksh.store;

import blksh.BlkshException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * How a version appears and how it vanishes: its blob does, and is believed. The row that spares to
 * open it comes after the blob, and its number is remembered before it goes; a writer that dies in
 * between leaves a row too few or too many, which nobody believes.
 */
final class Publication {

  /** Numbers that are tried when others, who cannot be kept away, take each first. */
  private static final int ATTEMPTS = 100;

  private final Repository repository;

  Publication(Repository repository) {
    this.repository = repository;
  }

  /**
   * Publishes a manifest under the next free version of its name. All packs it names are durable.
   *
   * @param described with any version
   * @param after the number of the newest version there must be, 0 for none; null for any
   * @throws CaptureOptions.Overtaken when there is another
   */
  Manifest publish(ManifestWriter writer, Manifest described, Integer after) {
    // Opened before others are kept away: opening may keep them away too.
    StoreIndex rows = repository.indexes().rows();
    ManifestDirectory manifests = repository.manifests();
    return repository
        .exclusion()
        .publishing(
            () -> {
              String name = described.name();
              int least = 0;
              for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                int newest = manifests.newest(name).orElse(0);
                if (after != null && after != newest) {
                  throw new CaptureOptions.Overtaken(name, after, newest);
                }
                int highest = Math.max(least, manifests.highest(name));
                int version = rows.numbers().next(name, highest);
                Manifest numbered = described.withVersion(version);
                writer.finish(numbered, repository.identity().idBytes());
                if (put(writer, numbered, rows)) {
                  return numbered;
                }
                least = version;
              }
              throw crowded(name);
            });
  }

  /** Others took every number first. */
  private BlkshException crowded(String name) {
    return new BlkshException(
            "number a version of " + name + " in " + repository.place(),
            "others took each of %d numbers first".formatted(ATTEMPTS))
        .suggest("try again when fewer capture that name, or use another");
  }

  /**
   * Publishes the copy of a version of another store, and before it what was said of that: a copy
   * that is pinned there is never to be seen without. Where others cannot be kept away that is said
   * after it: before, the number may become another's. It has the number it has there, where that
   * keeps the versions of its name in the order of their dates; else, when it is the newest, the
   * next. All packs it names are durable.
   *
   * @param described as the version is in the other store
   * @return as it is here; what was here already when somebody else has just copied it
   * @throws CopyPlace.None when there is no number for it
   */
  Manifest copy(ManifestWriter writer, Manifest described, VersionMarks marks) {
    StoreIndex rows = repository.indexes().rows();
    boolean alone = repository.exclusion().keepsEverybodyAway();
    return repository
        .exclusion()
        .publishing(
            () -> {
              for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
                CopyPlace place = new CopyPlace(repository);
                Manifest there = place.same(described);
                if (there != null) {
                  if (!alone) {
                    mark(ManifestDirectory.Version.of(there), marks);
                  }
                  return there;
                }
                Manifest numbered = described.withVersion(place.number(described));
                ManifestDirectory.Version version = ManifestDirectory.Version.of(numbered);
                writer.finish(numbered, repository.identity().idBytes());
                // Here only where the same version is in the trash, which keeps what was said.
                if (alone) {
                  mark(version, marks);
                }
                KeptVersions.noteSomethingLeft(rows);
                if (put(writer, numbered, rows)) {
                  if (!alone) {
                    mark(version, marks);
                  }
                  return numbered;
                }
              }
              throw crowded(described.name());
            });
  }

  /**
   * Says of a copy that is there what was said of its original, if nothing was said of it. Where
   * others cannot be kept away a copy may have been cut off between its manifest and that.
   */
  void markCopied(ManifestDirectory.Version copy, VersionMarks marks) {
    if (marks.isEmpty() || repository.exclusion().keepsEverybodyAway()) {
      return;
    }
    repository
        .exclusion()
        .publishing(
            () -> {
              if (repository.marks().of(copy).isEmpty()) {
                mark(copy, marks);
              }
              return null;
            });
  }

  /** Says more of a version than was said of it, where that can be read. */
  private void mark(ManifestDirectory.Version version, VersionMarks marks) throws IOException {
    VersionMarks before = repository.marks().of(version);
    if (before.problem() == null && !before.and(marks).equals(before)) {
      repository.marks().put(version, before.and(marks));
    }
  }

  /**
   * Gives a finished manifest its name, which may have parity of one that had it before.
   *
   * @return false when somebody who cannot be kept away took that name first
   */
  private boolean put(ManifestWriter writer, Manifest numbered, StoreIndex rows)
      throws IOException {
    ManifestDirectory manifests = repository.manifests();
    ManifestDirectory.Version version = ManifestDirectory.Version.of(numbered);
    if (!repository.exclusion().keepsEverybodyAway()) {
      // Not its parity before: that may be of who is just faster.
      if (!putAmongOthers(writer, numbered)) {
        return false;
      }
    } else {
      repository.parity().remove(manifests.blob(version));
      if (!manifests.publish(writer, numbered)) {
        return false;
      }
    }
    try {
      rows.putManifest(numbered, manifests.bytes(version));
    } catch (BlkshException e) {
      // the manifest is there; whoever lists it makes the row
    }
    return true;
  }

  /**
   * As above where others cannot be kept away. Since the numbers were looked at somebody may have
   * given this one as well, and deleted that version: it keeps the number, so that it can be
   * brought back.
   */
  private boolean putAmongOthers(ManifestWriter writer, Manifest numbered) throws IOException {
    ManifestDirectory manifests = repository.manifests();
    if (!manifests.putAside(writer, numbered)) {
      return false;
    }
    boolean given;
    try {
      given = new CopyPlace(repository).isOthersInTrash(numbered);
    } catch (BlkshException e) {
      return true; // it is there, and durable; at worst two have the number
    }
    if (given) {
      manifests.remove(ManifestDirectory.Version.of(numbered));
    }
    return !given;
  }

  /**
   * Removes a version: its manifest goes to the trash by another name, in one step. Also on a disk
   * that is full, where this is what lets a compaction make room: its number is remembered by the
   * trash, and after that by the rows.
   *
   * @throws BlkshException when it is not there, or pinned
   */
  void delete(ManifestDirectory.Version version) {
    StoreIndex rows = repository.indexes().rows();
    ManifestDirectory manifests = repository.manifests();
    repository
        .exclusion()
        .publishing(
            () -> {
              if (!manifests.exists(version)) {
                rows.removeManifests(List.of(version));
                throw manifests.noSuch(version.reference());
              }
              mustNotBePinned(version);
              remember(rows, version);
              repository.trash().put(List.of(version), Instant.now());
              forget(rows, List.of(version));
              return null;
            });
  }

  /**
   * Removes versions of a name, in one step each, while others wait once.
   *
   * @param known the numbers of all versions of the name when it was decided; those that are
   *     removed leave it
   * @param pinned told of those that are pinned, and stay
   * @return false, with nothing removed, when there are others now
   */
  boolean delete(
      List<ManifestDirectory.Version> versions,
      Set<Integer> known,
      Consumer<ManifestDirectory.Version> pinned) {
    StoreIndex rows = repository.indexes().rows();
    String name = versions.get(0).name();
    return repository
        .exclusion()
        .publishing(
            () -> {
              Set<Integer> now =
                  repository.manifests().versions(name).stream()
                      .map(ManifestDirectory.Version::number)
                      .collect(Collectors.toSet());
              if (!now.equals(known)) {
                return false;
              }
              List<ManifestDirectory.Version> going = new ArrayList<>();
              for (ManifestDirectory.Version version : versions) {
                if (repository.marks().of(version).pinned()) {
                  pinned.accept(version);
                } else {
                  going.add(version);
                }
              }
              if (!going.isEmpty()) {
                remember(rows, Collections.max(going, ManifestDirectory.ORDER));
                repository.trash().put(going, Instant.now());
                going.forEach(version -> known.remove(version.number()));
                forget(rows, going);
              }
              return true;
            });
  }

  private static void forget(StoreIndex rows, List<ManifestDirectory.Version> gone) {
    try {
      rows.removeManifests(gone);
    } catch (IndexConnection.UnusableException e) {
      // the row of a version that is gone is believed by nobody
    }
  }

  private void mustNotBePinned(ManifestDirectory.Version version) {
    VersionMarks marks = repository.marks().of(version);
    if (marks.pinned()) {
      throw new BlkshException(
              "delete " + version.reference(),
              marks.problem() == null
                  ? "it is pinned"
                  : "whether it is pinned cannot be read: " + marks.problem())
          .suggest("take the pin back first");
    }
  }

  /**
   * Brings a version back from the trash.
   *
   * @throws BlkshException when it is not there any more, or there is one of its number
   */
  void takeBack(ManifestDirectory.Version version) {
    StoreIndex rows = repository.indexes().rows();
    repository
        .exclusion()
        .publishing(
            () -> {
              KeptVersions.noteSomethingLeft(rows);
              repository.trash().takeBack(version);
              unexplain(rows);
              return null;
            });
  }

  /** What known damage means for a version that was in the trash nobody has looked at. */
  private void unexplain(StoreIndex rows) {
    try {
      if (repository.indexes().writable()) {
        rows.damage().unexplain();
      }
    } catch (BlkshException e) {
      // an index that cannot be used is told by whoever needs it
    }
  }

  /**
   * Removes a version from the trash for good, whatever a grace keeps. Its number is noted before,
   * as no later version may have it.
   *
   * @throws BlkshException when it is not there, somebody reads it, or its number cannot be noted
   */
  void purge(ManifestDirectory.Version version) {
    String action = "remove " + version.reference() + " for good";
    StoreIndex rows = repository.indexes().rows();
    repository
        .exclusion()
        .publishing(
            () -> {
              Trash trash = repository.trash();
              List<Trash.Entry> entries = trash.entries(version);
              if (entries.isEmpty()) {
                throw new BlkshException(action, "it is not in the trash")
                    .suggest("delete it first; what the trash has, trash lists");
              }
              if (!repository.indexes().writable()) {
                throw new BlkshException(action, "the index cannot be written");
              }
              rows.numbers().used(Map.of(version.name(), version.number()));
              if (repository.manifests().versions().isEmpty() && trash.entries().equals(entries)) {
                KeptVersions.noteNothingLeft(rows);
              }
              for (Trash.Entry entry : entries) {
                boolean gone =
                    repository
                        .exclusion()
                        .unlessUsed(
                            version.reference(),
                            () -> trash.removeForGood(entry, repository.marks()));
                if (!gone) {
                  throw new BlkshException(action, "somebody reads it");
                }
              }
              return null;
            });
  }

  /**
   * Says something of a version.
   *
   * @throws BlkshException when it is not there, or what was said before cannot be read and would
   *     be lost; nothing at all may be said then
   */
  void mark(ManifestDirectory.Version version, UnaryOperator<VersionMarks> change) {
    repository
        .exclusion()
        .publishing(
            () -> {
              ManifestDirectory manifests = repository.manifests();
              if (!manifests.exists(version)) {
                throw manifests.noSuch(version.reference());
              }
              MarksFiles marks = repository.marks();
              VersionMarks before = marks.of(version);
              VersionMarks after = change.apply(before);
              if (before.problem() != null && !after.isEmpty()) {
                throw new BlkshException(
                        "mark " + version.reference(),
                        "what was said of it cannot be read: " + before.problem())
                    .suggest("see to that first; taking its pin back forgets what was said of it");
              }
              marks.put(version, after);
              return null;
            });
  }

  /** Remembers the number of a version, unless there is no room for it. */
  private static void remember(StoreIndex rows, ManifestDirectory.Version version) {
    try {
      rows.numbers().used(Map.of(version.name(), version.number()));
    } catch (IndexConnection.UnusableException e) {
      // the trash has it
    }
  }
}
