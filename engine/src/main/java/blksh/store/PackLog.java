package blksh.store;

import blksh.store.pack.PackWriter;
import blksh.store.pack.PageFinder;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.Task;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The packs a capture writes: frames are appended to one, and full ones are made durable and known
 * on a thread of their own. Used by the thread whose turn it is to append, but for {@link
 * #forgetKnown}.
 */
final class PackLog {

  /** Packs that may be full but not yet durable; the capture waits when there are more. */
  private static final int SEALING = 2;

  private final Repository repository;
  private final PageFinder.Reliance reliance;
  private final Task task;
  private final StoreParity protection;
  private PackWriter writer;
  private OpenPack written;
  private long storedBytes;

  private final ExecutorService sealer =
      Executors.newSingleThreadExecutor(
          action -> {
            Thread thread = new Thread(action, "blksh-sealer");
            thread.setDaemon(true);
            return thread;
          });
  private final Deque<Future<?>> sealing = new ArrayDeque<>();

  /** Packs whose pages are in the page index now. */
  private final List<OpenPack> known = Collections.synchronizedList(new ArrayList<>());

  /**
   * @param reliance told of each pack that is begun: no version needs it yet
   */
  PackLog(Repository repository, PageFinder.Reliance reliance, Task task) {
    this.repository = repository;
    this.reliance = reliance;
    this.task = task;
    this.protection = new StoreParity(repository, task);
  }

  /** Bytes of frames so far. */
  long storedBytes() {
    return storedBytes;
  }

  /** Appends the compressed frames of a piece. */
  void append(CapturePiece piece) throws IOException {
    List<CapturePiece.NewFrame> frames = piece.frames();
    int from = 0;
    for (int i = 0; i < frames.size(); ) {
      OpenPack into = frames.get(i).pack;
      long raw = 0;
      int end = from;
      while (i < frames.size() && frames.get(i).pack == into) {
        raw += frames.get(i).rawLength;
        end = frames.get(i++).storedEnd;
      }
      if (into != written) {
        seal();
        written = into;
        reliance.on(into.id);
        writer = repository.packs().begin(into.id, repository.identity().idBytes());
      }
      writer.append(piece.stored(from, end));
      storedBytes += end - from;
      into.appended(raw, end - from);
      from = end;
    }
  }

  /** Hands the pack written so far to the sealing thread. */
  private void seal() throws IOException {
    if (writer == null) {
      return;
    }
    PackWriter full = writer;
    OpenPack pages = written;
    writer = null;
    written = null;
    while (sealing.size() >= SEALING) {
      await(sealing.removeFirst());
    }
    sealing.add(
        sealer.submit(
            () -> {
              seal(full);
              known.add(pages);
              return null;
            }));
  }

  /**
   * Makes a pack durable, then known, then its parity, where it is to have some: all of them before
   * the manifest appears. When sealing fails its space is given back; not where the shelf is away,
   * as the next capture puts what there is then. When only indexing fails the pack stays and is
   * indexed by the next capture.
   */
  private void seal(PackWriter full) throws IOException {
    try {
      full.seal();
    } catch (IOException e) {
      full.discard();
      throw e;
    } catch (ShelfAwayException e) {
      full.leave();
      throw e;
    }
    repository.indexes().enter(full);
    protection.pack(full.id());
  }

  /** Takes those off a list that the page index knows by now. Called by whoever places. */
  void forgetKnown(List<OpenPack> placed) {
    if (!known.isEmpty()) {
      placed.removeAll(known);
      known.removeIf(pages -> !placed.contains(pages));
    }
  }

  /** Returns when every pack is durable and known. */
  void finish() throws IOException {
    seal();
    for (Future<?> pending : sealing) {
      await(pending);
    }
  }

  private void await(Future<?> pending) throws IOException {
    boolean interrupted = false;
    while (true) {
      try {
        pending.get();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
        task.cancel();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IOException io) {
          throw io;
        }
        if (e.getCause() instanceof RuntimeException known) {
          throw known;
        }
        if (e.getCause() instanceof Error grave) {
          throw grave;
        }
        throw new IllegalStateException(e.getCause());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Ends it, however it went. After {@link #finish} there is nothing left to do.
   *
   * @param giveBack whether the space of the open pack is needed; else what is whole of it is kept
   */
  void close(boolean giveBack) {
    if (writer != null) {
      PackWriter open = writer;
      writer = null;
      if (giveBack) {
        open.discard();
      } else {
        sealer.submit(() -> sealWhatIsWhole(open));
      }
    }
    sealer.shutdown();
    boolean interrupted = false;
    while (!sealer.isTerminated()) {
      try {
        sealer.awaitTermination(1, TimeUnit.DAYS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void sealWhatIsWhole(PackWriter open) {
    try {
      seal(open);
    } catch (IOException | RuntimeException e) {
      // the failure that led here is the one to tell
    }
  }
}
