package blksh.catalogue;

import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.ScratchFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** What was made up for a disc, on disk until it is written. */
final class ScratchSource implements BlockSource {

  private final String name;
  private final ScratchFile file;

  private ScratchSource(String name, ScratchFile file) {
    this.name = name;
    this.file = file;
  }

  /** Writes contents. */
  interface Contents {
    void to(OutputStream out) throws IOException;
  }

  static ScratchSource of(String name, Contents contents) throws IOException {
    ScratchFile file = new ScratchFile();
    boolean kept = false;
    try {
      contents.to(
          new OutputStream() {
            @Override
            public void write(int value) {
              file.append(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) {
              file.append(bytes, from, length);
            }
          });
      file.finish();
      kept = true;
      return new ScratchSource(name, file);
    } finally {
      if (!kept) {
        file.close();
      }
    }
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    int count = (int) Math.min(target.remaining(), Math.max(0, size() - position));
    if (count > 0) {
      int limit = target.limit();
      target.limit(target.position() + count);
      file.read(position, target);
      target.limit(limit);
    }
    return count;
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("memory", name, name);
  }

  @Override
  public void close() {
    file.close();
  }
}
