package blksh.io;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this process has open, as the kernel tells it: each file by the name it has now. */
final class Descriptors {

  private static final Path ALL = Path.of("/proc/self/fd");

  private Descriptors() {}

  /**
   * Whether this process has open what a name leads to now. The inode numbers the JDK gives come
   * from names and not from channels, and they are used again: where writers follow each other
   * quickly, what was opened and locked may be what the last one published, though name and number
   * are those of the next one's part.
   *
   * @return true also where the kernel does not tell
   */
  static boolean haveOpen(Path path) {
    if (!Files.isDirectory(ALL)) {
      return true;
    }
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(ALL)) {
      Path name = path.toRealPath();
      for (Path descriptor : descriptors) {
        if (leadsTo(descriptor, name)) {
          return true;
        }
      }
      return false;
    } catch (IOException | DirectoryIteratorException gone) {
      return false;
    }
  }

  private static boolean leadsTo(Path descriptor, Path name) {
    try {
      return Files.readSymbolicLink(descriptor).equals(name);
    } catch (IOException closed) {
      return false;
    }
  }
}
