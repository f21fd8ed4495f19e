package blksh.filesystem;

import blksh.block.BlockSource;
import java.util.List;

/** One kind of file system and how it says what it does not use. */
interface FileSystem {

  /** Bytes at the beginning of a source that tell kinds apart. */
  int HEAD = 128 << 10;

  /** All kinds known, in no order: a source that looks like two of them is neither. */
  List<FileSystem> KINDS =
      List.of(new Ext(), new Fat(), new ExFat(), new Ntfs(), new Xfs(), new Swap(), new Btrfs());

  /**
   * What it is called, when the source looks like one; else null.
   *
   * @param head the first {@link #HEAD} bytes, zeros where the source is shorter
   */
  String recognise(Bytes head);

  /**
   * The ranges that hold nothing anybody could ask for. Everything outside the file system, and
   * everything in doubt, is used.
   *
   * @throws Unmapped when it cannot be told for sure
   */
  FreeRanges free(BlockSource source, Bytes head) throws Unmapped;
}
