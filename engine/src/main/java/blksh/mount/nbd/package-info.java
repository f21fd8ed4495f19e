/**
 * The network block device protocol over any source. {@code NbdProtocol} has the numbers both ends
 * of a connection speak in.
 */
package blksh.mount.nbd;
