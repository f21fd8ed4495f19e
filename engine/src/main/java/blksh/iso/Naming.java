package blksh.iso;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * What a directory holds in one of the trees of a disc, in the order of the true names.
 *
 * @param nodes its entries
 * @param names what they are called in that tree
 */
record Naming(int[] nodes, String[] names, boolean[] isDirectory) {

  static Naming of(DiscTree tree, int directory, NameScheme scheme, IntPredicate holds) {
    int[] nodes = new int[tree.countIn(directory)];
    int count = 0;
    for (int i = 0; i < nodes.length; i++) {
      int node = tree.at(tree.firstIn(directory) + i);
      if (holds.test(node)) {
        nodes[count++] = node;
      }
    }
    DiscName[] names = new DiscName[count];
    boolean[] isDirectory = new boolean[count];
    for (int i = 0; i < count; i++) {
      names[i] = DiscName.of(tree.nodes().name(nodes[i]));
      isDirectory[i] = tree.isDirectory(nodes[i]);
    }
    return new Naming(Arrays.copyOf(nodes, count), scheme.assign(names, isDirectory), isDirectory);
  }
}
