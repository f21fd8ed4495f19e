package blksh.iso;

import blksh.BlkshException;
import blksh.io.NameText;
import blksh.iso.DiscTree.Kind;
import java.util.Arrays;

/**
 * Gathers what shall be on a disc, in any order.
 *
 * <p>Paths are bytes as the source has them, relative to the root of the disc, parts separated by
 * one slash each: {@code DATA/photos/IMG_1.jpg}. A part is 1 to 255 bytes and neither {@code .} nor
 * {@code ..}. Directories on the way to something need not be given. For one thread.
 */
public final class DiscTreeBuilder {

  /** Most bytes of where a symbolic link leads: with a longer one, libisofs refuses the disc. */
  public static final int LONGEST_TARGET = 1023;

  private static final int LONGEST_NAME = 255;
  private static final byte[] THIS = {'.'};
  private static final byte[] UP = {'.', '.'};

  private final DiscNodes nodes = new DiscNodes();
  private final DiscAttributes implied;
  private LongTable contents = new LongTable();

  /** Groups of hard links: their numbers in the order they came, and a content of each. */
  private final LongTable groups = new LongTable();

  private int[] groupContent = new int[16];

  /** For each entry the group it is in, raised by one; 0 is none. */
  private int[] groupOf = new int[0];

  /** Entries by parent and name, each number raised by one; 0 is free. */
  private int[] table = new int[256];

  private boolean[] given = new boolean[64];
  private boolean built;

  /**
   * @param implied what directories have that are not given themselves, the root among them
   */
  public DiscTreeBuilder(DiscAttributes implied) {
    this.implied = implied;
    nodes.add(DiscTree.ROOT, new byte[0], Kind.DIRECTORY, implied, 0);
  }

  /**
   * Adds a directory, or says what one has that something was put into; an empty path is the root.
   *
   * @throws BlkshException when the path is impossible, or was given before
   */
  public void directory(byte[] path, DiscAttributes attributes) {
    int node = path.length == 0 ? DiscTree.ROOT : enter(path, path.length);
    if (isGiven(node)) {
      throw refused(path, "it was given before");
    }
    give(node);
    nodes.set(node, attributes);
  }

  /**
   * Adds a file with one name.
   *
   * @throws BlkshException when the path is impossible or was given before, or the content was
   *     given before in another size
   */
  public void file(byte[] path, DiscAttributes attributes, DiscContent content) {
    add(path, Kind.FILE, attributes, content(path, content));
  }

  /**
   * Adds one name of a file that has several: all that are given with the same number are hard
   * links of each other. They have the attributes of the one that is first in the tree.
   *
   * @param links any number, for this disc
   * @throws BlkshException as {@link #file}, or when another name has another content
   */
  public void hardLink(byte[] path, DiscAttributes attributes, DiscContent content, long links) {
    int number = content(path, content);
    int group = groups.get(links);
    if (group >= 0 && groupContent[group] != number) {
      throw refused(path, "a hard link to it has another content");
    }
    int node = add(path, Kind.FILE, attributes, number);
    if (group < 0) {
      group = groups.size();
      groups.put(links, group);
      if (group == groupContent.length) {
        groupContent = Arrays.copyOf(groupContent, 2 * group);
      }
      groupContent[group] = number;
    }
    if (node >= groupOf.length) {
      groupOf = Arrays.copyOf(groupOf, node + node / 2 + 1);
    }
    groupOf[node] = group + 1;
  }

  /**
   * Adds a symbolic link. It stands in Rock Ridge alone: Joliet knows none, and readers refuse a
   * UDF volume that holds one.
   *
   * @param target where it leads, as it is written there, 1 to {@link #LONGEST_TARGET} bytes
   * @throws BlkshException when the path or the target is impossible, or the path was given before
   */
  public void symlink(byte[] path, DiscAttributes attributes, byte[] target) {
    if (target.length == 0 || indexOf(target, (byte) 0, 0) >= 0) {
      throw refused(path, "the symbolic link leads to an impossible place");
    }
    if (target.length > LONGEST_TARGET) {
      throw refused(
          path,
          "the symbolic link has %d bytes, and readers refuse a disc where one has more than %d"
              .formatted(target.length, LONGEST_TARGET));
    }
    add(path, Kind.LINK, attributes, nodes.addTarget(target));
  }

  private int content(byte[] path, DiscContent content) {
    int known = contents.get(content.id());
    if (known < 0) {
      known = nodes.addContent(content);
      contents.put(content.id(), known);
    } else if (!nodes.contentAt(known).equals(content)) {
      throw refused(path, "its content %d was given before as another".formatted(content.id()));
    }
    return known;
  }

  private int add(byte[] path, Kind kind, DiscAttributes attributes, int what) {
    int slash = lastSlash(path);
    int parent = slash < 0 ? DiscTree.ROOT : enter(path, slash);
    byte[] name = name(path, slash + 1, path.length);
    if (find(parent, name) >= 0) {
      throw refused(path, "it was given before");
    }
    int node = insert(parent, name, kind, attributes, what);
    give(node);
    return node;
  }

  /** The directory of a path, made with all on the way to it. */
  private int enter(byte[] path, int end) {
    int at = DiscTree.ROOT;
    for (int from = 0; from <= end; ) {
      int slash = indexOf(path, (byte) '/', from);
      int to = slash < 0 || slash > end ? end : slash;
      byte[] name = name(path, from, to);
      int found = find(at, name);
      if (found < 0) {
        found = insert(at, name, Kind.DIRECTORY, implied, 0);
      } else if (nodes.kind(found) != Kind.DIRECTORY) {
        throw refused(path, "%s is no directory".formatted(text(Arrays.copyOf(path, to))));
      }
      at = found;
      from = to + 1;
    }
    return at;
  }

  private static byte[] name(byte[] path, int from, int to) {
    byte[] name = Arrays.copyOfRange(path, from, to);
    boolean dots = Arrays.equals(name, THIS) || Arrays.equals(name, UP);
    if (dots || name.length == 0 || name.length > LONGEST_NAME || indexOf(name, (byte) 0, 0) >= 0) {
      throw refused(path, "'%s' is no name of a file".formatted(text(name)));
    }
    return name;
  }

  private static int indexOf(byte[] bytes, byte wanted, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static int lastSlash(byte[] path) {
    int at = path.length - 1;
    while (at >= 0 && path[at] != '/') {
      at--;
    }
    return at;
  }

  private static String text(byte[] name) {
    return NameText.of(name);
  }

  private static BlkshException refused(byte[] path, String problem) {
    return new BlkshException("put %s on a disc".formatted(text(path)), problem);
  }

  private boolean isGiven(int node) {
    return node < given.length && given[node];
  }

  private void give(int node) {
    if (node >= given.length) {
      given = Arrays.copyOf(given, node + node / 2 + 1);
    }
    given[node] = true;
  }

  private int slot(int parent, byte[] name) {
    int hash = (31 * Arrays.hashCode(name) + parent) * 0x9e3779b1;
    return hash >>> 7 & table.length - 1;
  }

  private int find(int parent, byte[] name) {
    for (int at = slot(parent, name); table[at] != 0; at = at + 1 & table.length - 1) {
      int node = table[at] - 1;
      if (nodes.parent(node) == parent && nodes.isNamed(node, name)) {
        return node;
      }
    }
    return -1;
  }

  private int insert(int parent, byte[] name, Kind kind, DiscAttributes attributes, int what) {
    if (built) {
      throw new IllegalStateException("the tree is built");
    }
    int node = nodes.add(parent, name, kind, attributes, what);
    if (node > table.length / 2) {
      table = new int[2 * table.length];
      for (int each = 1; each < node; each++) {
        put(each, slot(nodes.parent(each), nodes.name(each)));
      }
    }
    put(node, slot(parent, name));
    return node;
  }

  private void put(int node, int slot) {
    int at = slot;
    while (table[at] != 0) {
      at = at + 1 & table.length - 1;
    }
    table[at] = node + 1;
  }

  /** The tree of all that was given; nothing can be added afterwards. */
  public DiscTree build() {
    built = true;
    table = new int[0];
    contents = new LongTable();
    given = new boolean[0];
    int size = nodes.size();
    int[] count = new int[size];
    int directories = 1;
    for (int node = 1; node < size; node++) {
      count[nodes.parent(node)]++;
      directories += nodes.kind(node) == Kind.DIRECTORY ? 1 : 0;
    }
    int[] first = new int[size];
    int[] within = byParent(count, first);
    int[] order = new int[size];
    int filled = 1;
    IntSort byName = new IntSort(nodes::compareNames);
    for (int place = 0; place < filled; place++) {
      int node = order[place];
      byName.sort(within, first[node], count[node]);
      System.arraycopy(within, first[node], order, filled, count[node]);
      first[node] = filled;
      filled += count[node];
    }
    if (groups.size() > 0) {
      shareLinks(order);
    }
    return new DiscTree(nodes, order, first, count, directories);
  }

  /** All entries but the root, those of a directory together; and where those of each begin. */
  private int[] byParent(int[] count, int[] first) {
    int size = nodes.size();
    for (int node = 1; node < size; node++) {
      first[node] = first[node - 1] + count[node - 1];
    }
    int[] within = new int[size];
    int[] next = first.clone();
    for (int node = 1; node < size; node++) {
      within[next[nodes.parent(node)]++] = node;
    }
    return within;
  }

  private void shareLinks(int[] order) {
    int[] owner = new int[order.length];
    int[] links = new int[order.length];
    int[] firstOfGroup = new int[groups.size()];
    Arrays.fill(firstOfGroup, -1);
    for (int node : order) {
      int group = node < groupOf.length ? groupOf[node] - 1 : -1;
      if (group >= 0 && firstOfGroup[group] < 0) {
        firstOfGroup[group] = node;
      }
      owner[node] = group < 0 ? node : firstOfGroup[group];
      links[owner[node]]++;
    }
    nodes.share(owner, links);
  }
}
