package blksh.workspace;

import blksh.BlkshException;
import blksh.catalogue.ArchiveDiscs;
import blksh.catalogue.Catalogue;
import blksh.io.IoFailure;
import blksh.io.OwnerOnly;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The catalogues of a home, by name, and those in files elsewhere that were opened; each is open
 * once, until the workspace is closed.
 */
public final class LiveCatalogues implements Closeable {

  private static final String FOLDER = "catalogues";

  private static final String CACHE = "discs.cache";

  /** What the file of a catalogue ends with. */
  public static final String ENDING = ".catalogue";

  private final Path folder;
  private final Map<Path, Catalogue> open = new HashMap<>();

  /** Guarded by {@link #open}. */
  private final Map<Path, List<ArchiveDiscs>> inUse = new HashMap<>();

  LiveCatalogues(Path home) {
    this.folder = home.resolve(FOLDER);
  }

  /** The names of those in the home, sorted. */
  public List<String> names() {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(each -> each.getFileName().toString())
          .filter(each -> each.endsWith(ENDING))
          .map(each -> each.substring(0, each.length() - ENDING.length()))
          .sorted()
          .toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw IoFailure.told("list the catalogues in " + folder, e);
    }
  }

  /**
   * The file a catalogue is in.
   *
   * @param name of one in the home; with a slash in it, or its ending, the path of a file
   */
  public Path path(String name) {
    if (name.isBlank() || name.equals(".") || name.equals("..") || name.indexOf('\0') >= 0) {
      throw new BlkshException("open the catalogue '" + name + "'", "that is no name");
    }
    return name.contains("/") || name.endsWith(ENDING)
        ? Path.of(name).toAbsolutePath().normalize()
        : folder.resolve(name + ENDING);
  }

  private String name(Path path) {
    String name = path.getFileName().toString();
    return name.endsWith(ENDING) ? name.substring(0, name.length() - ENDING.length()) : name;
  }

  /** Whether there is one. */
  public boolean isThere(String name) {
    return Files.isRegularFile(path(name));
  }

  /**
   * Opens a catalogue, see {@link #path}.
   *
   * @param making whether an empty one is made where there is none
   * @throws BlkshException when there is none and none is to be made, or it cannot be opened
   */
  public Catalogue open(String name, boolean making) {
    Path path = path(name);
    synchronized (open) {
      Catalogue known = open.get(path);
      if (known == null) {
        known = making ? made(path) : Catalogue.open(path, name(path));
        open.put(path, known);
      }
      return known;
    }
  }

  private Catalogue made(Path path) {
    if (path.startsWith(folder)) {
      try {
        OwnerOnly.makeDirectories(folder);
      } catch (IOException e) {
        throw IoFailure.told("make the directory " + folder, e);
      }
    }
    return Catalogue.openOrCreate(path, name(path));
  }

  /** The directory of what was read from discs of all catalogues; it can be removed at any time. */
  public Path cache() {
    return folder.resolve(CACHE);
  }

  /** Notes that the discs of a catalogue are used by a mount, until that has ended. */
  public void use(String name, ArchiveDiscs discs) {
    synchronized (open) {
      inUse.values().forEach(all -> all.removeIf(ArchiveDiscs::isClosed));
      inUse.computeIfAbsent(path(name), each -> new ArrayList<>()).add(discs);
    }
  }

  /**
   * Tells the mounts of a catalogue in this process where a disc is.
   *
   * @return how many were told
   */
  public int insert(String name, Path place) {
    synchronized (open) {
      List<ArchiveDiscs> all = inUse.getOrDefault(path(name), new ArrayList<>());
      all.removeIf(ArchiveDiscs::isClosed);
      all.forEach(each -> each.add(place));
      return all.size();
    }
  }

  /** Removes a catalogue of the home, and all it knows. */
  public void delete(String name) {
    Path path = path(name);
    synchronized (open) {
      Catalogue known = open.remove(path);
      if (known != null) {
        known.close();
      }
      Catalogue.delete(path);
    }
  }

  @Override
  public void close() {
    synchronized (open) {
      open.values().forEach(Catalogue::close);
      open.clear();
    }
  }
}
