package blksh.image;

import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/** An image that stores the used blocks of a partition. */
public abstract sealed class BlockImage implements Image
    permits NtfscloneImage, PartcloneImage, PartcloneOldImage, PartimageImage {

  private final StoredBlocks blocks;

  BlockImage(StoredBlocks blocks) {
    this.blocks = blocks;
  }

  final StoredBlocks blocks() {
    return blocks;
  }

  /** Bytes of a block. */
  public final int blockSize() {
    return blocks.blockSize();
  }

  @Override
  public final long size() {
    return blocks.size();
  }

  @Override
  public final int read(long position, ByteBuffer target) {
    return blocks.read(position, target);
  }

  @Override
  public final Iterator<Extent> extents(long position, long length) {
    return blocks.extents(position, length);
  }

  @Override
  public ImageVerification verify(Task task) {
    return new Proving(blocks, info(), task).run();
  }

  @Override
  public final SourceInfo describe() {
    ImageInfo info = info();
    SourceInfo below = blocks.file().source().describe();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("format", (info.format() + " " + info.version()).strip());
    details.put("file system", info.fileSystem());
    details.put("checksum", info.checksum());
    return new SourceInfo("image", below.name(), below.location(), details);
  }

  @Override
  public final void close() {
    blocks.file().close();
  }
}
