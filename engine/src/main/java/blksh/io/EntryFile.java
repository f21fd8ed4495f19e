package blksh.io;

import static blksh.io.NativeFiles.CALLS;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file of a {@link DirectoryHandle}, held open by its descriptor. Positions and lengths are in
 * bytes, buffers are direct. For one thread.
 */
public final class EntryFile implements Closeable {

  private final byte[] name;
  private int descriptor;

  EntryFile(byte[] name, int descriptor) {
    this.name = name;
    this.descriptor = descriptor;
  }

  int descriptor() {
    return descriptor;
  }

  private long check(long returned) throws IOException {
    if (returned < 0) {
      throw new SystemCallException(NameText.of(name), (int) -returned);
    }
    return returned;
  }

  public FileStatus status() throws IOException {
    FileStatus[] status = new FileStatus[1];
    check(CALLS.status(descriptor, DirectoryHandle.NONE, status));
    return status[0];
  }

  /**
   * Reads from a position on as much as fits between position and limit of a buffer.
   *
   * @return bytes read, fewer only at the end of the file
   */
  public int read(long position, ByteBuffer into) throws IOException {
    int done = 0;
    while (into.hasRemaining()) {
      int length = into.remaining();
      int read =
          (int) check(CALLS.read(descriptor, into, into.position(), length, position + done));
      if (read == 0) {
        break;
      }
      done += read;
      into.position(into.position() + read);
    }
    return done;
  }

  /** Writes what is between position and limit of a buffer. */
  public void write(long position, ByteBuffer from) throws IOException {
    long at = position;
    while (from.hasRemaining()) {
      int written =
          (int) check(CALLS.write(descriptor, from, from.position(), from.remaining(), at));
      from.position(from.position() + written);
      at += written;
    }
  }

  /**
   * Where the first data is at or after a position.
   *
   * @return the position itself where the file system does not tell; -1 when there is none any more
   */
  public long data(long position) throws IOException {
    long found = CALLS.seek(descriptor, position, Posix.SEEK_DATA);
    if (found == -SystemCallException.ENXIO) {
      return -1;
    }
    return found == -SystemCallException.EINVAL ? position : check(found);
  }

  /**
   * Where the first hole is at or after a position that is in the file.
   *
   * @param end returned where the file system does not tell
   */
  public long hole(long position, long end) throws IOException {
    long found = CALLS.seek(descriptor, position, Posix.SEEK_HOLE);
    return found == -SystemCallException.EINVAL || found == -SystemCallException.ENXIO
        ? end
        : check(found);
  }

  /** Gives it a length; what is added is a hole. */
  public void truncate(long length) throws IOException {
    check(CALLS.truncate(descriptor, length));
  }

  /**
   * Makes its contents those of another, sharing the blocks.
   *
   * @return false where that cannot be done, and nothing was
   */
  public boolean cloneFrom(EntryFile other) throws IOException {
    long returned = CALLS.cloneFrom(descriptor, other.descriptor);
    return switch ((int) -returned) {
      case SystemCallException.EXDEV,
          SystemCallException.EINVAL,
          SystemCallException.ENOTTY,
          SystemCallException.EOPNOTSUPP,
          SystemCallException.ENOSYS,
          SystemCallException.EPERM ->
          false;
      default -> check(returned) == 0;
    };
  }

  public void setOwner(int uid, int gid) throws IOException {
    check(CALLS.setOwner(descriptor, uid, gid));
  }

  public void setMode(int mode) throws IOException {
    check(CALLS.setMode(descriptor, mode));
  }

  /** Sets when its contents changed, and the time of access too. */
  public void setTime(long seconds, int nanos) throws IOException {
    check(CALLS.setTime(descriptor, seconds, nanos));
  }

  public ExtendedAttributes attributes() throws IOException {
    return ExtendedAttributes.of(
        NameText.of(name),
        names -> CALLS.listAttributes(descriptor, names),
        (attribute, value) -> CALLS.attribute(descriptor, attribute, value));
  }

  /** Gives it an extended attribute. */
  public void setAttribute(byte[] attribute, byte[] value) throws IOException {
    try (DirectBuffer memory = DirectBuffer.borrow(value.length)) {
      check(CALLS.setAttribute(descriptor, attribute, memory.bytes().put(0, value), value.length));
    }
  }

  public void removeAttribute(byte[] attribute) throws IOException {
    check(CALLS.removeAttribute(descriptor, attribute));
  }

  /** Returns when all of it is on the medium. */
  public void sync() throws IOException {
    check(CALLS.sync(descriptor));
  }

  @Override
  public void close() {
    if (descriptor >= 0) {
      CALLS.close(descriptor);
      descriptor = -1;
    }
  }
}
