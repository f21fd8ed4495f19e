package blksh.block;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Extents that were changed one after another: a later one covers what was there before. */
final class ChangedExtents {

  /** By their first bytes; they do not overlap. */
  private final TreeMap<Long, Extent> known = new TreeMap<>();

  /** Puts an extent over those that are known, which keep what it leaves of them. */
  void add(Extent over) {
    Map.Entry<Long, Extent> before = known.floorEntry(over.start());
    long from =
        before != null && before.getValue().end() > over.start() ? before.getKey() : over.start();
    List<Extent> cut = List.copyOf(known.subMap(from, over.end()).values());
    for (Extent old : cut) {
      known.remove(old.start());
      if (old.start() < over.start()) {
        known.put(old.start(), old.clip(old.start(), over.start()));
      }
      if (old.end() > over.end()) {
        known.put(over.end(), old.clip(over.end(), old.end()));
      }
    }
    known.put(over.start(), over);
  }

  /** All of them in order; neighbours of one kind are one. */
  List<Extent> list() {
    List<Extent> found = new ArrayList<>();
    for (Extent extent : known.values()) {
      Extent last = found.isEmpty() ? null : found.get(found.size() - 1);
      if (last != null && last.end() == extent.start() && last.kind() == extent.kind()) {
        found.set(
            found.size() - 1, new Extent(last.start(), extent.end() - last.start(), last.kind()));
      } else {
        found.add(extent);
      }
    }
    return found;
  }
}
