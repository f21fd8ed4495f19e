package blksh.store.diskdump;

import blksh.io.IoFailure;
import blksh.store.AffectedRange;
import blksh.store.Damage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The dumps of a diskdump store: those below {@code .blockstore/manifests}, of which a name may
 * have slashes, and those by days, {@code 2026/04/24/NAME.manifest}, where the README of diskdump
 * has them.
 */
final class DumpListing {

  private static final String NO_VERSION =
      "it is not called NAME/NUMBER.manifest, so it is no version of a name; its whole path restores it";

  private static final Pattern NUMBERED = Pattern.compile("(.+)/(0|[1-9][0-9]{0,8})\\.manifest");
  private static final Pattern DATED =
      Pattern.compile("([0-9]{4})/([0-9]{2})/([0-9]{2})/([^/]+)\\.manifest");

  private final DiskdumpPlace place;

  DumpListing(DiskdumpPlace place) {
    this.place = place;
  }

  /** A manifest by its place: whether it is one is not known. */
  record Found(String name, String version, long order, Path file) {}

  /** What could be read of all manifests, and what could not, or is no version of any name. */
  record Readable(List<Dump> dumps, List<Damage> damage) {}

  /** All manifests that are versions of a name, by name, oldest first. */
  List<Found> found() {
    return found(ManifestWalk.of(place));
  }

  private List<Found> found(ManifestWalk.Walked walked) {
    List<Found> all = new ArrayList<>();
    for (Path file : walked.files()) {
      Found found = version(file);
      if (found != null) {
        all.add(found);
      }
    }
    all.sort(Comparator.comparing(Found::name).thenComparing(Found::order));
    return all;
  }

  /** What a manifest is a version of, by its place; null when that says nothing. */
  private Found version(Path file) {
    if (file.startsWith(place.manifests())) {
      Matcher number = NUMBERED.matcher(place.manifests().relativize(file).toString());
      if (!number.matches()) {
        return null;
      }
      long version = Long.parseLong(number.group(2));
      return new Found(number.group(1), Long.toString(version), version, file);
    }
    Matcher day = DATED.matcher(place.shown(file));
    if (!day.matches()) {
      return null;
    }
    String version = day.group(1) + "-" + day.group(2) + "-" + day.group(3);
    // Before those with numbers, which only later versions of diskdump write.
    long order = Long.parseLong(version.replace("-", "")) - 1_0000_0000L;
    return new Found(day.group(4), version, order, file);
  }

  /** What may be, or have, a manifest, and is not among {@link #found}. */
  List<Damage> passedOver() {
    return passedOver(ManifestWalk.of(place));
  }

  private List<Damage> passedOver(ManifestWalk.Walked walked) {
    List<Damage> damage = new ArrayList<>();
    for (ManifestWalk.Hidden each : walked.hidden()) {
      damage.add(new Damage(place.shown(each.path()), 0, 0, each.problem(), List.of()));
    }
    for (Path file : walked.files()) {
      if (version(file) == null) {
        damage.add(new Damage(place.shown(file), 0, 0, NO_VERSION, List.of()));
      }
    }
    return damage;
  }

  /** Reads the heads of all manifests. */
  Readable readable() {
    List<Dump> dumps = new ArrayList<>();
    ManifestWalk.Walked walked = ManifestWalk.of(place);
    List<Damage> damage = new ArrayList<>(passedOver(walked));
    for (Found each : found(walked)) {
      try (DumpManifest manifest = DumpManifest.open(each.file())) {
        dumps.add(dump(each, manifest));
      } catch (IOException e) {
        damage.add(damaged(each, IoFailure.reason(e)));
      }
    }
    return new Readable(dumps, damage);
  }

  /** That a manifest cannot be used. */
  Damage damaged(Found found, String problem) {
    String reference = found.name() + "@" + found.version();
    AffectedRange all = new AffectedRange(reference, 0, 0);
    return new Damage(place.shown(found.file()), 0, 0, problem, List.of(all));
  }

  /** A manifest anywhere, which is of no name there. */
  static Found elsewhere(Path file) {
    String name = file.getFileName().toString();
    String ending = DiskdumpPlace.MANIFEST_ENDING;
    String stem = name.endsWith(ending) ? name.substring(0, name.length() - ending.length()) : name;
    return new Found(stem, "0", 0, file);
  }

  /** What a manifest says of its dump. */
  Dump dump(Found found, DumpManifest manifest) throws IOException {
    Instant date = DumpDate.parse(manifest.date()).orElse(null);
    return new Dump(
        found.name(),
        found.version(),
        found.file(),
        manifest.source(),
        manifest.date(),
        date == null ? Files.getLastModifiedTime(found.file()).toInstant() : date,
        size(manifest),
        manifest.blockSize(),
        manifest.blocks(),
        manifest.missing(),
        manifest.origin());
  }

  /** Where no size is said it is that of the blocks, of which the last may be shorter. */
  private long size(DumpManifest manifest) throws IOException {
    if (manifest.totalSize() > 0 || manifest.blocks() == 0) {
      return manifest.totalSize();
    }
    byte[] digest = new byte[DiskdumpPlace.DIGEST];
    manifest.digests(manifest.blocks() - 1, 1, digest);
    String hex = DiskdumpPlace.hex(digest, 0);
    BlockFile last = BlockFile.read(place.block(hex), hex, manifest.blockSize());
    if (!last.isSound()) {
      throw new DumpManifest.Refused(
          "it does not say its size, and of its last block " + last.problem());
    }
    return (manifest.blocks() - 1) * manifest.blockSize() + last.bytes().length;
  }
}
