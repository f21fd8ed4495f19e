package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.DirectBuffer;
import blksh.io.DirectoryHandle;
import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.UnreadableException;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A file of a tree that was scanned, by the bytes of its path; no link is followed on the way. */
final class ScannedFile implements BlockSource {

  private static final int PIECE = 1 << 20;

  private final byte[] path;
  private final EntryFile file;
  private final FileStatus status;
  private boolean closed;

  private ScannedFile(byte[] path, EntryFile file, FileStatus status) {
    this.path = path;
    this.file = file;
    this.status = status;
  }

  /**
   * Opens a file of a directory.
   *
   * @param path what it is called when something is said of it
   * @throws BlkshException when it is no file
   */
  static ScannedFile open(DirectoryHandle directory, byte[] name, byte[] path) throws IOException {
    EntryFile file = directory.open(name);
    boolean kept = false;
    try {
      FileStatus status = file.status();
      if (!status.isRegular()) {
        throw new BlkshException(
            "read " + NameText.of(path), "it is " + status.type().words() + " now");
      }
      kept = true;
      return new ScannedFile(path, file, status);
    } finally {
      if (!kept) {
        file.close();
      }
    }
  }

  /** What it was when it was opened. */
  FileStatus status() {
    return status;
  }

  /**
   * Requires that it is what it was when it was scanned; to be asked when its last byte was read.
   *
   * @throws UnreadableException when it changed: nobody knows what was read
   */
  void requireStill(EntryState scanned) {
    String problem = "it changed while it was read";
    try {
      if (scanned.isUnchanged(file.status())) {
        return;
      }
    } catch (IOException e) {
      problem = IoFailure.reason(e);
    }
    throw new UnreadableException(NameText.of(path), 0, size(), problem, null);
  }

  @Override
  public long size() {
    return status.size();
  }

  @Override
  public synchronized int read(long position, ByteBuffer target) {
    if (closed) {
      throw new BlkshException("read " + NameText.of(path), "it was closed");
    }
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size() - position));
    if (target.isDirect()) {
      return direct(position, target, wanted);
    }
    int done = 0;
    try (DirectBuffer memory = DirectBuffer.borrow(Math.min(PIECE, Math.max(1, wanted)))) {
      while (done < wanted) {
        ByteBuffer piece = memory.bytes();
        piece.limit(Math.min(piece.capacity(), wanted - done));
        int read;
        try {
          read = file.read(position + done, piece);
        } catch (IOException e) {
          throw new UnreadableException(
              NameText.of(path), position + done, wanted - done, IoFailure.reason(e), e);
        }
        if (read == 0) {
          throw new UnreadableException(
              NameText.of(path), position + done, wanted - done, "it was cut short", null);
        }
        target.put(piece.flip());
        done += read;
      }
    }
    return done;
  }

  /** Reads without copying. */
  private int direct(long position, ByteBuffer target, int wanted) {
    int from = target.position();
    int limit = target.limit();
    IOException failed = null;
    try {
      file.read(position, target.limit(from + wanted));
    } catch (IOException e) {
      failed = e;
    } finally {
      target.limit(limit);
    }
    int done = target.position() - from;
    if (failed != null || done < wanted) {
      String problem = failed == null ? "it was cut short" : IoFailure.reason(failed);
      throw new UnreadableException(
          NameText.of(path), position + done, wanted - done, problem, failed);
    }
    return done;
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo("file", NameText.of(path), NameText.of(path));
  }

  @Override
  public synchronized void close() {
    closed = true;
    file.close();
  }
}
