/**
 * Puts sources where other programs can use them: as files of a mounted directory (FUSE, through
 * libfuse2) and as exports of a network block device server (NBD).
 *
 * <p>What is mounted is a tree of {@link blksh.mount.MountNode}s, looked into only as far as
 * somebody asks. Writing is possible where a source is an {@link blksh.block.WritableSource}.
 */
package blksh.mount;
