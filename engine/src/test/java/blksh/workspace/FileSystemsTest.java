package blksh.workspace;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.FileSource;
import blksh.filesystem.BtrfsTrees;
import blksh.filesystem.Partclone;
import blksh.filesystem.Recipe;
import blksh.filesystem.SkipFreeSource;
import blksh.filesystem.UsedBlocks;
import blksh.kit.Effort;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What each file system does not use, by its own tools' account; and that a capture without it
 * restores a sound file system with every file. All of them with {@code -Dblksh.filesystems=all},
 * or those whose description holds the property's value; a few otherwise.
 */
class FileSystemsTest {

  private static final long MIB = 1 << 20;

  @TempDir Path folder;

  static Stream<Recipe> recipes() {
    String wanted = System.getProperty("blksh.filesystems", Effort.isLong() ? "all" : "");
    return Recipe.all()
        .filter(
            recipe ->
                wanted.isEmpty()
                    ? recipe.quick()
                    : wanted.equals("all") || recipe.toString().contains(wanted));
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void isMappedBlockByBlockAndRestoredWhole(Recipe recipe) throws IOException {
    Path image = recipe.make(folder);
    UsedBlocks used;
    try (BlockSource source = FileSource.open(image)) {
      used = UsedBlocks.of(source);
    }
    assertThat(used.areas()).hasSize(1);
    assertThat(used.areas().get(0).reason()).isEmpty();
    assertThat(used.areas().get(0).fileSystem()).isEqualTo(recipe.kind());
    compare(recipe, image, used);

    boolean hasFiles = recipe.use() != Recipe.Use.EMPTY;
    Map<String, String> before = hasFiles ? files(recipe.kind(), image) : Map.of();
    assertThat(before.size() > 5).isEqualTo(hasFiles);
    Path target = folder.resolve("target");
    scribble(target, Files.size(image));
    try (Store store = Store.openOrCreate(folder.resolve("store"));
        SkipFreeSource source = UsedBlocks.skipFree(FileSource.open(image))) {
      Manifest manifest =
          store.capture(source, "volume", CaptureOptions.defaults(), Task.unwatched()).manifest();
      store.restore(
          manifest, target, RestoreOptions.defaults().withOverwrite(true), Task.unwatched());
    }
    check(recipe.kind(), target);
    if (hasFiles) {
      assertThat(files(recipe.kind(), target)).isEqualTo(before);
    }
  }

  /** Other bytes than those of the image, everywhere. */
  private static void scribble(Path target, long size) throws IOException {
    byte[] bytes = new byte[4 << 20];
    new Random(77).nextBytes(bytes);
    try (OutputStream out = Files.newOutputStream(target)) {
      for (long left = size; left > 0; left -= bytes.length) {
        out.write(bytes, 0, (int) Math.min(left, bytes.length));
      }
    }
  }

  // ---- whose account is right ------------------------------------------------------------------

  private void compare(Recipe recipe, Path image, UsedBlocks used) throws IOException {
    switch (recipe.kind()) {
      case "swap" -> assertThat(used.freeBytes()).isEqualTo(recipe.mib() * MIB - 4096);
      case "vfat" -> {
        // partclone 0.3.23 takes the wrong clusters of a FAT12.
        if (recipe.command().contains("-F 12")) {
          assertThat(used.freeBytes()).isEqualTo(fsckCount(image));
        } else {
          agree(used, image, Partclone.of("partclone.fat", image, folder), 0, true);
        }
      }
      case "btrfs" -> assertThat(BtrfsTrees.disagreement(used, image)).isEmpty();
      case "xfs" ->
          agree(used, image, Partclone.of("partclone.xfs", image, folder), spare(image), true);
      case "ext2", "ext3", "ext4" -> {
        if (recipe.command().contains("bigalloc")) {
          dumpe2fs(used, image, recipe.mib() * MIB); // partclone cannot read these
        } else {
          agree(used, image, Partclone.of("partclone.extfs", image, folder), 0, true);
        }
      }
      case "exfat" -> {
        // partclone 0.3.23 leaves out the last cluster even when a file has it.
        String dump = Tool.named("dump.exfat").run(image);
        long cluster = number(dump, "Cluster size:\\s+(\\d+)");
        assertThat(used.freeBytes()).isEqualTo(cluster * number(dump, "Free Clusters:\\s+(\\d+)"));
        agree(used, image, Partclone.of("partclone.exfat", image, folder), 0, false);
      }
      default ->
          agree(used, image, Partclone.of("partclone." + recipe.kind(), image, folder), 0, true);
    }
  }

  /**
   * @param spare blocks that only partclone takes as unused
   */
  private static void agree(
      UsedBlocks ours, Path image, Partclone theirs, long spare, boolean exactly)
      throws IOException {
    int block = theirs.blockSize();
    List<Long> wronglyFree = new ArrayList<>();
    List<Long> wronglyUsed = new ArrayList<>();
    for (long i = 0; i < theirs.blocks(); i++) {
      boolean used = ours.isUsed(i * block) || ours.isUsed((i + 1) * block - 1);
      if (theirs.isUsed(i) && !used) {
        wronglyFree.add(i);
      } else if (!theirs.isUsed(i) && used) {
        wronglyUsed.add(i);
      }
    }
    assertThat(wronglyFree).as("blocks partclone keeps").isEmpty();
    if (exactly) {
      assertThat(wronglyUsed).as("blocks partclone leaves out").hasSize((int) spare);
    }
    for (long at = theirs.blocks() * block; at < Files.size(image); at += 512) {
      assertThat(ours.isUsed(at)).as("byte %d, past the end", at).isTrue();
    }
  }

  /** The blocks in XFS's lists of spare blocks: not in use yet, but no longer in the trees. */
  private static long spare(Path image) throws IOException {
    Tool xfsDb = Tool.named("xfs_db");
    String groups = xfsDb.run("-r", "-c", "sb 0", "-c", "print agcount", image);
    long count = 0;
    for (int i = 0; i < Integer.parseInt(groups.split("=")[1].strip()); i++) {
      String spare = xfsDb.run("-r", "-c", "agf " + i, "-c", "print flcount", image);
      count += Integer.parseInt(spare.split("=")[1].strip());
    }
    return count;
  }

  private static long fsckCount(Path image) throws IOException {
    String report = Tool.named("fsck.fat").run("-n", "-v", image);
    Matcher clusters = Pattern.compile("(\\d+)/(\\d+) clusters").matcher(report);
    Matcher bytes = Pattern.compile("(\\d+) bytes per cluster").matcher(report);
    assertThat(clusters.find() && bytes.find()).isTrue();
    long free = Long.parseLong(clusters.group(2)) - Long.parseLong(clusters.group(1));
    return free * Long.parseLong(bytes.group(1));
  }

  private static void dumpe2fs(UsedBlocks ours, Path image, long size) throws IOException {
    String dump = Tool.named("dumpe2fs").run(image);
    long block = number(dump, "Block size: +(\\d+)");
    long cluster = number(dump, "Cluster size: +(\\d+)");
    TreeMap<Long, Long> free = new TreeMap<>();
    for (String line : dump.lines().filter(each -> each.startsWith("  Free blocks:")).toList()) {
      Matcher range = Pattern.compile("(\\d+)(?:-(\\d+))?").matcher(line);
      while (range.find()) {
        String last = range.group(2) == null ? range.group(1) : range.group(2);
        free.put(Long.parseLong(range.group(1)) * block, (Long.parseLong(last) + 1) * block);
      }
    }
    LongPredicate isFree =
        at -> {
          Map.Entry<Long, Long> range = free.floorEntry(at);
          return range != null && at < range.getValue();
        };
    assertThat(free).isNotEmpty();
    for (long at = 0; at < size / cluster * cluster; at += cluster) {
      assertThat(ours.isUsed(at)).as("byte %d", at).isEqualTo(!isFree.test(at));
    }
  }

  private static long number(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertThat(matcher.find()).isTrue();
    return Long.parseLong(matcher.group(1));
  }

  // ---- whether it is whole
  // -----------------------------------------------------------------------

  private static void check(String kind, Path image) throws IOException {
    switch (kind) {
      case "ext2", "ext3", "ext4" -> Tool.named("e2fsck").run("-f", "-n", image);
      case "xfs" -> Tool.named("xfs_repair").run("-n", "-f", image);
      case "ntfs" -> {
        Tool.named("ntfsfix").run("-n", image);
        Tool.named("ntfsresize").run("-f", "-i", image);
      }
      case "vfat" -> Tool.named("fsck.fat").run("-n", image);
      case "exfat" -> Tool.named("fsck.exfat").run("-n", image);
      case "btrfs" -> Tool.named("btrfs").run("check", "--readonly", "--check-data-csum", image);
      default -> Tool.named("swaplabel").run(image);
    }
  }

  /** The files of a file system and their digests. */
  private Map<String, String> files(String kind, Path image) throws IOException {
    Map<String, String> files = new TreeMap<>();
    if (kind.equals("vfat")) {
      Path copy = Files.createDirectory(folder.resolve("copy"));
      Tool.named("mcopy").run("-s", "-Q", "-n", "-i", image, "::content", copy);
      digest(copy, files);
      deleteAll(copy);
    } else {
      Volumes.mounted(image, kind, folder.resolve("mount"), mount -> digest(mount, files));
    }
    return files;
  }

  private static void digest(Path root, Map<String, String> files) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(root)) {
      all = walk.filter(Files::isRegularFile).toList();
    }
    for (Path file : all) {
      files.put(root.relativize(file).toString(), digest(file));
    }
  }

  private static String digest(Path file) throws IOException {
    try (java.io.InputStream in = Files.newInputStream(file)) {
      java.security.MessageDigest sha = java.security.MessageDigest.getInstance("SHA-256");
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n > 0; n = in.read(buffer)) {
        sha.update(buffer, 0, n);
      }
      return java.util.HexFormat.of().formatHex(sha.digest());
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void deleteAll(Path root) throws IOException {
    try (Stream<Path> walk = Files.walk(root)) {
      for (Path path : walk.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
