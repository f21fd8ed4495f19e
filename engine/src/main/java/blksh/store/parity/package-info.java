/**
 * Parity beside blobs: a blob that lost some of its blocks is made again from the others, to the
 * byte.
 *
 * <p>docs/store-format.md, "Parity", is the specification.
 */
package blksh.store.parity;
