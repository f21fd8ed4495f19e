package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.ConcatSource;
import blksh.block.SliceSource;
import blksh.compress.Compressed;
import blksh.compress.CompressedSource;
import blksh.filesystem.FileSystem;
import blksh.filesystem.Structure;
import blksh.image.disk.DiskOptions;
import blksh.image.disk.VirtualDisks;
import blksh.partition.PartitionTable;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Opens images by their content: whole or split, plain or compressed. */
public final class Images {

  /** From this size on, in bytes, whole sectors of unknown content are taken for a raw image. */
  private static final long SMALLEST_UNKNOWN = 1 << 20;

  private static final int SECTOR = 512;

  /** A magic with so many wrong bytes is a damaged one. */
  private static final int DAMAGED_MAGIC = 3;

  private static final List<String> MAGICS =
      List.of(PartcloneImage.MAGIC, NtfscloneImage.MAGIC, PartimageImage.MAGIC);

  /** What begins so is something else. */
  private static final Map<String, String> FOREIGN =
      Map.of(
          "LRZI", "an lrzip archive",
          "PK\3\4", "a zip archive",
          "7z\u00bc\u00af", "a 7z archive",
          "Rar!", "a rar archive",
          "MSWIM", "a WIM archive",
          "CISO", "a compressed disc (CSO)",
          "ZISO", "a compressed disc (ZSO)");

  /** Disks of virtual machines that are not read, and that {@code qemu-img} reads. */
  private static final Map<String, String> VIRTUAL =
      Map.of(
          "QED\0", "a QED image of QEMU",
          "WithoutFreeSpace", "a disk of Parallels",
          "WithouFreSpacExt", "a disk of Parallels");

  /** Images of forensics, which {@code ewfexport} and {@code affconvert} read. */
  private static final Map<String, String> FORENSIC =
      Map.of(
          "EVF\t\r\n\u00ff\0", "an image of EnCase (E01)",
          "EVF2\r\n\u0081\0", "an image of EnCase (Ex01)",
          "LVF\t\r\n\u00ff\0", "logical evidence of EnCase (L01)",
          "AFF10\r\n\0", "an AFF image");

  /** What each sector of 2352 bytes begins with. */
  private static final String RAW_SECTOR =
      "\0\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\0";

  private static final Pattern LATER_PART = Pattern.compile("(.*\\.)(?!a+$)([a-z]{2,4})");

  private Images() {}

  /** As {@link #open(Path, ImageOptions)} with the ordinary options. */
  public static Image open(Path path) {
    return open(path, ImageOptions.defaults());
  }

  /**
   * Opens the image in a file or a drive. For a split one that is its first part; a name whose
   * parts alone are there will do.
   *
   * @throws BlkshException of a kind that says what is wrong with it; nothing is left open
   */
  public static Image open(Path path, ImageOptions options) {
    Path first = firstPart(path);
    if (Files.isDirectory(first)) {
      throw new BlkshException("open " + path, "it is a directory, not an image")
          .suggest("a Clonezilla directory opens as a set of images");
    }
    List<Path> parts = SplitFile.parts(first);
    List<BlockSource> opened = new ArrayList<>();
    try {
      for (Path part : parts) {
        opened.add(BlockSources.open(part));
      }
      return opened.size() == 1
          ? open(opened.get(0), path.toString(), first, options)
          : openParts(opened, parts, options);
    } catch (RuntimeException | Error e) {
      opened.forEach(BlockSource::close);
      throw e;
    }
  }

  /**
   * Opens the image a source holds.
   *
   * @param source closed with the image, and when this fails
   */
  public static Image open(BlockSource source, ImageOptions options) {
    return open(source, source.describe().location(), null, options);
  }

  private static Path firstPart(Path path) {
    if (Files.exists(path) || path.getFileName() == null) {
      return path;
    }
    for (String suffix : List.of(".aa", ".aaa", ".000")) {
      Path part = path.resolveSibling(path.getFileName() + suffix);
      if (Files.exists(part)) {
        return part;
      }
    }
    return path;
  }

  private static Image open(BlockSource stored, String name, Path path, ImageOptions options) {
    return detectOrClose(new ImageFile(decompressed(stored, options), name, path), options);
  }

  private static BlockSource decompressed(BlockSource stored, ImageOptions options) {
    BlockSource opened = Compressed.open(stored, options.indexes()).orElse(stored);
    if (opened instanceof CompressedSource compressed) {
      compressed.sizing(options.sizing());
    }
    return opened;
  }

  private static Image openParts(List<BlockSource> opened, List<Path> names, ImageOptions options) {
    String name = names.get(0).toString();
    List<BlockSource> volumes = volumes(opened, names, options);
    if (volumes.isEmpty()) {
      return open(new ConcatSource(opened), name, names.get(0), options);
    }
    return detectOrClose(new ImageFile(new ConcatSource(volumes), name), options);
  }

  /**
   * The volumes of a partimage image, each but the first without its header; nothing when the parts
   * are no volumes. Each volume may be compressed for itself.
   */
  private static List<BlockSource> volumes(
      List<BlockSource> opened, List<Path> names, ImageOptions options) {
    List<BlockSource> volumes = new ArrayList<>();
    if (!mayBeVolumes(opened)) {
      return volumes;
    }
    long identifier = 0;
    for (int i = 0; i < opened.size(); i++) {
      BlockSource volume = decompressed(opened.get(i), options);
      Structure header = volumeHeader(volume);
      if (header == null && i < 2) {
        return List.of();
      }
      if (header == null || i > 0 && PartimageImage.identifier(header) != identifier) {
        throw new BadRecordException(
            "open " + names.get(0), names.get(i) + " is no volume of the same image");
      }
      if (PartimageImage.volumeNumber(header) != i) {
        throw new MissingPartException(
            "open " + names.get(0),
            "%s is volume %d where volume %d should be"
                .formatted(names.get(i), PartimageImage.volumeNumber(header), i));
      }
      identifier = PartimageImage.identifier(header);
      int skipped = i == 0 ? 0 : PartimageImage.VOLUME_HEADER;
      volumes.add(new SliceSource(volume, skipped, volume.size() - skipped));
    }
    return volumes;
  }

  /** Whether the second part begins like a volume, or like a compressed one. */
  private static boolean mayBeVolumes(List<BlockSource> opened) {
    byte[] first = new byte[PartimageImage.MAGIC.length()];
    byte[] second = new byte[first.length];
    opened.get(0).read(0, ByteBuffer.wrap(first));
    opened.get(1).read(0, ByteBuffer.wrap(second));
    return Structure.of(second).has(0, PartimageImage.MAGIC)
        || first[0] == second[0]
            && first[1] == second[1]
            && (Structure.of(first).u16(0) == 0x8b1f || Structure.of(first).has(0, "BZ"));
  }

  private static Structure volumeHeader(BlockSource volume) {
    byte[] header = new byte[PartimageImage.VOLUME_HEADER];
    int count;
    try {
      count = volume.read(0, ByteBuffer.wrap(header));
    } catch (BlkshException e) {
      // what follows a first part need not begin a stream of its own
      return null;
    }
    Structure bytes = Structure.of(header);
    return count == header.length && bytes.has(0, PartimageImage.MAGIC) ? bytes : null;
  }

  private static Image detectOrClose(ImageFile file, ImageOptions options) {
    try {
      return detect(file, options);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static Image detect(ImageFile file, ImageOptions options) {
    Structure head = Contents.head(file.source());
    if (options.raw()) {
      return RawImage.open(file, contents(file, head).orElse(""));
    }
    Optional<Image> disk = virtualDisk(file, options, false);
    if (disk.isPresent()) {
      return disk.get();
    }
    if (options.snapshot() != null) {
      throw new UnsupportedContainerException(
          file.opening(), "it is no qcow2 image, and only those have snapshots inside");
    }
    if (head.has(0, PartcloneImage.MAGIC)) {
      return partclone(file, head, options);
    }
    if (head.has(0, NtfscloneImage.MAGIC)) {
      return NtfscloneImage.open(file, options);
    }
    if (head.has(0, PartimageImage.MAGIC)) {
      return PartimageImage.open(file, options);
    }
    if (IsoImage.matches(head)) {
      return IsoImage.open(file, options);
    }
    refuseContainer(file, head);
    disk = virtualDisk(file, options, file.knownSize().isPresent());
    if (disk.isPresent()) {
      return disk.get();
    }
    Optional<String> contents = contents(file, head);
    if (contents.isPresent()) {
      return RawImage.open(file, contents.get());
    }
    requireRaw(file, head);
    return RawImage.open(file, "");
  }

  /** The disk of a virtual machine. @param fixed whether to look for a fixed VHD, by its end */
  private static Optional<Image> virtualDisk(ImageFile file, ImageOptions options, boolean fixed) {
    DiskOptions disk = new DiskOptions(file.path(), options.snapshot(), options.elsewhere());
    return VirtualDisks.open(file.source(), fixed, file.name(), disk)
        .map(it -> new DiskImage(file, it));
  }

  private static Image partclone(ImageFile file, Structure head, ImageOptions options) {
    int version = PartcloneImage.VERSION_OFFSET;
    if (head.length() < version + 4) {
      throw file.headerTruncated(head.length(), PartcloneImage.HEADER);
    }
    return switch (head.text(version, 4)) {
      case PartcloneImage.VERSION -> PartcloneImage.open(file, options);
      case PartcloneOldImage.VERSION -> PartcloneOldImage.open(file, options);
      default ->
          throw new UnsupportedVersionException(
              file.opening(),
              "it is of partclone's format %s and only 0001 and 0002 are known"
                  .formatted(head.text(version, 4)));
    };
  }

  private static Optional<String> contents(ImageFile file, Structure head) {
    Optional<String> contents = Contents.of(head);
    if (contents.isPresent() || head.length() < SECTOR || !mayHaveTable(head)) {
      return contents;
    }
    PartitionTable table = PartitionTable.of(file.source());
    return table.kind() == PartitionTable.Kind.NONE
        ? Optional.empty()
        : Optional.of(table.kind() + " partition table");
  }

  /** Looking for a table needs the size, which can cost a lot to find. */
  private static boolean mayHaveTable(Structure head) {
    return head.u16(510) == 0xAA55 || head.has(SECTOR, "EFI PART");
  }

  /** Refuses what holds an image inside, whose own bytes are of no use to anybody. */
  private static void refuseContainer(ImageFile file, Structure head) {
    String virtual = of(VIRTUAL, head);
    String forensic = of(FORENSIC, head);
    if (virtual != null) {
      throw new UnsupportedContainerException(
              file.opening(), "it is " + virtual + ", which is not read")
          .suggest("qemu-img convert -O raw makes a raw image of it");
    }
    if (forensic != null) {
      throw new UnsupportedContainerException(
              file.opening(), "it is " + forensic + ", which is not read")
          .suggest("ewfexport or affconvert makes a raw image of it");
    }
    if (head.has(0, RAW_SECTOR)) {
      throw new UnsupportedContainerException(
              file.opening(), "it is a disc in sectors of 2352 bytes (cue/bin), which is not read")
          .suggest("bchunk or bin2iso makes an ISO image of it");
    }
    if (head.has(0, "FILE \"") || head.has(0, "CD_ROM") || head.has(0, "CD_DA")) {
      throw new UnsupportedContainerException(
              file.opening(), "it is a cue sheet, which says where the tracks of a disc are")
          .suggest("bchunk makes ISO images of them");
    }
  }

  /** Refuses what looks like anything but the sectors of a drive. */
  private static void requireRaw(ImageFile file, Structure head) {
    String problem = null;
    if (head.length() == 0) {
      problem = "it is empty";
    } else if (MAGICS.stream().anyMatch(magic -> isNearly(head, magic))) {
      problem = "its first bytes are damaged: they are almost those of an image";
    } else if (foreign(head) != null) {
      problem = "it is " + foreign(head) + ", which is not read";
    } else if (head.length() < FileSystem.HEAD
        || file.source().size() < SMALLEST_UNKNOWN
        || file.source().size() % SECTOR != 0) {
      problem = "it begins like no image, file system or partition table";
    }
    if (problem != null) {
      BadMagicException failure = new BadMagicException(file.opening(), problem);
      Path first = firstOfLater(file.name());
      if (first != null) {
        failure.suggest("it looks like a later part: open " + first);
      } else if (head.length() > 0) {
        failure.suggest("raw = true (--raw) takes it for the bytes of a partition or a drive");
      }
      throw failure;
    }
  }

  /** What it is when it is surely no image, or null. */
  private static String foreign(Structure head) {
    if (head.has(257, "ustar")) {
      return "a tar archive";
    }
    return of(FOREIGN, head);
  }

  private static String of(Map<String, String> known, Structure head) {
    return known.entrySet().stream()
        .filter(each -> head.has(0, each.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }

  /** The first part of a split file, when this has the name of a later one; else null. */
  private static Path firstOfLater(String name) {
    Matcher later = LATER_PART.matcher(name);
    if (!later.matches()) {
      return null;
    }
    Path first = Path.of(later.group(1) + "a".repeat(later.group(2).length()));
    return Files.exists(first) ? first : null;
  }

  private static boolean isNearly(Structure head, String magic) {
    int wrong = 0;
    for (int i = 0; i < magic.length(); i++) {
      if (i >= head.length() || head.u8(i) != magic.charAt(i)) {
        wrong++;
      }
    }
    return wrong <= DAMAGED_MAGIC;
  }
}
