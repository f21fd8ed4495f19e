/**
 * Chunks that are decoded as a whole, each compression a function from bytes to bytes: {@link
 * blksh.lz.Deflate}, {@link blksh.lz.ZstdFrames}, and those Windows keeps files in, {@link
 * blksh.lz.Lznt1} of NTFS itself, {@link blksh.lz.XpressHuffman} and {@link blksh.lz.Lzx} of files
 * that were compressed by {@code compact /exe} or with the system. Input is not trusted: a chunk
 * decodes to as many bytes as were asked for, or is a {@link blksh.lz.BadChunkException}; of
 * deflate and Zstandard it may be fewer, which the caller counts.
 */
package blksh.lz;
