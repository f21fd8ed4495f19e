package blksh.store.diskdump;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;

/**
 * The files of blocks of a diskdump store in the order of their digests, one directory of them
 * after the other. Any number of threads may take from it.
 */
final class BlockWalk {

  private static final String PAIR = "[0-9a-f]{2}";

  private final Unlisted unlisted;
  private final Iterator<Path> outer;
  private Iterator<Path> inner = Collections.emptyIterator();

  /** Told of directories that cannot be listed; the walk goes on without them. */
  interface Unlisted {
    void tell(Path directory, IOException failure);
  }

  /**
   * @throws IOException when the store itself cannot be listed
   */
  BlockWalk(DiskdumpPlace place, Unlisted unlisted) throws IOException {
    this.unlisted = unlisted;
    this.outer = directories(place.store());
  }

  /** The files of the next directory that has any; empty at the end. */
  synchronized List<Path> next() {
    while (true) {
      while (!inner.hasNext()) {
        if (!outer.hasNext()) {
          return List.of();
        }
        Path directory = outer.next();
        try {
          inner = directories(directory);
        } catch (IOException e) {
          unlisted.tell(directory, e);
        }
      }
      Path directory = inner.next();
      List<Path> blocks = new ArrayList<>();
      try {
        for (Path file : entries(directory)) {
          if (file.getFileName().toString().endsWith(DiskdumpPlace.BLOCK_ENDING)) {
            blocks.add(file);
          }
        }
      } catch (IOException e) {
        unlisted.tell(directory, e);
      }
      if (!blocks.isEmpty()) {
        return blocks;
      }
    }
  }

  private static Iterator<Path> directories(Path directory) throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path entry : entries(directory)) {
      if (entry.getFileName().toString().matches(PAIR) && Files.isDirectory(entry)) {
        found.add(entry);
      }
    }
    return found.iterator();
  }

  private static Iterable<Path> entries(Path directory) throws IOException {
    TreeSet<Path> sorted = new TreeSet<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      stream.forEach(sorted::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return sorted;
  }

  /** How many there are, and how many bytes they take, as far as can be told. */
  BlockTable.Totals totals() {
    long blocks = 0;
    long bytes = 0;
    for (List<Path> files = next(); !files.isEmpty(); files = next()) {
      for (Path file : files) {
        if (DiskdumpPlace.digestOf(file) != null) {
          blocks++;
          bytes += bytes(file);
        }
      }
    }
    return new BlockTable.Totals(blocks, bytes);
  }

  private static long bytes(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0; // it is gone, or a link that leads nowhere
    }
  }
}
