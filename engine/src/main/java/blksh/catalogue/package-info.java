/**
 * Catalogues of file trees: what is where, under which digests, and on which discs. A catalogue is
 * one SQLite database; everything that grows with the tree is in it.
 */
package blksh.catalogue;
