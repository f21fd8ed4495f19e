package blksh.store;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.io.DirectBuffer;
import blksh.task.OrderedStep;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

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

  /** Packs that may be full but not yet durable; the capture waits when there are more. */
  private static final int SEALING = 2;

  /** Packs a dry run remembers the pages of. */
  private static final int DRY_PACKS = 16;

  private static final int BAD_LISTED = 1000;

  /** Pieces that may wait for a step while every worker has another in hand. */
  private static final int AHEAD = 3;

  private final Store store;
  private final CaptureInput input;
  private final String name;
  private final CaptureOptions options;
  private final Task task;
  private final PageFinder finder;

  private final OrderedStep<Piece> placing = new OrderedStep<>(this::place);
  private final OrderedStep<Piece> appending = new OrderedStep<>(this::append);
  private final BlockingQueue<FrameBuffers> buffers = new LinkedBlockingQueue<>();

  /** All memory outside the heap, given back when no worker is left. Guarded by itself. */
  private final List<DirectBuffer> borrowed = new ArrayList<>();

  private final RootDigest root = new RootDigest();
  private ManifestWriter manifest;

  private final int framePages;

  // Guarded by this.
  private final Deque<Piece> idle = new ArrayDeque<>();
  private final Deque<Piece> toCompress = new ArrayDeque<>();
  private int inFlight;
  private long tickets;
  private boolean claiming;
  private boolean exhausted;
  private boolean broken;

  // Owned by the thread whose turn it is to place.
  private final List<OpenPack> placed = new ArrayList<>(); // newest first
  private boolean prepared;
  private OpenPack pack;
  private FrameBuffers carry;
  private long size;
  private long dataBytes;
  private long zeroBytes;
  private long freeBytes;
  private final BadRanges badRanges = new BadRanges();
  private long readBytes;
  private long newPages;
  private long newBytes;

  // Owned by the thread whose turn it is to append.
  private PackWriter writer;
  private OpenPack writerPack;
  private long storedBytes;
  private volatile boolean outOfSpace;

  private final ExecutorService sealer =
      Executors.newSingleThreadExecutor(
          action -> {
            Thread thread = new Thread(action, "blksh-sealer");
            thread.setDaemon(true);
            return thread;
          });
  private final Deque<Future<?>> sealing = new ArrayDeque<>();
  private final List<OpenPack> sealed = java.util.Collections.synchronizedList(new ArrayList<>());

  Capture(Store store, CaptureInput input, String name, CaptureOptions options, Task task) {
    this.store = store;
    this.input = input;
    this.name = name;
    this.options = options;
    this.task = task;
    this.finder = new PageFinder(store);
    this.framePages = store.codec().framePages();
    for (int i = 0; i < Workers.count() + AHEAD; i++) {
      idle.push(new Piece());
    }
  }

  /** Room for the pages of one frame on their way from several segments. */
  private final class FrameBuffers {
    final ByteBuffer raw = borrow(framePages * Page.SIZE);
    final byte[] digests = new byte[framePages * Page.DIGEST];
    int pages;
    int length;
    int firstPage;
  }

  /** A frame a worker completed while placing, to be compressed and appended by it. */
  private static final class Job {
    OpenPack pack;
    int firstPage;
    int pages;
    ByteBuffer raw;
    int rawAt;
    int rawLength;
    byte[] digests;
    int digestsAt;
    FrameBuffers owned; // goes back to the pool once appended
    int storedEnd; // where it ends in the piece's frames, once compressed
  }

  /** A segment with the frames it completed, on its way through the steps; used again and again. */
  private final class Piece {
    final CaptureSegment segment = new CaptureSegment(Capture.this::borrow);
    final List<Job> spare = new ArrayList<>();
    final List<Job> jobs = new ArrayList<>();

    /** The frames as they will be stored, one after the other; made when there is one. */
    ByteBuffer stored;

    long ticket;

    Job job() {
      Job job = spare.isEmpty() ? new Job() : spare.remove(spare.size() - 1);
      jobs.add(job);
      return job;
    }

    void recycle() {
      for (Job job : jobs) {
        if (job.owned != null) {
          job.owned.pages = 0;
          job.owned.length = 0;
          buffers.add(job.owned);
          job.owned = null;
        }
        job.raw = null;
        job.digests = null;
      }
      spare.addAll(jobs);
      jobs.clear();
    }
  }

  private ByteBuffer borrow(int bytes) {
    DirectBuffer buffer = DirectBuffer.borrow(bytes);
    synchronized (borrowed) {
      borrowed.add(buffer);
    }
    return buffer.bytes();
  }

  CaptureResult run() {
    Instant started = Instant.now();
    task.expect(input.size());
    try {
      manifest = options.dryRun() ? null : store.newManifest();
      task.whenCancelled(this::giveUp);
      Workers.run(task, Workers.count(), this::work, this::giveUp);
      task.checkCancelled();
      appendCarry();
      seal();
      for (Future<?> pending : sealing) {
        await(pending);
      }
      return publish(started);
    } catch (IOException e) {
      outOfSpace = true;
      throw storeFailure(e);
    } finally {
      abandon();
      finder.close();
      borrowed.forEach(DirectBuffer::close);
    }
  }

  private void appendCarry() throws IOException {
    if (carry != null) {
      try (Codec.Compressor compressor = store.codec().compressor()) {
        Piece last = new Piece();
        finishFrame(last);
        compress(last, compressor);
        append(last);
      }
    }
  }

  private BlkshException storeFailure(IOException e) {
    String problem = Bytes.reason(e);
    BlkshException failure =
        new BlkshException("capture " + name + " into " + store.path(), problem, e);
    return problem.contains("No space left")
        ? failure.suggest("free some space and capture again: sealed packs are kept")
        : failure;
  }

  // ---- working -------------------------------------------------------------------------------

  private synchronized void giveUp() {
    broken = true;
    notifyAll();
  }

  /** Reading the source fails in its own words; what fails as an IOException is the store. */
  private void work() {
    try (Codec.Compressor compressor = store.codec().compressor()) {
      do {
        task.checkCancelled();
        Piece piece = nextToCompress();
        if (piece != null) {
          compress(piece, compressor);
          appending.bring(piece.ticket, piece);
          continue;
        }
        piece = claim();
        if (piece != null) {
          piece.segment.load(task);
          placing.bring(piece.ticket, piece);
        }
      } while (awaitWork());
    } catch (IOException e) {
      outOfSpace = true;
      throw storeFailure(e);
    }
  }

  private synchronized Piece nextToCompress() {
    return toCompress.poll();
  }

  /**
   * Claims the next segment; null when there is none, no piece is free, or somebody else claims.
   */
  private Piece claim() {
    Piece piece;
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
      claimed = input.claim(piece.segment);
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

  // ---- placing -------------------------------------------------------------------------------

  private void place(Piece piece) throws IOException {
    if (!prepared) {
      // Here and not earlier: the first segments are read and hashed while the indexes are opened.
      store.recover();
      prepared = true;
    }
    CaptureSegment segment = piece.segment;
    size += segment.length();
    readBytes += segment.readBytes();
    for (Extent bad : segment.bad()) {
      badRanges.add(bad.start(), bad.length());
    }
    if (segment.run() != null) {
      placeUnstored(segment.run(), segment.length(), Page.count(segment.length()));
    } else {
      placePages(piece);
    }
    synchronized (this) {
      toCompress.add(piece);
      notifyAll();
    }
  }

  private void placePages(Piece piece) throws IOException {
    CaptureSegment segment = piece.segment;
    int pages = segment.pages();
    int i = 0;
    while (i < pages) {
      Extent.Kind kind = segment.kind(i);
      int from = i;
      while (i < pages && segment.kind(i) == kind) {
        i++;
      }
      long bytes = (long) (i - from - 1) * Page.SIZE + segment.pageLength(i - 1);
      if (kind == Extent.Kind.DATA) {
        root.addData(segment.digests(), from * Page.DIGEST, i - from);
        dataBytes += bytes;
        placeData(piece, from, i);
      } else {
        placeUnstored(kind, bytes, i - from);
      }
    }
  }

  private void placeUnstored(Extent.Kind kind, long bytes, long pages) throws IOException {
    root.add(kind, pages);
    switch (kind) {
      case ZERO -> zeroBytes += bytes;
      case FREE -> freeBytes += bytes;
      default -> {} // counted by the exact ranges
    }
    if (manifest != null) {
      manifest.add(kind, pages);
    }
  }

  private void placeData(Piece piece, int from, int to) throws IOException {
    CaptureSegment segment = piece.segment;
    byte[] digests = segment.digests();
    int runStart = -1; // first of new pages of this segment not yet in a frame
    for (int i = from; i < to; i++) {
      if (known(segment.key(i), digests, i * Page.DIGEST)) {
        if (runStart >= 0) {
          carry(segment, runStart, i);
          runStart = -1;
        }
        continue;
      }
      int length = segment.pageLength(i);
      if (carry == null && runStart < 0) {
        usePackWithRoom();
      }
      int page = pack.place(segment.key(i), digests, i * Page.DIGEST, length);
      newPages++;
      newBytes += length;
      if (manifest != null) {
        manifest.addPage(pack.id, page);
      }
      if (carry != null) {
        carry(segment, i, i + 1);
        if (carry.pages == framePages) {
          finishFrame(piece);
        }
      } else if (runStart < 0) {
        runStart = i;
      } else if (i + 1 - runStart == framePages) {
        frameInPlace(piece, runStart, page);
        runStart = -1;
      }
    }
    if (runStart >= 0) {
      carry(segment, runStart, to);
    }
  }

  /** Whether the page is stored already; if so the manifest has it. */
  private boolean known(long key, byte[] digests, int at) throws IOException {
    for (int i = 0; i < placed.size(); i++) {
      OpenPack candidate = placed.get(i);
      int page = candidate.find(key, digests, at);
      if (page >= 0) {
        if (manifest != null) {
          manifest.addPage(candidate.id, page);
        }
        return true;
      }
    }
    if (finder.find(key, digests, at)) {
      if (manifest != null) {
        manifest.addPage(finder.packId(), finder.page());
      }
      return true;
    }
    return false;
  }

  private void usePackWithRoom() {
    if (!sealed.isEmpty()) {
      placed.removeAll(sealed);
      sealed.removeIf(pages -> !placed.contains(pages));
    }
    if (pack == null || pack.full()) {
      pack = new OpenPack(store.packs().newId());
      placed.add(0, pack);
      if (options.dryRun() && placed.size() > DRY_PACKS) {
        placed.remove(placed.size() - 1);
      }
    }
  }

  private void frameInPlace(Piece piece, int first, int lastPage) {
    Job job = piece.job();
    job.pack = pack;
    job.pages = framePages;
    job.firstPage = lastPage - (framePages - 1);
    job.raw = piece.segment.bytes();
    job.rawAt = first * Page.SIZE;
    job.rawLength = (job.pages - 1) * Page.SIZE + piece.segment.pageLength(first + job.pages - 1);
    job.digests = piece.segment.digests();
    job.digestsAt = first * Page.DIGEST;
  }

  /** Copies new pages of a segment to the frame being gathered. They were placed last. */
  private void carry(CaptureSegment segment, int from, int to) {
    if (carry == null) {
      carry = buffers.poll();
      if (carry == null) {
        carry = new FrameBuffers();
      }
      carry.firstPage = pack.pages() - (to - from);
    }
    int bytes = (to - from - 1) * Page.SIZE + segment.pageLength(to - 1);
    carry.raw.put(carry.length, segment.bytes(), from * Page.SIZE, bytes);
    System.arraycopy(
        segment.digests(),
        from * Page.DIGEST,
        carry.digests,
        carry.pages * Page.DIGEST,
        (to - from) * Page.DIGEST);
    carry.length += bytes;
    carry.pages += to - from;
  }

  private void finishFrame(Piece piece) {
    Job job = piece.job();
    job.pack = pack;
    job.pages = carry.pages;
    job.firstPage = carry.firstPage;
    job.raw = carry.raw;
    job.rawAt = 0;
    job.rawLength = carry.length;
    job.digests = carry.digests;
    job.digestsAt = 0;
    job.owned = carry;
    carry = null;
  }

  // ---- compressing and appending -------------------------------------------------------------

  private void compress(Piece piece, Codec.Compressor compressor) {
    if (options.dryRun()) {
      return;
    }
    if (piece.stored == null && !piece.jobs.isEmpty()) {
      // A segment completes no more frames than its pages and those carried to it can fill.
      int most = CaptureSegment.PAGES / framePages + 1;
      piece.stored = borrow(most * (Frame.headerLength(framePages) + framePages * Page.SIZE));
    }
    if (piece.stored != null) {
      piece.stored.clear();
    }
    for (Job job : piece.jobs) {
      Frame.write(
          store.codec(),
          compressor,
          job.firstPage,
          job.pages,
          job.raw,
          job.rawAt,
          job.rawLength,
          job.digests,
          job.digestsAt,
          piece.stored);
      job.storedEnd = piece.stored.position();
    }
  }

  private void append(Piece piece) throws IOException {
    if (!options.dryRun()) {
      int from = 0;
      for (int i = 0; i < piece.jobs.size(); ) {
        OpenPack into = piece.jobs.get(i).pack;
        long raw = 0;
        int end = from;
        while (i < piece.jobs.size() && piece.jobs.get(i).pack == into) {
          raw += piece.jobs.get(i).rawLength;
          end = piece.jobs.get(i++).storedEnd;
        }
        if (into != writerPack) {
          seal();
          writerPack = into;
          writer = store.newPack(writerPack.id);
        }
        writer.append(piece.stored.slice(from, end - from));
        storedBytes += end - from;
        into.appended(raw, end - from);
        from = end;
      }
    }
    piece.recycle();
    task.advance(piece.segment.length());
    synchronized (this) {
      idle.push(piece);
      inFlight--;
      notifyAll();
    }
  }

  /** Hands the pack written so far to the sealing thread. */
  private void seal() throws IOException {
    if (writer == null) {
      return;
    }
    PackWriter full = writer;
    OpenPack pages = writerPack;
    writer = null;
    writerPack = null;
    while (sealing.size() >= SEALING) {
      await(sealing.removeFirst());
    }
    sealing.add(
        sealer.submit(
            () -> {
              store.seal(full);
              sealed.add(pages);
              return null;
            }));
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

  // ---- ending --------------------------------------------------------------------------------

  private CaptureResult publish(Instant started) throws IOException {
    task.checkCancelled();
    Instant finished = Instant.now();
    List<Extent> bad = badRanges.list();
    if (!bad.isEmpty()) {
      task.finding(
          "%d bytes in %d ranges of the source cannot be read, the first at byte %d"
              .formatted(badRanges.bytes(), bad.size(), bad.get(0).start()));
    }
    ManifestFigures figures =
        new ManifestFigures(
            dataBytes,
            zeroBytes,
            freeBytes,
            badRanges.bytes(),
            newPages,
            newBytes,
            storedBytes,
            manifest == null ? 0 : manifest.extents());
    Manifest described =
        new Manifest(
            name, 0, size, started, finished, input.describe(), figures, root.finish(size));
    List<Extent> listed = List.copyOf(bad.subList(0, Math.min(BAD_LISTED, bad.size())));
    if (manifest != null) {
      described = store.publish(manifest, described, bad);
    }
    return new CaptureResult(
        described, listed, readBytes, Duration.between(started, finished), options.dryRun());
  }

  /** After a failure: keeps what is whole, gives back what is not. Does nothing after success. */
  private void abandon() {
    if (writer != null) {
      PackWriter open = writer;
      writer = null;
      if (outOfSpace) {
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
    if (manifest != null) {
      manifest.close();
    }
  }

  private void sealWhatIsWhole(PackWriter open) {
    try {
      store.seal(open);
    } catch (IOException | RuntimeException e) {
      // the failure that led here is the one to tell
    }
  }
}
