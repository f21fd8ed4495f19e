package blksh.store.shelf;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where the blobs of a store are: what has a name and holds bytes that never change, though another
 * blob may take the name. A name is one or more words with {@code /} between them, as {@code
 * packs/3f/3f00c2.pack}.
 *
 * <p>What is true of every shelf:
 *
 * <ul>
 *   <li>A blob is there whole or not at all, whatever happens while it is put.
 *   <li>What {@link #put}, {@link Part#publish} and {@link #delete} did is durable when they
 *       return.
 *   <li>When they fail nothing is known: they may have done it, and only the answer was lost.
 *   <li>Whoever looks after they returned sees what they did, by {@link #open}, {@link #size} and
 *       {@link #list}, also from another process.
 *   <li>An {@link IOException} says that the shelf failed, and nothing of what it holds.
 *   <li>A {@link ShelfAwayException}, of any method and of those of its blobs and parts, says that
 *       it could not be asked at all: what was begun with it is to end, and nobody goes on with the
 *       next blob.
 *   <li>But a {@link DamagedContentException} says that what a blob holds is not what was put, and
 *       no more.
 * </ul>
 *
 * <p>Blobs may grow in parts ({@link Spool}) and others may be kept away ({@link Exclusion}) where
 * a shelf has means of its own for that; else it says that it has none.
 *
 * <p>All methods may be called from any thread.
 */
public interface Shelf extends Closeable {

  /** Where it is, for people. */
  String place();

  /**
   * What tells it from all others, as far as this machine knows: two places that are called alike
   * may be at two servers.
   */
  default String address() {
    return place();
  }

  /** Where a blob is or would be, for people. */
  String locate(String name);

  /** Whether it can be changed, as far as can be told without trying. */
  boolean writable();

  /** Makes ready for blobs whose names begin with a prefix, which ends with {@code /}. */
  void prepare(String prefix) throws IOException;

  /**
   * Makes ready for blobs whose names begin with a prefix, if it can keep such names as they are.
   *
   * @param prefix ends with {@code /}
   * @return false when it cannot, as its file system lacks a character of them or takes them for
   *     others
   */
  default boolean prepareIfKept(String prefix) throws IOException {
    prepare(prefix);
    return true;
  }

  /**
   * Whether it was made ready for such names, or has one.
   *
   * @param prefix ends with {@code /}
   */
  boolean isPrepared(String prefix) throws IOException;

  /**
   * Opens a blob.
   *
   * @throws NoSuchFileException when there is none of that name
   */
  Blob open(String name) throws IOException;

  /** Bytes of a blob; nothing when there is none of that name. */
  OptionalLong size(String name) throws IOException;

  /**
   * The names of all blobs that begin with a prefix, in no order. A blob put or deleted meanwhile
   * may be there or not.
   */
  List<String> list(String prefix) throws IOException;

  /**
   * The names of all blobs that begin with a prefix, with the bytes of each, where to list them
   * tells both; nothing where each would have to be asked for.
   */
  default Optional<Map<String, Long>> sizes(String prefix) throws IOException {
    return Optional.empty();
  }

  /** Puts a whole blob, in place of what has its name. */
  void put(String name, byte[] content) throws IOException;

  /**
   * Puts a whole blob unless its name is taken; of two who try at once one alone succeeds.
   *
   * @return false when it is taken
   */
  boolean putIfAbsent(String name, byte[] content) throws IOException;

  /**
   * Puts a whole blob that may be too long for memory.
   *
   * @param replace whether it takes the place of what has its name; else as {@link #putIfAbsent}
   * @return false when the name is taken, and it was not to be replaced
   */
  default boolean putWhole(String name, Blob content, boolean replace) throws IOException {
    byte[] bytes = content.read(0, Math.toIntExact(content.size()));
    if (replace) {
      put(name, bytes);
      return true;
    }
    return putIfAbsent(name, bytes);
  }

  /**
   * Makes a blob be there under another name as well, where there is none: as it is here, and not
   * only as it came, where the bytes need not come for it.
   *
   * @return false when there is one of that name
   * @throws java.nio.file.NoSuchFileException when there is none of the first
   */
  default boolean copyIfAbsent(String name, String to) throws IOException {
    try (Blob blob = open(name)) {
      return putWhole(to, blob, false);
    }
  }

  /**
   * Gives a blob another name, in place of what has that; it is there under one of them at every
   * instant, where a shelf can do no better under both.
   *
   * @throws NoSuchFileException when there is none of that name
   */
  default void move(String name, String to) throws IOException {
    try (Blob blob = open(name)) {
      put(to, blob.read(0, Math.toIntExact(blob.size())));
    }
    delete(name);
  }

  /**
   * As {@link #move}, for blobs that stay in one folder, one after another; when it fails some may
   * have been moved.
   *
   * @param names to which each goes, by those they have
   */
  default void moveWithin(Map<String, String> names) throws IOException {
    for (Map.Entry<String, String> each : names.entrySet()) {
      move(each.getKey(), each.getValue());
    }
  }

  /** Removes a blob; one that is not there is no failure. */
  void delete(String name) throws IOException;

  /** Bytes of all there is, parts included. */
  long bytes() throws IOException;

  /**
   * What went between this process and it, of a shelf for which that costs; empty for others:
   * {@code requests}, and {@code sent} and {@code received}, bytes.
   */
  default Map<String, Long> traffic() {
    return Map.of();
  }

  /** Where its blobs grow; nothing when they can only be put whole. */
  Optional<Spool> spool();

  /**
   * A use of it that keeps others away; nothing when it cannot. Waits while somebody has it alone.
   *
   * @throws blksh.task.CancelledException when asked to stop meanwhile
   */
  Optional<Exclusion> exclusion();

  @Override
  void close();
}
