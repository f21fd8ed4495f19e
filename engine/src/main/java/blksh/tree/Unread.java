package blksh.tree;

import java.io.IOException;

/**
 * An entry of a directory that could not be read.
 *
 * @param name its bytes; empty for the directory itself
 * @param gone whether it was there a moment before, which is no fault
 */
public record Unread(byte[] name, IOException failure, boolean gone) {}
