package blksh.image;

import blksh.BlkshException;
import blksh.io.IoFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A directory as Clonezilla writes it: the images of the partitions of one or more drives. Names
 * tell only which file belongs to which partition; what a file holds is told by its content.
 *
 * @param directory where it is
 * @param disks names of the drives: {@code "sda"}
 * @param members the partitions, by name
 */
public record ClonezillaSet(Path directory, List<String> disks, List<Member> members) {

  /**
   * A partition of the set.
   *
   * @param name {@code "sda1"}
   * @param fileSystem as Clonezilla noted it, or empty
   * @param start first byte on its drive, or -1 when not noted
   * @param length bytes on its drive, or -1 when not noted
   * @param file the image or its first part, or null where none is kept: of swap space, or where it
   *     is missing
   */
  public record Member(String name, String fileSystem, long start, long length, Path file) {

    /** Whether there is an image of it. */
    public boolean hasImage() {
      return file != null;
    }

    /** Opens the image of the partition. */
    public Image open(ImageOptions options) {
      if (file == null) {
        BlkshException none = new BlkshException("open " + name, "the set keeps no image of it");
        throw fileSystem.equals("swap")
            ? none.suggest("it is swap space: make it anew with mkswap")
            : none.suggest(
                "copy the whole directory: its image, or the first part of it, is missing");
      }
      return Images.open(file, options);
    }
  }

  /**
   * The file of a partition, whole or a part of a split one: its name, which may have dots (of a
   * logical volume), the file system, how it was made, and the letters of a part. That of partimage
   * has the name and the letters alone.
   */
  private static final Pattern IMAGE =
      Pattern.compile("(.+)\\.[^.]+-img(?:\\.(?!a+$)[a-z0-9]+)?(?:\\.(a{2,4}))?");

  private static final Pattern PARTIMAGE = Pattern.compile("(.+)\\.(?:a{2,4}|0{3})");

  private static final Pattern SWAP = Pattern.compile("swappt-(.+)\\.info");
  private static final String TABLE = "-pt.sf";
  static final long LARGEST_TEXT = 1 << 20;

  public ClonezillaSet {
    disks = List.copyOf(disks);
    members = List.copyOf(members);
  }

  /** Whether a directory is one of Clonezilla's. */
  public static boolean isAt(Path directory) {
    return Files.isDirectory(directory)
        && (Files.exists(directory.resolve("clonezilla-img"))
            || Files.exists(directory.resolve("parts")) && Files.exists(directory.resolve("disk")));
  }

  /**
   * @throws BlkshException when it is no directory of Clonezilla's, or an encrypted one
   */
  public static ClonezillaSet open(Path directory) {
    String action = "open " + directory;
    if (!isAt(directory)) {
      throw new BadMagicException(action, "it is no directory as Clonezilla makes them");
    }
    if (Files.exists(directory.resolve("ecryptfs.info"))) {
      throw new UnsupportedVersionException(action, "it is encrypted with eCryptfs")
          .suggest("mount it with ecryptfs first and open what is mounted");
    }
    try {
      Map<String, List<Path>> images = new TreeMap<>();
      List<String> swaps = new ArrayList<>();
      List<Path> tables = new ArrayList<>();
      try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
        for (Path file : files) {
          String name = file.getFileName().toString();
          String partition = partition(name);
          Matcher swap = SWAP.matcher(name);
          if (partition != null) {
            images.computeIfAbsent(partition, key -> new ArrayList<>()).add(file);
          } else if (swap.matches()) {
            swaps.add(swap.group(1));
          } else if (name.endsWith(TABLE)) {
            tables.add(file);
          }
        }
      }
      List<String> disks = words(directory.resolve("disk"));
      if (disks.isEmpty()) { // of a set of some partitions only
        disks = tables.stream().map(ClonezillaSet::diskOf).sorted().toList();
      }
      return new ClonezillaSet(directory, disks, members(directory, images, swaps, tables));
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  /** A member by its name. */
  public Optional<Member> member(String name) {
    return members.stream().filter(member -> member.name().equals(name)).findFirst();
  }

  /**
   * Puts a drive of the set together: boot code, table and all partitions. What the set does not
   * keep of it cannot be read.
   *
   * @param disk one of {@link #disks}
   * @throws BlkshException when the set does not hold it, or what it holds contradicts itself
   */
  public ClonezillaDisk openDisk(String disk, ImageOptions options) {
    mustHold(disk);
    return ClonezillaDisk.open(this, disk, -1, options);
  }

  /**
   * As {@link #openDisk}, to be written to a drive. What the set does not keep is free, and {@link
   * ClonezillaDisk#missing} says what that is.
   *
   * @param size bytes of the drive, which may be larger, or smaller if the partitions fit; 0 for
   *     those it had
   * @throws BlkshException also when it has no room there
   */
  public ClonezillaDisk openDiskFor(String disk, long size, ImageOptions options) {
    mustHold(disk);
    return ClonezillaDisk.open(this, disk, size, options);
  }

  private void mustHold(String disk) {
    if (!disks.contains(disk)) {
      throw new BlkshException("open drive " + disk + " of " + directory, "the set has none")
          .suggest("it has " + String.join(", ", disks));
    }
  }

  /** Whose image a file is, or the first part of one; null of anything else. */
  private static String partition(String name) {
    Matcher image = IMAGE.matcher(name);
    if (image.matches()) {
      return isLaterPart(name) ? null : image.group(1);
    }
    Matcher partimage = PARTIMAGE.matcher(name);
    return partimage.matches() && !name.contains("-img.") ? partimage.group(1) : null;
  }

  /** Names end in a compression or in the letters of a part; the latter come after the former. */
  private static boolean isLaterPart(String name) {
    String ending = name.substring(name.lastIndexOf('.') + 1);
    return !ending.endsWith("-img")
        && !ending.matches("a{2,4}")
        && !List.of("gz", "bz2", "lzo", "lzma", "xz", "lzip", "lz", "lrz", "lz4", "zst", "uncomp")
            .contains(ending);
  }

  private static List<Member> members(
      Path directory, Map<String, List<Path>> images, List<String> swaps, List<Path> tables)
      throws IOException {
    Map<String, String> fileSystems = new LinkedHashMap<>();
    for (String line : lines(directory.resolve("dev-fs.list"))) {
      String[] words = line.strip().split("\\s+");
      if (words.length >= 2 && words[0].startsWith("/dev/")) {
        fileSystems.put(words[0].substring("/dev/".length()), words[1]);
      }
    }
    Map<String, long[]> places = new LinkedHashMap<>();
    for (Path table : tables) {
      for (ClonezillaTable.Entry entry : ClonezillaTable.read(directory, diskOf(table)).entries()) {
        places.put(entry.name(), new long[] {entry.start(), entry.length()});
      }
    }
    Map<String, Member> members = new TreeMap<>(byNumber());
    for (String swap : swaps) {
      members.put(swap, member(swap, "swap", places, null));
    }
    images.forEach(
        (partition, files) -> {
          for (Path file : files) {
            // of two images of one partition nobody knows which is meant: each has its whole name
            String name = files.size() == 1 ? partition : file.getFileName().toString();
            String fileSystem = fileSystems.getOrDefault(partition, "");
            members.put(name, member(name, fileSystem, places, file));
          }
        });
    for (String part : words(directory.resolve("parts"))) {
      if (images.containsKey(part) && images.get(part).size() > 1) {
        continue;
      }
      members.computeIfAbsent(
          part, name -> member(name, fileSystems.getOrDefault(name, ""), places, null));
    }
    return List.copyOf(members.values());
  }

  private static Member member(
      String name, String fileSystem, Map<String, long[]> places, Path file) {
    long[] place = places.getOrDefault(name, new long[] {-1, -1});
    return new Member(name, fileSystem, place[0], place[1], file);
  }

  private static String diskOf(Path table) {
    String name = table.getFileName().toString();
    return name.substring(0, name.length() - TABLE.length());
  }

  /** {@code sda2} comes before {@code sda10}. */
  private static Comparator<String> byNumber() {
    return Comparator.<String, String>comparing(name -> name.replaceAll("\\d+$", ""))
        .thenComparing(String::length)
        .thenComparing(Comparator.naturalOrder());
  }

  private static List<String> words(Path file) throws IOException {
    List<String> words = new ArrayList<>();
    for (String line : lines(file)) {
      for (String word : line.strip().split("\\s+")) {
        if (!word.isEmpty()) {
          words.add(word);
        }
      }
    }
    return words;
  }

  /** The lines of a small text file; none when it is not there. */
  static List<String> lines(Path file) throws IOException {
    if (!Files.isRegularFile(file) || Files.size(file) > LARGEST_TEXT) {
      return List.of();
    }
    return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).lines().toList();
  }
}
