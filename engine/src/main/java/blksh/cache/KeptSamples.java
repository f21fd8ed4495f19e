package blksh.cache;

import blksh.block.BlockSource;
import blksh.block.MediumGoneException;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Compares what is kept of a medium with the medium that is in, at some places, other ones each
 * time: media that begin alike differ somewhere. The first and the last kept bytes are always
 * compared, and where file systems have what tells them apart.
 *
 * <p>It is bounded: {@value #ENOUGH} places of {@value #LARGE} bytes that are not zeros, at most
 * {@value #MOST} of any, and of little that is kept about an eighth; no more after two seconds, or
 * after three that could not be read. What cannot be read is no proof of anything.
 */
final class KeptSamples {

  private static final int LARGE = 16 << 10;
  private static final int SMALL = 4 << 10;

  /** When so much is kept, samples are large. */
  private static final long MUCH = 16 << 20;

  private static final int SHARE = 8;
  private static final int LEAST = 8;
  private static final int FIRST_LENGTH = 64 << 10;
  private static final int ENOUGH = 64;
  private static final int MOST = 256;
  private static final int MOST_UNREADABLE = 3;
  private static final long MOST_NANOS = 2_000_000_000L;
  private static final int ALIGNMENT = 4096;

  /** Of btrfs the superblock, of UDF the anchor; others have theirs before. */
  private static final long[] TELLING = {64 << 10, 512 << 10};

  private final RescueMap map;
  private final Kept data;
  private final int length;
  private final ByteBuffer kept = ByteBuffer.allocate(FIRST_LENGTH);
  private final ByteBuffer found = ByteBuffer.allocate(FIRST_LENGTH);

  /** What has the kept bytes. */
  interface Kept {
    /** Fills the target with kept bytes. */
    void read(long position, ByteBuffer target);
  }

  /**
   * @param map says what is kept
   * @param data has it
   */
  KeptSamples(RescueMap map, Kept data) {
    this.map = map;
    this.data = data;
    this.length = map.bytes(RescueStatus.FINISHED) < MUCH ? SMALL : LARGE;
  }

  /**
   * Compares with a medium.
   *
   * @throws OtherMediumException when it holds other bytes, naming the first of them
   */
  void compare(BlockSource medium, String action) {
    RescueRange first = map.next(0, RescueStatus.FINISHED);
    if (first == null) {
      return;
    }
    long began = System.nanoTime();
    int telling = 0;
    int unreadable = 0;
    for (Place place : places(first)) {
      try {
        telling += isSame(medium, place, action) ? 1 : 0;
      } catch (MediumGoneException e) {
        return;
      } catch (UnreadableException e) {
        unreadable++;
      }
      if (telling == ENOUGH
          || unreadable == MOST_UNREADABLE
          || System.nanoTime() - began > MOST_NANOS) {
        return;
      }
    }
  }

  private record Place(long position, int length) {}

  private Place at(RescueRange range, long position) {
    long start = Math.max(range.start(), position / ALIGNMENT * ALIGNMENT);
    return new Place(start, (int) Math.min(range.end() - start, length));
  }

  /** Where to compare, the most telling first. */
  private List<Place> places(RescueRange first) {
    List<Place> places = new ArrayList<>();
    places.add(new Place(first.start(), (int) Math.min(first.length(), FIRST_LENGTH)));
    RescueRange last = map.previous(map.size(), RescueStatus.FINISHED);
    places.add(at(last, Math.max(last.start(), last.end() - length)));
    for (long position : TELLING) {
      if (position < map.size() && map.at(position).status() == RescueStatus.FINISHED) {
        places.add(at(map.at(position), position));
      }
    }
    List<Place> spread = spread();
    Collections.shuffle(spread, ThreadLocalRandom.current());
    places.addAll(spread);
    return places;
  }

  /** One at random in each of so many equal shares of what is kept. */
  private List<Place> spread() {
    long all = map.bytes(RescueStatus.FINISHED);
    int count = (int) Math.min(all, Math.max(LEAST, Math.min(MOST, all / SHARE / length)));
    long[] targets = new long[count];
    for (int i = 0; i < count; i++) {
      long from = share(all, i, count);
      targets[i] = ThreadLocalRandom.current().nextLong(from, share(all, i + 1, count));
    }
    List<Place> places = new ArrayList<>();
    Iterator<RescueRange> ranges = map.ranges(RescueStatus.FINISHED).iterator();
    long passed = 0;
    RescueRange range = ranges.next();
    for (long target : targets) {
      while (target >= passed + range.length()) {
        passed += range.length();
        range = ranges.next();
      }
      places.add(at(range, range.start() + target - passed));
    }
    return places;
  }

  private static long share(long all, int number, int count) {
    return all / count * number + Math.min(number, all % count);
  }

  /** Whether a place is the same and not zeros. */
  private boolean isSame(BlockSource medium, Place place, String action) {
    data.read(place.position, kept.clear().limit(place.length));
    kept.flip();
    found.clear().limit(place.length);
    UnreadableException failure = null;
    try {
      medium.read(place.position, found);
    } catch (MediumGoneException e) {
      throw e;
    } catch (UnreadableException e) {
      failure = e;
    }
    int differs =
        Arrays.mismatch(kept.array(), 0, found.position(), found.array(), 0, found.position());
    if (differs >= 0) {
      OtherMediumException other =
          new OtherMediumException(
              action,
              "it holds other bytes than the medium",
              "it is of another medium, or this one was written meanwhile, as a mounted drive is;"
                  + " use another file, or remove its map to begin anew");
      other.at(place.position + differs);
      throw other;
    }
    if (failure != null) {
      throw failure;
    }
    for (int i = 0; i < place.length; i++) {
      if (kept.get(i) != 0) {
        return true;
      }
    }
    return false;
  }
}
