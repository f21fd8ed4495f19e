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

  /** Two that were made at once. */
  record Pair(ScratchSource first, ScratchSource second) {}

  /** Writes the contents of two. */
  interface Both {
    void to(OutputStream first, OutputStream second) throws IOException;
  }

  static ScratchSource of(String name, Contents contents) throws IOException {
    ScratchSource source = new ScratchSource(name, new ScratchFile());
    boolean kept = false;
    try {
      contents.to(source.output());
      source.file.finish();
      kept = true;
      return source;
    } finally {
      if (!kept) {
        source.close();
      }
    }
  }

  static Pair of(String first, String second, Both contents) throws IOException {
    ScratchSource[] other = new ScratchSource[1];
    boolean kept = false;
    try {
      ScratchSource one =
          of(first, out -> other[0] = of(second, beside -> contents.to(out, beside)));
      kept = true;
      return new Pair(one, other[0]);
    } finally {
      if (!kept && other[0] != null) {
        other[0].close();
      }
    }
  }

  private OutputStream output() {
    return new OutputStream() {
      @Override
      public void write(int value) {
        file.append(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int length) {
        file.append(bytes, from, length);
      }
    };
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
