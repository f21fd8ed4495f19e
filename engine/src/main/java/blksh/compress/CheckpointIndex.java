package blksh.compress;

import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * What is known of a compressed source: its checkpoints, its size, a checksum of each piece, and
 * the pieces that lie far from any checkpoint and were kept. Grows while the source is decoded;
 * what it knows it keeps in an {@link IndexFile}, so that the next opening begins where this one
 * ended.
 */
final class CheckpointIndex implements CheckpointSink, Closeable {

  private final IndexFile file;
  private final long span;
  private final LongList outs = new LongList();
  private final LongList ins = new LongList();

  /** Ordinal of the state in the file; -1 when there is none. */
  private final LongList states = new LongList();

  /** Ordinals in the file by the numbers of the pieces kept there. */
  private final Map<Long, Integer> kept = new HashMap<>();

  private final PieceSums sums = new PieceSums();

  /** Whether the stream carries its map itself, so that it is read only where somebody wants it. */
  private volatile boolean adopted;

  /** Whether nothing of it is to be kept: the stream was damaged before it was ever proven. */
  private boolean distrusted;

  private volatile long size = -1;
  private volatile long front;
  private volatile long nextWanted;

  /**
   * @param span bytes between checkpoints
   */
  CheckpointIndex(IndexFile file, long span) throws IOException {
    this.file = file;
    this.span = span;
    this.nextWanted = span;
    file.forEach(this::recall);
    if (size >= 0 && !isSummed(size)) {
      size = -1; // some of it is to be read once more
    }
  }

  private boolean isSummed(long end) {
    return sums.prefix() * Segment.SIZE >= end;
  }

  /** Takes up a record of the file. */
  private void recall(IndexFile.Record entry, int ordinal) {
    switch (entry.type()) {
      case IndexFile.CHECKPOINT ->
          remember(entry.out(), entry.in(), entry.length() > 0 ? ordinal : -1);
      case IndexFile.PIECE -> {
        kept.put(entry.out() / Segment.SIZE, ordinal);
        front = Math.max(front, entry.out() + entry.length());
      }
      case IndexFile.END -> {
        size = entry.out();
        front = Math.max(front, size);
      }
      case IndexFile.SUMS -> {
        byte[] bytes = file.data(ordinal);
        if (bytes != null) {
          sums.recall(new PieceSums.Run(entry.out() / Segment.SIZE, bytes));
        }
      }
      default -> throw new IllegalStateException("record of type " + entry.type());
    }
  }

  private void remember(long out, long in, int state) {
    if (outs.size() > 0 && out <= outs.get(outs.size() - 1)) {
      return;
    }
    outs.add(out);
    ins.add(in);
    states.add(state);
    front = Math.max(front, out);
    nextWanted = out + span;
  }

  /** Takes over a map that the stream carries itself. */
  synchronized void adopt(StreamMap map) {
    adopted = true;
    if (size < 0) {
      for (Checkpoint checkpoint : map.checkpoints()) {
        remember(checkpoint.out(), checkpoint.in(), -1);
      }
      nextWanted = Long.MAX_VALUE;
      front = Math.max(front, map.size());
      size = map.size();
    }
  }

  @Override
  public boolean wanted(long out) {
    return out >= nextWanted && size < 0;
  }

  @Override
  public synchronized void add(Checkpoint checkpoint) {
    if (!wanted(checkpoint.out())) {
      return;
    }
    saveSums(); // it vouches for no more than what is known of the data before it
    int ordinal =
        file.append(IndexFile.CHECKPOINT, checkpoint.out(), checkpoint.in(), checkpoint.state());
    if (ordinal >= 0) {
      remember(checkpoint.out(), checkpoint.in(), checkpoint.state().length > 0 ? ordinal : -1);
    } else {
      nextWanted = Long.MAX_VALUE;
    }
  }

  @Override
  public synchronized boolean agrees(long out, long in) {
    int found = ins.floor(in);
    return found < 0 || ins.get(found) != in || outs.get(found) == out;
  }

  /** Byte of the last checkpoint that is not after a byte. */
  synchronized long before(long position) {
    int found = outs.floor(position);
    return found < 0 ? 0 : outs.get(found);
  }

  /** The last checkpoint that is not after a byte and whose state can be read. */
  Checkpoint checkpointBefore(long position) {
    int found;
    synchronized (this) {
      found = outs.floor(position);
    }
    for (; found >= 0; found--) {
      long out;
      long in;
      int state;
      synchronized (this) {
        out = outs.get(found);
        in = ins.get(found);
        state = (int) states.get(found);
      }
      if (state < 0) {
        return new Checkpoint(out, in);
      }
      byte[] bytes = file.data(state);
      if (bytes != null) {
        return new Checkpoint(out, in, bytes);
      }
    }
    return Checkpoint.START;
  }

  /**
   * Whether a piece is what it was when it was read first.
   *
   * @param bytes all of it
   */
  boolean isUnchanged(long number, byte[] bytes) {
    return sums.agrees(number, bytes);
  }

  /** Whether a piece could be read before, all of it. */
  boolean wasRead(long number) {
    return sums.isKnown(number);
  }

  /**
   * Notes that the stream does not decode, or not to what its checksums say. Unless it did so once
   * nobody knows then which bytes were read wrong, and the next opening begins anew.
   */
  synchronized void damaged() {
    distrusted |= size < 0;
  }

  private void saveSums() {
    for (PieceSums.Run run = sums.takeUnsaved(); run != null; run = sums.takeUnsaved()) {
      file.append(IndexFile.SUMS, run.first() * Segment.SIZE, 0, run.bytes());
    }
  }

  /** Keeps a piece on disk, if there is room. */
  void keep(long number, byte[] bytes) {
    synchronized (this) {
      if (kept.containsKey(number)) {
        return;
      }
      int ordinal = file.append(IndexFile.PIECE, number * Segment.SIZE, 0, bytes);
      if (ordinal >= 0) {
        kept.put(number, ordinal);
      }
    }
  }

  /** A piece that was kept, or null. */
  byte[] kept(long number) {
    int ordinal;
    synchronized (this) {
      ordinal = kept.getOrDefault(number, -1);
    }
    if (ordinal < 0) {
      return null;
    }
    byte[] bytes = file.data(ordinal);
    if (bytes == null || bytes.length != Segment.SIZE) {
      synchronized (this) {
        kept.remove(number);
      }
      return null;
    }
    return bytes;
  }

  /** Notes that everything up to a byte was decoded. */
  void reached(long position) {
    if (position > front) {
      synchronized (this) {
        front = Math.max(front, position);
      }
    }
  }

  /** Notes where the data ends. */
  synchronized void ended(long position) {
    if (size < 0) {
      size = position;
      front = Math.max(front, position);
      saveSums();
      if (isSummed(position)) {
        file.append(IndexFile.END, position, 0, new byte[0]);
      }
    }
  }

  /** Size of the data in bytes, or -1 when nobody has come so far. */
  long size() {
    return size;
  }

  /** The first byte nobody has decoded yet, or of which is not known what it was. */
  long front() {
    return adopted ? front : Math.min(front, sums.prefix() * Segment.SIZE);
  }

  @Override
  public synchronized void close() {
    saveSums();
    if (distrusted && size < 0) {
      file.clear();
    }
    file.close();
  }
}
