package blksh.block;

import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.UnaryOperator;

/**
 * The extents of a range, found one after the other as they are asked for. Each begins where the
 * one before it ended; the last is cut off at the end of the range.
 */
public final class ExtentWalk implements Iterator<Extent> {

  private final long end;
  private final Layers layers;
  private long at;
  private Iterator<Extent> below = Collections.emptyIterator();

  private ExtentWalk(long position, long end, Layers layers) {
    this.at = position;
    this.end = end;
    this.layers = layers;
  }

  /** Tells what a source holds at a byte. */
  public interface Finder {
    /** The extent from this byte on; it may go on past the range. */
    Extent at(long position);
  }

  /** Tells what a layer holds from a byte on, perhaps in the words of the source underneath. */
  public interface Layers {
    /** Extents one after the other from this byte on, at least one. */
    Iterator<Extent> from(long position);
  }

  /** Walks {@code [position, end)}, which may be empty, extent by extent. */
  public static Iterator<Extent> of(long position, long end, Finder finder) {
    return through(position, end, at -> one(finder.at(at)));
  }

  /** Walks {@code [position, end)}, which may be empty, some extents at a time. */
  public static Iterator<Extent> through(long position, long end, Layers layers) {
    return new ExtentWalk(position, end, layers);
  }

  /** A single extent, for {@link Layers}. */
  public static Iterator<Extent> one(Extent extent) {
    return Collections.singleton(extent).iterator();
  }

  /** Other extents, each put in other words as it is asked for. */
  public static Iterator<Extent> each(Iterator<Extent> extents, UnaryOperator<Extent> words) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return extents.hasNext();
      }

      @Override
      public Extent next() {
        return words.apply(extents.next());
      }
    };
  }

  @Override
  public boolean hasNext() {
    return at < end;
  }

  @Override
  public Extent next() {
    if (at >= end) {
      throw new NoSuchElementException();
    }
    if (!below.hasNext()) {
      below = layers.from(at);
    }
    Extent extent = below.next();
    at = extent.end();
    return at > end ? extent.clip(0, end) : extent;
  }
}
