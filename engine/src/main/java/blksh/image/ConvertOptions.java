package blksh.image;

/**
 * How to write a partclone image.
 *
 * @param checksum what proves its data
 * @param seekableZstd whether to compress it, in frames that can be read one by one
 * @param level of the compression, 1 to 19
 * @param overwrite whether a file that is there may be replaced
 * @param dryRun only check the target and count what would be stored
 */
public record ConvertOptions(
    ChecksumKind checksum, boolean seekableZstd, int level, boolean overwrite, boolean dryRun) {

  public ConvertOptions {
    if (level < 1 || level > 19) {
      throw new IllegalArgumentException("level " + level + " is not within 1 to 19");
    }
  }

  /** CRC32, which every partclone since 0.3.0 reads; not compressed. */
  public static ConvertOptions defaults() {
    return new ConvertOptions(ChecksumKind.CRC32, false, 3, false, false);
  }

  public ConvertOptions withChecksum(ChecksumKind checksum) {
    return new ConvertOptions(checksum, seekableZstd, level, overwrite, dryRun);
  }

  public ConvertOptions withSeekableZstd(boolean seekableZstd) {
    return new ConvertOptions(checksum, seekableZstd, level, overwrite, dryRun);
  }

  public ConvertOptions withLevel(int level) {
    return new ConvertOptions(checksum, seekableZstd, level, overwrite, dryRun);
  }

  public ConvertOptions withOverwrite(boolean overwrite) {
    return new ConvertOptions(checksum, seekableZstd, level, overwrite, dryRun);
  }

  public ConvertOptions withDryRun(boolean dryRun) {
    return new ConvertOptions(checksum, seekableZstd, level, overwrite, dryRun);
  }
}
