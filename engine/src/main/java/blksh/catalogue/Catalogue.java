package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.FileStatus;
import blksh.io.IoFailure;
import blksh.io.LockFile;
import blksh.io.NameText;
import blksh.io.PartFile.Durability;
import blksh.io.PathBytes;
import blksh.io.Sqlite;
import blksh.io.WholeFile;
import blksh.task.Task;
import blksh.tree.WalkOptions;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A catalogue of files: of one or more directories, each as it was when it was scanned last, and of
 * other catalogues; and of the discs these are on. It is one SQLite database. Any number of threads
 * may use one; what changes it is done by one process at a time.
 */
public final class Catalogue implements Closeable {

  private static final String JOB_ID = "job_id";
  private static final String JOB_NAME = "job_name";
  private static final String CLIENT = "client_name";
  private static final String SOURCE_PATH = "source_path";

  /** The longest name and id of a job, in characters. */
  private static final int LONGEST_JOB = 200;

  private final String name;
  private final CatalogueFile file;

  private Catalogue(String name, CatalogueFile file) {
    this.name = name;
    this.file = file;
  }

  /**
   * Opens a catalogue.
   *
   * @param name what it is called
   * @throws BlkshException when there is none, or the file is something else
   */
  public static Catalogue open(Path path, String name) {
    return new Catalogue(name, CatalogueFile.open(path, false));
  }

  /** As above, and makes an empty one where there is none. */
  public static Catalogue openOrCreate(Path path, String name) {
    CatalogueFile file = CatalogueFile.open(path, true);
    boolean ready = false;
    try {
      if (file.fact(JOB_ID) == null) {
        file.whole(
            "begin",
            () -> {
              file.fact(JOB_ID, UUID.randomUUID().toString());
              file.fact(JOB_NAME, name);
              file.fact(CLIENT, System.getProperty("user.name", ""));
              return null;
            });
      }
      ready = true;
      return new Catalogue(name, file);
    } finally {
      if (!ready) {
        file.close();
      }
    }
  }

  /** Removes a catalogue that nobody has open. */
  public static void delete(Path path) {
    try {
      Sqlite.delete(path);
      Files.deleteIfExists(lock(path));
    } catch (IOException e) {
      throw IoFailure.told("delete the catalogue " + path, e);
    }
  }

  private static Path lock(Path path) {
    return path.resolveSibling(path.getFileName() + ".lock");
  }

  /** What it is called. */
  public String name() {
    return name;
  }

  /** The file it is in. */
  public Path path() {
    return file.path();
  }

  CatalogueFile file() {
    return file;
  }

  /** What its archives are called: a name of a job, as odarchive has it. */
  public String jobName() {
    return file.fact(JOB_NAME);
  }

  /**
   * Gives its archives another name, number, client and path they say they are of; null leaves what
   * is.
   */
  public void job(String jobName, String jobId, String client, String sourcePath) {
    requireShort("name", jobName);
    requireShort("id", jobId);
    file.whole(
        "name the job",
        () -> {
          if (jobName != null) {
            file.fact(JOB_NAME, jobName);
          }
          if (jobId != null) {
            file.fact(JOB_ID, jobId);
          }
          if (client != null) {
            file.fact(CLIENT, client);
          }
          if (sourcePath != null) {
            file.fact(SOURCE_PATH, sourcePath);
          }
          return null;
        });
  }

  /** What stands in disc_info.json, which has a fixed length. */
  private static void requireShort(String what, String value) {
    if (value != null && value.length() > LONGEST_JOB) {
      throw new BlkshException(
          "name the job",
          "its %s has %d characters, and may have %d".formatted(what, value.length(), LONGEST_JOB));
    }
  }

  /** What no other catalogue has, and stays: a UUID. */
  public String jobId() {
    return file.fact(JOB_ID);
  }

  String client() {
    return file.fact(CLIENT);
  }

  /**
   * Looks through a directory, and reads what is new or changed there. What was known of the same
   * directory and is no more is noted as gone. Other directories stay as they were. The database
   * itself and images of its discs are left out.
   *
   * @throws BlkshException when it cannot be opened; what is in it and cannot be read is told in
   *     the report
   */
  public ScanReport scan(Path directory, WalkOptions options, Task task) {
    Path root;
    try {
      root = directory.toRealPath();
    } catch (IOException e) {
      throw IoFailure.told("scan " + directory, e);
    }
    if (!Files.isDirectory(root)) {
      throw new BlkshException("scan " + directory, "it is no directory");
    }
    return alone(
        "scan " + directory,
        () -> {
          byte[] bytes = PathBytes.of(root);
          long source =
              file.whole(
                  "note a source",
                  () -> {
                    long known =
                        file.number(
                            0, "SELECT id FROM source WHERE imported = 0 AND root = ?", bytes);
                    return known != 0
                        ? known
                        : file.number(
                            0,
                            "INSERT INTO source (root, imported) VALUES (?, 0) RETURNING id",
                            bytes);
                  });
          List<FileStatus> own = new ArrayList<>(options.own());
          own.addAll(file.call("look what is its own", () -> OwnFiles.below(root, file)));
          WalkOptions without = options.without(own);
          ScanReport report = new CatalogueScan(file, source, root, without, task).run();
          task.phase("indexing names");
          NameSearch.index(file, task);
          return report;
        });
  }

  /**
   * Takes in a catalogue.json of odarchive, of version 1 or 2, as a source of its own. A later save
   * of the same job takes the place of the earlier.
   *
   * @throws BlkshException when it is none; then nothing is taken in
   */
  public MergeReport merge(Path json, Task task) {
    return alone(
        "merge " + json,
        () -> {
          MergeReport report = new CatalogueMerge(file, json, task).run();
          NameSearch.index(file, task);
          return report;
        });
  }

  /**
   * Writes a catalogue.json of version 2 that odarchive loads.
   *
   * @param to a file, which is replaced as a whole
   */
  public void export(Path to, Task task) {
    OdarchiveHeading heading = heading(UUID.randomUUID().toString(), now(), -1);
    try {
      WholeFile.replace(
          to,
          Durability.DURABLE,
          out ->
              new OdarchiveWriter(file, prefixes(), task)
                  .write(heading, asOf(), DiscSetTable.numbers(file), null, out));
    } catch (IOException e) {
      throw IoFailure.told("write " + to, e);
    }
  }

  private static String now() {
    Instant now = Instant.now();
    return OdarchiveWriter.time(now.getEpochSecond()) + ".%06d".formatted(now.getNano() / 1000);
  }

  OdarchiveHeading heading(String guid, String date, long segmentSize) {
    List<CatalogueSource> sources = sources();
    String from = sources.isEmpty() ? "" : sources.get(0).text();
    if (!sources.isEmpty() && sources.get(0).imported()) {
      from = sources.get(0).origin() == null ? "" : sources.get(0).origin();
    }
    String given = file.fact(SOURCE_PATH);
    return new OdarchiveHeading(
        2,
        client(),
        jobName(),
        jobId(),
        guid,
        date,
        OdarchiveHeading.ROOT,
        given == null ? from : given,
        segmentSize);
  }

  SourcePrefixes prefixes() {
    return new SourcePrefixes(file, sources());
  }

  /** The last scan, whose findings are what is there now. */
  long asOf() {
    return file.call("look", () -> file.number(0, "SELECT max(id) FROM scan"));
  }

  /** Where its files come from, in the order in which that was told. */
  public List<CatalogueSource> sources() {
    return file.call(
        "list sources",
        () -> {
          List<CatalogueSource> sources = new ArrayList<>();
          try (ResultSet rows =
              file.prepared(
                      "SELECT id, root, imported, job_name, job_id, origin, prefix,"
                          + " prefix IS NOT NULL FROM source ORDER BY id")
                  .executeQuery()) {
            while (rows.next()) {
              sources.add(
                  new CatalogueSource(
                      rows.getInt(1),
                      rows.getBytes(2),
                      rows.getBoolean(8) ? EntryState.bytes(rows, 7) : null,
                      rows.getBoolean(3),
                      rows.getString(4),
                      rows.getString(5),
                      rows.getString(6)));
            }
          }
          return sources;
        });
  }

  /**
   * Looks for entries whose path fits a pattern, as in a .gitignore file: {@code *.jpg}, {@code
   * 2019/**}.
   *
   * @param visitor takes each, in no order; says whether more are wanted
   */
  public void find(String pattern, Predicate<CatalogueEntry> visitor) {
    index();
    try {
      new NameSearch(file, sources()).find(pattern, visitor::test);
    } catch (IllegalArgumentException e) {
      throw new BlkshException("find " + pattern + " in catalogue " + name, e.getMessage(), e);
    }
  }

  private void index() {
    if (Files.isWritable(file.path())) {
      NameSearch.index(file, Task.unwatched());
    }
  }

  /** The entries of a name, or of the last steps of a path. @param text a name as it is shown */
  public List<CatalogueEntry> which(String text) {
    List<CatalogueEntry> found = new ArrayList<>();
    new NameSearch(file, sources()).which(NameSearch.typed(text), each -> found.add(each) || true);
    if (found.isEmpty() && text.contains("\\")) {
      new NameSearch(file, sources()).which(NameText.name(text), found::add);
    }
    return found;
  }

  /** Counts and sizes of what is in it. */
  public CatalogueFigures figures() {
    return CatalogueFigures.of(file);
  }

  /** What takes most in it, by a view on its files. */
  public List<FigureBar> figures(FigureBar.By by) {
    return FigureBar.of(file, by);
  }

  /** Contents that several files have, those that waste most first. @param most how many */
  public List<DuplicateContent> duplicates(int most) {
    return DuplicateContent.of(file, sources(), most);
  }

  /** Its scans, the last first. */
  public List<PastScan> scans() {
    return PastScan.of(file, sources());
  }

  /** What a scan found gone, or another than before; by path. @param most how many */
  public List<CatalogueEntry> gone(long scan, int most) {
    return PastScan.gone(file, sources(), scan, most);
  }

  /**
   * Plans discs for what is on none yet. What is on a disc that was written stays there; what was
   * only planned is planned anew.
   *
   * @param dryRun whether the plan is only told, and that before it stays
   * @throws BlkshException when it cannot be: a file is larger than a disc and may not be spanned
   */
  public DiscSet segment(SegmentOptions options, boolean dryRun, Task task) {
    return alone(
        "plan discs of catalogue " + name, () -> new DiscPlanning(this, options, task).run(dryRun));
  }

  /** The plan of the set that is gone on with, to be changed by hand. */
  public Plan plan() {
    return new Plan(this);
  }

  /** The discs of the set that is gone on with; without any when none was planned. */
  public DiscSet discSet() {
    return DiscSet.current(file);
  }

  /** The discs of all sets, those of other catalogues too. */
  public List<Disc> discs() {
    return DiscSetTable.discs(file, 0);
  }

  /**
   * Writes the image of a planned disc; or of one that was written, once more: then files must be
   * what they were. What is wrong with single files is told in the result, and on the disc.
   *
   * @param readable whether everybody may read it, whatever modes files have
   * @throws BlkshException when it cannot be written, or the plan does not hold any more
   */
  public WrittenDisc write(Disc disc, Path image, boolean overwrite, boolean readable, Task task) {
    return DiscImages.write(this, disc, image, overwrite, readable, task);
  }

  /**
   * Compares every byte of an image, or of a drive, with what the disc must be. Contents that are
   * not as they were are planned anew by the next plan. What was found is remembered, see {@link
   * #health}; a verify that was stopped is not.
   *
   * @param drive which drive it is read in: its model and serial number; null of an image
   * @throws BlkshException when it is another disc, or cannot be read at all
   */
  public WrittenDisc verify(Disc disc, Path image, String drive, Task task) {
    return DiscVerification.verify(this, disc, image, drive, task);
  }

  /** As above, of an image. */
  public WrittenDisc verify(Disc disc, Path image, Task task) {
    return verify(disc, image, null, task);
  }

  /** Each verify of a disc that came to its end, the first first. */
  public List<PastVerify> verifies(Disc disc) {
    return VerifyTable.of(file, disc.id());
  }

  /** How the written discs of all sets are, what to copy first first. */
  public List<DiscHealth> health() {
    return DiscHealth.all(file);
  }

  /**
   * Makes the image of a disc as it was, from copies of it and its parity or other discs of its
   * set, and proves it. Without a name for it the first copy is put right where it is. It is
   * refused when a part cannot be put right, but told where that is in place.
   */
  public RepairedDisc repair(
      Disc disc, List<Path> copies, Path image, boolean overwrite, Task task) {
    return DiscImages.repair(this, disc, copies, image, overwrite, task);
  }

  /**
   * Burns the image of a disc, by default from where it was written, to a drive as {@link
   * blksh.iso.DiscDrive#of} takes it, and compares every byte of what is in that then.
   */
  public WrittenDisc burn(Disc disc, Path image, String drive, boolean overwrite, Task task) {
    return DiscImages.burn(this, disc, image, drive, overwrite, task);
  }

  /**
   * The disc that an image is of, or that is in a drive.
   *
   * @throws BlkshException when it is none of this catalogue
   */
  public Disc discAt(Path image) {
    try (OpenDiscs open = OpenDiscs.of(List.of(image), discs())) {
      return DiscSetTable.planned(file, open.ids().get(0)).disc();
    }
  }

  /**
   * Notes that a written disc is lost, so that all that is on no other is planned anew; or that it
   * is there, as it was, and so is what was found damaged on it.
   *
   * @throws BlkshException when it was not written here
   */
  public void lost(Disc disc, boolean isLost) {
    LostContents.note(this, disc, isLost);
  }

  /**
   * Makes what was scanned again, as it was found last, from images and drives.
   *
   * @param sources images, or drives with discs in them, in any order
   * @param paths what to make, as {@link #which} shows it; all of it when empty
   * @param compare whether files that are there with their size and time are read, and named when
   *     their contents are others
   * @throws BlkshException when a source is no disc of this catalogue, or all was gone at the last
   *     scan; a path that nothing is under is told in the result
   */
  public RestoreReport restore(
      List<Path> sources, List<byte[]> paths, Path to, boolean compare, Task task) {
    try (OpenDiscs open = OpenDiscs.of(sources, discs())) {
      open.rebuild(this, task);
      return new DiscRestore(this, open, paths, compare, task).to(to);
    }
  }

  /** As above, going by size and time alone. */
  public RestoreReport restore(List<Path> sources, List<byte[]> paths, Path to, Task task) {
    return restore(sources, paths, to, false, task);
  }

  /** Does something that nobody else does with this catalogue meanwhile, in whatever process. */
  <T> T alone(String action, Supplier<T> work) {
    List<T> result = new ArrayList<>();
    Path lock = lock(file.path());
    try {
      new LockFile(lock).hold(() -> result.add(work.get()));
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
    return result.get(0);
  }

  @Override
  public void close() {
    file.close();
  }
}
