package blksh.store.diskdump;

import blksh.io.FileType;
import blksh.io.IoFailure;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Every file that may be a manifest of a diskdump store: all that end in {@code .manifest}, however
 * deep they are, below {@code .blockstore/manifests}, which may itself be a link, and in the
 * directories of days, {@code 2026/04/24}, where the README of diskdump has them. No other link to
 * a directory is followed. What could hide a manifest is named: nothing is passed over in silence.
 */
final class ManifestWalk {

  /** Directories below each other that are looked into; 0.1.5 knows no such bound. */
  private static final int DEEPEST = 64;

  private static final int DAY_DEPTH = 3;
  private static final String YEAR = "[0-9]{4}";
  private static final String PAIR = "[0-9]{2}";

  private final DiskdumpPlace place;
  private final List<Path> files = new ArrayList<>();
  private final List<Hidden> hidden = new ArrayList<>();

  private ManifestWalk(DiskdumpPlace place) {
    this.place = place;
  }

  /** Something that was not looked into, and why. */
  record Hidden(Path path, String problem) {}

  /**
   * What was found.
   *
   * @param files that end as manifests do, in no order
   * @param hidden what may have more of them
   */
  record Walked(List<Path> files, List<Hidden> hidden) {}

  static Walked of(DiskdumpPlace place) {
    ManifestWalk walk = new ManifestWalk(place);
    walk.look(place.manifests(), walk::manifests);
    walk.look(place.base(), () -> walk.days(place.base(), 0));
    return new Walked(List.copyOf(walk.files), List.copyOf(walk.hidden));
  }

  private interface Look {
    void run() throws IOException;
  }

  /** What cannot be looked at may hide anything; the rest is looked at all the same. */
  private void look(Path path, Look look) {
    try {
      look.run();
    } catch (IOException e) {
      hidden.add(new Hidden(path, "it cannot be looked at: " + IoFailure.reason(e)));
    }
  }

  private void manifests() throws IOException {
    Path root = place.manifests();
    FileType found = FileType.of(root, LinkOption.NOFOLLOW_LINKS);
    if (found == null) {
      return;
    }
    if (Files.isDirectory(root)) {
      all(root, 0);
    } else if (found == FileType.LINK) {
      hidden.add(new Hidden(root, "it is a link, and there is no directory where it leads"));
    } else {
      hidden.add(new Hidden(root, "it is " + found.words() + ", and should be a directory"));
    }
  }

  /** Everything below a directory. */
  private void all(Path directory, int depth) throws IOException {
    for (Path entry : entries(directory)) {
      look(entry, () -> one(entry, depth));
    }
  }

  private void one(Path entry, int depth) throws IOException {
    FileType found = FileType.of(entry, LinkOption.NOFOLLOW_LINKS);
    if (found == FileType.DIRECTORY) {
      if (depth == DEEPEST) {
        hidden.add(new Hidden(entry, "it is more than %d directories deep".formatted(DEEPEST)));
      } else {
        all(entry, depth + 1);
      }
    } else if (found == FileType.LINK && leadsToDirectory(entry)) {
      link(entry);
    } else if (found != null && endsAsManifest(entry)) {
      files.add(entry);
    }
  }

  /** The directories of years, months and days; all that is in one of a day. */
  private void days(Path directory, int depth) throws IOException {
    if (depth == DAY_DEPTH) {
      all(directory, 0);
      return;
    }
    for (Path entry : entries(directory)) {
      if (entry.getFileName().toString().matches(depth == 0 ? YEAR : PAIR)) {
        look(entry, () -> day(entry, depth));
      }
    }
  }

  private void day(Path entry, int depth) throws IOException {
    FileType found = FileType.of(entry, LinkOption.NOFOLLOW_LINKS);
    if (found == FileType.DIRECTORY) {
      days(entry, depth + 1);
    } else if (found == FileType.LINK && leadsToDirectory(entry)) {
      link(entry);
    }
  }

  private static boolean endsAsManifest(Path entry) {
    return entry.getFileName().toString().endsWith(DiskdumpPlace.MANIFEST_ENDING);
  }

  /** A link that leads nowhere may have led to one. */
  private static boolean leadsToDirectory(Path link) throws IOException {
    FileType target = FileType.of(link);
    return target == FileType.DIRECTORY || target == null && !endsAsManifest(link);
  }

  /** One to a directory that is walked by its own name hides nothing. */
  private void link(Path entry) throws IOException {
    try {
      Path target = entry.toRealPath();
      if (Files.isDirectory(place.manifests())
          && target.startsWith(place.manifests().toRealPath())) {
        return;
      }
    } catch (NoSuchFileException e) {
      // it leads nowhere
    }
    hidden.add(new Hidden(entry, "it is a link to a directory, which is not followed"));
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
}
