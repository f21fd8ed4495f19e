package blksh.store.shelf;

import blksh.io.OpenFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A file as a blob. An interrupted reader finishes and keeps its interrupt. */
public final class ReadOnlyFile implements Blob {

  private final OpenFile file;

  /** Opens what a path leads to, a file or a drive. */
  public ReadOnlyFile(Path path) throws IOException {
    this(path, OpenFile.Use.READ);
  }

  private ReadOnlyFile(Path path, OpenFile.Use use) throws IOException {
    this.file = OpenFile.open(path, use, OpenFile.WhenInterrupted.FINISH);
  }

  /**
   * Opens a file of this very name, which no link may stand for.
   *
   * @throws blksh.io.NoPlainFileException when something else has it
   */
  static ReadOnlyFile plain(Path path) throws IOException {
    return new ReadOnlyFile(path, OpenFile.Use.READ_PLAIN);
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
