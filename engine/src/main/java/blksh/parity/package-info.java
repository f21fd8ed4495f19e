/**
 * Reed–Solomon: more blocks than there are data, of which any as many as the data make all of them
 * again. {@link blksh.parity.ReedSolomon} is the code itself, for blocks of any kind; {@link
 * blksh.parity.ImageParity} and {@link blksh.parity.ParityLayout} say where its blocks lie in an
 * image of a disc (docs/discs.md, "Parity"), {@link blksh.parity.ParityWriting} puts them there,
 * {@link blksh.parity.ImageRepair} and {@link blksh.parity.RepairedSource} use them.
 */
package blksh.parity;
