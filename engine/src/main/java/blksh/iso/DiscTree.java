package blksh.iso;

import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The directories, files and symbolic links of a disc, as {@link DiscTreeBuilder} was given them.
 * The order they are given in leaves no trace: a tree is gone through level by level, names in the
 * order of their bytes. Takes about 60 bytes of memory an entry, and its name.
 */
public final class DiscTree {

  /** What an entry is. */
  enum Kind {
    DIRECTORY,
    FILE,
    LINK
  }

  static final int ROOT = 0;

  private final DiscNodes nodes;

  /** Entries level by level; those of a directory stand together. */
  private final int[] order;

  /** For each entry that is a directory, where in the order those in it begin, and how many. */
  private final int[] first;

  private final int[] count;

  /** Directories, the root included. */
  private final int directories;

  DiscTree(DiscNodes nodes, int[] order, int[] first, int[] count, int directories) {
    this.nodes = nodes;
    this.order = order;
    this.first = first;
    this.count = count;
    this.directories = directories;
  }

  DiscNodes nodes() {
    return nodes;
  }

  /** How many entries there are, the root included. */
  public int size() {
    return order.length;
  }

  /** How many of them are directories, the root included. */
  public int directories() {
    return directories;
  }

  /** The entry at a place in the order, 0 being the root. */
  int at(int place) {
    return order[place];
  }

  boolean isDirectory(int node) {
    return nodes.kind(node) == Kind.DIRECTORY;
  }

  /** The place in the order where what is in a directory begins. */
  int firstIn(int directory) {
    return first[directory];
  }

  int countIn(int directory) {
    return count[directory];
  }

  /**
   * Hands out the names that Joliet and UDF cannot hold, directory by directory: those of Joliet,
   * then those of UDF. What they are does not depend on sizes or contents.
   */
  public void changedNames(Consumer<ChangedName> each) {
    for (int node : order) {
      if (isDirectory(node)) {
        changedNames(node, ChangedName.Tree.JOLIET, JolietNames.SCHEME, each);
        changedNames(node, ChangedName.Tree.UDF, UdfNames.SCHEME, each);
      }
    }
  }

  /**
   * Hands out the paths of entries of one directory whose names differ by case or by how they are
   * composed only, two or more at a time: what shows the disc elsewhere may take them for one.
   */
  public void alikeNames(Consumer<List<byte[]>> each) {
    for (int directory : order) {
      if (!isDirectory(directory)) {
        continue;
      }
      Map<String, List<Integer>> alike = new LinkedHashMap<>();
      for (int i = 0; i < countIn(directory); i++) {
        int node = at(firstIn(directory) + i);
        String name = new String(nodes.name(node), StandardCharsets.UTF_8);
        alike.computeIfAbsent(folded(name), key -> new ArrayList<>(1)).add(node);
      }
      for (List<Integer> found : alike.values()) {
        if (found.size() > 1) {
          each.accept(found.stream().map(this::path).toList());
        }
      }
    }
  }

  private static String folded(String name) {
    String composed = Normalizer.normalize(name, Normalizer.Form.NFC);
    return composed.toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
  }

  /** Hands out the paths of entries whose times Rock Ridge cannot hold: the nearest is there. */
  public void changedTimes(Consumer<byte[]> each) {
    for (int node : order) {
      long seconds = nodes.attributes(node).seconds();
      if (seconds < IsoTime.FIRST || seconds > IsoTime.LAST) {
        each.accept(path(node));
      }
    }
  }

  private void changedNames(
      int directory, ChangedName.Tree tree, NameScheme scheme, Consumer<ChangedName> each) {
    Naming naming = Naming.of(this, directory, scheme, node -> nodes.kind(node) != Kind.LINK);
    for (int i = 0; i < naming.nodes().length; i++) {
      int node = naming.nodes()[i];
      if (!DiscName.of(nodes.name(node)).isExactly(naming.names()[i])) {
        each.accept(new ChangedName(path(node), tree, naming.names()[i]));
      }
    }
  }

  /** The path of an entry from the root on, without a slash at its beginning. */
  byte[] path(int node) {
    List<byte[]> names = new ArrayList<>();
    int length = -1;
    for (int at = node; at != ROOT; at = nodes.parent(at)) {
      names.add(nodes.name(at));
      length += names.get(names.size() - 1).length + 1;
    }
    byte[] path = new byte[Math.max(0, length)];
    int to = 0;
    for (int i = names.size() - 1; i >= 0; i--) {
      byte[] name = names.get(i);
      System.arraycopy(name, 0, path, to, name.length);
      to += name.length;
      if (i > 0) {
        path[to++] = '/';
      }
    }
    return path;
  }
}
