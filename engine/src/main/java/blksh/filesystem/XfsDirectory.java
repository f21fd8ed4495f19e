package blksh.filesystem;

import blksh.BlkshException;
import blksh.io.UnreadableException;
import java.util.function.Consumer;

/**
 * What a directory of XFS of version 2 or 3 holds: names within its inode, or in blocks, which are
 * gone through in the order of the directory. Its index by hashes of names, behind {@link #SPACE},
 * is not needed.
 */
final class XfsDirectory {

  /** Bytes of a directory that may hold names. */
  private static final long SPACE = 1L << 35;

  private static final int HEADER = 16;
  private static final int CHECKED_HEADER = 64;

  /** Stands where an entry would have its inode: nothing is there. */
  private static final int FREE = 0xffff;

  /** Entries begin at, and take, multiples of this. */
  private static final int ALIGNMENT = 8;

  /** Bytes of an entry before its name. */
  private static final int ENTRY = 9;

  /** Bytes at the end of every entry: where in the block it begins. */
  private static final int TAG = 2;

  /** A directory of one block ends in its index: so many bytes a name, and two numbers. */
  private static final int INDEX_ENTRY = 8;

  private static final int INDEX_TAIL = 8;

  /** Takes what a directory names. */
  interface Names {
    void take(byte[] name, long number);
  }

  private final Volume volume;
  private final XfsSuperblock superblock;
  private final FileEntry directory;
  private final XfsInode inode;
  private final Names names;
  private final Consumer<BlkshException> problems;
  private final int typeBytes;
  private final int blockSize;
  private final int header;

  /**
   * @param problems gets what cannot be read
   */
  XfsDirectory(
      FileEntry directory, XfsInode inode, Names names, Consumer<BlkshException> problems) {
    this.volume = inode.volume();
    this.superblock = inode.superblock();
    this.directory = directory;
    this.inode = inode;
    this.names = names;
    this.problems = problems;
    typeBytes = superblock.hasFileTypes() ? 1 : 0;
    blockSize = superblock.directoryBlockSize();
    header = superblock.isChecked() ? CHECKED_HEADER : HEADER;
  }

  /**
   * Hands out all names but those of itself and its parent.
   *
   * @throws FileSystemDamageException when nothing can be
   */
  void pass() {
    XfsInode.Fork fork = inode.content();
    if (fork.format() == XfsInode.LOCAL) {
      passWithin(fork);
    } else {
      passBlocks(new XfsExtents(directory, inode, fork, true));
    }
  }

  /** A small directory: numbers of inodes have 4 bytes each, or 8. */
  private void passWithin(XfsInode.Fork fork) {
    Structure held = fork.bytes();
    long size = inode.size();
    int numberBytes = held.u8(1) > 0 ? Long.BYTES : Integer.BYTES;
    int at = 2 + numberBytes;
    if (size < at || size > held.length()) {
      throw inode.damage("is a directory of an impossible size");
    }
    for (int left = held.u8(0); left > 0; left--) {
      int nameLength = at < size ? held.u8(at) : 0;
      int number = at + 3 + nameLength + typeBytes;
      if (nameLength == 0 || number + numberBytes > size) {
        tell("its entry at byte %d cannot be".formatted(fork.position() + at));
        return;
      }
      names.take(
          held.bytes(at + 3, nameLength),
          numberBytes == Long.BYTES
              ? held.i64(number) & XfsSuperblock.LARGEST_INODE
              : held.u32(number));
      at = number + numberBytes;
    }
    if (at != size) {
      tell("its inode at byte %d has more entries than it counts".formatted(inode.position()));
    }
  }

  private void passBlocks(XfsExtents extents) {
    if (inode.size() > SPACE || inode.size() % blockSize != 0 || inode.size() == 0) {
      throw inode.damage("is a directory of an impossible size");
    }
    long end = 0;
    long read = 0;
    for (long at = 0; at < SPACE; ) {
      try {
        FileRun run = extents.at(at);
        if (run.isHole() && run.end() >= at + blockSize) {
          if (at == 0) {
            tell("it does not begin with itself");
          }
          at = run.end() / blockSize * blockSize;
          continue;
        }
        if (!run.isHole() && run.at() + at - run.start() >= volume.source().size()) {
          tell("it has blocks where the volume has none, from its byte %d on".formatted(at));
          at = above(run.end());
          end = Math.min(at, inode.size());
          continue;
        }
      } catch (FileSystemDamageException | UnreadableException e) {
        problems.accept(FileEntry.survived(e));
        at = above(extents.behind(at));
        end = Math.min(at, inode.size());
        continue;
      }
      read += blockSize;
      if (read > volume.source().size()) {
        tell("it has more blocks than there are");
        return;
      }
      passBlock(extents, at);
      at += blockSize;
      end = at;
    }
    if (end != inode.size()) {
      tell("it has %d bytes, and should have %d".formatted(end, inode.size()));
    }
  }

  /** The first block that begins at a byte of the directory or behind it. */
  private long above(long position) {
    return (Math.min(position, SPACE) + blockSize - 1) / blockSize * blockSize;
  }

  private void passBlock(XfsExtents extents, long at) {
    Structure block;
    long position;
    try {
      position = extents.at(at).at() + at - extents.at(at).start();
      block = block(extents, at);
      requireProven(block, position);
    } catch (FileSystemDamageException | UnreadableException e) {
      problems.accept(FileEntry.survived(e));
      return;
    }
    passEntries(block, position, at == 0);
  }

  /** A block, which may lie in pieces. */
  private Structure block(XfsExtents extents, long at) {
    byte[] block = new byte[blockSize];
    for (int done = 0; done < blockSize; ) {
      FileRun run = extents.at(at + done);
      if (run.isHole()) {
        throw volume.damage(
            directory, "a part of its block %d is nowhere".formatted(at / blockSize));
      }
      int count = (int) Math.min(blockSize - done, run.end() - at - done);
      byte[] piece = volume.read(run.at() + at + done - run.start(), count).bytes();
      System.arraycopy(piece, 0, block, done, count);
      done += count;
    }
    return Structure.of(block).bigEndian();
  }

  private boolean isAlone(Structure block) {
    return block.has(0, superblock.isChecked() ? "XDB3" : "XD2B");
  }

  private void requireProven(Structure block, long position) {
    if (superblock.isChecked()) {
      String fault = XfsSeal.DIRECTORY.fault(superblock, block, position, inode.number());
      if (fault != null) {
        throw broken(position, fault);
      }
    }
    boolean named =
        isAlone(block)
            ? inode.size() == blockSize
            : block.has(0, superblock.isChecked() ? "XDD3" : "XD2D");
    if (!named) {
      throw broken(position, "is none");
    }
  }

  private FileSystemDamageException broken(long position, String problem) {
    return volume.damage(directory, "its block at byte %d %s".formatted(position, problem));
  }

  /** Hands out the entries of a block; behind one that cannot be there is nothing to go by. */
  private void passEntries(Structure block, long position, boolean first) {
    int end = blockSize;
    long expected = -1;
    if (isAlone(block)) {
      long count = block.u32(blockSize - INDEX_TAIL);
      long unused = block.u32(blockSize - Integer.BYTES);
      long room = (blockSize - header - INDEX_TAIL) / INDEX_ENTRY;
      if (count > room || unused > count) {
        problems.accept(broken(position, "has an impossible index"));
        return;
      }
      end -= INDEX_TAIL + (int) count * INDEX_ENTRY;
      expected = count - unused;
    }
    long found = 0;
    for (int at = header; at < end; ) {
      boolean free = block.u16(at) == FREE;
      int nameLength = !free && at + ENTRY < end ? block.u8(at + ENTRY - 1) : 0;
      int length = free ? block.u16(at + 2) : length(nameLength);
      boolean possible =
          length >= ALIGNMENT
              && length % ALIGNMENT == 0
              && at + length <= end
              && (free || nameLength > 0)
              && block.u16(at + length - TAG) == at;
      if (!possible) {
        tell("its entry at byte %d cannot be".formatted(position + at));
        return;
      }
      if (!free) {
        byte[] name = block.bytes(at + ENTRY, nameLength);
        if (first && found == 0 && !isItself(name, block.i64(at))) {
          tell("it does not begin with itself");
        }
        found++;
        if (!first || found > 2 || !isDots(name)) {
          names.take(name, block.i64(at));
        }
      }
      at += length;
    }
    if (first && found == 0) {
      tell("it does not begin with itself");
    }
    if (expected >= 0 && found != expected) {
      problems.accept(broken(position, "has %d entries, and counts %d".formatted(found, expected)));
    }
  }

  private int length(int nameLength) {
    int bytes = ENTRY + nameLength + typeBytes + TAG;
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private boolean isItself(byte[] name, long number) {
    return name.length == 1 && name[0] == '.' && number == inode.number();
  }

  private static boolean isDots(byte[] name) {
    return name.length <= 2 && name[0] == '.' && name[name.length - 1] == '.';
  }

  private void tell(String problem) {
    problems.accept(volume.damage(directory, problem));
  }
}
