package blksh.compress;

import blksh.block.BlockSource;
import blksh.task.CancelledException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * The decoders of one source. Idle ones wait where they stopped, so that reading on costs nothing;
 * the one that would cost least to bring back makes room for another. There are never more, at work
 * or idle, than the memory for decoders allows, but always two: one stays where most work went.
 */
final class DecoderPool {

  /** Memory for all decoders of a source, in bytes, unless two take more. */
  private static final long MEMORY = Math.min(96L << 20, Runtime.getRuntime().maxMemory() / 3);

  /** Most memory for one decoder, in bytes. */
  static final long MOST_MEMORY_EACH = Math.min(256L << 20, Runtime.getRuntime().maxMemory() / 3);

  private static final int MOST = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());

  private final BlockSource raw;
  private final Compression compression;
  private final CheckpointIndex index;
  private final int most;
  private final Semaphore free;
  private final List<Pass> idle = new ArrayList<>();
  private int alive;
  private boolean closed;

  /**
   * @param memoryEach bytes one decoder takes
   */
  DecoderPool(BlockSource raw, Compression compression, CheckpointIndex index, long memoryEach) {
    this.raw = raw;
    this.compression = compression;
    this.index = index;
    this.most = (int) Math.max(2, Math.min(MOST, MEMORY / memoryEach));
    this.free = new Semaphore(most - 1, true);
  }

  /**
   * @param bytes a decoder is about to take
   * @throws StreamDamage of the unsupported kind when that is too much
   */
  static void checkMemory(long bytes) throws StreamDamage {
    if (bytes > MOST_MEMORY_EACH) {
      throw StreamDamage.unsupported(
          "decoding it takes %d MiB of memory, and %d are allowed"
              .formatted(bytes >> 20, MOST_MEMORY_EACH >> 20));
    }
  }

  /** A decoder and how far it has come. */
  static final class Pass {
    private final Decoder decoder;
    private long position;
    private boolean ended;

    private Pass(Decoder decoder, long position) {
      this.decoder = decoder;
      this.position = position;
    }

    /** Byte of the uncompressed data that comes next. */
    long position() {
      return position;
    }

    boolean ended() {
      return ended;
    }

    /** As {@link Decoder#decode}. */
    int decode(byte[] target, int offset, int length) throws IOException {
      int count = decoder.decode(target, offset, length);
      if (count < 0) {
        ended = true;
      } else {
        position += count;
      }
      return count;
    }
  }

  /** The best way to a byte: an idle decoder shortly before it, or a new one at a checkpoint. */
  Pass take(long target) throws IOException {
    try {
      free.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("read " + raw.describe());
    }
    boolean taken = false;
    try {
      Pass waiting = takeIdle(target);
      if (waiting == null) {
        waiting = open(target);
      }
      taken = true;
      return waiting;
    } finally {
      if (!taken) {
        free.release();
      }
    }
  }

  private synchronized Pass takeIdle(long target) {
    if (closed) {
      throw new blksh.BlkshException("read " + raw.describe(), "it was closed");
    }
    Pass best = null;
    for (Pass pass : idle) {
      if (pass.position <= target && (best == null || pass.position > best.position)) {
        best = pass;
      }
    }
    if (best != null && best.position >= index.before(target)) {
      idle.remove(best);
      return best;
    }
    if (alive == most) {
      Pass cheapest = idle.get(0);
      for (Pass pass : idle) {
        if (cost(pass) < cost(cheapest)) {
          cheapest = pass;
        }
      }
      idle.remove(cheapest);
      cheapest.decoder.close();
      alive--;
    }
    alive++;
    return null;
  }

  /** Bytes to decode to bring a decoder back to where it is. */
  private long cost(Pass pass) {
    return pass.position - index.before(pass.position);
  }

  private Pass open(long target) throws IOException {
    try {
      Checkpoint from = index.checkpointBefore(target);
      return new Pass(compression.decode(raw, from, index), from.out());
    } catch (IOException | RuntimeException | Error e) {
      synchronized (this) {
        alive--;
      }
      throw e;
    }
  }

  /** Puts a decoder aside for whoever reads on there. */
  void giveBack(Pass pass) {
    synchronized (this) {
      if (closed) {
        pass.decoder.close();
        alive--;
      } else {
        idle.add(pass);
      }
    }
    free.release();
  }

  /** Lets go of a decoder that is of no use any more; of nothing when there is none. */
  void discard(Pass pass) {
    if (pass == null) {
      return;
    }
    pass.decoder.close();
    synchronized (this) {
      alive--;
    }
    free.release();
  }

  synchronized void close() {
    closed = true;
    for (Pass pass : idle) {
      pass.decoder.close();
    }
    alive -= idle.size();
    idle.clear();
  }
}
