package blksh.store;

import blksh.block.SourceInfo;
import blksh.store.pack.CodecChoice;
import java.io.IOException;

/** A pieced image as something to capture. */
final class PiecedInput implements CaptureInput {

  private final PiecedImage image;

  PiecedInput(PiecedImage image) {
    this.image = image;
  }

  @Override
  public boolean claim(CaptureSegment segment) {
    ImagePiece piece = segment.piece();
    piece.begin();
    return image.next(piece) && piece.isPlanned();
  }

  @Override
  public void placed(CaptureSegment segment) throws IOException {
    segment.piece().part().placed(segment.piece());
  }

  @Override
  public void giveUp() {
    image.giveUp();
  }

  @Override
  public SourceInfo describe() {
    return image.describe();
  }

  @Override
  public long size() {
    return -1;
  }

  /** Small files are read once and kept long: what compresses well is worth its time. */
  @Override
  public CodecChoice codec(CodecChoice usual) {
    return ofTrees(usual);
  }

  /** How snapshots of file trees are compressed in a store. */
  static CodecChoice ofTrees(CodecChoice usual) {
    return usual.equals(CodecChoice.LZ4) ? CodecChoice.ZSTD : usual;
  }

  @Override
  public ManifestFigures.Tree tree() {
    return image.figures();
  }
}
