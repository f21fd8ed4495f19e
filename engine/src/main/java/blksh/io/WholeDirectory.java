package blksh.io;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.UUID;

/**
 * A directory that appears under its name with all it holds at first. Until then it grows beside
 * it, under a name that is nobody else's; a process that is killed leaves that behind.
 *
 * <p>Order of durability: its contents, by who writes them; rename; fsync of the directory above.
 */
public final class WholeDirectory {

  private static final String ENDING = ".blksh" + PartFile.ENDING;

  private WholeDirectory() {}

  /** Writes what it holds at first. */
  public interface Contents {
    /** Writes into an empty directory, durably. */
    void write(Path growing) throws IOException;
  }

  /**
   * Makes a directory, for its owner alone, and those above that are missing.
   *
   * @throws FileAlreadyExistsException when somebody else has just made one of its name
   */
  public static void make(Path directory, Contents contents) throws IOException {
    Path name = directory.toAbsolutePath();
    Path above = OwnerOnly.makeDirectories(name.getParent());
    Path growing =
        above.resolve(".%s.%s%s".formatted(name.getFileName(), UUID.randomUUID(), ENDING));
    OwnerOnly.makeDirectories(growing);
    boolean made = false;
    try {
      contents.write(growing);
      Files.move(growing, name, StandardCopyOption.ATOMIC_MOVE);
      made = true;
      PartFile.syncDirectory(above);
    } catch (FileSystemException e) {
      if (made || !Files.exists(name, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
      throw new FileAlreadyExistsException(
          directory.toString(), null, "somebody else has just made it");
    } finally {
      if (!made) {
        remove(growing);
      }
    }
  }

  /** Removes what nobody else has seen. */
  private static void remove(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes of) throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path of, IOException e) throws IOException {
            Files.delete(of);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
