package blksh.iso;

import blksh.iso.DiscTree.Kind;
import java.util.ArrayList;
import java.util.List;

/** The tree of ISO 9660, with Rock Ridge: all that is on the disc. */
final class IsoRecords extends RecordTree {

  IsoRecords(DiscPlan plan) {
    super(plan, IsoNames.SCHEME);
  }

  @Override
  boolean holds(int node) {
    return true;
  }

  @Override
  byte[] identifier(String name, boolean isDirectory) {
    return IsoNames.identifier(name, isDirectory);
  }

  @Override
  int compare(byte[] one, byte[] other) {
    return IsoNames.compare(one, other);
  }

  @Override
  int inSector(int directory) {
    return plan.spaces().isoInSector(plan.directory(directory));
  }

  @Override
  long sector(int directory) {
    return plan.isoSector(directory);
  }

  @Override
  long sectors(int directory) {
    return plan.spaces().isoSectors(plan.directory(directory));
  }

  @Override
  List<byte[]> ownFields(int directory, boolean ofRoot) {
    List<byte[]> fields = new ArrayList<>();
    if (ofRoot) {
      fields.add(RockRidge.sharing());
    }
    addAttributes(directory, fields);
    if (ofRoot) {
      fields.add(plan.continuations().extensionPointer(plan.continuationArea()));
    }
    return fields;
  }

  private void addAttributes(int node, List<byte[]> to) {
    DiscNodes nodes = tree.nodes();
    Kind kind = nodes.kind(node);
    DiscAttributes attributes = nodes.attributes(nodes.owner(node));
    to.add(RockRidge.attributes(kind, attributes, plan.isoLinks(node), plan.number(node)));
    to.add(RockRidge.times(attributes));
  }

  @Override
  List<byte[]> fields(int node) {
    DiscNodes nodes = tree.nodes();
    List<byte[]> fields = new ArrayList<>();
    addAttributes(node, fields);
    if (plan.continuations().has(node)) {
      fields.add(plan.continuations().pointer(node, nodes, plan.continuationArea()));
    } else {
      byte[] target = nodes.kind(node) == Kind.LINK ? nodes.target(node) : null;
      fields.addAll(RockRidge.named(nodes.name(node), target));
    }
    return fields;
  }
}
