package blksh.mount.nbd;

import blksh.block.BlockSource;
import blksh.block.Changes;
import blksh.block.Extent;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * A dirty bitmap of QEMU's, served with an export: the blocks that were written since it was made.
 * A server does not tell when that was, nor whether a bitmap was reset; so each capture keeps what
 * is to be seen of all bitmaps there are, and a bitmap leads from that capture to the next only
 * when
 *
 * <ul>
 *   <li>the place, the name, the description and the size of the export are the same;
 *   <li>the bitmap was there when that capture was made: it has recorded since before;
 *   <li>what was dirty in it at the end of that capture still is, as far as was kept: it was not
 *       reset;
 *   <li>more is dirty by now: it was not put to rest before;
 *   <li>what was dirty when the capture began still is at its end, and when the connection was cut
 *       meanwhile all of the above as well, and enough is dirty to tell: while it is not exported
 *       anybody may change it.
 * </ul>
 *
 * <p>What is dirty in a bitmap that the capture before did not know counts as changed too: a bitmap
 * that was put to rest is followed by such a one.
 */
final class NbdBitmap implements Changes {

  /** Details of a version. */
  private static final String PLACE = MARKS + "place";

  private static final String EXPORT = MARKS + "export";
  private static final String DESCRIPTION = MARKS + "description";
  private static final String BITMAP = MARKS + "bitmap ";

  /** Less that is dirty does not show a reset. */
  private static final long LITTLE = 1 << 20;

  private final NbdSource source;
  private final String name;

  /** What was dirty when the capture began, by the names of bitmaps. */
  private final Map<String, NbdDirt> beginning = new LinkedHashMap<>();

  /** Those of which the server does not tell, and why. */
  private final Map<String, String> unreadable = new LinkedHashMap<>();

  private int reconnects;

  /** What the capture before has kept; null when there is none. */
  private Map<String, String> then;

  private long sizeThen;

  /** The bitmap, and those that the capture before did not know. */
  private List<String> used;

  NbdBitmap(NbdSource source, String name) {
    this.source = source;
    this.name = name;
    this.used = List.of(name);
  }

  @Override
  public String recorder() {
    String others = String.join(", ", used.subList(1, used.size()));
    return "bitmap " + name + (others.isEmpty() ? "" : " with " + others);
  }

  private static String context(String bitmap) {
    return NbdProtocol.DIRTY_BITMAP + bitmap;
  }

  /** The bitmaps the server serves with the export. */
  private List<String> bitmaps() {
    return source.terms().contexts().values().stream()
        .filter(context -> context.startsWith(NbdProtocol.DIRTY_BITMAP))
        .map(context -> context.substring(NbdProtocol.DIRTY_BITMAP.length()))
        .sorted()
        .toList();
  }

  private Iterator<Extent> dirty(String bitmap) {
    return new Dirty(List.of(bitmap), 0, source.size());
  }

  @Override
  public void begin() {
    reconnects = source.cuts();
    beginning.clear();
    unreadable.clear();
    for (String bitmap : bitmaps()) {
      try {
        beginning.put(bitmap, NbdDirt.of(dirty(bitmap), true));
      } catch (NbdSource.Untold e) {
        unreadable.put(bitmap, e.problem());
      }
    }
  }

  @Override
  public Optional<String> doubt(Map<String, String> kept, long size) {
    then = kept;
    sizeThen = size;
    List<String> there = bitmaps();
    if (!there.contains(name)) {
      return Optional.of(
          "the export has no bitmap \"%s\"%s"
              .formatted(name, there.isEmpty() ? "" : ", but " + String.join(", ", there)));
    }
    for (Map.Entry<String, String> each : unreadable.entrySet()) {
      if (each.getKey().equals(name) || !then.containsKey(BITMAP + each.getKey())) {
        return Optional.of(
            "bitmap %s cannot be read: %s".formatted(each.getKey(), each.getValue()));
      }
    }
    if (!then.containsKey(PLACE)) {
      return Optional.of("nothing was kept of a bitmap when it was captured last");
    }
    if (size != source.size()) {
      return Optional.of("it had %d bytes then and has %d".formatted(size, source.size()));
    }
    Map<String, String> now = identity();
    for (String mark : List.of(PLACE, EXPORT, DESCRIPTION)) {
      String before = then.getOrDefault(mark, "");
      String after = now.getOrDefault(mark, "");
      if (!before.equals(after)) {
        return Optional.of(
            "it may be another disk: its %s was \"%s\" and is \"%s\""
                .formatted(mark.substring(MARKS.length()), before, after));
      }
    }
    if (!then.containsKey(BITMAP + name)) {
      return Optional.of("bitmap %s was not there when it was captured last".formatted(name));
    }
    Optional<String> doubt = doubt(known(name));
    if (doubt.isEmpty()) {
      used = new ArrayList<>(List.of(name));
      there.stream().filter(each -> !then.containsKey(BITMAP + each)).forEach(used::add);
    }
    return doubt;
  }

  /** What the capture before has kept of a bitmap; null when that is nothing. */
  private NbdDirt known(String bitmap) {
    String kept = then == null ? null : then.get(BITMAP + bitmap);
    return kept == null ? null : NbdDirt.parse(kept);
  }

  private Optional<String> doubt(NbdDirt before) {
    if (before == null) {
      return Optional.of("what was kept of bitmap %s cannot be read".formatted(name));
    }
    NbdDirt.Seen seen = before.in(dirty(name));
    Optional<String> reset = reset(name, before, seen);
    if (reset.isEmpty() && seen.bytes() == before.bytes()) {
      return Optional.of(
          "bitmap %s has recorded nothing since: it may be disabled".formatted(name));
    }
    return reset;
  }

  private static Optional<String> reset(String bitmap, NbdDirt before, NbdDirt.Seen seen) {
    if (seen.missing() >= 0) {
      return Optional.of(
          "bitmap %s was reset: byte %d was dirty in it and is not any more"
              .formatted(bitmap, seen.missing()));
    }
    return seen.bytes() < before.bytes()
        ? Optional.of(
            "bitmap %s was reset: %d bytes were dirty in it and %d are"
                .formatted(bitmap, before.bytes(), seen.bytes()))
        : Optional.empty();
  }

  /** A reset is not to be seen where little was dirty, nor is when a new bitmap began. */
  @Override
  public boolean provesLittle() {
    NbdDirt before = known(name);
    return before == null || before.isNew() || before.bytes() < LITTLE;
  }

  @Override
  public boolean wasInterrupted() {
    return source.cuts() != reconnects;
  }

  @Override
  public Optional<String> lost() {
    for (Map.Entry<String, NbdDirt> each : beginning.entrySet()) {
      NbdDirt.Seen seen = each.getValue().in(dirty(each.getKey()));
      Optional<String> reset = reset(each.getKey(), each.getValue(), seen);
      if (reset.isPresent()) {
        return reset;
      }
    }
    if (!wasInterrupted()) {
      return Optional.empty();
    }
    return showsNothing(name)
        ? Optional.of(
            "the connection was cut, and too little was dirty in bitmap %s to see whether it goes on"
                .formatted(name))
        : then == null ? Optional.empty() : doubt(then, sizeThen);
  }

  /** Whether so little was dirty when the capture began that a bitmap begun anew looks alike. */
  private boolean showsNothing(String bitmap) {
    NbdDirt first = beginning.get(bitmap);
    return first == null || first.bytes() < LITTLE;
  }

  @Override
  public Iterator<Extent> changed(long position, long length) {
    return new Dirty(
        used, position, Math.min(source.size(), BlockSource.saturatedEnd(position, length)));
  }

  /** What is dirty in any of some bitmaps, asked for as it is wanted. */
  private final class Dirty implements Iterator<Extent> {
    private final List<String> contexts;
    private final long end;
    private long at;
    private Iterator<NbdStatus.Run> runs = List.<NbdStatus.Run>of().iterator();
    private Extent next;

    Dirty(List<String> bitmaps, long position, long end) {
      this.contexts = bitmaps.stream().map(NbdBitmap::context).toList();
      this.at = position;
      this.end = end;
    }

    @Override
    public boolean hasNext() {
      while (next == null && at < end) {
        if (!runs.hasNext()) {
          runs = source.status(contexts, at, end).iterator();
        }
        NbdStatus.Run run = runs.next();
        long to = Math.min(end, run.end());
        if ((run.flags() & NbdProtocol.STATE_DIRTY) != 0) {
          next = new Extent(at, to - at, Extent.Kind.DATA);
        }
        at = to;
      }
      return next != null;
    }

    @Override
    public Extent next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Extent found = next;
      next = null;
      return found;
    }
  }

  private Map<String, String> identity() {
    Map<String, String> marks = new LinkedHashMap<>();
    marks.put(PLACE, source.address().toString());
    marks.put(EXPORT, source.terms().name());
    if (!source.terms().description().isEmpty()) {
      marks.put(DESCRIPTION, source.terms().description());
    }
    return marks;
  }

  /**
   * Asked at the end of a capture: what was written meanwhile must not be lost by a reset either.
   */
  @Override
  public Map<String, String> marks() {
    Map<String, String> marks = identity();
    for (String bitmap : bitmaps()) {
      if (unreadable.containsKey(bitmap) || wasInterrupted() && showsNothing(bitmap)) {
        continue;
      }
      NbdDirt before = known(bitmap);
      boolean goesOn = before != null && reset(bitmap, before, before.in(dirty(bitmap))).isEmpty();
      marks.put(BITMAP + bitmap, NbdDirt.of(dirty(bitmap), !goesOn).toString());
    }
    return marks;
  }
}
