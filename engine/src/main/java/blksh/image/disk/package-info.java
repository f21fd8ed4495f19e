/**
 * Disks of virtual machines: where the bytes of a disk lie in the file, or the files, that hold it.
 * A format is a {@link blksh.image.disk.DiskMap}; {@link blksh.image.disk.VirtualDisk} reads
 * through any of them, down the chain of what each was laid on. Nothing is ever written.
 */
package blksh.image.disk;
