/**
 * Trees of sources that other programs can use: as files of a mounted directory ({@link
 * blksh.mount.fuse}) or as exports of a network block device server ({@link blksh.mount.nbd}).
 *
 * <p>A tree of {@link blksh.mount.MountNode}s is looked into only as far as somebody asks. Writing
 * is possible where a source is a {@link blksh.block.WritableSource}.
 */
package blksh.mount;
