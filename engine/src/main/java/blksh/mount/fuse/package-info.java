/**
 * Trees as files of a mounted directory, through libfuse 2; and the file systems in them, mounted
 * by the kernel.
 *
 * <p>Where a request goes: {@link blksh.mount.fuse.FuseMount} receives it, {@code FuseRequests}
 * answers reads without the library, {@code TreeFileSystem} all others through it.
 */
package blksh.mount.fuse;
