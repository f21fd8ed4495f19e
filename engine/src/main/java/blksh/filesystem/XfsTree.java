package blksh.filesystem;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.NameText;
import blksh.tree.TreeMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * XFS of version 4 and 5 ("XFS Algorithms and Data Structures"; the kernel's xfs_format.h and
 * xfs_da_format.h). The log is not replayed: a file system that was not unmounted shows what had
 * reached its place. In version 5 every block that is read on the way must agree with its checksum
 * and belong where it is, to that inode and file system.
 */
final class XfsTree implements FileTree {

  private static final int LONGEST_LINK = 1024;

  /** Bytes before what a block of a symbolic link holds. */
  private static final int LINK_HEADER = 56;

  private static final String CONTRADICTION = "its superblock contradicts itself";

  private final Volume volume;
  private final XfsSuperblock superblock;

  XfsTree(Volume volume) {
    this.volume = volume;
    superblock = XfsSuperblock.of(Head.of(volume));
    int version = superblock.version();
    if (version != XfsSuperblock.OLD_VERSION && version != XfsSuperblock.CHECKED_VERSION) {
      throw volume.refused("it is XFS of version %d, which is not known".formatted(version));
    }
    if (!superblock.hasSector()) {
      throw volume.damage(CONTRADICTION);
    }
    boolean summed =
        !superblock.isChecked()
            || XfsSuperblock.isSummed(volume.read(0, superblock.sector()), XfsSuperblock.CHECKSUM);
    if (!summed) {
      throw volume.damage("its superblock at byte 0 fails its checksum");
    }
    List<String> unknown = superblock.unknownFeatures();
    if (!unknown.isEmpty()) {
      throw volume.refused(
          "it uses features of XFS that are not read (%s)".formatted(String.join(", ", unknown)));
    }
    if (!superblock.isSound()) {
      throw volume.damage(CONTRADICTION);
    }
    if (superblock.isUnfinished()) {
      throw volume.damage("it was not made to the end");
    }
  }

  @Override
  public String type() {
    return "XFS";
  }

  @Override
  public String label() {
    return superblock.label();
  }

  @Override
  public FileEntry root() {
    FileEntry root = entry("/", superblock.root());
    if (!root.isDirectory()) {
      throw volume.damage("its root is no directory");
    }
    return root;
  }

  @Override
  public boolean isSameName(String one, String other) {
    return FileTree.super.isSameName(one, other)
        || superblock.ignoresCase()
            && Arrays.equals(small(NameText.name(one)), small(NameText.name(other)));
  }

  private static byte[] small(byte[] name) {
    byte[] small = name.clone();
    for (int i = 0; i < small.length; i++) {
      if (small[i] >= 'A' && small[i] <= 'Z') {
        small[i] += 'a' - 'A';
      }
    }
    return small;
  }

  private XfsInode inode(FileEntry entry) {
    return XfsInode.read(volume, superblock, entry.id());
  }

  private FileEntry entry(String path, long number) {
    XfsInode inode = XfsInode.read(volume, superblock, number);
    FileEntry.Kind kind = inode.kind();
    long size = kind == FileEntry.Kind.SPECIAL ? 0 : inode.size();
    int format = inode.content().format();
    boolean possible =
        switch (kind) {
          case FILE -> format == XfsInode.EXTENTS || format == XfsInode.TREE;
          case SPECIAL -> format == XfsInode.DEVICE;
          default -> format >= XfsInode.LOCAL && format <= XfsInode.TREE;
        };
    if (!possible) {
      throw inode.damage("keeps what it holds in a way that is not known");
    }
    FileEntry entry =
        new FileEntry(path, kind, size, inode.modified(), inode.mode() & 07777, null, number);
    return kind == FileEntry.Kind.LINK
        ? new FileEntry(
            path, kind, size, entry.modified(), entry.mode(), link(entry, inode), number)
        : entry;
  }

  private String link(FileEntry link, XfsInode inode) {
    XfsInode.Fork fork = inode.content();
    if (link.size() == 0 || link.size() > LONGEST_LINK) {
      throw inode.damage("is a symbolic link of an impossible length");
    }
    int length = (int) link.size();
    if (fork.format() == XfsInode.LOCAL) {
      if (length > fork.bytes().length()) {
        throw inode.damage("is a symbolic link of an impossible length");
      }
      return Volume.text(fork.bytes().bytes(0, length));
    }
    byte[] text = new byte[length];
    XfsExtents extents = new XfsExtents(link, inode, fork, true);
    long at = 0;
    for (int done = 0; done < length; ) {
      FileRun run = extents.at(at);
      if (run.isHole()) {
        throw inode.damage("is a symbolic link that is not there as a whole");
      }
      done += linkPiece(inode, run, text, done);
      at = run.end();
    }
    return Volume.text(text);
  }

  /** Copies what a piece of a symbolic link holds; since version 5 with a header. */
  private int linkPiece(XfsInode inode, FileRun run, byte[] text, int done) {
    int header = superblock.isChecked() ? LINK_HEADER : 0;
    int most = LONGEST_LINK + superblock.blockSize();
    int span = (int) Math.min(run.length(), most / superblock.blockSize() * superblock.blockSize());
    int count = Math.min(text.length - done, span - header);
    Structure piece = volume.read(run.at(), span).bigEndian();
    if (superblock.isChecked()) {
      String fault = XfsSeal.VALUE.fault(superblock, piece, run.at(), inode.number());
      if (fault == null
          && (!piece.has(0, "XSLM") || piece.u32(4) != done || piece.u32(8) != count)) {
        fault = "is none";
      }
      if (fault != null) {
        throw volume.damage(
            "the block at byte %d of the symbolic link that is inode %d %s"
                .formatted(run.at(), inode.number(), fault));
      }
    }
    System.arraycopy(piece.bytes(), header, text, done, count);
    return count;
  }

  @Override
  public BlockSource open(FileEntry file) {
    file.requireSound();
    if (file.kind() != FileEntry.Kind.FILE) {
      throw new BlkshException("open " + file.path(), "it is no file");
    }
    XfsInode inode = inode(file);
    XfsInode.Fork fork = inode.content();
    if (inode.isRealTime() && (fork.format() == XfsInode.TREE || fork.extents() > 0)) {
      throw new BlkshException(
          "open " + file.path(), "its content is on the real-time device, which is not read");
    }
    return new FileContent(volume, file, new XfsExtents(file, inode, fork, false));
  }

  @Override
  public void list(
      FileEntry directory, Consumer<FileEntry> each, Consumer<BlkshException> problems) {
    directory.requireDirectory();
    XfsDirectory.Names names =
        (name, number) -> {
          FileEntry entry = null;
          try {
            entry = entryOrDamaged(volume.path(directory, name), number);
          } catch (FileSystemDamageException e) {
            problems.accept(e);
          }
          if (entry != null) {
            each.accept(entry);
          }
        };
    new XfsDirectory(directory, inode(directory), names, problems).pass();
  }

  private FileEntry entryOrDamaged(String path, long number) {
    try {
      return entry(path, number);
    } catch (BlkshException e) {
      return FileEntry.damaged(path, number, e);
    }
  }

  @Override
  public TreeMetadata metadata(FileEntry entry) {
    XfsInode inode = inode(entry);
    TreeMetadata usual = FileTree.plainMetadata(entry);
    return new TreeMetadata(
        usual.type(),
        entry.mode(),
        inode.user(),
        inode.group(),
        usual.mtimeSeconds(),
        usual.mtimeNanos(),
        0,
        XfsAttributes.of(entry, inode));
  }

  @Override
  public long sharedNumber(FileEntry file) {
    return inode(file).names() > 1 ? file.id() : 0;
  }

  @Override
  public List<String> leftBehind(FileEntry entry) {
    List<String> left = new ArrayList<>();
    XfsInode inode = inode(entry);
    if (inode.isImmutable()) {
      left.add("it cannot be changed (chattr +i), and its copy can");
    }
    if (inode.isAppendOnly()) {
      left.add("it can only grow (chattr +a), and its copy can be changed");
    }
    return left;
  }

  @Override
  public void close() {
    volume.source().close();
  }
}
