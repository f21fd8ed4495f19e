package blksh.store;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.store.pack.CodecChoice;
import blksh.store.pack.PageFinder;
import blksh.store.pack.PageSize;
import blksh.store.shelf.ShelfAwayException;
import blksh.task.CancelledException;
import blksh.task.OrderedStep;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One capture. Each worker takes a segment of the image through four steps: read and hash it; in
 * image order, place its pages (known, zero, or new); compress the frames of new pages it
 * completed; in image order, append them. Two turnstiles keep the order, everything else runs on
 * all cores. Full packs are made durable on a thread of their own.
 *
 * <p>Nothing names a page before it is durable: the manifest is published after every pack it names
 * was sealed. A capture that fails or is cancelled seals what it stored, for the next one to find;
 * one that ran out of space gives its open pack's space back.
 */
final class Capture {

  /** Pieces that may wait for a step while every worker has another in hand. */
  private static final int AHEAD = 3;

  /** An unreadable end of so many bytes is no bad spot. */
  private static final long MUCH = 1 << 20;

  private final Repository repository;
  private final CaptureInput input;
  private final String name;
  private final boolean dryRun;
  private final boolean allowEmpty;
  private final Instant date;
  private final Integer after;
  private final Task task;
  private final CodecChoice codec;

  private final OrderedStep<CapturePiece> placing = new OrderedStep<>(this::place);
  private final OrderedStep<CapturePiece> appending = new OrderedStep<>(this::append);
  private final CaptureMemory memory;
  private final ReliedPacks relied;
  private final Runnable whenCancelled = this::giveUpAll;
  private final PageFinder.Reliance reliance;
  private final PackLog log;
  private ManifestWriter manifest;

  // Owned by the thread whose turn it is to place; what it knows may be asked by any.
  private PagePlacement placement;

  /** Guarded by the lock after it. */
  private boolean prepared;

  private final Object preparing = new Object();

  // Guarded by this.
  private final Deque<CapturePiece> idle = new ArrayDeque<>();
  private final Deque<CapturePiece> toCompress = new ArrayDeque<>();
  private int inFlight;
  private long tickets;
  private boolean claiming;
  private boolean exhausted;
  private boolean broken;

  /** Whether the space of the open pack is needed. */
  private volatile boolean outOfSpace;

  Capture(
      Repository repository, CaptureInput input, String name, CaptureOptions options, Task task) {
    this.repository = repository;
    this.input = input;
    this.name = name;
    this.dryRun = options.dryRun();
    this.allowEmpty = options.allowEmpty();
    this.date = options.date();
    this.after = options.after();
    this.task = task;
    this.codec = input.codec(repository.codec());
    PageSize pageSize = repository.pageSize();
    this.memory = new CaptureMemory(pageSize, codec.framePages(pageSize));
    this.relied = new ReliedPacks(repository);
    // Where others cannot be kept away no pack is ever replaced or removed.
    boolean relies = !dryRun && repository.exclusion().keepsEverybodyAway();
    this.reliance = relies ? relied : PageFinder.Reliance.NONE;
    this.log = new PackLog(repository, reliance, task);
    for (int i = 0; i < Workers.count() + AHEAD; i++) {
      idle.push(new CapturePiece(memory));
    }
  }

  CaptureResult run() {
    Instant started = Instant.now();
    long startedNanos = System.nanoTime();
    if (task.total() < 0) { // it may be one of many
      task.expect(input.size());
    }
    try {
      if (date != null && after == null) {
        mustBeLatest();
      }
      if (!dryRun) {
        repository.manifests().mustKeep(name);
      }
      manifest = dryRun ? null : repository.manifests().begin(memory.pageSize());
      placement = new PagePlacement(repository, codec, memory, manifest, log, reliance, task);
      // A dry run has nothing moved.
      input.begin(dryRun ? (digests, at) -> true : this::has);
      task.whenCancelled(whenCancelled);
      Workers.run(task, Workers.count(), this::work, this::giveUpAll);
      task.checkCancelled();
      appendLast();
      log.finish();
      return publish(started, startedNanos);
    } catch (IOException e) {
      outOfSpace = true;
      throw storeFailure(e);
    } finally {
      end();
    }
  }

  /** What is of an earlier time must not become the newest of its name. */
  private void mustBeLatest() {
    for (ManifestDirectory.Version version : repository.manifests().versions(name)) {
      Manifest there;
      try (ManifestFile file = repository.manifests().open(version)) {
        there = file.manifest();
      } catch (BlkshException e) {
        ShelfAwayException.letPass(e);
        continue; // reported by verify
      }
      if (there.started().isAfter(date)) {
        throw new BlkshException(
                "capture " + name + " as of " + date,
                there.reference() + " is later, and this would become the newest version")
            .suggest("capture it under another name");
      }
    }
  }

  private void appendLast() throws IOException {
    CapturePiece last = new CapturePiece(memory);
    if (placement.finish(last) && !dryRun) {
      try (CodecChoice.Compressor compressor = codec.compressor()) {
        last.compress(codec, compressor);
        log.append(last);
      }
    }
  }

  private BlkshException storeFailure(IOException e) {
    BlkshException failure =
        new BlkshException(
            "capture " + name + " into " + repository.place(), IoFailure.reason(e), e);
    return IoFailure.of(e) == IoFailure.NO_SPACE
        ? failure.suggest("free some space and capture again: sealed packs are kept")
        : failure;
  }

  // ---- working -------------------------------------------------------------------------------

  private synchronized void giveUp() {
    broken = true;
    notifyAll();
  }

  private void giveUpAll() {
    giveUp();
    input.giveUp();
  }

  /** Reading the source fails in its own words; what fails as an IOException is the store. */
  private void work() {
    try (CodecChoice.Compressor compressor = codec.compressor()) {
      do {
        task.checkCancelled();
        CapturePiece piece = nextToCompress();
        if (piece != null) {
          if (!dryRun) {
            piece.compress(codec, compressor);
          }
          appending.bring(piece.ticket, piece);
          continue;
        }
        piece = claim();
        if (piece != null) {
          piece.segment().load(task);
          placing.bring(piece.ticket, piece);
        }
      } while (awaitWork());
    } catch (IOException e) {
      outOfSpace = true;
      throw storeFailure(e);
    }
  }

  private synchronized CapturePiece nextToCompress() {
    return toCompress.poll();
  }

  /**
   * Claims the next segment; null when there is none, no piece is free, or somebody else claims.
   */
  private CapturePiece claim() throws IOException {
    CapturePiece piece;
    synchronized (this) {
      if (exhausted || claiming || idle.isEmpty()) {
        return null;
      }
      claiming = true;
      inFlight++;
      piece = idle.pop();
    }
    boolean claimed = false;
    try {
      claimed = input.claim(piece.segment());
      piece.ticket = tickets;
      return claimed ? piece : null;
    } finally {
      synchronized (this) {
        claiming = false;
        if (claimed) {
          tickets++;
        } else {
          exhausted = true;
          inFlight--;
        }
        notifyAll();
      }
    }
  }

  /** Waits until there may be something to do; false when there never will be. */
  private synchronized boolean awaitWork() {
    while (!broken) {
      boolean mayClaim = !exhausted && !claiming && !idle.isEmpty();
      if (mayClaim || !toCompress.isEmpty()) {
        return true;
      }
      if (exhausted && inFlight == 0) {
        return false;
      }
      try {
        wait();
      } catch (InterruptedException e) {
        task.cancel();
      }
    }
    return false;
  }

  private void prepare() throws IOException {
    synchronized (preparing) {
      if (!prepared) {
        new Recovery(repository).run();
        prepared = true;
      }
    }
  }

  private boolean has(byte[] digests, int at) throws IOException {
    prepare();
    return placement.has(digests, at);
  }

  /** In image order. */
  private void place(CapturePiece piece) throws IOException {
    // Here and not earlier: the first segments are read and hashed while the indexes are opened.
    prepare();
    placement.place(piece);
    input.placed(piece.segment());
    synchronized (this) {
      toCompress.add(piece);
      notifyAll();
    }
  }

  /** In image order. */
  private void append(CapturePiece piece) throws IOException {
    if (!dryRun) {
      log.append(piece);
    }
    piece.recycle();
    task.advance(piece.segment().length());
    synchronized (this) {
      idle.push(piece);
      inFlight--;
      notifyAll();
    }
  }

  // ---- ending --------------------------------------------------------------------------------

  private CaptureResult publish(Instant started, long startedNanos) throws IOException {
    task.checkCancelled();
    if (placement.size() == 0 && input.size() < 0 && !allowEmpty) {
      throw new BlkshException(
              "capture " + name, input.describe().name() + " delivered nothing at all")
          .suggest("see why; if that is meant, say allowEmpty = true (--allow-empty)");
    }
    input.mustHold();
    // What passed, whatever was done to the clock meanwhile.
    Duration elapsed = Duration.ofNanos(System.nanoTime() - startedNanos);
    Instant finished = started.plus(elapsed);
    String root = placement.root();
    Manifest copied = input.copied();
    if (copied == null) {
      tellBad(placement.bad());
    } else if (input.keepsRoot() && !root.equals(copied.root())) {
      throw new CopyInput.LostInSource(copied, 0, "its pages do not have its root digest");
    }
    input.tell(task);
    Instant as = copied != null ? copied.started() : date;
    Instant until = copied != null ? copied.finished() : date;
    Manifest described =
        new Manifest(
            name,
            copied != null ? copied.version() : 0,
            placement.size(),
            as == null ? started : as,
            until == null ? finished : until,
            input.describe(),
            placement.figures(log.storedBytes()),
            root,
            input.sectorSize(),
            input.tree());
    if (manifest != null) {
      Publication publication = new Publication(repository);
      described =
          copied != null
              ? publication.copy(manifest, described, input.marks())
              : publication.publish(manifest, described, after);
      protect(described);
    }
    return new CaptureResult(
        described,
        placement.bad().first(),
        placement.readBytes() + input.checkedBytes(),
        input.movedBytes(),
        elapsed,
        dryRun);
  }

  /** The version is there, whether or not somebody wants to stop now. */
  private void protect(Manifest described) {
    try {
      new StoreParity(repository, task).manifest(ManifestDirectory.Version.of(described));
    } catch (CancelledException e) {
      task.finding(described.reference() + " has no parity yet; protect makes it");
    }
  }

  private void tellBad(BadTally bad) {
    if (bad.count() == 0) {
      return;
    }
    task.finding(
        "%d bytes in %d ranges of the source cannot be read, the first at byte %d"
            .formatted(bad.bytes(), bad.count(), bad.first().get(0).start()));
    if (bad.endsAt(placement.size()) && bad.lastLength() >= MUCH) {
      task.finding(
          "nothing could be read from byte %d to the end at %d: it may have been cut off, or be gone"
              .formatted(placement.size() - bad.lastLength(), placement.size()));
    }
  }

  /** After a failure: keeps what is whole, gives back what is not. */
  private void end() {
    // Each also if one before it fails. What is relied on last: then what was noted is published,
    // or never will be.
    try (memory;
        relied) {
      task.notWhenCancelled(whenCancelled); // it may be one of many
      try {
        log.close(outOfSpace);
      } finally {
        try {
          if (manifest != null) {
            manifest.close();
          }
        } finally {
          if (placement != null) {
            placement.close();
          }
        }
      }
    }
  }
}
