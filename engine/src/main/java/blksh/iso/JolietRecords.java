package blksh.iso;

import blksh.iso.DiscTree.Kind;
import java.util.Arrays;
import java.util.List;

/** The tree of Joliet: all but symbolic links, which it does not know. */
final class JolietRecords extends RecordTree {

  JolietRecords(DiscPlan plan) {
    super(plan, JolietNames.SCHEME);
  }

  @Override
  boolean holds(int node) {
    return tree.nodes().kind(node) != Kind.LINK;
  }

  @Override
  byte[] identifier(String name, boolean isDirectory) {
    return JolietNames.identifier(name, isDirectory);
  }

  @Override
  int compare(byte[] one, byte[] other) {
    return Arrays.compareUnsigned(one, other);
  }

  @Override
  int inSector(int directory) {
    return plan.spaces().jolietInSector(plan.directory(directory));
  }

  @Override
  long sector(int directory) {
    return plan.jolietSector(directory);
  }

  @Override
  long sectors(int directory) {
    return plan.spaces().jolietSectors(plan.directory(directory));
  }

  @Override
  List<byte[]> ownFields(int directory, boolean ofRoot) {
    return List.of();
  }

  @Override
  List<byte[]> fields(int node) {
    return List.of();
  }
}
