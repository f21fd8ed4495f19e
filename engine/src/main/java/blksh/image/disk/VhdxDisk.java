package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.task.Task;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A disk of Hyper-V (VHDX; [MS-VHDX], section 2.5): a table of the state and the place of each
 * block, in which an entry for the bits of their sectors follows those of a chunk of blocks.
 */
final class VhdxDisk implements DiskMap {

  private static final int MIB_BITS = 20;

  /** Places that are looked for twice, in MiB: 64 TiB. */
  private static final long MOST_CHECKED = 1 << 26;

  private static final int NOT_PRESENT = 0;
  private static final int UNDEFINED = 1;
  private static final int ZERO = 2;
  private static final int UNMAPPED = 3;
  private static final int UNMAPPED_IN_DRAFTS = 5;
  private static final int PRESENT = 6;
  private static final int PARTIAL = 7;

  private final BlockSource file;
  private final VhdxHeader header;
  private final DiskMemory memory;
  private final VirtualDisk below;

  private VhdxDisk(BlockSource file, VhdxHeader header, DiskMemory memory, VirtualDisk below) {
    this.file = file;
    this.header = header;
    this.memory = memory;
    this.below = below;
  }

  static VhdxDisk open(BlockSource file, String name, DiskChain chain) {
    String action = "open " + name;
    VhdxHeader header = new VhdxHeader(file, action);
    VirtualDisk below = header.differs ? parent(action, header, chain) : null;
    return new VhdxDisk(header.file(), header, chain.memory(), below);
  }

  private static VirtualDisk parent(String action, VhdxHeader header, DiskChain chain) {
    List<byte[]> names = header.parentNames();
    if (names.isEmpty()) {
      throw new MissingDiskException(action, "it does not say where the disk is it differs from");
    }
    byte[] name = names.stream().filter(chain.siblings()::has).findFirst().orElse(names.get(0));
    VirtualDisk parent = chain.open(name, "vhdx", "the disk it differs from");
    Object found = parent.fields().get("data write");
    if (!header.linkage().equals(found)) {
      parent.close();
      throw new MissingDiskException(
              action,
              "it differs from state %s of the disk, and %s is there: that was changed since"
                  .formatted(header.linkage(), found))
          .suggest("take the parent as it was when this was made");
    }
    return parent;
  }

  /** Where the entry of a block is. */
  private long entryOf(long block) {
    return header.batOffset + (block + block / header.chunkRatio()) * 8;
  }

  private long entry(long at) {
    return memory.u64(file, at, ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public DiskRun at(long position, long end) {
    DiskRun run = block(position, end);
    for (int joined = 1; joined < DiskRun.MOST_JOINED && run.end() < end; joined++) {
      DiskRun next = block(run.end(), end);
      if (!run.goesOn(next)) {
        break;
      }
      run = run.until(next.end());
    }
    return run;
  }

  private DiskRun block(long position, long end) {
    long block = position / header.blockSize;
    long inside = position % header.blockSize;
    long stop = Math.min(end, position - inside + header.blockSize);
    long at = entryOf(block);
    long entry = entry(at);
    int state = (int) (entry & 7);
    long offset = entry >>> MIB_BITS << MIB_BITS;
    return switch (state) {
      case NOT_PRESENT -> DiskRun.absent(position, stop);
      case UNDEFINED, ZERO, UNMAPPED, UNMAPPED_IN_DRAFTS -> DiskRun.zero(position, stop);
      case PRESENT -> stored(at, offset, inside, position, stop);
      case PARTIAL -> partial(at, offset, inside, position, stop);
      default -> DiskRun.bad(position, stop, at, "block %d is in state %d".formatted(block, state));
    };
  }

  private DiskRun stored(long at, long offset, long inside, long position, long stop) {
    if (offset < 1L << MIB_BITS) {
      return DiskRun.bad(position, stop, at, "a block lies at byte %d".formatted(offset));
    }
    return DiskRun.within(position, stop, file, offset + inside, file.size());
  }

  /** A block of which only some sectors are here, by the bits of its chunk. */
  private DiskRun partial(long at, long offset, long inside, long position, long stop) {
    long block = position / header.blockSize;
    long chunk = block / header.chunkRatio();
    long bitsAt = header.batOffset + (chunk * (header.chunkRatio() + 1) + header.chunkRatio()) * 8;
    long bits = entry(bitsAt);
    long bitmap = bits >>> MIB_BITS << MIB_BITS;
    if (below == null
        || (bits & 7) != PRESENT
        || bitmap <= 0
        || bitmap > file.size() - (1L << MIB_BITS)) {
      return DiskRun.bad(position, stop, bitsAt, "the bits of its sectors are not there");
    }
    long chunkStart = chunk * header.chunkRatio() * header.blockSize;
    long sector = (position - chunkStart) / header.sector;
    boolean here = isHere(bitmap, sector);
    long next = sector + 1;
    while (chunkStart + next * header.sector < stop && isHere(bitmap, next) == here) {
      next++;
    }
    long end = Math.min(stop, chunkStart + next * header.sector);
    return here ? stored(at, offset, inside, position, end) : DiskRun.absent(position, end);
  }

  /** Whether a sector of a chunk is here; the lowest bit of each byte is the first. */
  private boolean isHere(long bitmap, long sector) {
    return (memory.u8(file, bitmap + sector / 8) >> sector % 8 & 1) != 0;
  }

  @Override
  public byte[] unpack(DiskRun run) {
    throw new IllegalStateException("nothing in it is packed");
  }

  @Override
  public void check(Task task, Consumer<DiskFault> faults) {
    BitSet taken = new BitSet();
    int length = (int) (header.blockSize >>> MIB_BITS);
    for (long block = 0; block * header.blockSize < header.size; block++) {
      task.checkCancelled();
      long entry = entry(entryOf(block));
      long first = entry >>> MIB_BITS;
      if ((entry & 7) < PRESENT || first > Math.min(MOST_CHECKED, file.size() >>> MIB_BITS)) {
        continue;
      }
      int used = taken.nextSetBit((int) first);
      if (used >= 0 && used < first + length) {
        faults.accept(
            new DiskFault(entryOf(block), "block %d lies where another is".formatted(block)));
      }
      taken.set((int) first, (int) first + length);
    }
  }

  @Override
  public String format() {
    return "vhdx";
  }

  @Override
  public String version() {
    return "1";
  }

  @Override
  public long size() {
    return header.size;
  }

  @Override
  public long unit() {
    return header.blockSize;
  }

  @Override
  public VirtualDisk below() {
    return below;
  }

  @Override
  public Map<String, Object> fields() {
    return header.fields();
  }

  @Override
  public List<String> warnings() {
    return header.unclean
        ? List.of("it was not closed: what its log holds is read as if it had been written")
        : List.of();
  }

  @Override
  public void close() {
    file.close();
  }
}
