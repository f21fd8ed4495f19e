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

  private final Iterator<Path> outer;
  private Iterator<Path> inner = Collections.emptyIterator();

  BlockWalk(DiskdumpPlace place) throws IOException {
    outer = directories(place.store());
  }

  /** The files of the next directory that has any; empty at the end. */
  synchronized List<Path> next() throws IOException {
    while (true) {
      while (!inner.hasNext()) {
        if (!outer.hasNext()) {
          return List.of();
        }
        inner = directories(outer.next());
      }
      List<Path> blocks = new ArrayList<>();
      for (Path file : entries(inner.next())) {
        if (file.getFileName().toString().endsWith(DiskdumpPlace.BLOCK_ENDING)) {
          blocks.add(file);
        }
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

  /** How many there are, and how many bytes they take. */
  BlockTable.Totals totals() throws IOException {
    long blocks = 0;
    long bytes = 0;
    for (List<Path> files = next(); !files.isEmpty(); files = next()) {
      for (Path file : files) {
        if (DiskdumpPlace.digestOf(file) != null) {
          blocks++;
          bytes += Files.size(file);
        }
      }
    }
    return new BlockTable.Totals(blocks, bytes);
  }
}
