package blksh.luks;

import blksh.BlkshException;
import blksh.block.BlockSource;
import java.util.Arrays;

/** The key of a volume, which opens it as often as is needed. It is kept in memory only. */
public final class LuksKey {

  private final LuksHeader header;
  private final byte[] key;

  LuksKey(LuksHeader header, byte[] key) {
    this.header = header;
    this.key = key;
  }

  /** Bytes of what is encrypted on a source. */
  public long size(BlockSource source) {
    long length = header.length() < 0 ? source.size() - header.start() : header.length();
    return Math.max(0, length / header.sector() * header.sector());
  }

  /**
   * What is encrypted, as it is.
   *
   * @param source the volume the key is of, or a copy of it; closed with what is returned, and not
   *     by a failure
   * @throws BlkshException when another volume is there
   */
  public BlockSource open(BlockSource source) {
    LuksHeader now = LuksVolume.on(source).map(LuksVolume::header).orElse(null);
    if (now == null
        || !now.uuid().equals(header.uuid())
        || !Arrays.equals(now.digest(), header.digest())
        || now.start() != header.start()) {
      throw new BlkshException(
          "open the LUKS volume on " + source.describe(), "another one is there than was unlocked");
    }
    return new DecryptedSource(source, header, key, size(source));
  }

  /** Never the key. */
  @Override
  public String toString() {
    return "key of LUKS volume " + header.uuid();
  }
}
