package blksh.partition;

import java.util.Map;
import java.util.Set;

/**
 * What the usual partition types are for: those of an MBR by two hexadecimal digits, those of a GPT
 * by UUID (UEFI specification, the Discoverable Partitions Specification, Microsoft's
 * PARTITION_INFORMATION_GPT).
 */
final class PartitionTypes {

  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("01", "FAT12"),
          Map.entry("04", "FAT16"),
          Map.entry("06", "FAT16"),
          Map.entry("07", "NTFS or exFAT"),
          Map.entry("0b", "FAT32"),
          Map.entry("0c", "FAT32"),
          Map.entry("0e", "FAT16"),
          Map.entry("27", "Windows recovery"),
          Map.entry("82", "Linux swap"),
          Map.entry("83", "Linux"),
          Map.entry("8e", "Linux LVM"),
          Map.entry("a5", "FreeBSD"),
          Map.entry("af", "Apple HFS"),
          Map.entry("ef", "EFI system"),
          Map.entry("fd", "Linux RAID"),
          Map.entry("c12a7328-f81f-11d2-ba4b-00a0c93ec93b", "EFI system"),
          Map.entry("21686148-6449-6e6f-744e-656564454649", "BIOS boot"),
          Map.entry("e3c9e316-0b5c-4db8-817d-f92df00215ae", "Microsoft reserved"),
          Map.entry("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7", "Microsoft basic data"),
          Map.entry("de94bba4-06d1-4d40-a16a-bfd50179d6ac", "Windows recovery"),
          Map.entry("0fc63daf-8483-4772-8e79-3d69d8477de4", "Linux"),
          Map.entry("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f", "Linux swap"),
          Map.entry("e6d6d379-f507-44c2-a23c-238f2a3df928", "Linux LVM"),
          Map.entry("4f68bce3-e8cd-4db1-96e7-fbcaf984b709", "Linux root"),
          Map.entry("933ac7e1-2eb4-4f13-b844-0e14e2aef915", "Linux home"),
          Map.entry("a19d880f-05fc-4d3b-a006-743f0f84911e", "Linux RAID"),
          Map.entry("48465300-0000-11aa-aa11-00306543ecac", "Apple HFS"),
          Map.entry("7c3457ef-0000-11aa-aa11-00306543ecac", "Apple APFS"));

  /** Of those, what holds no file system: swap space, the loader's own, what Windows reserves. */
  private static final Set<String> FILELESS =
      Set.of("Linux swap", "BIOS boot", "Microsoft reserved");

  private PartitionTypes() {}

  static String name(String type) {
    return NAMES.getOrDefault(type, "");
  }

  static boolean isFileless(String type) {
    return FILELESS.contains(name(type));
  }
}
