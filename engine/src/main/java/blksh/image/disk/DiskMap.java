package blksh.image.disk;

import blksh.lz.BadChunkException;
import blksh.task.Task;
import java.io.Closeable;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Where a format says that the bytes of a disk are. By any number of threads. */
interface DiskMap extends Closeable {

  /** The format by its usual name: {@code "qcow2"}. */
  String format();

  /** The version of the format, or its kind. */
  String version();

  /** Bytes of the disk. */
  long size();

  /** Bytes of what is stored, packed or left out as one. */
  long unit();

  /**
   * Where the bytes from a position on are: a run that begins there, ends at {@code end} at the
   * latest, and may be followed by one of the same kind.
   *
   * @param position byte of the disk
   * @param end more than {@code position}, at most the size
   */
  DiskRun at(long position, long end);

  /** The first byte of the unit that a packed run is a part of. */
  default long start(DiskRun run) {
    return run.start() - run.start() % unit();
  }

  /**
   * Unpacks what a packed run is a part of.
   *
   * @return the whole unit, at most {@link #unit} bytes
   * @throws BadChunkException when it does not decode
   */
  byte[] unpack(DiskRun run) throws BadChunkException;

  /** What it was laid on, which has the bytes that are absent, or null. */
  default VirtualDisk below() {
    return null;
  }

  /** Every field of its header, and what else is in it, in an order for people. */
  Map<String, Object> fields();

  /** What is odd about it and keeps nobody from reading it, as sentences. */
  default List<String> warnings() {
    return List.of();
  }

  /** Goes through its tables and tells what cannot be, except what {@link #at} tells as bad. */
  void check(Task task, Consumer<DiskFault> faults);

  @Override
  void close();
}
