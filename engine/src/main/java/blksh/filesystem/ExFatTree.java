package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.NameText;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * exFAT (Microsoft, "exFAT file system specification"). A file is known by where its stream
 * extension is. The checksums of the boot region, of each file's entries and of the table of
 * capital letters must agree; what was never written of a file reads as zeros, as there.
 */
final class ExFatTree implements FileTree {

  private static final int ENTRY = ExFatEntrySet.ENTRY;

  /** Where one piece of a directory cannot be read the next begins, in bytes. */
  private static final int SECTOR = 512;

  private static final long ROOT = 0;

  /** No directory is larger, in bytes, by the specification. */
  private static final long LONGEST_DIRECTORY = 256L << 20;

  // Kinds of entries.
  private static final int END = 0;
  private static final int IN_USE = 0x80;
  private static final int SECONDARY = 0x40;
  private static final int BENIGN = 0x20;
  private static final int BITMAP = 0x81;
  private static final int UPCASE = 0x82;
  private static final int LABEL = 0x83;

  /** Where nothing but zeros may be, they are looked for in pieces of so many bytes. */
  private static final int PIECE = 4096;

  private static final int LONGEST_UPCASE = 1 << 17;
  private static final int LONGEST_LABEL = 11;

  private static final char REPLACEMENT = 0xfffd;

  private final Volume volume;
  private final ExFatBoot boot;
  private final FatChains chains;
  private ExFatUpcase upcase;

  /**
   * Why that of the volume cannot be used, or null: then only what is spelled the same is found.
   */
  private BlkshException upcaseProblem;

  ExFatTree(Volume volume) {
    this.volume = volume;
    boot = ExFatBoot.of(volume);
    chains = new FatChains(volume, boot);
  }

  @Override
  public String type() {
    return "exFAT";
  }

  @Override
  public String label() {
    String[] label = {""};
    pass(
        root(),
        problem -> {},
        (entry, at) -> {
          if (entry.u8(0) == LABEL && entry.u8(1) <= LONGEST_LABEL) {
            byte[] name = entry.bytes(2, entry.u8(1) * 2);
            label[0] = Volume.text(Volume.utf16(name, ByteOrder.LITTLE_ENDIAN));
          }
          return entry.u8(0) != END;
        });
    return label[0];
  }

  @Override
  public FileEntry root() {
    return new FileEntry("/", FileEntry.Kind.DIRECTORY, 0, Instant.EPOCH, 0755, null, ROOT);
  }

  @Override
  public boolean isSameName(String one, String other) {
    if (FileTree.super.isSameName(one, other)) {
      return true;
    }
    String first = new String(NameText.name(one), StandardCharsets.UTF_8);
    String second = new String(NameText.name(other), StandardCharsets.UTF_8);
    // half a surrogate pair is the same as itself only
    return first.length() == second.length()
        && first.indexOf(REPLACEMENT) < 0
        && second.indexOf(REPLACEMENT) < 0
        && upcase().of(first).equals(upcase().of(second));
  }

  @Override
  public Optional<FileEntry> find(String path) {
    Optional<FileEntry> found = FileTree.super.find(path);
    if (found.isEmpty()) {
      synchronized (this) {
        if (upcaseProblem != null) {
          throw upcaseProblem;
        }
      }
    }
    return found;
  }

  private synchronized ExFatUpcase upcase() {
    if (upcase == null) {
      ExFatUpcase[] found = {ExFatUpcase.none()};
      pass(
          root(),
          problem -> {},
          (entry, at) -> {
            if (entry.u8(0) != UPCASE) {
              return entry.u8(0) != END;
            }
            try {
              found[0] = upcase(entry);
            } catch (FileSystemDamageException | UnreadableException e) {
              upcaseProblem = FileEntry.survived(e);
            }
            return false;
          });
      upcase = found[0];
    }
    return upcase;
  }

  private ExFatUpcase upcase(Structure entry) {
    long length = entry.i64(24);
    if (length < 0 || length > LONGEST_UPCASE) {
      throw volume.damage("its table of capital letters is too long");
    }
    FileEntry file = new FileEntry("/", FileEntry.Kind.FILE, length, Instant.EPOCH, 0, null, ROOT);
    byte[] stored = new byte[(int) length];
    new FileContent(volume, file, chains.of(file, entry.u32(20))).read(0, ByteBuffer.wrap(stored));
    return ExFatUpcase.of(volume, stored, entry.i32(4));
  }

  @Override
  public BlockSource open(FileEntry file) {
    file.requireSound();
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    ExFatEntrySet.Extension extension = ExFatEntrySet.Extension.at(volume, file, room());
    if (extension.length() > 0) {
      chains.position(file, extension.cluster());
    }
    return new FileContent(volume, file, runs(file, extension));
  }

  /** Bytes in all clusters there are. */
  private long room() {
    return boot.clusters() * boot.clusterSize();
  }

  private FileRun.Map runs(FileEntry file, ExFatEntrySet.Extension extension) {
    FileRun.Map clusters =
        extension.contiguous()
            ? position -> contiguous(file, extension)
            : chains.of(file, extension.cluster());
    long written = extension.written();
    return position -> {
      if (position >= written) {
        return new FileRun(written, file.size() - written, FileRun.HOLE);
      }
      FileRun run = clusters.at(position);
      return new FileRun(run.start(), Math.min(run.length(), written - run.start()), run.at());
    };
  }

  private FileRun contiguous(FileEntry file, ExFatEntrySet.Extension extension) {
    long count = (extension.length() + boot.clusterSize() - 1) / boot.clusterSize();
    long at = chains.position(file, extension.cluster());
    chains.position(file, extension.cluster() + count - 1);
    return new FileRun(0, extension.length(), at);
  }

  @Override
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    directory.requireDirectory();
    Listing listing = new Listing(directory, each, problems);
    pass(directory, listing::unreadable, listing);
    listing.end();
  }

  /** What is done with the entries of a directory. */
  private interface Entries {
    /** Takes one, and where it is. @return false to end there */
    boolean take(Structure entry, long at);

    /** Whether zeros are of no interest any more. */
    default boolean skipsZeros() {
      return false;
    }
  }

  /** Goes through a directory, entry by entry, also behind its end. */
  private void pass(FileEntry directory, Consumer<BlkshException> problems, Entries entries) {
    boolean root = directory.id() == ROOT;
    ExFatEntrySet.Extension extension =
        root ? null : ExFatEntrySet.Extension.at(volume, directory, room());
    long cluster = root ? boot.root() : extension.cluster();
    long most = Math.min(LONGEST_DIRECTORY, room());
    long left = root ? most : extension.length();
    if (left > most) {
      throw volume.damage(directory, "the directory has an impossible size");
    }
    if (left == 0) {
      return;
    }
    FatChains.Circle circle = new FatChains.Circle();
    for (boolean first = true; left > 0; first = false) {
      long at;
      try {
        at = chains.position(directory, cluster);
        if (circle.closesAt(cluster)) {
          throw volume.damage(directory, "its clusters go round in a circle");
        }
      } catch (FileSystemDamageException e) {
        if (first) {
          throw e;
        }
        problems.accept(e);
        return;
      }
      if (!pass(at, Math.min(left, boot.clusterSize()), problems, entries)) {
        return;
      }
      left -= boot.clusterSize();
      if (left <= 0 && !root) {
        requireEnd(directory, extension, cluster, problems);
        return;
      }
      try {
        cluster = !root && extension.contiguous() ? cluster + 1 : chains.next(directory, cluster);
      } catch (FileSystemDamageException | UnreadableException e) {
        problems.accept(FileEntry.survived(e));
        return;
      }
      if (cluster == FatChains.END) {
        if (!root) {
          problems.accept(volume.damage(directory, "the directory is shorter than it says"));
        }
        return;
      }
    }
    problems.accept(volume.damage(directory, "the directory has no end"));
  }

  /** Tells of a chain that does not end where the directory does: it may have been passed twice. */
  private void requireEnd(
      FileEntry directory,
      ExFatEntrySet.Extension extension,
      long last,
      Consumer<BlkshException> problems) {
    try {
      if (!extension.contiguous() && chains.next(directory, last) != FatChains.END) {
        throw volume.damage(directory, "its clusters go on behind its end, or round in a circle");
      }
    } catch (FileSystemDamageException | UnreadableException e) {
      problems.accept(FileEntry.survived(e));
    }
  }

  private boolean pass(long from, long length, Consumer<BlkshException> problems, Entries entries) {
    for (long at = from; at + ENTRY <= from + length; ) {
      Structure entry;
      try {
        int piece = (int) Math.min(PIECE - at % PIECE, from + length - at);
        if (entries.skipsZeros() && isZeros(volume.read(at, piece))) {
          at += piece;
          continue;
        }
        entry = volume.read(at, ENTRY);
      } catch (FileSystemDamageException | UnreadableException e) {
        problems.accept(FileEntry.survived(e));
        if (entries.skipsZeros()) {
          return false; // nothing may be there
        }
        at = (at / SECTOR + 1) * SECTOR;
        continue;
      }
      if (!entries.take(entry, at)) {
        return false;
      }
      at += ENTRY;
    }
    return true;
  }

  private static boolean isZeros(Structure piece) {
    for (byte each : piece.bytes()) {
      if (each != 0) {
        return false;
      }
    }
    return true;
  }

  /** What a directory holds, as its entries come by. */
  private final class Listing implements Entries {

    private final FileEntry directory;
    private final Consumer<FileEntry> each;
    private final Consumer<BlkshException> problems;
    private final ExFatEntrySet set = new ExFatEntrySet();
    private boolean stray;

    /** Where something is behind the end, or -1. */
    private long behind = -1;

    private long ended = -1;

    Listing(FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
      this.directory = directory;
      this.each = each;
      this.problems = problems;
    }

    void unreadable(BlkshException problem) {
      if (ended < 0) {
        set.clear();
        stray = true;
        problems.accept(problem);
      }
    }

    @Override
    public boolean take(Structure entry, long at) {
      int type = entry.u8(0);
      if (ended >= 0) {
        behind = (type & IN_USE) != 0 ? at : -1;
        return behind < 0;
      }
      if (type == END) {
        cutShort(at);
        ended = at;
      } else if (set.isOpen()) {
        next(entry, at);
      } else {
        begin(entry, at);
      }
      return true;
    }

    @Override
    public boolean skipsZeros() {
      return ended >= 0;
    }

    private void next(Structure entry, long at) {
      if (!set.take(entry, at)) {
        cutShort(at);
        begin(entry, at);
      } else if (set.isComplete()) {
        complete();
        set.clear();
      }
    }

    private void begin(Structure entry, long at) {
      int type = entry.u8(0);
      if (type == ExFatEntrySet.FILE) {
        stray = !set.begin(entry);
        if (stray) {
          tell("an entry at byte %d is no file's".formatted(at));
        }
        return;
      }
      if ((type & IN_USE) == 0) {
        return;
      }
      boolean known = directory.id() == ROOT && type >= BITMAP && type <= LABEL;
      boolean secondary = (type & SECONDARY) != 0;
      if (secondary ? !stray : !known && (type & BENIGN) == 0) {
        tell("what the entry of kind 0x%x at byte %d is for is not known".formatted(type, at));
      }
      stray = secondary;
    }

    private void complete() {
      String name = set.name();
      if (!set.isProven()) {
        tellOf(name, "its entries in the directory fail their checksum");
      } else {
        try {
          FileEntry entry = set.entry(volume.path(directory, name));
          if (entry.size() < 0 || entry.size() > room()) {
            tellOf(name, "its size cannot be");
          } else {
            each.accept(entry);
          }
        } catch (FileSystemDamageException e) {
          problems.accept(e);
        }
      }
    }

    /** Hands out an entry of which only the name can be told. */
    private void tellOf(String name, String problem) {
      FileSystemDamageException damage = volume.damage(directory, problem);
      FileEntry damaged;
      try {
        damaged = FileEntry.damaged(volume.path(directory, name), set.stream(), damage);
      } catch (FileSystemDamageException noName) {
        problems.accept(damage);
        return;
      }
      each.accept(damaged);
    }

    /** Something else is where the entries of a file should go on. */
    private void cutShort(long at) {
      if (set.isOpen()) {
        set.clear();
        stray = true;
        tell("the entries of a file break off at byte %d".formatted(at));
      }
    }

    private void tell(String problem) {
      problems.accept(volume.damage(directory, problem));
    }

    void end() {
      if (set.isOpen()) {
        tell("the entries of its last file break off");
      }
      if (behind >= 0) {
        tell(
            "it ends at byte %d, and more entries, which are not shown, are at byte %d"
                .formatted(ended, behind));
      }
    }
  }

  @Override
  public long place(FileEntry directory) {
    if (directory.id() == ROOT) {
      return boot.root();
    }
    try {
      ExFatEntrySet.Extension extension = ExFatEntrySet.Extension.at(volume, directory, room());
      return extension.length() == 0 ? -directory.id() : extension.cluster();
    } catch (FileSystemDamageException | UnreadableException e) {
      FileEntry.survived(e);
      return -directory.id();
    }
  }

  @Override
  public List<String> leftBehind(FileEntry entry) {
    return List.of();
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
