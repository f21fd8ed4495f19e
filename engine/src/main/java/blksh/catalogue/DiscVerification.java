package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.MediaSlot;
import blksh.block.SliceSource;
import blksh.io.UnreadableException;
import blksh.iso.ContentDigest;
import blksh.iso.DiscContents;
import blksh.iso.DiscFault;
import blksh.iso.DiscPlan;
import blksh.iso.DiscReport;
import blksh.iso.DiscWriter;
import blksh.parity.ImageRepair;
import blksh.parity.ParityLayout;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Compares every byte of a disc with what it must be: contents, and what the disc carries, with
 * their digests, all else with an image that is made once more and goes nowhere. What is behind the
 * image is not looked at.
 */
final class DiscVerification implements DiscContents {

  private final Catalogue catalogue;
  private final CatalogueFile file;
  private final DiscSetTable.Planned planned;
  private final DiscLayout layout;
  private final TriedDisc disc;
  private final String drive;
  private final Task task;
  private final BitSet missing = new BitSet();

  /** Where what the disc carries begins, and how long it is; of files the catalogue knows. */
  private final Map<Long, long[]> carried = new HashMap<>();

  private final Map<Long, byte[]> carriedDigests = new HashMap<>();
  private final List<String> faults = new ArrayList<>();

  /** Contents that are not as they were. */
  private final BitSet damaged = new BitSet();

  private long faultCount;
  private long firstOther = -1;
  private long otherBytes;

  /** Where contents are: what cannot be read there is told of them. */
  private long dataStart = Long.MAX_VALUE;

  private long dataEnd;

  private DiscVerification(
      Catalogue catalogue, long number, BlockSource disc, String drive, Task task) {
    this.catalogue = catalogue;
    this.file = catalogue.file();
    this.planned = DiscSetTable.planned(file, number);
    this.layout = new DiscLayout(catalogue, planned, task);
    this.disc = new TriedDisc(disc);
    this.drive = drive;
    this.task = task;
    file.call("look what is on the disc", this::known);
  }

  /**
   * @param path an image, or a drive
   * @param drive which drive that is; null when it is none
   * @throws BlkshException when it is another disc, or cannot be read at all
   */
  static WrittenDisc verify(Catalogue catalogue, Disc wanted, Path path, String drive, Task task) {
    requireWritten(wanted);
    try (OpenDiscs open = OpenDiscs.of(List.of(path), List.of(wanted))) {
      Optional<String> medium = DiscPlace.medium(MediaSlot.at(path));
      return verify(
          catalogue,
          wanted,
          open.get(wanted.id()),
          path,
          drive,
          () -> DiscPlace.medium(MediaSlot.at(path)).equals(medium),
          task);
    }
  }

  /**
   * As above, of what is open already.
   *
   * @param isThere whether it is still what it was at first, asked in the end
   */
  static WrittenDisc verify(
      Catalogue catalogue,
      Disc wanted,
      BlockSource disc,
      Path path,
      String drive,
      BooleanSupplier isThere,
      Task task) {
    return new DiscVerification(catalogue, wanted.id(), disc, drive, task).run(path, isThere);
  }

  private static void requireWritten(Disc wanted) {
    if (wanted.imported() || wanted.written() == null) {
      throw new BlkshException(
              "verify the disc " + wanted.name(),
              wanted.imported() ? "another program made it" : "it was not written")
          .suggest(wanted.imported() ? "image(PATH).files shows what is on it" : "write it first");
    }
  }

  private Void known() throws SQLException {
    try (ResultSet rows =
        file.prepared(
                "SELECT content FROM part WHERE disc = ? AND missing = 1", planned.disc().id())
            .executeQuery()) {
      while (rows.next()) {
        missing.set(rows.getInt(1));
      }
    }
    try (ResultSet rows =
        file.prepared("SELECT id, sha256 FROM carried WHERE disc = ?", planned.disc().id())
            .executeQuery()) {
      while (rows.next()) {
        carriedDigests.put(rows.getLong(1), rows.getBytes(2));
      }
    }
    return null;
  }

  /**
   * @param isThere whether the medium is still the one that it was at first: else what could not be
   *     read says nothing of the disc, and nothing is noted
   */
  private WrittenDisc run(Path path, BooleanSupplier isThere) {
    Instant began = Instant.now();
    DiscPlan plan = layout.plan();
    plan.contents(
        (content, position, in) -> {
          dataStart = Math.min(dataStart, position);
          dataEnd = Math.max(dataEnd, position + content.size());
          if (content.id() < 0) {
            carried.put(content.id(), new long[] {position, content.size()});
          }
        });
    DiscReport report = DiscWriter.write(plan, this, this::compare, task);
    if (!isThere.getAsBoolean()) {
      throw new BlkshException(
              "verify the disc " + planned.disc().name(),
              "it was taken out of " + path + " or changed while it was read; nothing is noted")
          .suggest("put it in, and verify it once more");
    }
    faultCount += report.faultCount();
    report.faults().forEach(each -> faults.add(DiscWriting.sentence(each)));
    if (plan.parity() != null) {
      parity(plan.parity());
    }
    if (firstOther >= 0) {
      faultCount++;
      String sentence =
          "%d bytes that belong to no file are not as they were, the first at byte %d"
              .formatted(otherBytes, firstOther);
      faults.add(0, sentence);
      task.finding(sentence);
    }
    note(
        new PastVerify(
            began,
            Duration.between(began, Instant.now()),
            path.toAbsolutePath().toString(),
            drive,
            Math.min(disc.size(), planned.disc().size()) / DiscPlan.SECTOR,
            disc.unreadable(),
            disc.corrected(),
            faultCount));
    return new WrittenDisc(
        planned.disc(), path, report.bytes(), report.contents(), faultCount, faults);
  }

  /** Looks at what comes behind the image: it has digests of its own. */
  private void parity(ParityLayout layout) {
    ImageRepair.Report report = ImageRepair.checkParity(disc, layout, task);
    if (report.lost() > 0) {
      faultCount++;
      String sentence =
          "%d sectors of its parity are not as they were, the first is %d"
              .formatted(report.lost(), report.firstLost().get(0));
      faults.add(sentence);
      task.finding(sentence);
    }
  }

  /** Notes what was found, both or nothing of it: what is lost, and that it was looked at. */
  private void note(PastVerify found) {
    String action = "note what a verify found";
    try {
      catalogue.alone(
          action,
          () ->
              file.whole(
                  action,
                  () -> {
                    LostContents.note(file, planned.disc().id(), damaged);
                    VerifyTable.insert(file, planned.disc().id(), found);
                    return null;
                  }));
    } catch (BlkshException e) {
      task.finding(
          "what was found cannot be noted, so what is damaged is not planned anew: " + e.problem());
    }
  }

  /** Compares what comes next; what cannot be read is passed over, and what is behind it is not. */
  private void compare(long position, ByteBuffer made) {
    ByteBuffer there = ByteBuffer.allocate(made.remaining());
    int at = 0;
    while (at < made.remaining()) {
      there.limit(made.remaining()).position(at);
      int behind = made.remaining();
      try {
        disc.read(position + at, there);
      } catch (UnreadableException e) {
        if (e.isGone()) {
          throw e;
        }
        behind = (int) Math.min(behind, e.start() + e.length() - position);
      }
      compare(position, made, there.flip().position(at), behind);
      at = behind;
    }
    made.position(made.limit());
  }

  /**
   * @param behind where what was asked for ends; the disc may have no more than is there
   */
  private void compare(long position, ByteBuffer made, ByteBuffer there, int behind) {
    int from = there.position();
    int read = there.limit();
    ByteBuffer compared = made.slice().limit(read).position(from);
    int same = compared.mismatch(there);
    boolean told = position + read >= dataStart && position + read < dataEnd;
    if (same < 0 && read < behind && !told) {
      same = read - from;
    }
    if (same >= 0) {
      other(position + from + same, behind - from - same);
    }
  }

  private void other(long from, int length) {
    if (firstOther < 0) {
      firstOther = from;
    }
    otherBytes += length;
  }

  /** Where a content of a file begins, and how long it is; null when the disc has not got it. */
  private long[] place(long id) {
    return file.call(
        "look where a content lies",
        () -> {
          try (ResultSet rows =
              file.prepared(
                      "SELECT sector, length FROM part WHERE disc = ? AND content = ? AND number = ?",
                      planned.disc().id(),
                      DiscContentIds.content(id),
                      DiscContentIds.number(id))
                  .executeQuery()) {
            return rows.next()
                ? new long[] {rows.getLong(1) * DiscPlan.SECTOR, rows.getLong(2)}
                : null;
          }
        });
  }

  @Override
  public BlockSource open(long id) {
    long[] place = id < 0 ? carried.get(id) : place(id);
    if (place == null) {
      throw new BlkshException("read the disc", "its content " + id + " has no place");
    }
    long there = Math.max(0, Math.min(place[1], disc.size() - place[0]));
    return there == 0 ? new ByteArraySource(new byte[0]) : new SliceSource(disc, place[0], there);
  }

  @Override
  public ContentDigest digest(long id) {
    if (id < 0) {
      byte[] digest = carriedDigests.get(id);
      if (digest == null && id == DiscContentIds.PARITY) {
        digest = new byte[32]; // of what nobody knows to be right, it is not
      }
      return digest == null ? null : new ContentDigest("SHA-256", digest);
    }
    if (missing.get((int) DiscContentIds.content(id))) {
      return null;
    }
    return file.call(
        "look",
        () -> {
          try (ResultSet rows =
              file.prepared(
                      "SELECT p.parts, p.sha256, c.sha256 FROM part p"
                          + " JOIN content c ON c.id = p.content"
                          + " WHERE p.disc = ? AND p.content = ? AND p.number = ?",
                      planned.disc().id(),
                      DiscContentIds.content(id),
                      DiscContentIds.number(id))
                  .executeQuery()) {
            if (!rows.next()) {
              return null;
            }
            byte[] digest = rows.getBytes(rows.getInt(1) > 1 ? 2 : 3);
            return digest == null ? null : new ContentDigest("SHA-256", digest);
          }
        });
  }

  @Override
  public synchronized void written(long id, ContentDigest digest, DiscFault fault) {
    if (fault != null && (id > 0 || id == DiscContentIds.TREE || id == DiscContentIds.PARITY)) {
      damaged.set(id > 0 ? (int) DiscContentIds.content(id) : LostContents.ENTRIES);
    }
  }
}
