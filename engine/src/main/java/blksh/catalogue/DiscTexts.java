package blksh.catalogue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/** The texts that a disc carries. Each is as long as was planned. */
final class DiscTexts {

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;
  private final DiscSetTable.Planned planned;
  private final OdarchiveHeading heading;
  private final DiscEntries entries;

  /** Contents that the disc has not got as they were catalogued. */
  private final BitSet missing;

  /** Entries that are empty on the disc and were not any more. */
  private final BitSet changed;

  /** Digests of parts, by content and number. */
  private final Map<Long, byte[]> partDigests;

  private static final byte[] NO_DIGEST = new byte[32];

  DiscTexts(
      CatalogueFile file,
      SourcePrefixes prefixes,
      DiscSetTable.Planned planned,
      OdarchiveHeading heading,
      DiscEntries entries,
      BitSet missing,
      BitSet changed,
      Map<Long, byte[]> partDigests) {
    this.file = file;
    this.prefixes = prefixes;
    this.planned = planned;
    this.heading = heading;
    this.entries = entries;
    this.missing = missing;
    this.changed = changed;
    this.partDigests = partDigests;
  }

  byte[] readme() {
    Disc disc = planned.disc();
    String text =
        """
        # %s: disc %d of %d

        This disc is one of a set that holds the archive "%s", planned on %s (UTC).
        It can be used alone: what is on it lies in DATA, under the names it had.

        - `DATA/`: the files
        - `catalogue.json`%s: all files of the set, by SHA-512, with the number of their disc
          (`disc_num`, where 0 is the first)
        - `tree.jsonl`: what is on this disc, a line each: path, owner, permissions, time, attributes,
          links, SHA-256, and the sector at which the contents begin
        - `sha256sums.txt`: check it with `sha256sum -c --quiet sha256sums.txt`
        - `disc_info.json`: which disc of the set this is, and whether all on it is as it should be
        - `restore.py`: makes the files again, with all that belongs to them

        To restore, with python3 and nothing else, from discs, images of discs, or copies of them:

            python3 restore.py TO DISC...

        Several runs, with a disc each, come to the same when the newest disc comes first: of what is
        on several discs under one path, the newest that is given is made.

        A file larger than a disc is there in parts, name.001, name.002 and so on (name.part001 where
        a file is called name.001), each on a disc of its own. Put together in the order of their
        numbers they are the file; `restore.py` does that, too.
        %s"""
            .formatted(
                disc.name(),
                disc.number(),
                planned.total(),
                heading.jobName().replaceAll("\\p{Cntrl}", "?"),
                heading.date(),
                planned.own() > 0
                    ? ": what is on this disc;\n  `catalogue.json.zst` (unpack it with `zstd -d`)"
                    : "",
                Protection.of(file, disc.id()).rows() == 0
                    ? ""
                    : """

                      Behind the files is parity: where sectors of this disc cannot be read any more, or are not
                      what they were, `restore.py` makes them again from the others.
                      """);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    byte[] all = Arrays.copyOf(bytes, DiscCargo.README_BYTES);
    for (int i = bytes.length; i < all.length; i++) {
      all[i] = (byte) (i % 100 == 99 || i == all.length - 1 ? '\n' : ' ');
    }
    return all;
  }

  byte[] info() {
    Disc disc = planned.disc();
    StringBuilder text = new StringBuilder("{\n");
    field(text, "date", heading.date());
    field(text, "disc_num", Integer.toString(disc.number()));
    field(text, "num_discs", Integer.toString(planned.total()));
    field(text, "job_name", heading.jobName());
    field(text, "job_id", heading.jobId());
    field(text, "guid", disc.guid());
    field(text, "name", disc.name());
    text.append("    \"bytes\": ").append(disc.size()).append(",\n");
    int lost = missing.cardinality() + changed.cardinality();
    text.append("    \"missing\": ").append(lost).append(",\n");
    text.append("    \"complete\": ").append(lost == 0).append("\n}\n");
    return DiscCargo.padded(text.toString(), DiscCargo.INFO_BYTES);
  }

  private static void field(StringBuilder text, String name, String value) {
    text.append("    \"").append(name).append("\": ");
    byte[] json = JsonText.of(value == null ? "" : value);
    text.append(new String(json, StandardCharsets.UTF_8)).append(",\n");
  }

  /** Writes tree.jsonl and sha256sums.txt. */
  void lists(OutputStream tree, OutputStream sums) throws IOException {
    entries.visit(listing(tree, sums));
  }

  /** Writes of each entry what the two say. */
  DiscEntries.Visitor listing(OutputStream tree, OutputStream sums) {
    ContentReferences references = new ContentReferences(file, prefixes);
    return each -> {
      EntryState entry = each.entry();
      for (TreeLine.Place place : places(each, references)) {
        byte[] line = TreeLine.of(entry, place);
        tree.write(isMissing(entry) ? withoutDigest(line) : line);
      }
      sum(each, sums);
    };
  }

  private boolean isMissing(EntryState entry) {
    return missing.get((int) entry.content()) || changed.get((int) entry.id());
  }

  /** As many bytes that name no digest. */
  private static byte[] withoutDigest(byte[] line) {
    String text = new String(line, StandardCharsets.ISO_8859_1);
    int at = text.lastIndexOf(", \"sha256\": \"");
    if (at < 0) {
      return line;
    }
    int from = at + ", \"sha256\": ".length();
    String none = "null" + " ".repeat(62);
    return (text.substring(0, from) + none + text.substring(from + 66))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private List<TreeLine.Place> places(DiscEntries.Placed each, ContentReferences references)
      throws SQLException {
    EntryState entry = each.entry();
    if (!entry.isRegular()) {
      return List.of(new TreeLine.Place(each.path(), null, null, null, null, null));
    }
    if (each.contentSize() > 0 && each.parts().isEmpty()) {
      return List.of(references.of(entry, each.path(), each.sha256()));
    }
    byte[] link = HardLinkNames.first(file, prefixes, entry);
    List<PartRow> parts =
        each.parts().isEmpty()
            ? List.of(new PartRow(0, entry.content(), 1, 1, 0, 0, null, 0))
            : each.parts();
    List<TreeLine.Place> places = new ArrayList<>();
    for (PartRow part : parts) {
      places.add(new TreeLine.Place(each.path(), link, each.sha256(), part, null, null));
    }
    return places;
  }

  private void sum(DiscEntries.Placed each, OutputStream out) throws IOException {
    EntryState entry = each.entry();
    if (!entry.isRegular() || each.contentSize() > 0 && each.parts().isEmpty()) {
      return;
    }
    if (each.parts().isEmpty()) {
      byte[] line = SumLine.of(each.sha256(), DiscEntries.onDisc(each.path()));
      out.write(isMissing(entry) ? SumLine.without(line) : line);
    }
    for (PartRow part : each.parts()) {
      byte[] sha256 = part.parts() == 1 ? each.sha256() : digest(part);
      byte[] line = SumLine.of(sha256, each.pathOf(part));
      out.write(isMissing(entry) ? SumLine.without(line) : line);
    }
  }

  private byte[] digest(PartRow part) {
    return partDigests.getOrDefault(DiscContentIds.of(part), NO_DIGEST);
  }
}
