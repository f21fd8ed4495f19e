package blksh.compress;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.task.CancelledException;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A compressed source, uncompressed. It can be read anywhere at once: what lies behind the furthest
 * byte decoded so far is found through checkpoints, what lies ahead is decoded on the way there,
 * once, while others go on reading behind.
 *
 * <p>Memory is bounded by a cache of 32 MiB (an eighth of the heap when that is less) and by a few
 * decoders; it does not grow with the data, except for 24 bytes a checkpoint and 4 a piece.
 */
public final class CompressedSource implements BlockSource {

  /** Extents found while the size is not known are up to this long, in bytes. */
  private static final long EXTENT = 4L << 20;

  private final BlockSource raw;
  private final Compression compression;
  private final CheckpointIndex index;
  private final DecoderPool pool;
  private final SegmentCache cache = new SegmentCache();

  /** Held while a stretch without checkpoints is decoded; fair, so that readers take turns. */
  private final ReentrantLock advancing = new ReentrantLock(true);

  private volatile boolean closed;
  private volatile Consumer<CompressedSource> sizing = source -> source.complete(Task.unwatched());

  CompressedSource(
      BlockSource raw, Compression compression, CheckpointIndex index, long decoderMemory) {
    this.raw = raw;
    this.compression = compression;
    this.index = index;
    this.pool = new DecoderPool(raw, compression, index, decoderMemory);
  }

  /** The compression by its usual name: {@code "gzip"}. */
  public String compression() {
    return compression.name();
  }

  /** Sets what {@link #size} calls when it must decode: {@link #complete}, with some task. */
  public void sizing(Consumer<CompressedSource> sizing) {
    this.sizing = sizing;
  }

  /** The compressed source underneath. */
  public BlockSource raw() {
    return raw;
  }

  /** The size in bytes when it is known already, or -1. Never decodes anything. */
  public long sizeIfKnown() {
    return index.size();
  }

  /**
   * The size in bytes. Unless it is known already, everything is decoded once to find it; see
   * {@link #complete}.
   *
   * @throws CompressedTruncatedException when the data breaks off
   * @throws CompressedCorruptException when it does not decode
   */
  @Override
  public long size() {
    if (index.size() < 0) {
      sizing.accept(this);
    }
    return index.size();
  }

  /** Decodes up to the end, so that the size and all checkpoints are known. Advances in bytes. */
  public void complete(Task task) {
    long at = index.front() / Segment.SIZE * Segment.SIZE;
    while (index.size() < 0) {
      task.checkCancelled();
      Segment segment = segment(at / Segment.SIZE);
      if (segment.damage() != null) {
        throw failure(at + segment.bytes().length, 1, segment.damage());
      }
      task.advance(segment.bytes().length);
      at += Segment.SIZE;
    }
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    if (closed) {
      throw new BlkshException("read " + describe(), "it was closed");
    }
    long at = position;
    while (target.hasRemaining()) {
      long size = index.size();
      if (size >= 0 && at >= size) {
        break;
      }
      Segment segment = segment(at / Segment.SIZE);
      int from = (int) (at % Segment.SIZE);
      int count = Math.min(target.remaining(), segment.bytes().length - from);
      if (count > 0) {
        target.put(segment.bytes(), from, count);
        at += count;
      }
      if (target.hasRemaining() && !segment.isWhole()) {
        if (segment.damage() == null) {
          break;
        }
        throw failure(at, target.remaining(), segment.damage());
      }
    }
    return (int) (at - position);
  }

  /** A piece of the data; whatever it takes to get there. */
  private Segment segment(long number) {
    long start = number * Segment.SIZE;
    while (true) {
      Segment known = known(number);
      if (known != null) {
        return known;
      }
      if (start - index.before(start) <= compression.stretch()) {
        return pass(number, Long.MAX_VALUE);
      }
      lockInterruptibly();
      try {
        if (known(number) == null && start - index.before(start) > compression.stretch()) {
          Segment reached = pass(number, compression.stretch());
          if (reached != null) {
            return reached;
          }
        }
      } finally {
        advancing.unlock();
      }
    }
  }

  /** A piece that was decoded before, or null. */
  private Segment known(long number) {
    Segment segment = cache.get(number);
    if (segment == null) {
      byte[] kept = index.kept(number);
      if (kept != null) {
        segment = unchanged(number, new Segment(kept, null));
        cache.put(number, segment);
      }
    }
    return segment;
  }

  private void lockInterruptibly() {
    try {
      advancing.lockInterruptibly();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("read " + describe());
    }
  }

  /**
   * Decodes towards a piece from the nearest place before it.
   *
   * @param most bytes to decode at most
   * @return the piece, or null when it was not reached
   */
  private Segment pass(long number, long most) {
    long start = number * Segment.SIZE;
    DecoderPool.Pass pass = null;
    try {
      pass = pool.take(start);
      long until = BlockSource.saturatedEnd(pass.position(), most);
      while (true) {
        long at = pass.position();
        long current = at / Segment.SIZE;
        Segment segment = decode(pass, (int) (at % Segment.SIZE));
        boolean stopped = segment.damage() != null;
        boolean complete = at % Segment.SIZE == 0;
        if (complete) {
          segment = unchanged(current, segment);
        }
        if (pass.ended()) {
          index.ended(pass.position());
        }
        if (complete && segment.damage() == null) {
          if (current > number - cache.capacity() / 2) {
            cache.put(current, segment);
          }
          if (segment.isWhole() && at - index.before(at) > 2 * compression.stretch()) {
            index.keep(current, segment.bytes());
          }
        }
        if (complete && current == number) {
          finish(pass, stopped);
          return segment;
        }
        if (pass.ended() || stopped) {
          finish(pass, stopped);
          return !stopped
              ? Segment.NOTHING
              : new Segment(Segment.NOTHING.bytes(), segment.damage());
        }
        if (pass.position() >= until) {
          pool.giveBack(pass);
          return null;
        }
      }
    } catch (IOException e) {
      pool.discard(pass);
      return new Segment(Segment.NOTHING.bytes(), e);
    } catch (RuntimeException | Error e) {
      pool.discard(pass);
      throw e;
    }
  }

  /**
   * A piece as it may be handed out. One that could be read before must be what it was then: the
   * checksums of the stream are proven at its end, and not by who begins at a checkpoint.
   */
  private Segment unchanged(long number, Segment segment) {
    if (segment.damage() != null) {
      return index.wasRead(number)
          ? new Segment(Segment.NOTHING.bytes(), segment.damage())
          : segment;
    }
    return segment.bytes().length == 0 || index.isUnchanged(number, segment.bytes())
        ? segment
        : new Segment(
            Segment.NOTHING.bytes(),
            StreamDamage.corrupt("the data is not what it was when it was first read"));
  }

  private void finish(DecoderPool.Pass pass, boolean stopped) {
    if (pass.ended() || stopped) {
      pool.discard(pass);
    } else {
      pool.giveBack(pass);
    }
  }

  /** Decodes up to the end of a piece whose first {@code skipped} bytes were not decoded. */
  private Segment decode(DecoderPool.Pass pass, int skipped) {
    byte[] bytes = new byte[Segment.SIZE];
    int done = skipped;
    IOException damage = null;
    try {
      while (done < bytes.length) {
        int count = pass.decode(bytes, done, bytes.length - done);
        if (count < 0) {
          break;
        }
        done += count;
      }
      if (done == bytes.length && pass.position() == index.size()) {
        // what vouches for the last bytes may come behind them: none is given away before
        int all = done;
        done = skipped;
        if (pass.decode(new byte[1], 0, 1) >= 0) {
          throw StreamDamage.corrupt("the compressed data goes on behind its end");
        }
        done = all;
      }
    } catch (IOException | UnreadableException e) {
      damage = e instanceof IOException io ? io : new IOException(e.getMessage(), e);
      if (e instanceof StreamDamage stream && stream.kind() == StreamDamage.Kind.CORRUPT) {
        index.damaged();
      }
    }
    index.reached(pass.position());
    return new Segment(done < bytes.length ? Arrays.copyOf(bytes, done) : bytes, damage);
  }

  private UnreadableException failure(long start, long length, IOException damage) {
    String name = describe().toString();
    if (damage instanceof StreamDamage stream) {
      switch (stream.kind()) {
        case TRUNCATED -> {
          var failure =
              new CompressedTruncatedException(name, start, length, stream.getMessage(), stream);
          failure.suggest("copy it again, or look for parts that are missing");
          return failure;
        }
        case CORRUPT -> {
          var failure =
              new CompressedCorruptException(name, start, length, stream.getMessage(), stream);
          failure.suggest("copy it again from where it was made");
          return failure;
        }
        case UNSUPPORTED -> {
          return new CompressedUnsupportedException(
              name, start, length, stream.getMessage(), stream);
        }
      }
    }
    return new UnreadableException(name, start, length, damage.getMessage(), damage);
  }

  /**
   * Everything is data. While the size is not known the extents are found by decoding, one after
   * the other, and the last one ends where the data does.
   */
  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = BlockSource.saturatedEnd(position, length);
    return new Iterator<>() {
      private long at = position;
      private boolean damaged;
      private Extent next;

      @Override
      public boolean hasNext() {
        if (next == null && at < end && !damaged) {
          next = find();
          at = next == null ? end : next.end();
        }
        return next != null;
      }

      private Extent find() {
        long size = index.size();
        if (size >= 0) {
          return at < Math.min(size, end)
              ? new Extent(at, Math.min(size, end) - at, Extent.Kind.DATA)
              : null;
        }
        long to = Math.min(end, (at / EXTENT + 1) * EXTENT);
        Segment last = segment((to - 1) / Segment.SIZE);
        size = index.size();
        damaged = last.damage() != null;
        long known = size < 0 ? to : Math.min(size, to);
        return at < known ? new Extent(at, known - at, Extent.Kind.DATA) : null;
      }

      @Override
      public Extent next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Extent extent = next;
        next = null;
        return extent;
      }
    };
  }

  @Override
  public SourceInfo describe() {
    SourceInfo below = raw.describe();
    Map<String, String> details = new LinkedHashMap<>(below.details());
    details.put("compression", compression.name());
    details.put("compressed size", Long.toString(raw.size()));
    return new SourceInfo(
        compression.name() + " " + below.type(), below.name(), below.location(), details);
  }

  @Override
  public void close() {
    closed = true;
    pool.close();
    cache.clear();
    index.close();
    raw.close();
  }
}
