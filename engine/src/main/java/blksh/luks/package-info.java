/**
 * Encrypted volumes: LUKS1 and LUKS2 (the on-disk format specifications of cryptsetup, {@code
 * docs/on-disk-format.pdf} and {@code docs/on-disk-format-luks2.pdf} of its sources), opened with a
 * passphrase or a key file and read as what they hold. Nothing is ever written to them, and neither
 * root nor the kernel is needed.
 *
 * <p>{@link blksh.luks.LuksVolume} is the header; its {@code unlock} tries the key slots and gives
 * a {@link blksh.luks.LuksKey}, which opens the volume as a source. The ciphers are those of the
 * JDK, Argon2 is that of its authors, libargon2, whose memory is none of the heap.
 */
package blksh.luks;
