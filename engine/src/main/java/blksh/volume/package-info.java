/**
 * What maps one source on others, by what they say of themselves: logical volumes of LVM2 (lvm(8),
 * its on-disk format in {@code lib/format_text} of its sources) and arrays of Linux' MD (md(4)).
 * Read only, without root and without the kernel's drivers.
 *
 * <p>{@link blksh.volume.VolumeSet} looks at sources and at their partitions and lists what they
 * make up together, each an {@link blksh.volume.InnerVolume} that opens as a source. What is not
 * understood, or of which a part is missing, is listed with the reason and refused.
 */
package blksh.volume;
