package blksh.catalogue;

import blksh.iso.DiscAttributes;
import blksh.iso.DiscContent;
import blksh.iso.DiscLabel;
import blksh.iso.DiscPlan;
import blksh.iso.DiscSize;
import blksh.iso.DiscTree;
import blksh.iso.DiscTreeBuilder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What is on a parity disc: parity of the images of other discs, and how to use it. */
final class ParityDiscTree {

  static final String PARITY = "set.parity";
  static final String ABOUT = "parity.json";

  /** Bytes of parity.json, whatever it says. */
  static final int ABOUT_BYTES = 64 << 10;

  /** Images are a multiple of so many bytes. */
  private static final long UNIT = 32L * DiscPlan.SECTOR;

  private static final DiscLabel ANY = new DiscLabel("X", "0000000000000000", "blksh", 0);

  private ParityDiscTree() {}

  /** The tree of a disc. @param made when it was planned, in seconds since 1970 */
  static DiscTree tree(long parity, int script, long made) {
    DiscAttributes plain = new DiscAttributes(0644, 0, 0, made, 0);
    DiscAttributes shut = new DiscAttributes(0755, 0, 0, made, 0);
    DiscTreeBuilder tree = new DiscTreeBuilder(shut);
    add(tree, plain, DiscCargo.README, DiscContentIds.README, DiscCargo.README_BYTES);
    add(tree, plain, DiscCargo.INFO, DiscContentIds.INFO, DiscCargo.INFO_BYTES);
    add(tree, shut, DiscCargo.RESTORE, DiscContentIds.RESTORE, script);
    add(tree, plain, ABOUT, DiscContentIds.ABOUT, ABOUT_BYTES);
    add(tree, plain, PARITY, DiscContentIds.PARITY, parity);
    return tree.build();
  }

  private static void add(
      DiscTreeBuilder tree, DiscAttributes attributes, String name, long id, long size) {
    tree.file(DiscCargo.ascii(name), attributes, DiscContent.of(id, size));
  }

  /** Bytes of the image of a disc. @param parity bytes of what it is made for */
  static long bytes(long parity) {
    return DiscPlan.of(tree(parity, DiscCargo.restoreScript().length, 0), ANY).bytes();
  }

  /** The longest images that a disc of some capacity can have the parity of; 0 for none. */
  static long largest(long capacity) {
    long low = 0;
    long high = Math.min(DiscSize.largest(capacity), DiscContent.LARGEST) / UNIT;
    while (low < high) {
      long middle = (low + high + 1) / 2;
      if (bytes(middle * UNIT) <= capacity) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low * UNIT;
  }

  /** What parity.json says, padded. */
  static byte[] about(ParityGroup group) {
    StringBuilder text = new StringBuilder("{\n");
    text.append("    \"row\": ").append(group.row()).append(",\n");
    text.append("    \"rows\": ").append(group.rows()).append(",\n");
    text.append("    \"bytes\": ").append(group.bytes()).append(",\n");
    text.append("    \"discs\": [");
    List<Disc> members = group.members();
    for (int i = 0; i < members.size(); i++) {
      Disc each = members.get(i);
      text.append(i == 0 ? "\n" : ",\n").append("        {\"name\": ");
      text.append(new String(JsonText.of(each.name()), StandardCharsets.UTF_8));
      text.append(", \"label\": \"").append(DiscLayout.label(each));
      text.append("\", \"bytes\": ").append(each.size()).append('}');
    }
    text.append("\n    ]\n}\n");
    return DiscCargo.padded(text.toString(), ABOUT_BYTES);
  }

  /** What readme.mkd says, padded. @param text of the job */
  static byte[] readme(Disc disc, int total, String job, ParityGroup group) {
    String text =
        """
        # %s: parity disc, disc %d of %d

        This disc is one of a set that holds the archive "%s". It has no files of its own: `set.parity` is
        made of the images of %d discs, which `parity.json` names. When %d of these cannot be read any more,
        all that was on them comes back from the others and %s:

            python3 restore.py TO DISC...

        with all the discs, or images of them, that are left, this one included.

        `set.parity` is row %d of a Reed-Solomon code over the field of 256 elements (modulo 0x11d). With the
        number y = %d + j, the factor of image j (from 0 on, shorter ones with zeros behind) in row i is
        y divided by (i xor y): in row 0 it is 1, so that row is the exclusive or of all images.
        """
            .formatted(
                disc.name(),
                disc.number(),
                total,
                job.replaceAll("\\p{Cntrl}", "?"),
                group.members().size(),
                group.rows(),
                group.rows() == 1 ? "this disc" : "the %d parity discs".formatted(group.rows()),
                group.row(),
                group.rows());
    return DiscCargo.padded(text, DiscCargo.README_BYTES);
  }
}
