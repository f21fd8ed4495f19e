/**
 * Images of discs that any computer reads: ISO 9660 level 3 with Rock Ridge, Joliet and UDF 1.02,
 * all over one copy of the contents.
 *
 * <p>{@link blksh.iso.DiscTreeBuilder} gathers a {@link blksh.iso.DiscTree}; {@link
 * blksh.iso.DiscSize} knows at any time how long its image would be; {@link blksh.iso.DiscPlan}
 * says where all of it lies; {@link blksh.iso.DiscWriter} writes it in one pass, with the contents
 * from {@link blksh.iso.DiscContents}. Images are read by {@link blksh.filesystem.FileTrees}.
 */
package blksh.iso;
