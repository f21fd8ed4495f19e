package blksh.filesystem;

import blksh.BlkshException;
import blksh.io.UnreadableException;
import java.util.function.Consumer;

/**
 * What a directory of FAT has behind its end mark, where nothing may be: an entry of zeros is one,
 * and so is a sector that a rescue could not read. Drivers differ in whether they look there; here
 * what is found is told, and not shown.
 */
final class FatRest {

  private static final int ENTRY = FatBootSector.ENTRY;

  /** What names of eight and three have none of, among what can be typed. */
  private static final String NEVER = "\"*+,/:;<=>?[\\]|";

  private static final int DELETED = 0xe5;
  private static final int ATTRIBUTES = 11;
  private static final int LABEL = 0x08;
  private static final int DIRECTORY = 0x10;
  private static final int UNUSED = 0xc0;

  private final Volume volume;
  private final FatChains chains;
  private final int type;
  private long first = -1;
  private long count;

  FatRest(Volume volume, FatChains chains, int type) {
    this.volume = volume;
    this.chains = chains;
    this.type = type;
  }

  /** Looks at entries. @return false when one cannot be read, which is of no interest */
  boolean look(long from, long end) {
    try {
      for (long at = from; at < end; at += ENTRY) {
        if (namesSomething(volume.read(at, ENTRY))) {
          first = first < 0 ? at : first;
          count++;
        }
      }
      return true;
    } catch (FileSystemDamageException | UnreadableException e) {
      FileEntry.survived(e);
      return false;
    }
  }

  /** Looks at the clusters that follow. @param most of them */
  void follow(FileEntry directory, long from, long most) {
    long cluster = from;
    try {
      for (long i = 0; i < most && cluster != FatChains.END; i++) {
        long at = chains.position(directory, cluster);
        if (!look(at, at + chains.clusterSize())) {
          return;
        }
        cluster = chains.next(directory, cluster);
      }
    } catch (FileSystemDamageException | UnreadableException e) {
      FileEntry.survived(e); // nothing may be there
    }
  }

  /** Says what was found. */
  void tell(FileEntry directory, Consumer<BlkshException> problems) {
    if (count > 0) {
      problems.accept(
          volume.damage(
              directory,
              "it ends before %d more entries, from byte %d on, which are not shown"
                  .formatted(count, first)));
    }
  }

  /** Whether an entry is one of a file or directory, by all that can be told. */
  private boolean namesSomething(Structure entry) {
    int attributes = entry.u8(ATTRIBUTES);
    long cluster = FatChains.first(entry, type);
    boolean directory = (attributes & DIRECTORY) != 0;
    if (entry.u8(0) == DELETED
        || (attributes & (UNUSED | LABEL)) != 0
        || (directory || entry.u32(28) > 0) && !chains.has(cluster)
        || directory && entry.u32(28) != 0) {
      return false;
    }
    for (int i = 0; i < 11; i++) {
      int each = entry.u8(i);
      boolean changed = i == 0 && each == 0x05; // stands for the mark of what was deleted
      boolean never =
          each < ' ' || each == '.' || NEVER.indexOf(each) >= 0 || i == 0 && each == ' ';
      if (never && !changed || each >= 'a' && each <= 'z') {
        return false;
      }
    }
    return true;
  }
}
