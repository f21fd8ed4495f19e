package blksh.block;

import blksh.BlkshException;
import blksh.io.OpenFile;
import blksh.io.PartFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/**
 * The file of an overlay: as large as the source, and sparse, with each changed block in its place.
 *
 * <p>An interrupt of a thread that writes or forces does not end that; one that reads is cancelled.
 */
final class OverlayFile implements Closeable {

  private final OpenFile reading;
  private final OpenFile writing;

  /** Whether anything was written since it was made durable last. */
  private volatile boolean dirty;

  private OverlayFile(OpenFile reading, OpenFile writing) {
    this.reading = reading;
    this.writing = writing;
  }

  /**
   * Opens or makes the file.
   *
   * @param size of the source in bytes
   * @param holdsBlocks whether there must be such a file, with blocks in it
   * @throws BlkshException when there must be and is not; it is then left as it is
   */
  static OverlayFile open(Path file, long size, boolean holdsBlocks, String action)
      throws IOException {
    OpenFile writing = OpenFile.open(file, OpenFile.Use.CREATE, OpenFile.WhenInterrupted.FINISH);
    boolean opened = false;
    try {
      if (writing.size() < size) {
        if (holdsBlocks) {
          throw new BlkshException(action, "its file was cut short, or is another one");
        }
        writing.extend(size);
        writing.force(true);
        PartFile.syncDirectory(file.toAbsolutePath().getParent());
      }
      OverlayFile made = new OverlayFile(OpenFile.open(file), writing);
      opened = true;
      return made;
    } finally {
      if (!opened) {
        writing.close();
      }
    }
  }

  Path path() {
    return reading.path();
  }

  void read(long position, ByteBuffer target) {
    reading.read(position, target);
  }

  void write(long position, ByteBuffer bytes) throws IOException {
    writing.write(position, bytes);
    dirty = true;
  }

  /**
   * Returns when all that was written before is durable. By one thread at a time.
   *
   * @throws IOException also when what was written some time before is lost, as it stays then
   */
  void force() throws IOException {
    if (dirty) {
      dirty = false;
      try {
        writing.force(false);
      } catch (IOException e) {
        dirty = true;
        throw e;
      }
    }
  }

  /** Drops all blocks, durably. */
  void clear() throws IOException {
    long size = reading.size();
    writing.truncate(0);
    writing.extend(size);
    writing.force(true);
  }

  @Override
  public void close() {
    try {
      writing.close();
    } finally {
      reading.close();
    }
  }
}
