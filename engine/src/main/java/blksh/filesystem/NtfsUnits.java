package blksh.filesystem;

import blksh.lz.BadChunkException;
import blksh.lz.Lznt1;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The units of an attribute that NTFS compresses: one that has all its clusters is there as it is,
 * one that has none is zeros, one that has some is compressed.
 */
final class NtfsUnits implements ChunkedContent.Chunks {

  private final Volume volume;
  private final NtfsRuns runs;
  private final int unit;
  private final long initialized;

  /**
   * @param unit bytes
   * @param initialized bytes that were ever written; what is after them reads as zeros
   */
  NtfsUnits(Volume volume, NtfsRuns runs, int unit, long initialized) {
    this.volume = volume;
    this.runs = runs;
    this.unit = unit;
    this.initialized = initialized;
  }

  @Override
  public boolean hasHoles() {
    return true;
  }

  @Override
  public boolean isHole(long number) {
    long start = number * unit;
    return start >= initialized || stored(start) == 0;
  }

  /** Bytes of a unit that have clusters, which come first. */
  private int stored(long start) {
    int stored = 0;
    while (stored < unit) {
      FileRun run = runs.mapped(start + stored);
      if (run == null || run.isHole()) {
        break;
      }
      stored += (int) Math.min(unit - stored, run.end() - (start + stored));
    }
    return stored;
  }

  @Override
  public void decode(long number, byte[] into, int length) throws BadChunkException {
    long start = number * unit;
    int stored = start >= initialized ? 0 : stored(start);
    if (stored == 0) {
      return;
    }
    byte[] bytes = stored == unit ? into : new byte[stored];
    for (int done = 0; done < stored; ) {
      FileRun run = runs.mapped(start + done);
      long from = run.at() + (start + done - run.start());
      int count = (int) Math.min(stored - done, run.end() - (start + done));
      if (from > volume.source().size() - count) {
        throw new BadChunkException("lies where the volume has nothing");
      }
      volume.source().read(from, ByteBuffer.wrap(bytes, done, count));
      done += count;
    }
    if (stored < unit) {
      Lznt1.decode(bytes, into);
    }
    if (initialized - start < length) {
      Arrays.fill(into, (int) (initialized - start), unit, (byte) 0);
    }
  }
}
