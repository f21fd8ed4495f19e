package blksh.mount.nbd;

import blksh.BlkshException;
import blksh.Place;
import blksh.block.BlockSource;
import blksh.block.Changes;
import blksh.block.Extent;
import blksh.block.ExtentWalk;
import blksh.block.SourceInfo;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import blksh.task.Waiting;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An export of a network block device server, read by our own client. Many requests are under way
 * at a time. When the connection was cut whoever waits makes another and asks again what had not
 * been answered; an export that is not the same any more is refused.
 */
public final class NbdSource implements BlockSource {

  /** Bytes asked for at once, at most. */
  private static final int PIECE = 1 << 20;

  /** Pieces of one read that are under way at a time. */
  private static final int PIECES = 16;

  /** Bytes whose status is asked for at once. */
  private static final int STATUS = 1 << 30;

  /** What is read once more after a cut, at a time. */
  private static final int AGAIN = 64;

  private final NbdAddress address;
  private final Optional<String> bitmap;
  private final NbdDialogue server;
  private final NbdTerms terms;
  private final NbdExpected expected = new NbdExpected();
  private final NbdRecall recall = new NbdRecall();

  private NbdSource(NbdDialogue server, Optional<String> bitmap) {
    this.address = server.address();
    this.bitmap = bitmap;
    this.server = server;
    this.terms = server.terms();
  }

  /**
   * Opens an export.
   *
   * @param place {@code nbd://HOST:PORT/EXPORT}, {@code nbd+unix:///EXPORT?socket=PATH}, or the
   *     same by TLS
   * @param bitmap the name of a bitmap of QEMU's that has recorded what was written since it was
   *     captured last
   * @throws BlkshException when there is no such place or export, or the server does not answer as
   *     one
   */
  public static NbdSource open(Place.Remote place, Optional<String> bitmap) {
    return open(place, bitmap, NbdLink.SILENCE_NANOS, NbdDialogue.LONGEST_NANOS);
  }

  /**
   * As above.
   *
   * @param silenceNanos how long a server may owe an answer and send nothing
   * @param longestNanos how long one request may be under way while others are answered
   */
  static NbdSource open(
      Place.Remote place, Optional<String> bitmap, long silenceNanos, long longestNanos) {
    return new NbdSource(
        NbdDialogue.begin(NbdAddress.of(place), bitmap, silenceNanos, longestNanos), bitmap);
  }

  /**
   * The machine that serves a place, with {@code -PORT} where a port was said; or this one, with
   * the path of the socket, as each guest of it may have one with exports of the same names.
   *
   * @param here what this machine is called
   */
  public static String host(Place.Remote place, String here) {
    NbdAddress address = NbdAddress.of(place);
    if (address.socket().isPresent()) {
      String path = address.socket().get().toAbsolutePath().normalize().toString();
      return here + path.replaceAll("[^A-Za-z0-9._-]+", "-");
    }
    return address.port() == NbdProtocol.PORT
        ? address.host()
        : address.host() + "-" + address.port();
  }

  private NbdDialogue.Asked<NbdRead> askToRead(long position, int length) {
    NbdLink used = server.ready();
    NbdRead coming = expected.take(position, length, used);
    return coming == null
        ? server.ask(now -> new NbdRead(position, length))
        : server.takeUp(used, coming, now -> new NbdRead(position, length));
  }

  @Override
  public long size() {
    return terms.size();
  }

  @Override
  public int sectorSize() {
    return Math.max(512, terms.least());
  }

  private int piece() {
    return Math.min(PIECE, terms.most());
  }

  @Override
  public int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    server.mustBeOpen();
    long end = Math.min(size(), BlockSource.saturatedEnd(position, target.remaining()));
    if (position >= end) {
      return 0;
    }
    try (Waiting waiting = server.waiting()) {
      List<NbdDialogue.Asked<NbdRead>> underWay = new ArrayList<>();
      long asked = position;
      long at = position;
      int next = 0;
      while (at < end) {
        while (asked < end && underWay.size() - next < PIECES) {
          long from = asked / terms.least() * terms.least();
          int length = (int) Math.min(piece(), aligned(end) - from);
          underWay.add(askToRead(from, length));
          asked = from + length;
        }
        at = put(answered(underWay.set(next++, null), at, end, waiting), at, end, target);
      }
      expected.readOn(position, (int) (end - position), this);
      return (int) (end - position);
    }
  }

  /** What is cut whenever it is asked for cannot be read: parts of it may be. */
  private NbdRead answered(NbdDialogue.Asked<NbdRead> asked, long at, long end, Waiting waiting) {
    try {
      return server.answered(asked, waiting);
    } catch (NbdDialogue.Unanswerable e) {
      long last = Math.min(end, at / terms.least() * terms.least() + piece());
      throw new UnreadableException(address.toString(), at, last - at, e.problem(), e);
    }
  }

  /** The end of the block in which a range ends. */
  private long aligned(long end) {
    return (end + terms.least() - 1) / terms.least() * terms.least();
  }

  /** Puts what came into the target, as far as it was wanted. */
  private long put(NbdRead read, long at, long end, ByteBuffer target) {
    long last = Math.min(end, read.position + read.length);
    long good = read.error() == 0 ? last : Math.min(last, read.position + read.good());
    if (good > at) {
      target.put(read.bytes(), (int) (at - read.position), (int) (good - at));
    }
    if (read.error() == NbdProtocol.EIO && good < last) {
      long from = Math.max(at, good);
      String words = read.errorText().isEmpty() ? "" : ": " + read.errorText();
      throw new UnreadableException(
          address.toString(), from, last - from, IoFailure.text(NbdProtocol.EIO) + words, null);
    }
    if (read.error() != 0 && good < last) {
      throw failure(read);
    }
    if (read.error() == 0) {
      recall.keep(read, server.reconnects());
    }
    return last;
  }

  private BlkshException failure(NbdRequest request) {
    String words = request.errorText().isEmpty() ? "" : ", \"" + request.errorText() + "\"";
    return new BlkshException(
            "read " + address, "the server answers: " + IoFailure.text(request.error()) + words)
        .at(request.position)
        .suggest("see what the server says of it");
  }

  @Override
  public void expect(long position, int length) {
    expected.explicit();
    expectSoon(position, length);
  }

  /** Has a range come, where there is room for it and a connection. */
  void expectSoon(long position, int length) {
    NbdLink used = server.link();
    if (used == null || position >= size()) {
      return;
    }
    long from = position / terms.least() * terms.least();
    long end = Math.min(size(), aligned(position + length));
    while (from < end) {
      int some = (int) Math.min(piece(), end - from);
      long at = from;
      expected.ask(at, some, used);
      from += some;
    }
  }

  @Override
  public Iterator<Extent> extents(long position, long length) {
    long end = Math.min(size(), BlockSource.saturatedEnd(position, length));
    if (position >= end) {
      return Collections.emptyIterator();
    }
    if (position == 0) { // somebody begins anew, who wants nothing of an earlier time
      expected.clear();
      recall.begin(server.reconnects());
    }
    if (!terms.has(NbdProtocol.BASE_ALLOCATION)) {
      return ExtentWalk.one(new Extent(position, end - position, Extent.Kind.DATA));
    }
    return ExtentWalk.through(position, end, at -> wordsFrom(at, end));
  }

  /** What the server fails to tell of is data. */
  private Iterator<Extent> wordsFrom(long at, long end) {
    try {
      return words(status(List.of(NbdProtocol.BASE_ALLOCATION), at, end));
    } catch (Untold e) {
      long some = Math.min(end - at, STATUS);
      return ExtentWalk.one(new Extent(at, some, Extent.Kind.DATA));
    }
  }

  /** The server answers that it cannot tell of blocks. */
  static final class Untold extends BlkshException {
    private Untold(BlkshException failure) {
      super(failure.action(), failure.problem(), failure);
      failure.position().ifPresent(this::at);
      suggest(failure.suggestion());
    }
  }

  /** A hole that does not read as zeros is of no use to anybody. */
  private static Iterator<Extent> words(List<NbdStatus.Run> runs) {
    return runs.stream()
        .map(
            run ->
                new Extent(
                    run.start(),
                    run.end() - run.start(),
                    (run.flags() & NbdProtocol.STATE_ZERO) != 0
                        ? Extent.Kind.ZERO
                        : Extent.Kind.DATA))
        .iterator();
  }

  /**
   * What any of some contexts says from a byte on: runs one after the other, at least one, the
   * first with the byte at its beginning.
   */
  List<NbdStatus.Run> status(List<String> contexts, long at, long end) {
    server.mustBeOpen();
    long from = at / terms.least() * terms.least();
    int length = (int) Math.min(STATUS, aligned(end) - from);
    NbdStatus status;
    try (Waiting waiting = server.waiting()) {
      status = server.answered(server.ask(now -> new NbdStatus(now, from, length)), waiting);
    }
    if (status.error() != 0) {
      throw new Untold(failure(status));
    }
    List<NbdStatus.Run> runs = null;
    for (String context : contexts) {
      List<NbdStatus.Run> told = status.runs(context);
      if (told.isEmpty()) {
        throw new BlkshException("read " + address, "the server does not tell of blocks any more")
            .at(at)
            .suggest("find out what answers on " + address.server());
      }
      runs = runs == null ? new ArrayList<>(told) : NbdStatus.either(runs, told);
    }
    if (runs.get(0).end() <= at) {
      throw new BlkshException("read " + address, "the server tells of less than a block")
          .at(at)
          .suggest("find out what answers on " + address.server());
    }
    NbdStatus.Run first = runs.get(0);
    runs.set(0, new NbdStatus.Run(at, first.end(), first.flags()));
    return runs;
  }

  NbdTerms terms() {
    return terms;
  }

  NbdAddress address() {
    return address;
  }

  @Override
  public int cuts() {
    return server.reconnects();
  }

  /**
   * A server that goes on after a cut need not serve the same disk: its size and name are all that
   * it tells. Some of what was read before is read once more.
   */
  @Override
  public Optional<String> twoInstants() {
    List<NbdRecall.Kept> kept = recall.earlier(server.reconnects());
    for (int from = 0; from < kept.size(); from += AGAIN) {
      List<NbdRecall.Kept> some = kept.subList(from, Math.min(kept.size(), from + AGAIN));
      some.forEach(each -> expect(each.position(), each.length()));
      Optional<String> other = other(some);
      if (other.isPresent()) {
        return other;
      }
    }
    return Optional.empty();
  }

  private Optional<String> other(List<NbdRecall.Kept> some) {
    for (NbdRecall.Kept kept : some) {
      ByteBuffer bytes = ByteBuffer.allocate(kept.length());
      try {
        read(kept.position(), bytes);
      } catch (UnreadableException e) {
        continue;
      }
      if (!kept.isIn(bytes)) {
        return Optional.of(
            ("byte %d of %s is not as it was before the connection was cut:"
                    + " what was read may be of two instants, or of two disks")
                .formatted(kept.position(), address));
      }
    }
    return Optional.empty();
  }

  @Override
  public Optional<Changes> recordedChanges() {
    return bitmap.map(name -> new NbdBitmap(this, name));
  }

  /** Nothing on this machine has to do with it. */
  @Override
  public Optional<List<Extent>> written() {
    return Optional.of(List.of());
  }

  @Override
  public SourceInfo describe() {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("server", address.server());
    details.put("export", terms.name());
    if (!terms.description().isEmpty()) {
      details.put("description", terms.description());
    }
    if (cuts() > 0) {
      details.put(
          "connection", cuts() == 1 ? "was cut once" : "was cut %d times".formatted(cuts()));
    }
    return new SourceInfo("network block device", address.name(), address.toString(), details);
  }

  @Override
  public void close() {
    expected.clear();
    server.close();
  }
}
