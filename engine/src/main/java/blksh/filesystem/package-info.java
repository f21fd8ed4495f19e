/**
 * What fills a partition, a disc or an image of one: told once, by {@link
 * blksh.filesystem.FileSystem}, and read in two ways without mounting it.
 *
 * <ul>
 *   <li><b>Used blocks</b> ({@link blksh.filesystem.UsedBlocks}, {@link
 *       blksh.filesystem.SkipFreeSource}): which ranges hold nothing. Refuses by throwing {@code
 *       Unmapped} wherever it is unsure; then everything is used. {@code ExtBitmaps}, {@code
 *       XfsFreeTrees}, {@code BtrfsExtents}, {@code NtfsBitmap}, {@code FatTable}, {@code
 *       ExFatBitmap}, {@code SwapHeader}.
 *   <li><b>Files</b> ({@link blksh.filesystem.FileTree}, {@link blksh.filesystem.FileTrees}): goes
 *       as far as it can and names what is damaged by a {@link
 *       blksh.filesystem.FileSystemDamageException}. {@code ExtTree}, {@code XfsTree}, {@code
 *       BtrfsTree}, {@code NtfsTree}, {@code FatTree}, {@code ExFatTree}, {@code IsoTree}, {@code
 *       UdfTree}.
 * </ul>
 *
 * <p>What both must know of a format stands beside them once: {@code ExtSuperblock}, {@code
 * XfsSuperblock}, {@code BtrfsSuperblock} with the chunks and nodes of its trees, {@code
 * NtfsBootSector} with the records of its master file table, {@code FatBootSector}; the layouts of
 * {@link blksh.filesystem.Iso9660} and {@link blksh.filesystem.Udf} are there for a writer, too.
 * Fields of all of them are read through {@link blksh.filesystem.Structure}.
 *
 * <p>A new file system gets a line in {@code FileSystem}; its files another tree, named after it,
 * on a {@code Volume} and with {@code FileRun}s; its free space a class that returns {@code
 * FreeRanges}. What maps one source on another is a layer, and has rooms of its own below this one:
 * {@code blksh.volume} for volume groups and arrays, {@code blksh.luks} for encryption; here it is
 * only told that they are containers.
 */
package blksh.filesystem;
