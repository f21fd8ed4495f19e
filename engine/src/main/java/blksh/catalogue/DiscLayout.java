package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.iso.DiscAttributes;
import blksh.iso.DiscContent;
import blksh.iso.DiscLabel;
import blksh.iso.DiscPlan;
import blksh.iso.DiscTree;
import blksh.iso.DiscTreeBuilder;
import blksh.task.Task;
import java.io.IOException;
import java.util.BitSet;
import java.util.Map;

/** A disc of the plan as a tree, with all that it carries; the same each time it is asked for. */
final class DiscLayout {

  private static final String APPLICATION = "blksh";
  private static final int GUID_DIGITS = 16;

  private final CatalogueFile file;
  private final DiscSetTable.Planned planned;
  private final Task task;
  private final DiscEntries entries;
  private final OdarchiveHeading heading;
  private final SourcePrefixes prefixes;
  private final DiscAccess access;

  /** As the disc is, or will be when nothing else is said as it is written. */
  DiscLayout(Catalogue catalogue, DiscSetTable.Planned planned, Task task) {
    this(catalogue, planned, DiscAccess.of(catalogue.file(), planned.disc().id()), task);
  }

  DiscLayout(Catalogue catalogue, DiscSetTable.Planned planned, DiscAccess access, Task task) {
    this.file = catalogue.file();
    this.planned = planned;
    this.access = access;
    this.task = task;
    this.prefixes =
        new SourcePrefixes(
            file,
            catalogue.sources().stream().filter(each -> each.id() <= planned.sources()).toList());
    this.entries = new DiscEntries(file, prefixes, planned.disc().id(), task);
    this.heading = DiscHeading.of(catalogue, planned.made(), planned.disc().capacity());
  }

  /** What a disc is known by in its volume descriptors: 16 digits. */
  static String label(Disc disc) {
    return disc.guid().replace("-", "").substring(0, GUID_DIGITS);
  }

  DiscEntries entries() {
    return entries;
  }

  DiscTexts texts(BitSet missing, BitSet changed, Map<Long, byte[]> partDigests) {
    return new DiscTexts(file, prefixes, planned, heading, entries, missing, changed, partDigests);
  }

  /** Those of a disc that has all it should. */
  DiscTexts texts() {
    return texts(new BitSet(), new BitSet(), Map.of());
  }

  CatalogueLength catalogueText() {
    return new CatalogueLength(new OdarchiveWriter(file, prefixes, task), heading, planned.asOf());
  }

  OdarchiveWriter writer() {
    return new OdarchiveWriter(file, prefixes, task);
  }

  OdarchiveHeading heading() {
    return heading;
  }

  DiscNumbers numbers() {
    long set = DiscSetTable.setOf(file, planned.disc().id());
    return DiscSetTable.numbers(file, set, planned.total());
  }

  /**
   * Where everything lies.
   *
   * @throws BlkshException when it is not what was planned
   */
  DiscPlan plan() {
    return plan(each -> {});
  }

  /** As above. @param beside sees every entry of it, as the plan is made of them */
  DiscPlan plan(DiscEntries.Visitor beside) {
    ParityGroup group = ParityGroup.of(file, planned.disc().id());
    return group == null ? filesPlan(beside) : planned(parityTree(group));
  }

  private DiscTree parityTree(ParityGroup group) {
    return ParityDiscTree.tree(group.bytes(), planned.script(), planned.made().getEpochSecond());
  }

  private DiscPlan filesPlan(DiscEntries.Visitor beside) {
    DiscAttributes plain = new DiscAttributes(0644, 0, 0, planned.made().getEpochSecond(), 0);
    DiscAttributes shut = new DiscAttributes(0755, 0, 0, planned.made().getEpochSecond(), 0);
    DiscTreeBuilder tree = new DiscTreeBuilder(shut);
    boolean[] root = new boolean[1];
    try {
      entries.visit(
          each -> {
            add(tree, each, root);
            beside.take(each);
          });
    } catch (IOException e) {
      throw IoFailure.told("plan the disc " + planned.disc().name(), e);
    }
    if (!root[0]) {
      tree.directory(DiscCargo.ascii(DiscCargo.DATA), shut);
    }
    carry(tree, plain, DiscCargo.README, DiscContentIds.README, DiscCargo.README_BYTES, false);
    carry(tree, plain, DiscCargo.INFO, DiscContentIds.INFO, DiscCargo.INFO_BYTES, true);
    carry(tree, shut, DiscCargo.RESTORE, DiscContentIds.RESTORE, planned.script(), false);
    carry(tree, plain, DiscCargo.SUMS, DiscContentIds.SUMS, planned.sums(), true);
    carry(tree, plain, DiscCargo.TREE, DiscContentIds.TREE, planned.tree(), true);
    String all = planned.own() > 0 ? DiscCargo.CATALOGUE_ZST : DiscCargo.CATALOGUE;
    carry(tree, plain, all, DiscContentIds.CATALOGUE, planned.catalogue(), false);
    if (planned.own() > 0) {
      carry(tree, plain, DiscCargo.CATALOGUE, DiscContentIds.OWN, planned.own(), false);
    }
    return planned(tree.build());
  }

  private DiscPlan planned(DiscTree tree) {
    Disc disc = planned.disc();
    DiscLabel label =
        new DiscLabel(
            DiscLabel.volume(disc.name()),
            label(disc),
            APPLICATION,
            planned.made().getEpochSecond());
    DiscPlan plan = DiscPlan.of(tree, label, Protection.of(file, disc.id()));
    if (plan.bytes() != disc.size()) {
      throw changed(
          "its image would have %d bytes, and %d were planned", plan.bytes(), disc.size());
    }
    return plan;
  }

  BlkshException changed(String problem, Object... values) {
    return new BlkshException("write the disc " + planned.disc().name(), problem.formatted(values))
        .suggest("plan the discs again: segment");
  }

  private static void carry(
      DiscTreeBuilder tree,
      DiscAttributes attributes,
      String name,
      long id,
      long size,
      boolean last) {
    tree.file(DiscCargo.ascii(name), attributes, new DiscContent(id, size, last));
  }

  /** Whether a disc has an entry that is neither a file nor a directory. */
  static boolean isOnDisc(EntryState entry) {
    return entry.type() == FileType.LINK && entry.target().length <= DiscTreeBuilder.LONGEST_TARGET;
  }

  private void add(DiscTreeBuilder tree, DiscEntries.Placed each, boolean[] root) {
    EntryState entry = each.entry();
    DiscAttributes attributes = access.of(entry);
    byte[] path = DiscEntries.onDisc(each.path());
    if (entry.isDirectory()) {
      root[0] |= each.path().length == 0;
      tree.directory(path, attributes);
    } else if (isOnDisc(entry)) {
      tree.symlink(path, attributes, entry.target());
    } else if (entry.isRegular() && each.contentSize() == 0 && entry.content() != 0) {
      PartRow none = new PartRow(0, entry.content(), 1, 1, 0, 0, null, 0);
      tree.file(path, attributes, DiscContent.of(DiscContentIds.of(none), 0));
    } else {
      for (PartRow part : each.parts()) {
        tree.file(
            each.pathOf(part), attributes, DiscContent.of(DiscContentIds.of(part), part.length()));
      }
    }
  }
}
