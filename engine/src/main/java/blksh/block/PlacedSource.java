package blksh.block;

/** A source whose bytes are those of another one, in a row: a part of it, or it through a cache. */
public interface PlacedSource extends BlockSource {

  /** What its bytes are of. */
  BlockSource whole();

  /** Where its first byte is there. */
  default long start() {
    return 0;
  }
}
