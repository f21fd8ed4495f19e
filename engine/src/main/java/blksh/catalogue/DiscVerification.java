package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.SliceSource;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.iso.ContentDigest;
import blksh.iso.DiscContents;
import blksh.iso.DiscFault;
import blksh.iso.DiscPlan;
import blksh.iso.DiscReport;
import blksh.iso.DiscWriter;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
  private final BlockSource disc;
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

  private DiscVerification(Catalogue catalogue, long number, BlockSource disc, Task task) {
    this.catalogue = catalogue;
    this.file = catalogue.file();
    this.planned = DiscSetTable.planned(file, number);
    this.layout = new DiscLayout(catalogue, planned, task);
    this.disc = disc;
    this.task = task;
    file.call("look what is on the disc", this::known);
  }

  /**
   * @param path an image, or a drive
   * @throws BlkshException when it is another disc, or cannot be read at all
   */
  static WrittenDisc verify(Catalogue catalogue, Disc wanted, Path path, Task task) {
    if (wanted.imported() || wanted.written() == null) {
      throw new BlkshException(
              "verify the disc " + wanted.name(),
              wanted.imported() ? "another program made it" : "it was not written")
          .suggest(wanted.imported() ? "image(PATH).files shows what is on it" : "write it first");
    }
    try (OpenDiscs open = OpenDiscs.of(List.of(path), List.of(wanted))) {
      return new DiscVerification(catalogue, wanted.id(), open.get(wanted.id()), task).run(path);
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

  private WrittenDisc run(Path path) {
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
    faultCount += report.faultCount();
    report.faults().forEach(each -> faults.add(DiscWriting.sentence(each)));
    try {
      LostContents.note(catalogue, planned.disc().id(), damaged);
    } catch (BlkshException e) {
      task.finding("what is damaged is not planned anew, as it cannot be noted: " + e.problem());
    }
    if (firstOther >= 0) {
      faultCount++;
      String sentence =
          "%d bytes that belong to no file are not as they were, the first at byte %d"
              .formatted(otherBytes, firstOther);
      faults.add(0, sentence);
      task.finding(sentence);
    }
    return new WrittenDisc(
        planned.disc(), path, report.bytes(), report.contents(), faultCount, faults);
  }

  private void compare(long position, ByteBuffer made) {
    int length = made.remaining();
    ByteBuffer there = ByteBuffer.allocate(length);
    int read;
    try {
      read = disc.read(position, there);
    } catch (UnreadableException e) {
      read = there.position();
    }
    there.flip();
    ByteBuffer compared = made.duplicate();
    made.position(made.limit());
    int same = compared.slice().limit(read).mismatch(there);
    boolean told = position + read >= dataStart && position + read < dataEnd;
    if (same < 0 && read < length && !told) {
      same = read;
    }
    if (same >= 0) {
      other(position + same, length - same);
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
    return there == 0
        ? new ByteArraySource(new byte[0])
        : new SliceSource(new Unclosed(disc), place[0], there);
  }

  @Override
  public ContentDigest digest(long id) {
    if (id < 0) {
      byte[] digest = carriedDigests.get(id);
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
    if (fault != null && (id > 0 || id == DiscContentIds.TREE)) {
      damaged.set(id > 0 ? (int) DiscContentIds.content(id) : LostContents.ENTRIES);
    }
  }

  /** A source that others close. */
  private record Unclosed(BlockSource source) implements BlockSource {

    @Override
    public long size() {
      return source.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return source.read(position, target);
    }

    @Override
    public SourceInfo describe() {
      return source.describe();
    }

    @Override
    public void close() {
      // whoever opened it does
    }
  }
}
