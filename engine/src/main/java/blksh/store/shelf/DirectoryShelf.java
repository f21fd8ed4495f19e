package blksh.store.shelf;

import blksh.io.IoFailure;
import blksh.io.OwnerOnly;
import blksh.io.PartFile;
import blksh.io.WholeDirectory;
import blksh.io.WholeFile;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A directory as a shelf: a blob is the file of its name below it. Blobs grow as {@code NAME.part};
 * the system's locks on the file {@code lock} keep others away. What else lies in it, as the files
 * that are derived from the blobs, is nobody's blob, and neither read nor changed by it. The
 * directory may be named by a link; below it links are not followed.
 *
 * <p>What it makes is its owner's alone.
 */
public final class DirectoryShelf implements Shelf, Spool {

  /** What is in the root of a file system in which nothing was ever put. */
  private static final Set<String> MADE_WITH_IT = Set.of("lost+found", "System Volume Information");

  /** How often a directory is made that others remove as they find it empty. */
  private static final int ATTEMPTS = 10;

  private final Path root;

  /** Device and inode of the directory; null while there was none to be seen. */
  private volatile Object opened;

  private final FolderSpelling folders;

  /** The shelf in a directory, whatever is there. */
  public DirectoryShelf(Path root) {
    this.root = root;
    this.folders = new FolderSpelling(root);
    this.opened = identity();
  }

  private Object identity() {
    try {
      return Files.readAttributes(root, BasicFileAttributes.class).fileKey();
    } catch (IOException e) {
      return null;
    }
  }

  /**
   * That its path still leads to the directory that was opened: what a drive was mounted on stays
   * when the drive goes, and is not where it is to be written, nor what says what there is.
   */
  private void mustBeHere() throws IOException {
    Object now = identity();
    if (opened == null) {
      opened = now;
    } else if (!opened.equals(now)) {
      throw new IOException(
          now == null
              ? root + " is not there any more"
              : "another directory has its place now: was its drive unmounted?");
    }
  }

  /** Makes what a shelf holds at first. */
  public interface First {
    void put(DirectoryShelf shelf) throws IOException;
  }

  /**
   * Makes a shelf with its first blobs. Where there is no directory yet it appears with them; in
   * one that is there, they are put one by one. What a part of a blob right in it is, somebody left
   * whose making of a shelf was cut off.
   *
   * @throws FileAlreadyExistsException when there is something else in it, or somebody else has
   *     just made one
   */
  public static void make(Path root, First first) throws IOException {
    if (Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      if (!isVacant(root)) {
        throw new FileAlreadyExistsException(root.toString(), null, "the directory is not empty");
      }
      first.put(new DirectoryShelf(root));
    } else {
      WholeDirectory.make(root, growing -> first.put(new DirectoryShelf(growing)));
    }
  }

  /** Whether nothing is in a directory but what every new file system has, and parts of blobs. */
  public static boolean isVacant(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(DirectoryShelf::lastName).allMatch(DirectoryShelf::isVoid);
    } catch (NotDirectoryException e) {
      return false;
    }
  }

  /**
   * Whether what little is in such a directory shows that it is a new one, and not an empty one.
   */
  public static boolean isFresh(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.findAny().isPresent() && isVacant(directory);
    } catch (NotDirectoryException e) {
      return false;
    }
  }

  private static boolean isVoid(String name) {
    return MADE_WITH_IT.contains(name) || name.endsWith(PartFile.ENDING);
  }

  private static String lastName(Path path) {
    return path.getFileName().toString();
  }

  @Override
  public String place() {
    return root.toString();
  }

  private Path path(String name) {
    return root.resolve(name);
  }

  @Override
  public String locate(String name) {
    return path(name).toString();
  }

  @Override
  public boolean writable() {
    Path lock = path(DirectoryLock.FILE);
    return Files.isWritable(root) && (!Files.exists(lock) || Files.isWritable(lock));
  }

  @Override
  public void prepare(String prefix) throws IOException {
    mustBeHere();
    OwnerOnly.makeDirectories(path(prefix));
    PartFile.syncDirectory(root);
  }

  @Override
  public boolean prepareIfKept(String prefix) throws IOException {
    mustBeHere();
    Path directory = path(prefix);
    boolean there = Files.exists(directory, LinkOption.NOFOLLOW_LINKS);
    try {
      prepare(prefix);
    } catch (FileSystemException e) {
      if (there || IoFailure.of(e) != IoFailure.OTHER && !(e instanceof NoSuchFileException)) {
        throw e;
      }
      return false;
    }
    if (FolderSpelling.isSpelledSo(directory)) {
      return true;
    }
    if (!there) {
      Files.deleteIfExists(directory);
    }
    return false;
  }

  @Override
  public boolean isPrepared(String prefix) throws IOException {
    return Files.isDirectory(path(prefix)) && isFolderSpelledSo(prefix);
  }

  /** Whether a name stands for the folders it names, and not for others that are written alike. */
  private boolean isFolderSpelledSo(String name) throws IOException {
    return folders.areSpelledSo(name);
  }

  // ---- looking -------------------------------------------------------------------------------

  @Override
  public Blob open(String name) throws IOException {
    if (!isFolderSpelledSo(name)) {
      throw new NoSuchFileException(locate(name));
    }
    try {
      return ReadOnlyFile.plain(path(name));
    } catch (NoSuchFileException e) {
      mustBeHere();
      throw e;
    }
  }

  @Override
  public OptionalLong size(String name) throws IOException {
    if (!isFolderSpelledSo(name)) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(
          (Long) Files.getAttribute(path(name), "size", LinkOption.NOFOLLOW_LINKS));
    } catch (NoSuchFileException e) {
      mustBeHere();
      return OptionalLong.empty();
    }
  }

  @Override
  public List<String> list(String prefix) throws IOException {
    List<String> names = new ArrayList<>();
    walk(
        prefix,
        name -> {
          if (!name.endsWith(PartFile.ENDING)) {
            names.add(name);
          }
        });
    return names;
  }

  /** Sees the names of all files that begin with a prefix. */
  private void walk(String prefix, Consumer<String> visitor) throws IOException {
    mustBeHere();
    if (!isFolderSpelledSo(prefix)) {
      return;
    }
    walk(prefix.substring(0, prefix.lastIndexOf('/') + 1), prefix, visitor);
  }

  private void walk(String folder, String prefix, Consumer<String> visitor) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(path(folder))) {
      for (Path entry : entries) {
        String name = folder + entry.getFileName();
        if (!name.startsWith(prefix)) {
          continue;
        }
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          walk(name + "/", prefix, visitor);
        } else {
          visitor.accept(name);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // nothing is below it, or nothing any more
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  @Override
  public long bytes() throws IOException {
    long[] sum = {0};
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            sum[0] += attributes.isRegularFile() ? attributes.size() : 0;
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException && !file.equals(root)) {
              return FileVisitResult.CONTINUE; // renamed or removed since it was listed
            }
            throw e;
          }
        });
    return sum[0];
  }

  // ---- putting and deleting ------------------------------------------------------------------

  @Override
  public void put(String name, byte[] content) throws IOException {
    publish(write(PartFile.await(partFor(name)), content), name);
  }

  @Override
  public boolean putIfAbsent(String name, byte[] content) throws IOException {
    // Others may try at the same time.
    PartFile part = write(PartFile.create(partFor(name + "." + UUID.randomUUID())), content);
    boolean published = false;
    try {
      part.file().force(true);
      Files.createLink(path(name), part.path());
      syncAbove(path(name));
      return true;
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (FileSystemException | UnsupportedOperationException e) {
      // A file system without links.
      if (Files.exists(path(name))) {
        return false;
      }
      publish(part, name);
      published = true;
      return true;
    } finally {
      if (!published) {
        part.discard();
      }
    }
  }

  /** Where the part of a blob is, in a directory that is there. */
  private Path partFor(String name) throws IOException {
    mustBeHere();
    Path part = partOf(name);
    OwnerOnly.makeDirectories(part.getParent());
    mustBeSpelledSo(name);
    return part;
  }

  private void mustBeSpelledSo(String name) throws IOException {
    if (!isFolderSpelledSo(name)) {
      throw new IOException(
          locate(name) + " would be another's: this file system does not tell their names apart");
    }
  }

  private static PartFile write(PartFile part, byte[] content) throws IOException {
    boolean written = false;
    try {
      part.file().write(0, content, 0, content.length);
      written = true;
      return part;
    } finally {
      if (!written) {
        part.discard();
      }
    }
  }

  @Override
  public void move(String name, String to) throws IOException {
    mustBeHere();
    mustBeSpelledSo(name);
    OwnerOnly.makeDirectories(path(to).getParent());
    mustBeSpelledSo(to);
    WholeFile.rename(path(name), path(to));
    if (path(name).getParent().equals(path(to).getParent())) {
      PartFile.syncDirectory(path(to).getParent());
    } else {
      syncAbove(path(to));
      PartFile.syncDirectory(path(name).getParent());
      removeIfEmpty(path(name).getParent());
    }
  }

  /** With one sync for all of them. */
  @Override
  public void moveWithin(Map<String, String> names) throws IOException {
    mustBeHere();
    Set<Path> folders = new HashSet<>();
    try {
      for (Map.Entry<String, String> each : names.entrySet()) {
        Path folder = path(each.getKey()).getParent();
        if (folders.add(folder)) {
          mustBeSpelledSo(each.getKey());
        }
        WholeFile.rename(path(each.getKey()), path(each.getValue()));
      }
    } finally {
      for (Path folder : folders) {
        PartFile.syncDirectory(folder);
      }
    }
  }

  @Override
  public void delete(String name) throws IOException {
    mustBeHere();
    mustBeSpelledSo(name);
    Path file = path(name);
    Files.deleteIfExists(file);
    // Also when it was gone: who removed it may not have come so far.
    if (Files.isDirectory(file.getParent())) {
      PartFile.syncDirectory(file.getParent());
    }
    removeIfEmpty(file.getParent());
  }

  /** A directory that holds nothing any more goes, but for those right below the root. */
  private void removeIfEmpty(Path directory) throws IOException {
    if (root.relativize(directory).getNameCount() < 2) {
      return;
    }
    try {
      Files.deleteIfExists(directory);
    } catch (DirectoryNotEmptyException e) {
      // it holds other blobs
    }
  }

  /** Makes a name durable, and those of the directories it is in, which may be new. */
  private void syncAbove(Path file) throws IOException {
    PartFile.syncDirectory(file.getParent());
    syncFolders(file);
  }

  /** The names of those directories; the upper ones are made with the store, but for parity's. */
  private void syncFolders(Path file) throws IOException {
    int above = root.relativize(file).getNameCount() - 1;
    Path folder = file.getParent();
    for (int left = above > 2 ? above : Math.min(above, 1); left > 0; left--) {
      folder = folder.getParent();
      PartFile.syncDirectory(folder);
    }
  }

  // ---- parts ---------------------------------------------------------------------------------

  @Override
  public Optional<Spool> spool() {
    return Optional.of(this);
  }

  private Path partOf(String name) {
    return path(name + PartFile.ENDING);
  }

  @Override
  public Part begin(String name) throws IOException {
    Path part = partFor(name);
    for (int attempt = 1; ; attempt++) {
      try {
        return new DirectoryPart(this, PartFile.create(part));
      } catch (NoSuchFileException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
        part = partFor(name); // the last that was in its directory has just gone, and that with it
      }
    }
  }

  @Override
  public Part takeOver(String name) throws IOException {
    PartFile part = PartFile.takeOver(partOf(name));
    return part == null ? null : new DirectoryPart(this, part);
  }

  @Override
  public Blob look(String name) throws IOException {
    return ReadOnlyFile.plain(partOf(name));
  }

  @Override
  public List<String> parts(String prefix) throws IOException {
    List<String> names = new ArrayList<>();
    walk(
        prefix,
        name -> {
          if (name.endsWith(PartFile.ENDING)) {
            names.add(name.substring(0, name.length() - PartFile.ENDING.length()));
          }
        });
    return names;
  }

  /** Gives a part a name. */
  void publish(PartFile part, String name) throws IOException {
    mustBeHere();
    OwnerOnly.makeDirectories(path(name).getParent());
    mustBeSpelledSo(name);
    part.publish(path(name));
    syncFolders(path(name));
  }

  // ---- keeping others away -------------------------------------------------------------------

  @Override
  public Optional<Exclusion> exclusion() {
    return Optional.of(DirectoryLock.share(root));
  }

  @Override
  public void close() {}
}
