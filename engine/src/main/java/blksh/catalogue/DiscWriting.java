package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.SliceSource;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.iso.ContentDigest;
import blksh.iso.DiscContents;
import blksh.iso.DiscFault;
import blksh.iso.DiscPlan;
import blksh.iso.DiscReport;
import blksh.iso.DiscWriter;
import blksh.task.Task;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;

/**
 * Writes the image of a planned disc. Contents are compared with the catalogue on their way; what
 * is another, cut short or gone is noted on the disc itself, behind them, and in the catalogue. The
 * disc counts as written once its image is whole and durable.
 */
final class DiscWriting implements DiscContents {

  private static final String SHA_256 = "SHA-256";

  private static final String LIES =
      "UPDATE part SET sector = ? WHERE disc = ? AND content = ? AND number = ?";

  private static final String LIES_THERE =
      "SELECT count(*) FROM part WHERE sector = ? AND disc = ? AND content = ? AND number = ?";

  private final CatalogueFile file;
  private final DiscSetTable.Planned planned;
  private final DiscAccess access;
  private final DiscLayout layout;
  private final Task task;
  private final BitSet missing = new BitSet();

  /** Entries that are empty on the disc, and were not any more when it was begun. */
  private final BitSet changed = new BitSet();

  private final ScanFindings empty;
  private final ContentFiles files;

  /** What a disc that was written before has not got; nothing else may be missing then. */
  private final BitSet missingBefore = new BitSet();

  private final BitSet changedBefore = new BitSet();
  private final Map<Long, byte[]> partDigests = new ConcurrentHashMap<>();
  private final DiscTexts texts;

  /** What the disc carries and is made already, by its number. */
  private final Map<Long, ScratchSource> made = new HashMap<>();

  private ContentsAhead ahead;

  /**
   * @param readable whether everybody may read what is on it; a disc that has that keeps it
   */
  DiscWriting(Catalogue catalogue, long disc, boolean readable, Task task) {
    this.file = catalogue.file();
    this.planned = DiscSetTable.planned(file, disc);
    this.task = task;
    if (planned.disc().imported()) {
      throw new BlkshException(
              "write the disc " + planned.disc().name(), "another catalogue tells of it")
          .suggest("segment: that plans discs of this one");
    }
    DiscAccess before = DiscAccess.of(file, disc);
    this.access = isRewritten() && !readable ? before : DiscAccess.of(readable);
    this.layout = new DiscLayout(catalogue, planned, access, task);
    this.texts = layout.texts(missing, changed, partDigests);
    this.empty = new ScanFindings(task);
    this.files = new ContentFiles(file, disc);
    if (isRewritten()) {
      if (before != access) {
        throw otherwise("not everybody may read that");
      }
      file.call("look what is on the disc", this::lookWhatWasMissing);
    }
  }

  private boolean isRewritten() {
    return planned.disc().written() != null;
  }

  private Void lookWhatWasMissing() throws SQLException {
    long disc = planned.disc().id();
    try (ResultSet rows =
        file.prepared("SELECT content FROM part WHERE disc = ? AND missing = 1", disc)
            .executeQuery()) {
      while (rows.next()) {
        missingBefore.set(rows.getInt(1));
      }
    }
    try (ResultSet rows =
        file.prepared("SELECT entry FROM place WHERE disc = ? AND missing = 1", disc)
            .executeQuery()) {
      while (rows.next()) {
        changedBefore.set(rows.getInt(1));
      }
    }
    return null;
  }

  /**
   * @param image the file to be made
   */
  WrittenDisc write(Path image, boolean overwrite) {
    try (files) {
      return written(image, overwrite);
    } finally {
      made.values().forEach(ScratchSource::close);
    }
  }

  private WrittenDisc written(Path image, boolean overwrite) {
    task.phase("planning");
    int script = DiscCargo.restoreScript().length;
    if (planned.script() != script) {
      throw layout.changed(
          "its restore.py has %d bytes now, and %d were planned", script, planned.script());
    }
    CountedOutput tree = new CountedOutput(null);
    CountedOutput sums = new CountedOutput(null);
    DiscPlan plan = layout.plan(texts.listing(tree, sums));
    file.call("look at files in parts", this::requireFilesOfParts);
    lookAtEmptyFiles();
    require(DiscCargo.TREE, tree.count(), planned.tree());
    require(DiscCargo.SUMS, sums.count(), planned.sums());
    try {
      makeCatalogue();
    } catch (IOException e) {
      throw IoFailure.told("write the disc " + planned.disc().name(), e);
    }
    LongStream.Builder ids = LongStream.builder();
    file.whole(
        "note where contents lie",
        () -> {
          plan.contents(
              (content, position, path) -> {
                if (content.id() > 0) {
                  place(content.id(), position / DiscPlan.SECTOR, path);
                  ids.add(content.id());
                }
              });
          return null;
        });
    DiscNotes notes = DiscNotes.of(plan.tree());
    notes.tell(task);
    ahead = new ContentsAhead(file, planned.disc().id(), ids.build().toArray());
    DiscReport report = DiscWriter.write(plan, this, image, overwrite, task, () -> note(image));
    file.whole(
        "note a written disc",
        () -> {
          DiscSetTable.noteWritten(file, planned.disc());
          return null;
        });
    List<String> faults = new ArrayList<>(empty.named());
    report.faults().forEach(each -> faults.add(sentence(each)));
    return new WrittenDisc(
        DiscSetTable.planned(file, planned.disc().id()).disc(),
        image,
        report.bytes(),
        report.contents(),
        report.faultCount() + empty.count(),
        faults,
        notes.sentences());
  }

  /** What is to be said of a disc whose image was found whole. */
  static WrittenDisc found(Disc disc, Task task) {
    String text = "its image was written before: " + disc.image();
    if (!disc.marked()) {
      task.note(text);
      return new WrittenDisc(disc, disc.image(), disc.size(), 0, 0, List.of());
    }
    String sentence = text + "; not all on it is as it was catalogued, sha256sums.txt there tells";
    task.finding(sentence);
    return new WrittenDisc(disc, disc.image(), disc.size(), 0, 1, List.of(sentence));
  }

  /**
   * Of a part nobody knows the digest, so the file must be the very one that was scanned; that is
   * better known before an image is written.
   */
  private Void requireFilesOfParts() throws SQLException {
    try (PreparedStatement statement =
            file.own(
                "SELECT DISTINCT content FROM part WHERE disc = ? AND parts > 1",
                planned.disc().id());
        ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        List<ContentFiles.Found> names = files.of(rows.getLong(1));
        if (names.stream().noneMatch(files::isUnchanged)) {
          String name = names.isEmpty() ? "a file" : NameText.of(names.get(0).path());
          throw new BlkshException(
                  "write the disc " + planned.disc().name(),
                  name + " is gone, changed, or may have changed since it was scanned")
              .suggest("scan its directory again, and plan the discs again: segment");
        }
      }
    }
    return null;
  }

  /** Empty files have no contents that are read, so whether they are empty still is asked first. */
  private void lookAtEmptyFiles() {
    files.empty(
        each -> {
          task.checkCancelled();
          String problem = files.notEmpty(each);
          if (problem == null) {
            return;
          }
          int entry = (int) each.entry().id();
          if (isRewritten() && !changedBefore.get(entry)) {
            throw otherwise(NameText.of(each.path()) + ": " + problem);
          }
          changed.set(entry);
          empty.add(each.path(), problem);
        });
  }

  /** What was written stays what it was. */
  private BlkshException otherwise(String problem) {
    return new BlkshException(
            "write the disc " + planned.disc().name() + " once more",
            "it would be another than the one that was written: " + problem)
        .suggest("scan again, and plan what changed: segment");
  }

  static String sentence(DiscFault fault) {
    return NameText.of(fault.path()) + ": " + fault.problem();
  }

  private void require(String name, long length, long planned) {
    if (length != planned) {
      throw layout.changed(
          "its %s would have %d bytes, and %d were planned", name, length, planned);
    }
  }

  /** Makes the catalogue that is on the disc in plain, which is as long as was planned. */
  private void makeCatalogue() throws IOException {
    boolean own = planned.own() > 0;
    Disc only = own ? planned.disc() : null;
    ScratchSource catalogue =
        ScratchSource.of(
            DiscCargo.CATALOGUE,
            out ->
                layout
                    .writer()
                    .write(layout.heading(), planned.asOf(), layout.numbers(), only, out));
    made.put(own ? DiscContentIds.OWN : DiscContentIds.CATALOGUE, catalogue);
    String name = (own ? "own " : "") + DiscCargo.CATALOGUE;
    require(name, catalogue.size(), own ? planned.own() : planned.catalogue());
  }

  /** Of what was written all contents stay where they are: discs were burned from it. */
  private void place(long id, long sector, byte[] path) {
    long content = DiscContentIds.content(id);
    int number = DiscContentIds.number(id);
    long disc = planned.disc().id();
    boolean same =
        file.call(
            "note where a content lies",
            () ->
                isRewritten()
                    ? file.number(0, LIES_THERE, sector, disc, content, number) > 0
                    : file.execute(LIES, sector, disc, content, number) > 0);
    if (!same) {
      throw otherwise(NameText.of(path) + " would lie somewhere else on it");
    }
  }

  /** Notes what the image has that is about to get its name. */
  private void note(Path image) {
    file.whole(
        "note a disc",
        () -> {
          long disc = planned.disc().id();
          LostContents.forget(file, disc);
          access.note(file, disc);
          file.execute("UPDATE place SET missing = 0 WHERE disc = ?", disc);
          for (int i = changed.nextSetBit(0); i >= 0; i = changed.nextSetBit(i + 1)) {
            file.execute("UPDATE place SET missing = 1 WHERE disc = ? AND entry = ?", disc, i);
          }
          file.execute("UPDATE part SET missing = 0, sha256 = NULL WHERE disc = ?", disc);
          for (int i = missing.nextSetBit(0); i >= 0; i = missing.nextSetBit(i + 1)) {
            file.execute("UPDATE part SET missing = 1 WHERE disc = ? AND content = ?", disc, i);
          }
          for (Map.Entry<Long, byte[]> each : partDigests.entrySet()) {
            if (each.getKey() < 0) {
              file.execute(
                  "INSERT OR REPLACE INTO carried VALUES (?, ?, ?)",
                  disc,
                  each.getKey(),
                  each.getValue());
            } else {
              file.execute(
                  "UPDATE part SET sha256 = ? WHERE disc = ? AND content = ? AND number = ?",
                  each.getValue(),
                  disc,
                  DiscContentIds.content(each.getKey()),
                  DiscContentIds.number(each.getKey()));
            }
          }
          file.execute(
              "UPDATE disc SET image = ?, marked = ? WHERE id = ?",
              image.toAbsolutePath().toString(),
              missing.isEmpty() && changed.isEmpty() ? 0 : 1,
              disc);
          return null;
        });
  }

  // ---- contents --------------------------------------------------------------------------------

  @Override
  public BlockSource open(long id) {
    return id > 0 ? source(id) : carried(id);
  }

  private BlockSource carried(long id) {
    try {
      return new HashedPart(made(id), digest -> partDigests.put(id, digest));
    } catch (IOException e) {
      throw IoFailure.told("make what the disc carries", e);
    }
  }

  private BlockSource made(long id) throws IOException {
    if (id == DiscContentIds.README) {
      return new ByteArraySource(DiscCargo.README, texts.readme());
    }
    if (id == DiscContentIds.INFO) {
      return new ByteArraySource(DiscCargo.INFO, texts.info());
    }
    if (id == DiscContentIds.RESTORE) {
      return new ByteArraySource(DiscCargo.RESTORE, DiscCargo.restoreScript());
    }
    if (!made.containsKey(id)) {
      if (id == DiscContentIds.SUMS || id == DiscContentIds.TREE) {
        makeLists();
      } else if (id == DiscContentIds.CATALOGUE && planned.own() > 0) {
        made.put(id, ScratchSource.of(DiscCargo.CATALOGUE_ZST, this::compressed));
      } else {
        throw new IllegalStateException("the disc carries no content " + id + ", or once only");
      }
    }
    return made.remove(id);
  }

  /** Makes both at once: they come last, one behind the other, and tell of the same. */
  private void makeLists() throws IOException {
    ScratchSource.Pair lists = ScratchSource.of(DiscCargo.TREE, DiscCargo.SUMS, texts::lists);
    made.put(DiscContentIds.TREE, lists.first());
    made.put(DiscContentIds.SUMS, lists.second());
  }

  private void compressed(OutputStream out) throws IOException {
    CountedOutput counted = new CountedOutput(out);
    layout.catalogueText().compress(layout.numbers(), counted);
    long rest = planned.catalogue() - counted.count();
    if (rest < 0) {
      throw layout.changed("its catalogue is %d bytes longer than planned", -rest);
    }
    out.write(CatalogueLength.filling((int) rest));
  }

  private BlockSource source(long id) {
    ContentsAhead.Known known = ahead.of(id);
    ContentFiles.Opened likely = known == null ? null : files.open(known.first());
    ContentFiles.Opened opened = likely != null ? likely : files.open(DiscContentIds.content(id));
    ContentFiles.Found found = opened.found();
    FileStatus now = opened.file().status();
    if (now.mode() != found.entry().mode()) {
      task.finding(
          "%s: its permissions are %o now, and %o are on the disc"
              .formatted(NameText.of(found.path()), now.mode(), found.entry().mode()));
    }
    return known != null && known.part().parts() > 1
        ? part(opened.file(), found, known.part())
        : opened.file();
  }

  /** Of a part nobody knows the digest: the file must be the very same. */
  private BlockSource part(ScannedFile opened, ContentFiles.Found found, PartRow part) {
    boolean kept = false;
    try {
      if (!found.entry().isUnchanged(opened.status())) {
        throw new BlkshException(
            "read " + NameText.of(found.path()), "it changed since it was scanned");
      }
      BlockSource slice = new SliceSource(opened, part.start(), part.length());
      kept = true;
      return new HashedPart(
          slice,
          digest -> {
            opened.requireStill(found.entry());
            partDigests.put(DiscContentIds.of(part), digest);
          });
    } finally {
      if (!kept) {
        opened.close();
      }
    }
  }

  @Override
  public ContentDigest digest(long id) {
    ContentsAhead.Known known = id > 0 ? ahead.of(id) : null;
    return known == null || known.sha256() == null
        ? null
        : new ContentDigest(SHA_256, known.sha256());
  }

  @Override
  public synchronized void written(long id, ContentDigest digest, DiscFault fault) {
    if (fault != null && id > 0) {
      int content = (int) DiscContentIds.content(id);
      if (isRewritten() && !missingBefore.get(content)) {
        throw otherwise(sentence(fault));
      }
      missing.set(content);
    }
    if (fault != null && id <= 0) {
      throw new BlkshException(
          "write the disc " + planned.disc().name(),
          "what it carries did not come out as planned (" + fault.problem() + ")");
    }
  }
}
