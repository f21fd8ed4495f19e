package blksh.kit;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.iso.ContentDigest;
import blksh.iso.DiscAttributes;
import blksh.iso.DiscContent;
import blksh.iso.DiscContents;
import blksh.iso.DiscFault;
import blksh.iso.DiscSize;
import blksh.iso.DiscTree;
import blksh.iso.DiscTreeBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/** A made-up tree for a disc, with names that no file system likes; the same for the same seed. */
public final class SampleDisc implements DiscContents {

  /**
   * Something on it.
   *
   * @param path a character a byte, beginning with a slash
   * @param kind {@code d}, {@code f}, {@code h} for a hard link, or {@code l}
   */
  public record Entry(
      String path,
      char kind,
      DiscAttributes attributes,
      DiscContent content,
      long links,
      String target) {

    public byte[] bytes() {
      return path.substring(1).getBytes(StandardCharsets.ISO_8859_1);
    }

    public String parent() {
      return path.substring(0, path.lastIndexOf('/'));
    }

    public byte[] name() {
      return path.substring(path.lastIndexOf('/') + 1).getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  public static final DiscAttributes ROOT = new DiscAttributes(0755, 0, 0, 1_600_000_000L, 0);

  private static final String[] NAMES = {
    "a",
    "A",
    "readme",
    "README",
    "ReadMe",
    "a.b",
    "A.B",
    "A-B",
    "a:b",
    "a?b",
    "a*b",
    "CON",
    "x;1",
    "trail",
    "trail.",
    "trail ",
    "...",
    "..a",
    ".hidden",
    "漢字.テスト",
    "😀.jpg",
    "😁.jpg",
    "Größe",
    "ü",
    "u\u0308",
    "istanbul",
    "İstanbul",
    "back\\slash",
    "new\nline",
    "%41",
    "x.tar.gz",
    "rr_moved",
    "RR_MOVED",
    "漢".repeat(85),
    "漢".repeat(84) + "字",
    "😀".repeat(63) + "abc"
  };

  private final Random random;
  private final List<Entry> entries = new ArrayList<>();
  private final List<DiscContent> contents = new ArrayList<>();
  private final List<DiscAttributes> groups = new ArrayList<>();
  private final List<DiscContent> groupContents = new ArrayList<>();

  /** What the writer told. */
  public final List<DiscFault> faults = new ArrayList<>();

  private SampleDisc(long seed, int count) {
    random = new Random(seed);
    List<String> directories = new ArrayList<>(List.of(""));
    Set<String> taken = new HashSet<>();
    while (entries.size() < count) {
      String parent = directories.get(random.nextInt(directories.size()));
      String path = parent + "/" + name();
      if (!taken.add(path)) {
        continue;
      }
      switch (random.nextInt(8)) {
        case 0, 1 -> {
          directories.add(path);
          entries.add(new Entry(path, 'd', attributes(), null, 0, null));
        }
        case 2 -> entries.add(new Entry(path, 'l', attributes(), null, 0, target()));
        case 3 -> {
          int group = random.nextInt(3);
          while (groups.size() <= group) {
            groups.add(attributes());
            groupContents.add(content());
          }
          entries.add(
              new Entry(path, 'h', groups.get(group), groupContents.get(group), group, null));
        }
        default -> entries.add(new Entry(path, 'f', attributes(), content(), 0, null));
      }
    }
  }

  public static SampleDisc of(long seed, int count) {
    return new SampleDisc(seed, count);
  }

  private String name() {
    byte[] name;
    switch (random.nextInt(6)) {
      case 0 -> {
        name = new byte[1 + random.nextInt(255)];
        Arrays.fill(name, (byte) ('m' + random.nextInt(2)));
        name[name.length - 1] = (byte) ('a' + random.nextInt(20));
      }
      case 1 -> {
        name = new byte[1 + random.nextInt(12)];
        random.nextBytes(name);
        for (int i = 0; i < name.length; i++) {
          name[i] = name[i] == 0 || name[i] == '/' || name[i] == '.' ? (byte) 0xe9 : name[i];
        }
      }
      case 2 -> name = ("file %d.jpeg".formatted(random.nextInt(500))).getBytes();
      default -> {
        name = NAMES[random.nextInt(NAMES.length)].getBytes(StandardCharsets.UTF_8);
      }
    }
    return new String(name, StandardCharsets.ISO_8859_1);
  }

  private String target() {
    ByteArrayOutputStream target = new ByteArrayOutputStream();
    int parts = 1 + (random.nextInt(4) == 0 ? random.nextInt(200) : random.nextInt(4));
    for (int i = 0; i < parts && target.size() < 760; i++) {
      if (i > 0 || random.nextBoolean()) {
        target.write('/');
      }
      target.writeBytes(
          random.nextInt(3) == 0 ? "..".getBytes() : name().getBytes(StandardCharsets.ISO_8859_1));
    }
    return target.toString(StandardCharsets.ISO_8859_1);
  }

  private DiscAttributes attributes() {
    return new DiscAttributes(
        random.nextInt(010000),
        random.nextInt(5) == 0 ? -2 : random.nextInt(100_000),
        random.nextInt(100_000),
        random.nextInt(2_000_000_000),
        random.nextInt(1_000_000_000));
  }

  private DiscContent content() {
    if (!contents.isEmpty() && random.nextInt(4) == 0) {
      return contents.get(random.nextInt(contents.size()));
    }
    int[] sizes = {0, 1, 2047, 2048, 2049, random.nextInt(10_000), random.nextInt(200_000)};
    DiscContent content = DiscContent.of(contents.size(), sizes[random.nextInt(sizes.length)]);
    contents.add(content);
    return content;
  }

  /** What is on it, in the order it was made. */
  public List<Entry> entries() {
    return entries;
  }

  /** The tree of it, given in an order of its own for each seed. */
  public DiscTree tree(long seed) {
    List<Entry> shuffled = new ArrayList<>(entries);
    Collections.shuffle(shuffled, new Random(seed));
    DiscTreeBuilder builder = new DiscTreeBuilder(ROOT);
    for (Entry entry : shuffled) {
      switch (entry.kind) {
        case 'd' -> builder.directory(entry.bytes(), entry.attributes);
        case 'f' -> builder.file(entry.bytes(), entry.attributes, entry.content);
        case 'h' -> builder.hardLink(entry.bytes(), entry.attributes, entry.content, entry.links);
        default ->
            builder.symlink(
                entry.bytes(),
                entry.attributes,
                entry.target.getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    return builder.build();
  }

  /** Adds one to what a disc takes. @param directories the numbers of those that are there */
  public static void add(Entry entry, DiscSize size, Map<String, Integer> directories) {
    int parent = directories.get(entry.parent());
    switch (entry.kind) {
      case 'd' -> directories.put(entry.path, size.directory(parent, entry.name()));
      case 'f' -> size.file(parent, entry.name(), entry.content);
      case 'h' -> size.hardLink(parent, entry.name(), entry.content, entry.links);
      default ->
          size.symlink(parent, entry.name(), entry.target.getBytes(StandardCharsets.ISO_8859_1));
    }
  }

  /** The numbers of directories on a disc that has only its root. */
  public static Map<String, Integer> onlyRoot() {
    return new HashMap<>(Map.of("", DiscSize.ROOT));
  }

  /** The bytes of a content. */
  public static byte[] bytes(DiscContent content) {
    byte[] bytes = new byte[(int) content.size()];
    new Random(content.id()).nextBytes(bytes);
    return bytes;
  }

  /** The content of every file, by its path. */
  public Map<String, byte[]> files() {
    Map<String, byte[]> files = new TreeMap<>();
    for (Entry entry : entries) {
      if (entry.content != null) {
        files.put(entry.path, bytes(entry.content));
      }
    }
    return files;
  }

  @Override
  public BlockSource open(long content) {
    return new ByteArraySource(bytes(contents.get((int) content)));
  }

  @Override
  public ContentDigest digest(long content) {
    return digest(bytes(contents.get((int) content)));
  }

  public static ContentDigest digest(byte[] bytes) {
    try {
      return new ContentDigest("SHA-256", MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void written(long content, ContentDigest digest, DiscFault fault) {
    if (fault != null) {
      faults.add(fault);
    }
  }
}
