package blksh.filesystem;

import blksh.kit.Tool;
import blksh.kit.Volumes;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A file system to be made by its own mkfs and then used.
 *
 * @param kind as blksh names it
 * @param mib size in MiB
 * @param command what makes it, without the file
 * @param use what happens to it then
 * @param quick whether the suite makes it each time
 */
public record Recipe(String kind, long mib, String command, Use use, boolean quick) {

  /** What a file system has been through. */
  public enum Use {
    EMPTY,
    /** Some files, some of them deleted. */
    SOME,
    /** Every other of many small files deleted, larger ones written into the gaps. */
    FRAGMENTED,
    /** Written until it was full, then a few files deleted. */
    FULL,
    /** Made smaller with files in it; what lies behind it is no longer its own. */
    SHRUNK,
    /** Made larger with files in it, and used again. */
    GROWN
  }

  private static final long MIB = 1 << 20;
  private static final long MOST = 120 * MIB;

  /** One a line; an asterisk marks those of the suite. */
  private static final String ALL =
      """
      ext2 | 8 | mkfs.ext2 -b 1024 | SOME
      ext2 | 8 | mkfs.ext2 -b 1024 | FULL | *
      ext2 | 64 | mkfs.ext2 -b 4096 | FRAGMENTED
      ext2 | 40 | mkfs.ext2 -b 1024 -O ^sparse_super,^resize_inode -g 1024 | FRAGMENTED
      ext2 | 100 | mkfs.ext2 -r 0 -O none -b 2048 | SOME
      ext2 | 4096 | mkfs.ext2 | SOME
      ext3 | 64 | mkfs.ext3 -b 2048 | SOME
      ext3 | 200 | mkfs.ext3 -b 1024 -J size=4 | FULL
      ext3 | 1024 | mkfs.ext3 -O dir_index,large_file | FRAGMENTED
      ext3 | 128 | mkfs.ext3 | SHRUNK
      ext4 | 8 | mkfs.ext4 -b 1024 | EMPTY
      ext4 | 64 | mkfs.ext4 | FULL
      ext4 | 4096 | mkfs.ext4 | FRAGMENTED
      ext4 | 300 | mkfs.ext4 -O ^64bit,^metadata_csum,uninit_bg -g 8192 | SOME
      ext4 | 300 | mkfs.ext4 -b 1024 -O metadata_csum,64bit | FRAGMENTED
      ext4 | 300 | mkfs.ext4 -b 1024 -O meta_bg,^resize_inode,^flex_bg -g 1024 | SOME
      ext4 | 200 | mkfs.ext4 -b 1024 -O sparse_super2,^resize_inode -E num_backup_sb=2 | SOME
      ext4 | 200 | mkfs.ext4 -b 1024 -O ^flex_bg,^64bit,uninit_bg,^metadata_csum | GROWN
      ext4 | 600 | mkfs.ext4 -G 4 -O inline_data,ea_inode,large_dir | SOME
      ext4 | 100 | mkfs.ext4 -O quota,project,casefold,encrypt,verity | EMPTY
      ext4 | 200 | mkfs.ext4 -b 1024 -O meta_bg,64bit,^resize_inode,^has_journal | FULL
      ext4 | 256 | mkfs.ext4 -O bigalloc -C 16384 | SOME
      ext4 | 1024 | mkfs.ext4 -O bigalloc -C 65536 | FRAGMENTED
      ext4 | 64 | mkfs.ext4 -b 1024 -O bigalloc -C 8192 | FRAGMENTED | *
      ext4 | 200 | mkfs.ext4 -b 1024 | SHRUNK
      ext4 | 200 | mkfs.ext4 -b 1024 | GROWN
      ext4 | 256 | mkfs.ext4 -O meta_bg,^resize_inode,64bit | GROWN
      ext4 | 500 | mkfs.ext4 -E packed_meta_blocks=1,lazy_itable_init=1 | SOME
      ext4 | 512 | mkfs.ext4 -O orphan_file,fast_commit | FRAGMENTED
      ext4 | 2048 | mkfs.ext4 -O stable_inodes -i 1048576 -m 0 | SOME
      ext4 | 64 | mkfs.ext4 -O mmp -I 128 -O ^metadata_csum | SOME
      xfs | 320 | mkfs.xfs | SOME
      xfs | 320 | mkfs.xfs | FULL
      xfs | 700 | mkfs.xfs -m crc=0,finobt=0 -d agcount=7 | EMPTY
      xfs | 640 | mkfs.xfs -m rmapbt=1,reflink=1 -b size=1024 -d agcount=5 | FRAGMENTED
      xfs | 1024 | mkfs.xfs -s size=4096 -i sparse=0 | SOME
      xfs | 4096 | mkfs.xfs -d agcount=32 | FRAGMENTED
      xfs | 2048 | mkfs.xfs -l size=64m -m inobtcount=1 | SOME
      xfs | 640 | mkfs.xfs | GROWN
      xfs | 512 | mkfs.xfs -b size=2048 -n size=8192 -i size=1024 | FRAGMENTED
      ntfs | 16 | mkfs.ntfs -q -F -f | SOME
      ntfs | 60 | mkfs.ntfs -q -F -f -c 512 | FRAGMENTED | *
      ntfs | 100 | mkfs.ntfs -q -F -f -c 65536 -C | SOME
      ntfs | 200 | mkfs.ntfs -q -F -f | FULL
      ntfs | 512 | mkfs.ntfs -q -F -f | SHRUNK
      ntfs | 256 | mkfs.ntfs -q -F -f | GROWN
      ntfs | 4096 | mkfs.ntfs -q -F -f | SOME
      ntfs | 128 | mkfs.ntfs -q -F -f -s 1024 -c 8192 | FRAGMENTED
      vfat | 8 | mkfs.vfat -F 12 | SOME | *
      vfat | 8 | mkfs.vfat -F 12 -f 1 | FULL
      vfat | 12 | mkfs.vfat -F 12 -S 1024 | SOME
      vfat | 40 | mkfs.vfat -F 16 | SOME
      vfat | 40 | mkfs.vfat -F 16 -s 1 -S 2048 | FULL
      vfat | 512 | mkfs.vfat -F 16 | FRAGMENTED
      vfat | 300 | mkfs.vfat -F 32 | SOME
      vfat | 40 | mkfs.vfat -F 32 -s 1 -f 1 | FRAGMENTED | *
      vfat | 4096 | mkfs.vfat -F 32 | FRAGMENTED
      vfat | 64 | mkfs.vfat -F 32 -a -R 64 -s 1 | FULL
      exfat | 8 | mkfs.exfat | SOME
      exfat | 64 | mkfs.exfat | FULL | *
      exfat | 100 | mkfs.exfat -c 4096 | FRAGMENTED
      exfat | 4096 | mkfs.exfat | SOME
      swap | 8 | mkswap | EMPTY
      swap | 512 | mkswap -L paging | EMPTY | *
      btrfs | 200 | mkfs.btrfs -q | SOME | *
      btrfs | 600 | mkfs.btrfs -q -m single | FRAGMENTED
      btrfs | 120 | mkfs.btrfs -q -M --csum sha256 | FULL
      btrfs | 1024 | mkfs.btrfs -q -m dup -d dup | SOME
      btrfs | 512 | mkfs.btrfs -q -n 32768 | SHRUNK
      btrfs | 4096 | mkfs.btrfs -q -O no-holes -R free-space-tree | FRAGMENTED
      """;

  /** All of them. */
  public static Stream<Recipe> all() {
    return ALL.lines().map(Recipe::parse);
  }

  private static Recipe parse(String line) {
    String[] words = line.split(" *\\| *");
    long mib = Long.parseLong(words[1]);
    return new Recipe(words[0], mib, words[2], Use.valueOf(words[3]), words.length > 4);
  }

  /** Makes it in a file of that folder, which becomes the only one there. */
  public Path make(Path folder) throws IOException {
    Path image = folder.resolve("volume");
    long size = use == Use.GROWN ? mib * MIB * 6 / 10 / MIB * MIB : mib * MIB;
    Volumes.blank(image, size);
    List<Object> words = new ArrayList<>(Arrays.asList((Object[]) command.split(" ")));
    Tool tool = Tool.named(words.remove(0).toString());
    if (kind.startsWith("ext")) {
      words.addAll(List.of("-q", "-F"));
    }
    words.add(image);
    tool.run(words.toArray());
    switch (use) {
      case EMPTY -> {}
      case SHRUNK -> {
        fill(image, folder, Use.SOME, 1);
        resize(image, folder, mib * 65 / 100);
      }
      case GROWN -> {
        fill(image, folder, Use.SOME, 1);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
          file.setLength(mib * MIB);
        }
        resize(image, folder, mib);
        fill(image, folder, Use.FRAGMENTED, 2);
      }
      default -> fill(image, folder, use, 1);
    }
    return image;
  }

  private void fill(Path image, Path folder, Use how, int seed) throws IOException {
    if (kind.equals("vfat")) {
      Path content = Files.createDirectories(folder.resolve("content"));
      write(content, how, seed, mib * MIB * 9 / 10); // what does not fit any more is left out
      Tool.named("mcopy").runAllowing(1, "-s", "-Q", "-i", image, content, "::");
      for (int i = 0; i < 10; i++) {
        Tool.named("mdel").runAllowing(1, "-i", image, "::content/*" + i);
        if (how == Use.FULL) {
          break;
        }
        i++;
      }
      if (how == Use.FRAGMENTED) {
        Path more = Files.createDirectories(folder.resolve("more"));
        Volumes.scatter(more, Math.min(MOST, mib * MIB / 4), 9);
        Tool.named("mcopy").runAllowing(1, "-s", "-Q", "-i", image, more, "::");
      }
    } else {
      Volumes.mounted(
          image, kind, folder.resolve("mount"), mount -> write(mount, how, seed, Long.MAX_VALUE));
    }
  }

  /** Writes below a folder what the use asks for, at most so many bytes. */
  private void write(Path folder, Use how, int seed, long most) throws IOException {
    Path deep = Files.createDirectories(folder.resolve("d" + seed).resolve("deeper"));
    if (how == Use.FULL) {
      Random random = new Random(seed);
      long written = 0;
      for (int i = 0; written < most; i++) {
        byte[] bytes = new byte[Math.min((int) (MIB), 10_000 + random.nextInt(1_000_000))];
        random.nextBytes(bytes);
        try {
          Files.write(deep.resolve("full" + i), bytes);
        } catch (IOException full) {
          break;
        }
        written += bytes.length;
      }
      for (int i = 3; i < 8; i++) {
        Files.deleteIfExists(deep.resolve("full" + i));
      }
      return;
    }
    long bytes = Math.min(Math.min(MOST, most / 2), mib * MIB / (how == Use.FRAGMENTED ? 3 : 8));
    Volumes.scatter(deep, bytes, seed);
    if (how == Use.FRAGMENTED) {
      Random random = new Random(seed + 1);
      int i = 0;
      try (Stream<Path> files = Files.list(deep)) {
        for (Path file : files.sorted().toList()) {
          if (i++ % 2 == 0) {
            Files.delete(file);
          }
        }
      }
      for (i = 0; i < 4; i++) {
        byte[] content = new byte[(int) Math.min(bytes / 12, 8 * MIB)];
        random.nextBytes(content);
        Files.write(folder.resolve("large" + seed + i), content);
      }
    }
  }

  private void resize(Path image, Path folder, long to) throws IOException {
    switch (kind) {
      case "ext2", "ext3", "ext4" -> {
        Tool.named("e2fsck").runAllowing(1, "-f", "-y", image);
        Tool.named("resize2fs").run(image, to + "M");
      }
      case "ntfs" -> {
        Tool.named("ntfsresize").run("-f", "-f", "-s", to * MIB, image);
        Tool.named("ntfsfix").run("-d", image);
      }
      case "xfs" ->
          Volumes.mounted(
              image,
              kind,
              folder.resolve("mount"),
              mount -> Tool.named("xfs_growfs").run("-d", mount));
      case "btrfs" ->
          Volumes.mounted(
              image,
              kind,
              folder.resolve("mount"),
              mount -> Tool.named("btrfs").run("filesystem", "resize", to + "M", mount));
      default -> throw new IOException("no tool resizes " + kind);
    }
  }

  @Override
  public String toString() {
    return "%s %d MiB, %s, %s"
        .formatted(kind, mib, command, use.name().toLowerCase(java.util.Locale.ROOT));
  }
}
