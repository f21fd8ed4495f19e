package blksh.filesystem;

import blksh.block.BlockSource;
import java.util.List;
import java.util.Optional;

/** Opens the file system on a source, whichever it is. */
public final class FileTrees {

  private FileTrees() {}

  /**
   * Opens a file system by its content: ext2, ext3 and ext4, XFS, btrfs, FAT12, FAT16 and FAT32,
   * exFAT, NTFS, and ISO 9660 with Joliet and Rock Ridge, UDF. A disc that is both is read as ISO
   * 9660 with Rock Ridge, which knows links, or else as UDF, which knows all names.
   *
   * @param source a partition or whatever else the file system fills; closed with the tree, and not
   *     by a failure
   * @throws UnknownFileSystemException when it holds none of these
   * @throws FileSystemDamageException when what says how it is laid out cannot be
   */
  public static FileTree open(BlockSource source) {
    Volume volume = new Volume(source);
    Head head = Head.of(volume);
    return FileSystem.of(head)
        .or(() -> UdfTree.isOn(volume) ? Optional.of(FileSystem.UDF) : Optional.empty())
        .or(() -> FileSystem.marked(head).stream().findFirst())
        .orElseThrow(() -> unknown(source))
        .files(volume);
  }

  /** What is there is named all the same, when others know it. */
  private static UnknownFileSystemException unknown(BlockSource source) {
    List<String> found = Signatures.on(source);
    return found.isEmpty()
        ? new UnknownFileSystemException(
            "read the files of " + source.describe(), "it holds no known file system")
        : named(source, String.join(" and ", found));
  }

  private static UnknownFileSystemException named(BlockSource source, String what) {
    UnknownFileSystemException known =
        new UnknownFileSystemException(
            "read the files of " + source.describe(),
            "%s is not read without mounting".formatted(what));
    known.suggest("restore it and open it with its own tools");
    return known;
  }

  /**
   * Opens the UDF file system of a disc, also where {@link #open} would take another.
   *
   * @param source as for {@link #open}
   * @throws FileSystemDamageException when there is none, or it cannot be
   */
  public static FileTree udf(BlockSource source) {
    return new UdfTree(new Volume(source));
  }
}
