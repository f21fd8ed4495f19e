package blksh.catalogue;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.SourceInfo;
import blksh.io.Sha256;
import blksh.io.UnreadableException;
import blksh.iso.DiscPlan;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/**
 * Fetches contents from discs into the cache, piece by piece. One that is not large is fetched as a
 * whole and proven by its SHA-256 before anything of it is returned; of a large one the pieces that
 * are read, each from whichever disc can be read.
 */
final class ArchiveFetch {

  /** Bytes of contents that are fetched as a whole: they are in memory for a moment. */
  private static final int WHOLE = 16 << 20;

  private final CatalogueFile file;
  private final ArchiveDiscs discs;
  private final ArchiveCache cache;

  /** How many contents are in memory at a time. */
  private final Semaphore fetching = new Semaphore(2);

  ArchiveFetch(CatalogueFile file, ArchiveDiscs discs, ArchiveCache cache) {
    this.file = file;
    this.discs = discs;
    this.cache = cache;
  }

  /** A part of a content, or all of it, on a disc that was written. */
  private record Place(PartRow part, Disc disc, boolean isLost) {
    boolean has(long position) {
      return position >= part.start() && position < part.start() + part.length();
    }
  }

  /**
   * Opens a content.
   *
   * @param name for people
   * @throws BlkshException when no written disc has some byte of it
   */
  BlockSource open(String name, ArchiveEntry entry) {
    List<Place> places = places(entry.contents().id());
    long position = 0;
    while (position < entry.size()) {
      long from = position;
      position =
          places.stream()
              .filter(each -> each.has(from) && (entry.size() <= WHOLE || !each.isLost))
              .mapToLong(each -> each.part.start() + each.part.length())
              .max()
              .orElseThrow(
                  () ->
                      new BlkshException("read " + name, noDisc(places))
                          .at(from)
                          .suggest(
                              "write the discs that are planned; until then it is where it was"));
    }
    return new Content(name, entry, places);
  }

  private static String noDisc(List<Place> places) {
    return places.stream()
        .filter(each -> each.isLost)
        .findFirst()
        .map(
            each ->
                "it was found damaged on %s, and no other disc has it".formatted(each.disc.name()))
        .orElse("no disc that was written has it");
  }

  /** What written discs have of a content; those that lost it come last. */
  private List<Place> places(long content) {
    return file.call(
        "look which discs have a file",
        () -> {
          List<PartRow> parts = new ArrayList<>();
          List<Boolean> lost = new ArrayList<>();
          Map<Long, Disc> of = new HashMap<>();
          try (ResultSet rows =
              file.prepared(
                      """
                      SELECT p.disc, p.content, p.number, p.parts, p.start, p.length, p.suffix,
                        p.sector, %1$s AS gone
                      FROM part p JOIN disc d ON d.id = p.disc JOIN disc_set s ON s.id = d.disc_set
                      WHERE p.content = ? AND d.written IS NOT NULL AND s.imported = 0
                        AND p.missing = 0
                      ORDER BY gone, d.disc_set DESC, d.id, p.number"""
                          .formatted(LostContents.OF_PART),
                      content)
                  .executeQuery()) {
            while (rows.next()) {
              parts.add(PartTable.row(rows, 1));
              lost.add(rows.getBoolean(9));
            }
          }
          List<Place> places = new ArrayList<>();
          for (int i = 0; i < parts.size(); i++) {
            Disc disc =
                of.computeIfAbsent(
                    parts.get(i).disc(), id -> DiscSetTable.planned(file, id).disc());
            places.add(new Place(parts.get(i), disc, lost.get(i)));
          }
          return places;
        });
  }

  /** A content that is read. */
  private final class Content implements BlockSource {
    private final String name;
    private final ArchiveEntry entry;
    private final List<Place> places;

    /** The piece that was read last; guarded by this. */
    private byte[] last;

    private long lastNumber = -1;

    Content(String name, ArchiveEntry entry, List<Place> places) {
      this.name = name;
      this.entry = entry;
      this.places = places;
    }

    @Override
    public long size() {
      return entry.size();
    }

    /** What cannot be had begins where the bytes in the target end. */
    @Override
    public int read(long position, ByteBuffer target) {
      long at = position;
      while (at < entry.size() && target.hasRemaining()) {
        byte[] piece;
        try {
          piece = piece(at / ArchiveCache.PIECE);
        } catch (BlkshException e) {
          long rest = Math.min(target.remaining(), entry.size() - at);
          throw unreadable(e.getMessage(), at, rest, e);
        }
        int from = (int) (at % ArchiveCache.PIECE);
        int count = Math.min(target.remaining(), piece.length - from);
        target.put(piece, from, count);
        at += count;
      }
      return (int) Math.max(0, at - position);
    }

    private int length(long number) {
      return (int) Math.min(ArchiveCache.PIECE, entry.size() - number * ArchiveCache.PIECE);
    }

    private boolean isWhole() {
      return entry.size() <= WHOLE;
    }

    /**
     * What a piece is called in the cache: of what is proven by its contents alone. Else it also
     * depends on the discs it may come from, and whether these are known to be damaged, so that a
     * piece of a bad disc is forgotten once that is known to be bad.
     */
    private String name(long number) {
      if (isWhole()) {
        return ArchiveCache.name(entry.contents().sha256(), number);
      }
      MessageDigest of = Sha256.begin();
      of.update(entry.contents().sha256());
      for (Place each : places) {
        String text = each.disc.guid() + each.part.start() + each.isLost + "\n";
        of.update(text.getBytes(StandardCharsets.UTF_8));
      }
      return ArchiveCache.name(of.digest(), number);
    }

    private byte[] piece(long number) {
      synchronized (this) {
        if (number == lastNumber) {
          return last;
        }
      }
      byte[] piece = cache.get(name(number), length(number));
      if (piece == null) {
        piece = isWhole() ? proven(number) : fetched(number);
      }
      synchronized (this) {
        last = piece;
        lastNumber = number;
      }
      return piece;
    }

    /** Fetches all of it, and returns a piece once all is proven. */
    private byte[] proven(long number) {
      BlkshException failed = null;
      for (List<Place> each : ways()) {
        try {
          for (Place place : each) {
            discs.require(place.disc); // which may take a person a while
          }
        } catch (BlkshException e) {
          failed = failed == null ? e : failed;
          continue;
        }
        fetching.acquireUninterruptibly();
        try {
          byte[] there = cache.get(name(number), length(number));
          if (there != null) {
            return there; // somebody else was first
          }
          byte[] all = new byte[(int) entry.size()];
          fill(each, 0, all, false);
          if (Arrays.equals(Sha256.begin().digest(all), entry.contents().sha256())) {
            return kept(all, number);
          }
          failed = unreadable("it is not as it was catalogued", 0, all.length, failed);
        } catch (BlkshException e) {
          failed = failed == null ? e : failed;
        } finally {
          fetching.release();
        }
      }
      throw failed;
    }

    private byte[] kept(byte[] all, long number) {
      byte[] wanted = null;
      for (int i = 0; (long) i * ArchiveCache.PIECE < all.length; i++) {
        int from = i * ArchiveCache.PIECE;
        byte[] piece = Arrays.copyOfRange(all, from, from + length(i));
        cache.put(name(i), piece);
        wanted = i == number ? piece : wanted;
      }
      return wanted;
    }

    /** Discs in several orders, each with another first: what one has damaged another may have. */
    private List<List<Place>> ways() {
      List<List<Place>> ways = new ArrayList<>();
      List<Place> all = atHandFirst();
      for (Place first : all) {
        List<Place> way = new ArrayList<>(List.of(first));
        all.stream().filter(each -> each != first && !covers(first, each)).forEach(way::add);
        ways.add(way);
      }
      return ways;
    }

    private static boolean covers(Place one, Place other) {
      return one.part.start() <= other.part.start()
          && one.part.start() + one.part.length() >= other.part.start() + other.part.length();
    }

    /**
     * Discs that need not be asked for come before the others, and those that are known to be
     * damaged behind all, at hand or not.
     */
    private List<Place> atHandFirst() {
      Map<Long, Boolean> isAtHand = new HashMap<>();
      for (Place each : places) {
        isAtHand.computeIfAbsent(each.disc.id(), id -> discs.has(each.disc));
      }
      List<Place> sorted = new ArrayList<>(places);
      sorted.sort(
          Comparator.comparing((Place each) -> each.isLost)
              .thenComparing(each -> !isAtHand.get(each.disc.id())));
      return sorted;
    }

    private byte[] fetched(long number) {
      long position = number * ArchiveCache.PIECE;
      byte[] piece = new byte[length(number)];
      // Nobody could tell whether what a damaged disc says is right.
      List<Place> sound = atHandFirst().stream().filter(each -> !each.isLost).toList();
      fill(sound, position, piece, true);
      cache.put(name(number), piece);
      return piece;
    }

    /**
     * Reads a stretch, each byte from the first disc that can be read there.
     *
     * @param asking whether discs that are not at hand are asked for
     */
    private void fill(List<Place> way, long position, byte[] to, boolean asking) {
      int done = 0;
      while (done < to.length) {
        BlkshException failed = null;
        int before = done;
        for (Place each : way) {
          long at = position + done;
          if (each.has(at)) {
            long rest = each.part.start() + each.part.length() - at;
            int count = (int) Math.min(to.length - done, rest);
            long there = each.part.sector() * DiscPlan.SECTOR + at - each.part.start();
            try {
              discs.read(each.disc, there, ByteBuffer.wrap(to, done, count), asking);
              done += count;
              break;
            } catch (BlkshException e) {
              failed = failed == null ? e : failed;
            }
          }
        }
        if (done == before) {
          throw unreadable(
              failed == null ? "no disc has it" : failed.getMessage(),
              position + done,
              to.length - done,
              failed);
        }
      }
    }

    private UnreadableException unreadable(
        String problem, long start, long length, BlkshException cause) {
      return new UnreadableException(name, start, length, problem, cause);
    }

    @Override
    public SourceInfo describe() {
      return new SourceInfo("archived file", name, name);
    }

    @Override
    public void close() {
      // discs are closed with the archive
    }
  }
}
