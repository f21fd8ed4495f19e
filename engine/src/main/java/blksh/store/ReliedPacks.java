package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.LittleEndian;
import blksh.store.pack.PageFinder;
import blksh.store.shelf.Blob;
import blksh.store.shelf.Part;
import blksh.store.shelf.Spool;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * The packs a capture in flight relies on: those it has found pages in, whether any version needs
 * them or not, and those it writes itself. No manifest says so yet, so it is said in a part of its
 * own, {@code captures/HEX.part}: the ids, 8 bytes each.
 *
 * <p>Why no page is lost that a capture notes. A compaction lists the manifests once, at a moment
 * L, and judges pages by them; it removes or replaces a pack at a later moment C, under the lock
 * {@link blksh.store.shelf.Exclusion#relying}, when no part here names it. A capture names a pack
 * under the same lock before it looks into it for the first time, with a handle opened after that.
 * So of the two one comes first:
 *
 * <ul>
 *   <li>The naming. The part names the pack at C, or has gone before. It goes only when its capture
 *       has ended, and not while a compaction lasts: so before L, and then the manifest, which is
 *       published before the part goes, was listed and counts. If the capture failed, nothing
 *       refers to what it noted.
 *   <li>C. Then the capture looks into what the pack is after C: a page that went is not in it, and
 *       is stored again.
 * </ul>
 *
 * A part whose writer died names packs until a compaction begins, which removes it before L; what
 * the dead one had published was there before.
 */
final class ReliedPacks implements PageFinder.Reliance, Closeable {

  private static final String PREFIX = "captures/";
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Repository repository;
  private final Set<Long> named = new HashSet<>();
  private Part part;

  ReliedPacks(Repository repository) {
    this.repository = repository;
  }

  @Override
  public synchronized void on(long... packIds) {
    long[] more = LongStream.of(packIds).distinct().filter(each -> !named.contains(each)).toArray();
    if (more.length > 0) {
      repository
          .exclusion()
          .relying(
              () -> {
                name(more);
                return null;
              });
      for (long each : more) {
        named.add(each);
        repository.packs().forget(each); // an older generation may be open
      }
    }
  }

  private void name(long[] packIds) throws IOException {
    if (part == null) {
      part = repository.spool().begin(PREFIX + "%016x".formatted(RANDOM.nextLong()));
    }
    byte[] ids = new byte[packIds.length * Long.BYTES];
    for (int i = 0; i < packIds.length; i++) {
      LittleEndian.putI64(ids, i * Long.BYTES, packIds[i]);
    }
    part.write((long) named.size() * Long.BYTES, ids, 0, ids.length);
    part.force(); // to be seen also where what is written may stay in memory
  }

  /** Ends it, once what was noted is published or given up. */
  @Override
  public synchronized void close() {
    if (part != null) {
      Part ended = part;
      part = null;
      try {
        repository.exclusion().unlessCompacting(() -> discard(ended));
      } catch (BlkshException e) {
        // what stays is removed by the next capture or compaction
      } finally {
        // If it is still there a compaction may have listed the manifests before this one's.
        ended.close();
      }
    }
  }

  private static Object discard(Part ended) {
    ended.discard();
    return null;
  }

  // ---- for who comes after -------------------------------------------------------------------

  /** Removes the parts of captures that ended or died, unless a compaction goes on. */
  static void removeEnded(Repository repository) throws IOException {
    if (!repository.spool().parts(PREFIX).isEmpty()) {
      repository
          .exclusion()
          .unlessCompacting(
              () -> {
                removeAllEnded(repository.spool());
                return null;
              });
    }
  }

  /** As above, for a compaction that begins. */
  static void removeAllEnded(Spool spool) throws IOException {
    for (String name : spool.parts(PREFIX)) {
      spool.discardDead(name);
    }
  }

  /** Looks at all parts, for one compaction. */
  static final class Others {
    private final Repository repository;

    /** How much of each part was read. */
    private final Map<String, Long> read = new HashMap<>();

    private final Set<Long> packs = new HashSet<>();

    Others(Repository repository) {
      this.repository = repository;
    }

    /** Whether a capture relies on a pack. Final while nobody else may say so. */
    boolean rely(long packId) {
      try {
        for (String name : repository.spool().parts(PREFIX)) {
          look(name);
        }
        return packs.contains(packId);
      } catch (IOException e) {
        throw told(PREFIX, e);
      }
    }

    private BlkshException told(String name, IOException e) {
      return new BlkshException(
              "see what captures rely on in %s/%s".formatted(repository.place(), name),
              IoFailure.reason(e),
              e)
          .suggest("let all captures end, or run as the user they run as; if none runs, remove it");
    }

    private void look(String name) {
      try (Blob blob = repository.spool().look(name)) {
        long from = read.getOrDefault(name, 0L);
        int length = (int) Math.min(1 << 20, (blob.size() - from) / Long.BYTES * Long.BYTES);
        while (length > 0) {
          byte[] ids = blob.read(from, length);
          for (int at = 0; at < length; at += Long.BYTES) {
            packs.add(LittleEndian.i64(ids, at));
          }
          from += length;
          length = (int) Math.min(1 << 20, (blob.size() - from) / Long.BYTES * Long.BYTES);
        }
        read.put(name, from);
      } catch (NoSuchFileException e) {
        // before this compaction began it would have been removed
      } catch (IOException e) {
        throw told(name + ".part", e);
      }
    }
  }
}
