package blksh.store.shelf;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Whether folders below a directory are spelled as they are named: a file system that does not tell
 * capitals from small letters leads to them by other names too.
 */
final class FolderSpelling {

  private final Path root;

  /** Whether it leads to entries by other names; null while that is not known. */
  private volatile Boolean folding;

  FolderSpelling(Path root) {
    this.root = root;
  }

  /** Whether a directory lists an entry by this very name; it may lead to it by others. */
  static boolean isSpelledSo(Path entry) throws IOException {
    try (Stream<Path> entries = Files.list(entry.getParent())) {
      return entries.anyMatch(each -> each.getFileName().equals(entry.getFileName()));
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Whether a name stands for the folders it names, and not for others that are written alike. */
  boolean areSpelledSo(String name) throws IOException {
    for (int end = name.indexOf('/'); isFolding() && end > 0; end = name.indexOf('/', end + 1)) {
      if (!isSpelledSo(root.resolve(name.substring(0, end)))) {
        return false;
      }
    }
    return true;
  }

  /** Whether capitals are not told from small letters, as far as what is there can show it. */
  private boolean isFolding() throws IOException {
    if (folding == null) {
      try (Stream<Path> entries = Files.list(root)) {
        Optional<Path> cased =
            entries.filter(entry -> !turned(lastName(entry)).equals(lastName(entry))).findFirst();
        if (cased.isEmpty()) {
          return false;
        }
        Path other = root.resolve(turned(lastName(cased.get())));
        folding = Files.exists(other, LinkOption.NOFOLLOW_LINKS);
      } catch (NoSuchFileException | NotDirectoryException | AccessDeniedException e) {
        return false;
      }
    }
    return folding;
  }

  private static String lastName(Path path) {
    return path.getFileName().toString();
  }

  private static String turned(String name) {
    String large = name.toUpperCase(Locale.ROOT);
    return large.equals(name) ? name.toLowerCase(Locale.ROOT) : large;
  }
}
