package blksh.image.disk;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.SourceInfo;
import blksh.lz.BadChunkException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The disk a virtual machine sees, read through the map of its format; what is absent from it is
 * that of the disk it was laid on, and zeros behind the end of that. What is not stored is a ZERO
 * extent. A range that the tables lead nowhere for is BAD and never reads as anything.
 */
public final class VirtualDisk implements BlockSource {

  private static final byte[] ZEROS = new byte[64 << 10];

  private final DiskMap map;
  private final DiskMemory memory;
  private final String name;

  VirtualDisk(DiskMap map, DiskMemory memory, String name) {
    this.map = map;
    this.memory = memory;
    this.name = name;
  }

  /** The format by its usual name: {@code "qcow2"}. */
  public String format() {
    return map.format();
  }

  /** The version of the format, or its kind. */
  public String version() {
    return map.version();
  }

  /** Bytes of what is stored or left out as one. */
  public long unit() {
    return map.unit();
  }

  /** Every field of its header, and what else is in it, in an order for people. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>(map.fields());
    if (map.below() != null) {
      fields.put("laid on", map.below().name);
    }
    return fields;
  }

  /** What is odd about it and keeps nobody from reading it, as sentences. */
  public List<String> warnings() {
    return map.warnings();
  }

  /** Goes through the tables of it and of all it was laid on, and tells what cannot be. */
  public void check(Task task, Consumer<DiskFault> faults) {
    for (VirtualDisk disk = this; disk != null; disk = disk.map.below()) {
      String of = disk == this ? "" : " of " + disk.name;
      disk.map.check(task, fault -> faults.accept(new DiskFault(fault.at(), fault.problem() + of)));
    }
  }

  @Override
  public long size() {
    return map.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int wanted = (int) Math.min(target.remaining(), Math.max(0, size() - position));
    int limit = target.limit();
    long end = position + wanted;
    try {
      for (long at = position; at < end; ) {
        DiskRun run = run(at, end);
        target.limit(target.position() + (int) run.length());
        read(run, target, end);
        at = run.end();
      }
      return wanted;
    } finally {
      target.limit(limit);
    }
  }

  private DiskRun run(long at, long end) {
    try {
      return map.at(at, end);
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      throw new UnreadableDiskException(name, at, end - at, problem(e), e);
    }
  }

  private static String problem(BlkshException below) {
    return below.position().isPresent()
        ? "byte %d of what holds it: %s".formatted(below.position().getAsLong(), below.problem())
        : below.problem();
  }

  /** Fills what remains of a buffer, which is as long as the run. */
  private void read(DiskRun run, ByteBuffer target, long end) {
    int start = target.position();
    try {
      switch (run.where()) {
        case ZERO -> zeros(target);
        case ABSENT -> readBelow(run, target);
        case STORED -> readStored(run, target);
        case PACKED -> readPacked(run, target);
        case BAD ->
            throw new UnreadableDiskException(
                name, run.start(), end - run.start(), run.problem(), null);
      }
    } catch (CancelledException | UnreadableDiskException e) {
      throw e;
    } catch (BlkshException e) {
      long at = run.start() + target.position() - start;
      throw new UnreadableDiskException(name, at, end - at, problem(e), e);
    }
  }

  private static void zeros(ByteBuffer target) {
    while (target.hasRemaining()) {
      target.put(ZEROS, 0, Math.min(ZEROS.length, target.remaining()));
    }
  }

  private void readBelow(DiskRun run, ByteBuffer target) {
    if (map.below() != null) {
      map.below().read(run.start(), target);
    }
    zeros(target);
  }

  private void readStored(DiskRun run, ByteBuffer target) {
    int count = run.from().read(run.offset(), target);
    if (count < run.length()) {
      throw new BlkshException("read " + run.from().describe(), "it ends too early")
          .at(run.offset() + count);
    }
  }

  private void readPacked(DiskRun run, ByteBuffer target) {
    long unit = map.start(run);
    try {
      byte[] bytes = memory.get(map, unit, () -> map.unpack(run));
      target.put(bytes, (int) (run.start() - unit), target.remaining());
    } catch (BadChunkException e) {
      throw new BlkshException(
              "read " + run.from().describe(), "what is compressed there " + e.getMessage())
          .at(run.offset());
    }
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    return ExtentWalk.through(position, end, at -> extentsFrom(at, end));
  }

  private Iterator<Extent> extentsFrom(long at, long end) {
    DiskRun run;
    try {
      run = map.at(at, end);
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      long unread = Math.min(end, at - at % map.unit() + map.unit());
      return one(at, unread, Extent.Kind.BAD);
    }
    return switch (run.where()) {
      case ZERO -> one(run.start(), run.end(), Extent.Kind.ZERO);
      case PACKED -> one(run.start(), run.end(), Extent.Kind.DATA);
      case BAD -> one(run.start(), run.end(), Extent.Kind.BAD);
      case STORED ->
          ExtentWalk.each(
              run.from().extents(run.offset(), run.length()),
              extent -> extent.moved(run.start() - run.offset()));
      case ABSENT -> {
        long known = map.below() == null ? 0 : Math.min(run.end(), map.below().size());
        yield known > run.start()
            ? map.below().extents(run.start(), known - run.start())
            : one(run.start(), run.end(), Extent.Kind.ZERO);
      }
    };
  }

  private static Iterator<Extent> one(long start, long end, Extent.Kind kind) {
    return ExtentWalk.one(new Extent(start, end - start, kind));
  }

  @Override
  public SourceInfo describe() {
    return new SourceInfo(format() + " disk", name, name, Map.of("version", version()));
  }

  @Override
  public void close() {
    if (map.below() != null) {
      map.below().close();
    }
    map.close();
  }
}
