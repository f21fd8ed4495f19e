package blksh.image.disk;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A disk of VirtualBox (VDI 1.1, as VirtualBox's {@code VDICore.h} lays it out): a map of the
 * numbers under which blocks are stored. Numbers are little-endian.
 */
final class VdiDisk implements DiskMap {

  static final int SIGNATURE = 0xBEDA107F;

  /** Where the signature is, behind a text for people. */
  static final int SIGNATURE_AT = 64;

  private static final int HEADER = 512;
  private static final int VERSION = 0x00010001;
  private static final int DYNAMIC = 1;
  private static final int STATIC = 2;
  private static final int DIFFERENCING = 4;

  /** Never written; and given back, which reads as zeros. */
  private static final long ABSENT = 0xffffffffL;

  private static final long DISCARDED = 0xfffffffeL;
  private static final long SMALLEST_BLOCK = 512;
  private static final long LARGEST_BLOCK = 256 << 20;

  /** Blocks that are looked for twice: of 1 MiB, those of 64 TiB. */
  private static final long MOST_CHECKED = 1 << 26;

  private final BlockSource file;
  private final DiskMemory memory;
  private final int type;
  private final long mapOffset;
  private final long dataOffset;
  private final long size;
  private final long blockSize;
  private final long extra;
  private final long blocks;
  private final Map<String, Object> fields = new LinkedHashMap<>();

  VdiDisk(BlockSource file, String name, DiskMemory memory) {
    this.file = file;
    this.memory = memory;
    String action = "open " + name;
    byte[] bytes = new byte[HEADER];
    if (file.read(0, ByteBuffer.wrap(bytes)) < HEADER) {
      throw new DiskDamageException(action, "its header is cut short");
    }
    Structure header = Structure.of(bytes);
    int version = header.i32(68);
    type = header.i32(76);
    mapOffset = header.u32(340);
    dataOffset = header.u32(344);
    size = header.i64(368);
    blockSize = header.u32(376);
    extra = header.u32(380);
    blocks = header.u32(384);
    if (version != VERSION) {
      throw new UnsupportedDiskException(
          action,
          "it is a VDI of version %d.%d, and 1.1 is read"
              .formatted(version >>> 16, version & 0xffff));
    }
    if (type == DIFFERENCING) {
      throw new UnsupportedDiskException(
              action,
              "it is a differencing VDI, which tells its parent by an identifier alone: "
                  + identifier(header, 440))
          .suggest("`VBoxManage clonemedium` makes a whole disk of both");
    }
    if (type != DYNAMIC && type != STATIC) {
      throw new UnsupportedDiskException(action, "it is a VDI of type %d".formatted(type));
    }
    require(action, header);
    fields.put("type", type == DYNAMIC ? "dynamic" : "static");
    fields.put("block size", blockSize);
    fields.put("blocks allocated", header.u32(388));
    fields.put("uuid", identifier(header, 392));
  }

  private void require(String action, Structure header) {
    if (size < 0) {
      throw damaged(action, 368, "its disk has 2^63 bytes or more");
    }
    if (header.u32(360) != 512) {
      throw damaged(action, 360, "its sectors have %d bytes".formatted(header.u32(360)));
    }
    if (blockSize < SMALLEST_BLOCK
        || blockSize > LARGEST_BLOCK
        || Long.bitCount(blockSize) != 1
        || extra > LARGEST_BLOCK) {
      throw damaged(action, 376, "its blocks have %d bytes".formatted(blockSize));
    }
    if (size > blocks * blockSize) {
      throw damaged(
          action, 384, "%d blocks do not do for %d bytes of disk".formatted(blocks, size));
    }
    if (mapOffset < HEADER || mapOffset % 4 != 0 || mapOffset > file.size() - blocks * 4) {
      throw damaged(
          action,
          340,
          "its map lies outside the file: %d bytes at %d".formatted(blocks * 4, mapOffset));
    }
    if (dataOffset < mapOffset + blocks * 4) {
      throw damaged(action, 344, "its blocks begin within its map");
    }
  }

  private static BlkshException damaged(String action, long at, String problem) {
    return new DiskDamageException(action, problem).at(at);
  }

  /** A UUID, of which Microsoft's order of bytes is kept. */
  private static String identifier(Structure header, int at) {
    return "%08x-%04x-%04x-%016x"
        .formatted(
            header.i32(at), header.u16(at + 4), header.u16(at + 6), header.bigEndian().i64(at + 8));
  }

  private long entry(long block) {
    return memory.u32(file, mapOffset + block * 4, ByteOrder.LITTLE_ENDIAN);
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
    long block = position / blockSize;
    long inside = position % blockSize;
    long stop = Math.min(end, position - inside + blockSize);
    long entry = entry(block);
    if (entry == ABSENT) {
      return DiskRun.absent(position, stop);
    }
    if (entry == DISCARDED) {
      return DiskRun.zero(position, stop);
    }
    if (entry >= blocks) {
      return DiskRun.bad(
          position,
          stop,
          mapOffset + block * 4,
          "block %d is stored as number %d of %d".formatted(block, entry, blocks));
    }
    long offset = dataOffset + entry * (blockSize + extra) + extra;
    return DiskRun.within(position, stop, file, offset + inside, file.size());
  }

  @Override
  public byte[] unpack(DiskRun run) {
    throw new IllegalStateException("nothing in it is packed");
  }

  @Override
  public void check(Task task, Consumer<DiskFault> faults) {
    BitSet seen = new BitSet();
    long needed = (size + blockSize - 1) / blockSize;
    for (long block = 0; block < needed; block++) {
      task.checkCancelled();
      long entry = entry(block);
      if (entry < Math.min(blocks, MOST_CHECKED)) {
        if (seen.get((int) entry)) {
          String problem = "block %d is stored where another is".formatted(block);
          faults.accept(new DiskFault(mapOffset + block * 4, problem));
        }
        seen.set((int) entry);
      }
    }
  }

  @Override
  public String format() {
    return "vdi";
  }

  @Override
  public String version() {
    return "1.1";
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long unit() {
    return blockSize;
  }

  @Override
  public Map<String, Object> fields() {
    return fields;
  }

  @Override
  public void close() {
    file.close();
  }
}
