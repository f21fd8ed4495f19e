package blksh.image.disk;

import blksh.block.BlockSource;
import blksh.filesystem.Structure;
import java.util.List;
import java.util.Set;

/** The formats of virtual disks that are read. */
enum DiskFormat {
  QCOW2("qcow2", "qcow"),
  VMDK("vmdk"),
  VDI("vdi"),
  VHD("vpc"),
  VHDX("vhdx");

  /** What QEMU calls the bytes of a disk as they are. */
  static final Set<String> RAW_NAMES = Set.of("raw", "file", "host_device");

  private final List<String> names;

  DiskFormat(String... names) {
    this.names = List.of(names);
  }

  /** What QEMU calls it, the usual name first. */
  List<String> names() {
    return names;
  }

  /**
   * Whether a file is of the format.
   *
   * @param head its first bytes
   * @param sized whether its size is known, so that it may be looked at from its end
   */
  boolean isOf(BlockSource file, Structure head, boolean sized) {
    return switch (this) {
      case QCOW2 -> head.has(0, Qcow2Header.MAGIC);
      case VMDK ->
          head.has(0, VmdkExtent.MAGIC)
              || head.has(0, VmdkExtent.MAGIC_ESX)
              || VmdkDescriptor.isAt(head);
      case VDI ->
          head.length() >= VdiDisk.SIGNATURE_AT + 4
              && head.i32(VdiDisk.SIGNATURE_AT) == VdiDisk.SIGNATURE;
      case VHD -> head.has(0, VhdDisk.MAGIC) || sized && VhdDisk.fixedFooter(file) != null;
      case VHDX -> head.has(0, VhdxHeader.MAGIC);
    };
  }

  VirtualDisk open(BlockSource file, String name, String snapshot, DiskChain chain) {
    DiskMap map =
        switch (this) {
          case QCOW2 -> Qcow2Disk.open(file, name, snapshot, chain);
          case VMDK -> VmdkDisk.open(file, name, chain);
          case VDI -> new VdiDisk(file, name, chain.memory());
          case VHD -> VhdDisk.open(file, name, chain);
          case VHDX -> VhdxDisk.open(file, name, chain);
        };
    return new VirtualDisk(map, chain.memory(), name);
  }
}
