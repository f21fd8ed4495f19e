package blksh.store.shelf;

import blksh.io.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A file as a blob. An interrupted reader finishes and keeps its interrupt. */
public final class ReadOnlyFile implements Blob {

  private final OpenFile file;

  public ReadOnlyFile(Path path) throws IOException {
    this.file = OpenFile.open(path, OpenFile.Use.READ, OpenFile.WhenInterrupted.FINISH);
  }

  @Override
  public long size() {
    return file.size();
  }

  @Override
  public void read(long position, ByteBuffer buffer) throws IOException {
    file.readFully(position, buffer);
  }

  @Override
  public void close() {
    file.close();
  }
}
