package blksh.io;

import blksh.io.PartFile.Durability;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A file that is only ever replaced as a whole: whoever reads it sees the old contents or the new.
 * They are written to a {@link PartFile} beside it, so writers come one after the other, and what a
 * dead one left is gone with the next. A file that is replaced keeps its permissions, and a link to
 * it stays a link.
 */
public final class WholeFile {

  /** Why nothing can be made where no directory is. */
  public static final String NO_DIRECTORY = "its directory does not exist";

  private static final FileAttribute<?> USUAL =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-rw-rw-"));

  private static final int BUFFER = 1 << 16;

  private WholeFile() {}

  /** Writes contents. */
  public interface Contents {
    void to(OutputStream out) throws IOException;
  }

  /** Makes new contents of old. */
  public interface Change {
    /**
     * @param old empty when there is no file
     */
    byte[] of(byte[] old) throws IOException;
  }

  /** Makes a file, for its owner alone, or replaces one. */
  public static void replace(Path path, Durability durability, Contents contents)
      throws IOException {
    Path name = real(path);
    FileType.requireRegular(name);
    write(name, part(name), durability, contents);
  }

  /** Makes a file, for its owner alone, or replaces one. */
  public static void replace(Path path, Durability durability, byte[] contents) throws IOException {
    replace(path, durability, out -> out.write(contents));
  }

  /**
   * Changes a file, or makes one for its owner alone. No other change is made meanwhile, by
   * whatever process, so none is lost.
   */
  public static void change(Path path, Durability durability, Change change) throws IOException {
    Path name = real(path);
    FileType.requireRegular(name);
    PartFile part = part(name);
    write(
        name,
        part,
        durability,
        out -> out.write(change.of(Files.exists(name) ? Files.readAllBytes(name) : new byte[0])));
  }

  /**
   * Makes a file, for whom the umask allows.
   *
   * @throws FileAlreadyExistsException when there is something of that name
   */
  public static void create(Path path, Durability durability, byte[] contents) throws IOException {
    create(path, durability, out -> out.write(contents));
  }

  /** As above. */
  public static void create(Path path, Durability durability, Contents contents)
      throws IOException {
    PartFile part = PartFile.await(PartFile.beside(path.toAbsolutePath()), USUAL);
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      part.discard();
      throw new FileAlreadyExistsException(path.toString());
    }
    write(path, part, durability, contents);
  }

  /**
   * Gives a file another name in one step, in place of what has it; durable once the directories of
   * both names are synced.
   */
  public static void rename(Path path, Path to) throws IOException {
    Files.move(path, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Makes a file, for whom the umask allows, in place of what has its name, which a link is too: it
   * is replaced, not followed. Its directory is whoever's it is: that has to be looked at before.
   *
   * @throws NoPlainFileException when a directory, a pipe or the like has the name
   */
  public static void put(Path path, Durability durability, Contents contents) throws IOException {
    FileType found = FileType.of(path, LinkOption.NOFOLLOW_LINKS);
    if (found != null && found != FileType.REGULAR && found != FileType.LINK) {
      throw new NoPlainFileException(path, found);
    }
    PartFile part = PartFile.await(PartFile.beside(path.toAbsolutePath()), USUAL);
    fill(path, part, durability, contents, found == FileType.REGULAR);
  }

  private static Path real(Path path) throws IOException {
    return Files.exists(path) ? path.toRealPath() : path;
  }

  private static PartFile part(Path name) throws IOException {
    return PartFile.await(PartFile.beside(name.toAbsolutePath()));
  }

  private static void write(Path name, PartFile part, Durability durability, Contents contents)
      throws IOException {
    fill(name, part, durability, contents, true);
  }

  private static void fill(
      Path name, PartFile part, Durability durability, Contents contents, boolean keepPermissions)
      throws IOException {
    boolean published = false;
    try {
      if (keepPermissions) {
        copyPermissions(name, part.path());
      }
      try (OutputStream out = new BufferedOutputStream(new Appending(part.file()), BUFFER)) {
        contents.to(out);
      }
      part.publish(name, durability);
      published = true;
    } finally {
      if (!published) {
        part.discard();
      }
    }
  }

  private static PosixFileAttributeView posix(Path path) {
    return Files.getFileAttributeView(path, PosixFileAttributeView.class);
  }

  /** Gives a file the permissions of another, if that is there. */
  static void copyPermissions(Path from, Path to) throws IOException {
    PosixFileAttributeView there = posix(from);
    if (there != null && Files.exists(from)) {
      Files.setPosixFilePermissions(to, there.readAttributes().permissions());
    }
  }

  /** Writes one piece after the other; whoever has the file closes it. */
  private static final class Appending extends OutputStream {
    private final OpenFile file;
    private long end;

    Appending(OpenFile file) {
      this.file = file;
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      file.write(end, bytes, from, length);
      end += length;
    }
  }
}
