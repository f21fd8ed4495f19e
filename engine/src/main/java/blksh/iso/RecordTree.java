package blksh.iso;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;

/** A tree of directory records (ECMA-119, 9.1): that of ISO 9660 with Rock Ridge, or of Joliet. */
abstract class RecordTree {

  private static final int FLAG_DIRECTORY = 0x02;
  private static final int FLAG_MORE = 0x80;

  final DiscTree tree;
  final DiscPlan plan;
  private final NameScheme scheme;

  RecordTree(DiscPlan plan, NameScheme scheme) {
    this.plan = plan;
    this.tree = plan.tree();
    this.scheme = scheme;
  }

  /** Whether an entry is in this tree. */
  abstract boolean holds(int node);

  abstract byte[] identifier(String name, boolean isDirectory);

  abstract int compare(byte[] one, byte[] other);

  /** Records in each sector of a directory. */
  abstract int inSector(int directory);

  /** The sector where a directory begins. */
  abstract long sector(int directory);

  abstract long sectors(int directory);

  /** What follows the identifier in the record of a directory for itself or for its parent. */
  abstract List<byte[]> ownFields(int directory, boolean ofRoot);

  /** What follows the identifier in the record of an entry. */
  abstract List<byte[]> fields(int node);

  /** What a directory holds in this tree, in the order of its records. */
  record Listing(int[] nodes, byte[][] identifiers) {}

  final Listing listing(int directory) {
    Naming naming = Naming.of(tree, directory, scheme, this::holds);
    int count = naming.nodes().length;
    byte[][] unsorted = new byte[count][];
    for (int i = 0; i < count; i++) {
      unsorted[i] = identifier(naming.names()[i], naming.isDirectory()[i]);
    }
    int[] order = IntSort.upTo(count);
    new IntSort((one, other) -> compare(unsorted[one], unsorted[other])).sort(order, 0, count);
    int[] nodes = new int[count];
    byte[][] identifiers = new byte[count][];
    for (int i = 0; i < count; i++) {
      nodes[i] = naming.nodes()[order[i]];
      identifiers[i] = unsorted[order[i]];
    }
    return new Listing(nodes, identifiers);
  }

  /** The record of the root, as the volume descriptor has it. */
  final byte[] rootRecord() {
    return ownRecord(0, DiscTree.ROOT, List.of());
  }

  private byte[] ownRecord(int identifier, int directory, List<byte[]> fields) {
    return record(
        new byte[] {(byte) identifier},
        sector(directory),
        sectors(directory) * DiscPlan.SECTOR,
        tree.nodes().seconds(directory),
        FLAG_DIRECTORY,
        fields);
  }

  private static byte[] record(
      byte[] identifier, long sector, long length, long seconds, int flags, List<byte[]> fields) {
    int end = EntrySpace.record(identifier.length);
    int total = end + ContinuationCells.length(fields);
    byte[] record = new byte[total + total % 2];
    record[0] = (byte) record.length;
    BothEndian.put32(record, 2, (int) sector);
    BothEndian.put32(record, 10, (int) length);
    IsoTime.put(record, 18, seconds);
    record[25] = (byte) flags;
    BothEndian.put16(record, 28, 1);
    record[32] = (byte) identifier.length;
    System.arraycopy(identifier, 0, record, EntrySpace.RECORD, identifier.length);
    int at = end;
    for (byte[] field : fields) {
      System.arraycopy(field, 0, record, at, field.length);
      at += field.length;
    }
    return record;
  }

  /** Writes all directories, in the order of the tree. */
  final void write(ImageOutput out) throws IOException {
    for (int place = 0; place < tree.size(); place++) {
      int node = tree.at(place);
      if (tree.isDirectory(node)) {
        out.to(sector(node));
        write(node, out);
      }
    }
  }

  private void write(int directory, ImageOutput out) throws IOException {
    Records records = new Records(out, inSector(directory));
    int parent = tree.nodes().parent(directory);
    records.put(ownRecord(0, directory, ownFields(directory, directory == DiscTree.ROOT)));
    records.put(ownRecord(1, parent, ownFields(parent, false)));
    Listing listing = listing(directory);
    for (int i = 0; i < listing.nodes.length; i++) {
      int node = listing.nodes[i];
      byte[] identifier = listing.identifiers[i];
      List<byte[]> fields = fields(node);
      long seconds = tree.nodes().seconds(node);
      if (tree.isDirectory(node)) {
        long length = sectors(node) * DiscPlan.SECTOR;
        records.put(record(identifier, sector(node), length, seconds, FLAG_DIRECTORY, fields));
      } else {
        long sector = plan.contentSector(node);
        long left = plan.size(node);
        do {
          long length = Math.min(left, EntrySpace.LONGEST_EXTENT);
          left -= length;
          int flags = left > 0 ? FLAG_MORE : 0;
          records.put(record(identifier, sector, length, seconds, flags, fields));
          sector += length / DiscPlan.SECTOR;
        } while (left > 0);
      }
    }
    out.pad();
  }

  /** Puts so many records into each sector. */
  private static final class Records {
    private final ImageOutput out;
    private final int inSector;
    private int put;

    Records(ImageOutput out, int inSector) {
      this.out = out;
      this.inSector = inSector;
    }

    void put(byte[] record) throws IOException {
      if (put == inSector) {
        out.pad();
        put = 0;
      }
      out.put(record);
      put++;
    }
  }

  /** The table of the paths of this tree, with the least significant byte first. */
  final byte[] pathTable() {
    ByteArrayOutputStream table = new ByteArrayOutputStream();
    int[] numbered = new int[tree.directories()];
    table.writeBytes(PathTable.record(new byte[1], sector(DiscTree.ROOT), 1));
    int count = 1;
    for (int i = 0; i < count; i++) {
      Listing listing = listing(numbered[i]);
      for (int child = 0; child < listing.nodes.length; child++) {
        int node = listing.nodes[child];
        if (tree.isDirectory(node)) {
          table.writeBytes(PathTable.record(listing.identifiers[child], sector(node), i + 1));
          numbered[count++] = node;
        }
      }
    }
    return table.toByteArray();
  }
}
