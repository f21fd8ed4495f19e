package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import blksh.lz.BadChunkException;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A disk of VMware (VMDK): parts one after the other, as the descriptor says, each flat, sparse or
 * all zeros; or a single file that has the descriptor inside.
 */
final class VmdkDisk implements DiskMap {

  private static final Set<String> FLAT = Set.of("FLAT", "VMFS");
  private static final Set<String> SPARSE = Set.of("SPARSE", "VMFSSPARSE");

  /** Directories are gone through when a disk is opened. */
  private static final long LARGEST_DIRECTORIES = 64 << 20;

  /** A unit of a disk without grains. */
  private static final int SMALLEST_UNIT = 64 << 10;

  /**
   * A part of the disk.
   *
   * @param start first byte of the disk
   * @param sparse what it is when it grows, else null
   * @param flat what it is when it is flat, else null; of zeros neither is there
   * @param offset first byte of a flat one in its file
   */
  private record Part(long start, long length, VmdkExtent sparse, BlockSource flat, long offset) {

    long end() {
      return start + length;
    }
  }

  private final BlockSource file;
  private final VmdkDescriptor descriptor;
  private final List<Part> parts;
  private final VirtualDisk below;
  private final List<String> warnings;
  private final long size;
  private final long unit;

  private VmdkDisk(
      BlockSource file,
      VmdkDescriptor descriptor,
      List<Part> parts,
      VirtualDisk below,
      List<String> warnings) {
    this.file = file;
    this.descriptor = descriptor;
    this.parts = parts;
    this.below = below;
    this.warnings = warnings;
    this.size = parts.isEmpty() ? 0 : parts.get(parts.size() - 1).end();
    this.unit =
        parts.stream()
            .filter(part -> part.sparse() != null)
            .mapToLong(part -> part.sparse().grain())
            .max()
            .orElse(SMALLEST_UNIT);
  }

  static VmdkDisk open(BlockSource file, String name, DiskChain chain) {
    String action = "open " + name;
    List<String> warnings = new ArrayList<>();
    byte[] first = new byte[512];
    file.read(0, ByteBuffer.wrap(first));
    boolean text = VmdkDescriptor.isAt(Structure.of(first));
    VmdkExtent whole = text ? null : new VmdkExtent(file, action, chain.memory());
    VmdkDescriptor descriptor = text ? text(file, 0, file.size(), action) : null;
    if (whole != null) {
      descriptor =
          whole.descriptorOffset == 0
              ? new VmdkDescriptor(new byte[0], action)
              : text(file, whole.descriptorOffset, whole.descriptorLength, action);
      if (descriptor.parts().size() != 1) {
        warnings.add("it is taken for a whole disk, and may be a part of one: open its descriptor");
      }
      if (whole.unclean) {
        warnings.add("it was not closed");
      }
    }
    descriptor.refuseDevices(action);
    List<Part> parts = new ArrayList<>();
    VirtualDisk below = null;
    try {
      if (whole != null) {
        parts.add(new Part(0, whole.size(), whole, null, 0));
      } else {
        openParts(descriptor, action, chain, parts);
      }
      if (descriptor.parent() != null) {
        below = parent(descriptor, action, chain);
      }
      return new VmdkDisk(file, descriptor, parts, below, warnings);
    } catch (RuntimeException | Error e) {
      parts.stream().filter(part -> whole == null).forEach(VmdkDisk::close);
      throw e;
    }
  }

  private static VmdkDescriptor text(BlockSource file, long at, long length, String action) {
    if (at < 0 || length < 0 || at > file.size()) {
      throw new DiskDamageException(action, "its descriptor lies outside the file").at(28);
    }
    long there = Math.min(Math.min(length, VmdkDescriptor.LARGEST), file.size() - at);
    byte[] bytes = new byte[(int) there];
    file.read(at, ByteBuffer.wrap(bytes));
    return new VmdkDescriptor(bytes, action);
  }

  private static void openParts(
      VmdkDescriptor descriptor, String action, DiskChain chain, List<Part> parts) {
    long start = 0;
    long directories = 0;
    if (descriptor.parts().isEmpty()) {
      throw new DiskDamageException(action, "its descriptor names no part of it");
    }
    for (VmdkDescriptor.Part each : descriptor.parts()) {
      boolean flat = FLAT.contains(each.type());
      boolean sparse = SPARSE.contains(each.type());
      long length = each.sectors() * VmdkExtent.SECTOR;
      if (start > Long.MAX_VALUE - length) {
        throw new DiskDamageException(action, "its parts have 2^63 bytes or more");
      }
      if (each.access().equals("NOACCESS") || !flat && !sparse && !each.type().equals("ZERO")) {
        throw VmdkDescriptor.refusal(each, action);
      }
      if ((flat || sparse) && each.name() == null) {
        throw new DiskDamageException(action, "a part of it has no name");
      }
      if (length == 0) {
        continue;
      }
      BlockSource file = flat || sparse ? chain.siblings().open(each.name(), "a part of it") : null;
      long offset = each.offset() * VmdkExtent.SECTOR;
      parts.add(new Part(start, length, null, file, offset));
      if (sparse) {
        VmdkExtent extent =
            new VmdkExtent(file, "open " + file.describe().location(), chain.memory());
        directories += extent.directoryBytes();
        if (directories > LARGEST_DIRECTORIES) {
          throw new DiskDamageException(
              action, "the directories of its parts have more than 64 MiB");
        }
        if (extent.size() < length) {
          throw new DiskDamageException(
              action,
              "%s has %d bytes of the disk and should have %d"
                  .formatted(file.describe().name(), extent.size(), length));
        }
        parts.set(parts.size() - 1, new Part(start, length, extent, null, 0));
      } else if (flat && (file.size() < length || offset > file.size() - length)) {
        throw new DiskDamageException(
                action,
                "%s has %d bytes and should have %d"
                    .formatted(file.describe().name(), file.size(), offset + length))
            .suggest("fetch it again; it was cut short");
      }
      start += length;
    }
  }

  private static VirtualDisk parent(VmdkDescriptor descriptor, String action, DiskChain chain) {
    VirtualDisk parent =
        chain.open(descriptor.parentName(action), "vmdk", "the disk it differs from");
    Object found = parent.fields().get("content");
    if (!descriptor.parent().equals(found)) {
      parent.close();
      throw new MissingDiskException(
              action,
              "it differs from content %s, and %s is there: that was changed since"
                  .formatted(descriptor.parent(), found))
          .suggest("take the parent as it was when this was made");
    }
    return parent;
  }

  private static void close(Part part) {
    if (part.sparse() != null) {
      part.sparse().file().close();
    }
    if (part.flat() != null) {
      part.flat().close();
    }
  }

  private Part part(long position) {
    int low = 0;
    int high = parts.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (parts.get(middle).start() <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return parts.get(low);
  }

  @Override
  public DiskRun at(long position, long end) {
    Part part = part(position);
    long stop = Math.min(end, part.end());
    if (part.sparse() != null) {
      DiskRun run = part.sparse().at(position - part.start(), stop - part.start());
      return new DiskRun(
          position,
          run.length(),
          run.where(),
          run.from(),
          run.offset(),
          run.packed(),
          run.problem());
    }
    if (part.flat() == null) {
      return DiskRun.zero(position, stop);
    }
    long offset = part.offset() + position - part.start();
    return DiskRun.within(position, stop, part.flat(), offset, part.flat().size());
  }

  @Override
  public long start(DiskRun run) {
    Part part = part(run.start());
    long inside = run.start() - part.start();
    return run.start() - inside % part.sparse().grain();
  }

  @Override
  public byte[] unpack(DiskRun run) throws BadChunkException {
    Part part = part(run.start());
    return part.sparse().unpack(run, start(run) - part.start());
  }

  @Override
  public void check(Task task, Consumer<DiskFault> faults) {
    for (Part part : parts) {
      task.checkCancelled();
      if (part.sparse() != null) {
        part.sparse().check(faults);
      }
    }
  }

  @Override
  public String format() {
    return "vmdk";
  }

  @Override
  public String version() {
    return descriptor.type();
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long unit() {
    return unit;
  }

  @Override
  public VirtualDisk below() {
    return below;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("type", descriptor.type());
    fields.put("content", descriptor.content());
    fields.put("parts", parts.size());
    if (descriptor.parent() != null) {
      fields.put("parent", descriptor.parent());
    }
    return fields;
  }

  @Override
  public List<String> warnings() {
    return warnings;
  }

  @Override
  public void close() {
    if (parts.isEmpty() || parts.get(0).sparse() == null || parts.get(0).sparse().file() != file) {
      parts.forEach(VmdkDisk::close);
    }
    file.close();
  }
}
