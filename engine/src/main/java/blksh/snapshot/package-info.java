/**
 * Snapshots of file trees. The stored form lies in a store ({@link blksh.store}) as a version like
 * any other: the contents of files as pages, and a table that tells of them; docs/store-format.md
 * has its layout.
 */
package blksh.snapshot;
