package blksh.catalogue;

import java.sql.SQLException;

/** Makes of entries what is put onto discs. To be used within a call of the file. */
final class DiscItems {

  private final CatalogueFile file;
  private final SourcePrefixes prefixes;
  private final ContentReferences references;

  DiscItems(CatalogueFile file, SourcePrefixes prefixes) {
    this.file = file;
    this.prefixes = prefixes;
    this.references = new ContentReferences(file, prefixes);
  }

  /**
   * A file, or a part of one.
   *
   * @param path of the file in the one tree
   * @param sectors what its contents take that are not on the disc yet
   * @param own bytes of its contents' part of the disc's own catalogue, 0 when they are there
   */
  DiscItem file(
      EntryWalk.Row row, DirectoryLevel level, byte[] path, PartRow part, long sectors, int own)
      throws SQLException {
    EntryState entry = row.entry();
    byte[] name = part.name(entry.name());
    byte[] link = HardLinkNames.first(file, prefixes, entry);
    TreeLine.Place place = new TreeLine.Place(path, link, row.sha256(), part, null, null);
    byte[] onDisc = DiscEntries.onDisc(DirectoryLevels.path(level, name));
    return new DiscItem(
        level,
        entry,
        name,
        part.length(),
        sectors,
        TreeLine.length(entry, place),
        SumLine.length(row.sha256().length, onDisc),
        own);
  }

  /** A symbolic link, or what a disc has only a line of. */
  DiscItem other(EntryState entry, DirectoryLevel level, byte[] path) {
    TreeLine.Place place = new TreeLine.Place(path, null, null, null, null, null);
    byte[] name = DiscLayout.isOnDisc(entry) ? entry.name() : null;
    return new DiscItem(level, entry, name, 0, 0, TreeLine.length(entry, place), 0, 0);
  }

  /** A file whose contents another disc has. */
  DiscItem reference(EntryWalk.Row row, DirectoryLevel level, byte[] path) throws SQLException {
    EntryState entry = row.entry();
    TreeLine.Place place = references.of(entry, path, row.sha256());
    return new DiscItem(level, entry, null, 0, 0, TreeLine.length(entry, place), 0, 0);
  }
}
