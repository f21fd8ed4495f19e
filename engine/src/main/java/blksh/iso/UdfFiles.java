package blksh.iso;

import blksh.filesystem.Udf;
import blksh.io.LittleEndian;
import blksh.iso.DiscTree.Kind;
import java.io.IOException;

/**
 * The tree of UDF (ECMA-167 part 4): all but symbolic links, for which common readers refuse the
 * whole volume. Every directory is its file entry and what it holds, followed by the entries of its
 * files.
 */
final class UdfFiles {

  private static final int VERSION = 1;
  private static final int DIRECTORY = 2;

  private final DiscPlan plan;
  private final DiscTree tree;

  UdfFiles(DiscPlan plan) {
    this.plan = plan;
    this.tree = plan.tree();
  }

  void write(ImageOutput out) throws IOException {
    for (int place = 0; place < tree.size(); place++) {
      int node = tree.at(place);
      if (tree.isDirectory(node)) {
        out.to(DiscPlan.PARTITION + plan.block(node));
        directory(node, out);
      }
    }
  }

  private void directory(int directory, ImageOutput out) throws IOException {
    DiscNodes nodes = tree.nodes();
    Naming naming =
        Naming.of(tree, directory, UdfNames.SCHEME, node -> nodes.kind(node) != Kind.LINK);
    byte[][] names = new byte[naming.nodes().length][];
    long size = EntrySpace.identifier(0);
    for (int i = 0; i < names.length; i++) {
      names[i] = UdfNames.encoded(naming.names()[i]);
      size += EntrySpace.identifier(names[i].length);
    }
    long block = plan.block(directory);
    out.put(
        UdfEntry.of(
            true,
            nodes.attributes(directory),
            plan.udfLinks(directory),
            block,
            number(directory),
            size,
            block + 1));
    int parent = nodes.parent(directory);
    out.put(identifier(block(out), Udf.PARENT | DIRECTORY, parent, new byte[0]));
    for (int i = 0; i < names.length; i++) {
      int kind = naming.isDirectory()[i] ? DIRECTORY : 0;
      out.put(identifier(block(out), kind, nodes.owner(naming.nodes()[i]), names[i]));
    }
    out.to(DiscPlan.PARTITION + block + 1 + plan.spaces().udfBlocks(plan.directory(directory)));
    for (int node : naming.nodes()) {
      if (!tree.isDirectory(node) && nodes.owner(node) == node) {
        out.put(file(node));
      }
    }
  }

  private static long block(ImageOutput out) {
    return out.position() / DiscPlan.SECTOR - DiscPlan.PARTITION;
  }

  private int number(int node) {
    return node == DiscTree.ROOT ? 0 : UdfEntry.FIRST_NUMBER + plan.number(node);
  }

  private byte[] file(int node) {
    DiscNodes nodes = tree.nodes();
    return UdfEntry.of(
        false,
        nodes.attributes(node),
        nodes.links(node),
        plan.block(node),
        number(node),
        plan.size(node),
        plan.contentSector(node) - DiscPlan.PARTITION);
  }

  /** A file identifier (ECMA-167, 4/14.4). */
  private byte[] identifier(long block, int characteristics, int node, byte[] name) {
    byte[] identifier = new byte[EntrySpace.identifier(name.length)];
    LittleEndian.putU16(identifier, 16, VERSION);
    identifier[18] = (byte) characteristics;
    identifier[19] = (byte) name.length;
    UdfField.longExtent(identifier, 20, DiscPlan.SECTOR, plan.block(node), number(node));
    System.arraycopy(name, 0, identifier, EntrySpace.IDENTIFIER, name.length);
    UdfField.tag(identifier, 0, Udf.FILE_IDENTIFIER, identifier.length - Udf.TAG, block);
    return identifier;
  }
}
