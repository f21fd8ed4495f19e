package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.AffectedRange;
import blksh.store.Damage;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
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
 * has them. No link to a directory is followed.
 */
final class DumpListing {

  private static final Pattern NUMBERED = Pattern.compile("([0-9]{1,9})\\.manifest");
  private static final Pattern DATED =
      Pattern.compile("([0-9]{4})/([0-9]{2})/([0-9]{2})/([^/]+)\\.manifest");

  /** Directories below each other that are looked into. */
  private static final int DEEPEST = 32;

  private static final int DAY_DEPTH = 3;

  private final DiskdumpPlace place;

  DumpListing(DiskdumpPlace place) {
    this.place = place;
  }

  /** A manifest by its place: whether it is one is not known. */
  record Found(String name, String version, long order, Path file) {}

  /** What could be read of all manifests. */
  record Readable(List<Dump> dumps, List<Damage> damage) {}

  /** All manifests there are, by name, oldest first. */
  List<Found> found() {
    List<Found> all = new ArrayList<>();
    try {
      if (DiskdumpPlace.isOwnDirectory(place.manifests())) {
        numbered(place.manifests(), "", 0, all);
      }
      dated(place.base(), 0, all);
    } catch (IOException e) {
      throw new BlkshException("list the dumps in " + place.base(), IoFailure.reason(e), e);
    }
    all.sort(Comparator.comparing(Found::name).thenComparing(Found::order));
    return all;
  }

  private void numbered(Path directory, String name, int depth, List<Found> all)
      throws IOException {
    for (Path entry : entries(directory)) {
      String file = entry.getFileName().toString();
      Matcher number = NUMBERED.matcher(file);
      if (DiskdumpPlace.isOwnDirectory(entry)) {
        if (depth < DEEPEST) {
          numbered(entry, name.isEmpty() ? file : name + "/" + file, depth + 1, all);
        }
      } else if (number.matches() && !name.isEmpty()) {
        long version = Long.parseLong(number.group(1));
        all.add(new Found(name, Long.toString(version), version, entry));
      }
    }
  }

  private void dated(Path directory, int depth, List<Found> all) throws IOException {
    for (Path entry : entries(directory)) {
      String shown = place.shown(entry);
      Matcher day = DATED.matcher(shown);
      if (depth < DAY_DEPTH && entry.getFileName().toString().matches("[0-9]{2}|[0-9]{4}")) {
        if (DiskdumpPlace.isOwnDirectory(entry)) {
          dated(entry, depth + 1, all);
        }
      } else if (day.matches()) {
        String version = day.group(1) + "-" + day.group(2) + "-" + day.group(3);
        // Before those with numbers, which only later versions of diskdump write.
        long order = Long.parseLong(version.replace("-", "")) - 1_0000_0000L;
        all.add(new Found(day.group(4), version, order, entry));
      }
    }
  }

  private static List<Path> entries(Path directory) throws IOException {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(entries::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return entries;
  }

  /** Reads the heads of all manifests. */
  Readable readable() {
    List<Dump> dumps = new ArrayList<>();
    List<Damage> damage = new ArrayList<>();
    for (Found each : found()) {
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
