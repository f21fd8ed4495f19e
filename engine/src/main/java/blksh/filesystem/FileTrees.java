package blksh.filesystem;

import blksh.block.BlockSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Opens the file system on a source, whichever it is. */
public final class FileTrees {

  private FileTrees() {}

  /**
   * Opens a file system by its content: ext2, ext3 and ext4, FAT12, FAT16 and FAT32, NTFS, and ISO
   * 9660 with Joliet and Rock Ridge, UDF. A disc that is both is read as ISO 9660 with Rock Ridge,
   * which knows links, or else as UDF, which knows all names.
   *
   * @param source a partition or whatever else the file system fills; closed with the tree, and not
   *     by a failure
   * @throws UnknownFileSystemException when it holds none of these
   * @throws FileSystemDamageException when what says how it is laid out cannot be
   */
  public static FileTree open(BlockSource source) {
    Volume volume = new Volume(source);
    if (ExtTree.isOn(volume)) {
      return new ExtTree(volume);
    }
    if (NtfsTree.isOn(volume)) {
      return new NtfsTree(volume);
    }
    boolean isUdf = UdfTree.isOn(volume);
    if (IsoTree.isOn(volume)) {
      IsoTree iso = new IsoTree(volume);
      return isUdf && !iso.hasRockRidge() ? new UdfTree(volume) : iso;
    }
    if (isUdf) {
      return new UdfTree(volume);
    }
    if (FatTree.isOn(volume)) {
      return new FatTree(volume);
    }
    String other = other(source);
    String action = "read the files of " + source.describe();
    if (other.isEmpty()) {
      throw new UnknownFileSystemException(action, "it holds no known file system");
    }
    UnknownFileSystemException known =
        new UnknownFileSystemException(action, "%s is not read without mounting".formatted(other));
    known.suggest("mount it, or restore it first");
    throw known;
  }

  /** The name of a file system that is known, but not read; empty when there is none. */
  private static String other(BlockSource source) {
    record Mark(String name, long at, String magic) {}
    Mark[] marks = {
      new Mark("XFS", 0, "XFSB"),
      new Mark("btrfs", 65_600, "_BHRfS_M"),
      new Mark("exFAT", 3, "EXFAT   "),
      new Mark("swap space", 4086, "SWAPSPACE2"),
      new Mark("LUKS encryption", 0, "LUKS"),
      new Mark("LVM volume", 536, "LVM2 001"),
      new Mark("F2FS", 1024, "\u0010 \u00f5\u00f2")
    };
    for (Mark mark : marks) {
      ByteBuffer bytes = ByteBuffer.allocate(mark.magic.length()).order(ByteOrder.LITTLE_ENDIAN);
      source.read(mark.at, bytes);
      if (new String(bytes.array(), StandardCharsets.ISO_8859_1).equals(mark.magic)) {
        return mark.name;
      }
    }
    return "";
  }
}
