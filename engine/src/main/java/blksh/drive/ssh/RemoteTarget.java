package blksh.drive.ssh;

import static java.nio.charset.StandardCharsets.US_ASCII;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.block.PageOffer;
import blksh.block.PageOffers;
import blksh.block.PageTarget;
import blksh.block.SourceInfo;
import blksh.block.TargetTerms;
import blksh.task.Task;
import blksh.task.Waiting;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A drive of another machine that is written over, or a file there, by an agent beside it. Whether
 * it may be is decided there, each time it is opened.
 *
 * <p>What the other side says was written is only in its memory. When the connection is cut the
 * agent ends, and with it whoever would hear that the drive did not take some of it. So after a cut
 * everything that was not known to be durable is compared once more with what is there then, before
 * it counts as written; and all of it when somebody else may have had it meanwhile. What is found
 * to be right then was read from the medium, so that cuts keep nothing from ending.
 */
final class RemoteTarget extends RemoteChannel implements PageTarget {

  private static final String VERB = "restore to";

  // Flags of a claim.
  private static final int OVERWRITE = 1;
  private static final int IN_PLACE = 2;
  private static final int DRY = 4;
  private static final int AGAIN = 8;

  private static final long ZEROS_AT_ONCE = 64 << 20;

  /** Bytes of the image after which it is made durable, and need not be compared after a cut. */
  private static final long STAGE = 1L << 30;

  /** The same, once it was cut: a bad line may be so again. */
  private static final long SHORT_STAGE = 32 << 20;

  /** How long is waited until a part is removed. */
  private static final int LAST_WORD_SECONDS = 20;

  private final byte[] path;
  private final TargetTerms terms;
  private final long stage;
  private final PackLevels levels = new PackLevels();
  private final RemoteWrites writes = new RemoteWrites(this, levels, this::flushed);
  private CompletableFuture<AgentFrame> teaching;
  private Facts facts;
  private DriveFacts known;
  private List<String> notKept = List.of();

  // Guarded by this.
  private String token = "";
  private int cuts;

  private final UnprovenRanges ranges;

  /** Whether what was written itself is compared, and not what was there before. */
  private boolean comparing;

  /** Up to where it was asked to be durable, in this pass. */
  private long durableAsked;

  /** What had been written when it was durable last. */
  private long durableEffects;

  private boolean finishing;
  private boolean finished;

  /** Whether the other side has removed what was not finished. */
  private boolean dropped;

  private RemoteTarget(
      RemoteHost host, String location, byte[] path, TargetTerms terms, long stage) {
    super(host, location, VERB);
    this.path = path;
    this.terms = terms;
    this.stage = stage;
    this.ranges = new UnprovenRanges(terms.size());
  }

  static RemoteTarget open(RemoteHost host, String location, byte[] path, TargetTerms terms) {
    return open(host, location, path, terms, STAGE);
  }

  /** As above, made durable each time so many bytes of the image were handed over. */
  static RemoteTarget open(
      RemoteHost host, String location, byte[] path, TargetTerms terms, long stage) {
    RemoteTarget target = new RemoteTarget(host, location, path, terms, stage);
    try {
      target.ready();
      host.beginSweep();
      return target;
    } catch (RuntimeException e) {
      target.end();
      target.leave();
      throw e;
    }
  }

  // ---- opening -------------------------------------------------------------------------------

  @Override
  CompletableFuture<AgentFrame> request(AgentLink next) {
    teaching = next.teachTargets();
    byte[] before;
    int flags = (terms.overwrite() ? OVERWRITE : 0) | (terms.inPlace() ? IN_PLACE : 0);
    flags |= (terms.dryRun() ? DRY : 0) | (facts != null ? AGAIN : 0);
    synchronized (this) {
      before = token.getBytes(US_ASCII);
    }
    ByteBuffer claim =
        ByteBuffer.allocate(1 + Long.BYTES + Short.BYTES + before.length + path.length)
            .put((byte) flags)
            .putLong(terms.size())
            .putShort((short) before.length)
            .put(before)
            .put(path);
    return next.request(AgentFrame.CLAIM, channel(), claim.array());
  }

  @Override
  void opened(AgentLink next, AgentFrame answer) {
    Facts found = Facts.parse(answer.payload(), location());
    if (facts == null) {
      if (!DriveFacts.isSector(found.number("sector"))
          || isDevice(found) && found.number("size") < terms.size()) {
        throw next.garbage("it tells no size or sector size of " + location());
      }
      facts = found;
      known = DriveFacts.ofTarget(found);
    } else {
      known.mustBeIn(found, location());
      synchronized (this) {
        cuts++;
        ranges.cut(found.text("held").equals("1")); // else others may have written it meanwhile
        durableAsked = ranges.handed();
        durableEffects = writes.effects();
      }
    }
    levels.packBy(next.knowsZstd() ? AgentFrame.ZSTD : AgentFrame.ZLIB);
    synchronized (this) {
      token = found.text("token");
      finished = found.text("finished").equals("1");
    }
  }

  @Override
  Runnable goOn(AgentLink next) {
    return writes.goOn(next);
  }

  @Override
  BlkshException refused(AgentFrame answer) {
    AgentFrame taught = teaching.isCompletedExceptionally() ? null : teaching.getNow(null);
    if (taught != null && taught.kind() == AgentFrame.FAILED) {
      return told("the agent there cannot learn to write: " + AgentLink.text(taught))
          .suggest("see that its python3 is whole, and has memory");
    }
    BlkshException told = told(AgentLink.text(answer));
    int code = AgentLink.code(answer);
    return code == 1 || code == 13 ? told.suggest("write it as root: sudo = true (--sudo)") : told;
  }

  /** A failure that is told in lines: what is wrong, what to do, which drive it is. */
  private BlkshException told(String text) {
    String[] lines = text.split("\n", 3);
    String title = lines.length == 3 ? lines[2] : facts == null ? "" : facts.text("title");
    String where = location() + (title.isEmpty() ? "" : " (" + title + ")");
    BlkshException told = new BlkshException(VERB + " " + where, lines[0]);
    return lines.length > 1 && !lines[1].isEmpty() ? told.suggest(lines[1]) : told;
  }

  @Override
  BlkshException failure(AgentFrame failed) {
    return told(AgentLink.text(failed));
  }

  @Override
  BlkshException lostForGood(BlkshException why) {
    return facts == null ? why : new BlkshException(VERB + " " + location(), why.problem(), why);
  }

  @Override
  public Optional<String> left() {
    if (facts == null || terms.dryRun()) {
      return Optional.empty();
    }
    if (isFinished()) {
      return Optional.of("all of it was written by then");
    }
    String part = facts.text("part");
    if (!part.isEmpty() && !isDropped()) {
      return Optional.of(
          "what was written of it is there as %s%s; restore it once more"
              .formatted(part, isFinishing() ? ", or has its name already" : ""));
    }
    if (!writes.haveBegun()) {
      return Optional.empty();
    }
    return Optional.of(
        isInPlace()
            ? "it is partly written: restore it once more"
            : replaces() ? "what was there is as it was" : "nothing of it is left there");
  }

  private synchronized boolean isDropped() {
    return dropped;
  }

  private synchronized boolean isFinishing() {
    return finishing;
  }

  // ---- a target ------------------------------------------------------------------------------

  @Override
  public SourceInfo describe() {
    return known.describe(location(), host().name());
  }

  private static boolean isDevice(Facts facts) {
    return facts.text("kind").equals("device");
  }

  @Override
  public boolean isDevice() {
    return isDevice(facts);
  }

  @Override
  public int sectorSize() {
    return (int) facts.number("sector");
  }

  @Override
  public boolean isInPlace() {
    return facts != null && facts.text("inplace").equals("1");
  }

  private boolean replaces() {
    return facts.text("replaces").equals("1");
  }

  @Override
  boolean keepsBytes() {
    return false;
  }

  @Override
  int hashing() {
    return replaces() && comparesWithOld() ? AgentFrame.HASH_OLD : AgentFrame.HASH;
  }

  /** Whether no cut has made it compare with what it has written itself. */
  private synchronized boolean comparesWithOld() {
    return !comparing;
  }

  private boolean hasSomething() {
    return isInPlace() || replaces() || !comparesWithOld();
  }

  @Override
  public Optional<PageOffer> look(long position, int length) {
    if (position < 0 || length < 1 || length > PageOffers.MOST) {
      throw new IllegalArgumentException("look at " + length + " bytes at " + position);
    }
    return hasSomething() ? Optional.of(offers().offer(position, length)) : Optional.empty();
  }

  @Override
  public int ahead() {
    return host().ahead();
  }

  @Override
  public void write(long position, byte[] from, int offset, int length, BitSet pages) {
    byte[] payload = PagePayload.write(position, from, offset, length, pages, levels);
    send(AgentFrame.WRITE, payload, position + length);
  }

  /** Hands something over. @param end of it in the image */
  private void send(int kind, byte[] payload, long end) {
    synchronized (this) { // before it is sent: it may be written and the connection cut at once
      ranges.handed(end);
    }
    writes.send(kind, payload);
  }

  @Override
  public void keep(long position, int length, BitSet pages, byte[] digests, int at) {
    if (!replaces() || !comparesWithOld() || terms.dryRun()) {
      return;
    }
    byte[] payload = PagePayload.keep(position, length, pages, digests, at);
    send(AgentFrame.KEEP, payload, position + length);
  }

  @Override
  public void zeros(long position, long length) {
    for (long done = 0; done < length; done += ZEROS_AT_ONCE) {
      long count = Math.min(ZEROS_AT_ONCE, length - done);
      ByteBuffer range =
          ByteBuffer.allocate(2 * Long.BYTES).putLong(position + done).putLong(count);
      send(AgentFrame.ZERO, range.array(), position + done + count);
    }
  }

  // ---- ending --------------------------------------------------------------------------------

  @Override
  public void reached(long position) {
    int connection;
    synchronized (this) {
      if (terms.dryRun()) {
        return;
      }
      if (writes.areAnswered()
          && writes.effects()
              == durableEffects) { // nothing was written: what was compared is there
        ranges.durable(position);
        durableAsked = Math.max(durableAsked, position);
        return;
      }
      if (position - durableAsked < (cuts == 0 ? stage : Math.min(stage, SHORT_STAGE))) {
        return;
      }
      durableAsked = position;
      connection = cuts;
    }
    writes.flush(position, connection);
  }

  /** It is durable up to there, unless some of it went over a connection that was cut. */
  private void flushed(long position, int connection, long effects) {
    if (connection == cuts) {
      ranges.durable(position);
      durableEffects = effects;
    }
  }

  @Override
  public Optional<Extent> finish() {
    while (true) {
      writes.await();
      if (isFinished() || terms.dryRun()) {
        return Optional.empty();
      }
      Optional<Extent> again = again();
      if (again.isPresent()) {
        return again;
      }
      try (Waiting waiting = waiting()) {
        synchronized (this) {
          finishing = true;
        }
        AgentFrame answer =
            answered(await(asked(lastLink(), AgentFrame.FINISH, new byte[0]), waiting));
        notKept = clauses(Facts.parse(answer.payload(), location()));
        synchronized (this) {
          finished = true;
        }
        return Optional.empty();
      } catch (LinkLostException e) {
        ready();
      }
    }
  }

  private synchronized boolean isFinished() {
    return finished;
  }

  /**
   * What is to be compared once more, from now on with what was written; nothing when it is all.
   */
  private Optional<Extent> again() {
    while (true) {
      long position;
      int connection;
      synchronized (this) {
        if (ranges.isEmpty()) {
          return Optional.empty();
        }
        if (writes.areAnswered() && writes.effects() == durableEffects) {
          comparing = true;
          finishing = false;
          Optional<Extent> next = ranges.next();
          durableAsked = next.map(Extent::start).orElse(0L);
          return next;
        }
        position = ranges.handed();
        connection = cuts;
      }
      // What was sent again, or late, is in the memory there, which would be compared.
      writes.flush(position, connection);
      writes.await();
    }
  }

  private static List<String> clauses(Facts told) {
    List<String> clauses = new ArrayList<>();
    for (int i = 0; !told.text(Integer.toString(i)).isEmpty(); i++) {
      clauses.add(told.text(Integer.toString(i)));
    }
    return List.copyOf(clauses);
  }

  @Override
  public List<String> notKept() {
    return notKept;
  }

  @Override
  public void came(AgentLink from, AgentFrame frame) {
    if (writes.came(from, frame)) {
      move(AgentFrame.HEAD + frame.payload().length);
    } else {
      super.came(from, frame);
    }
  }

  @Override
  public long writtenBytes() {
    return writes.written();
  }

  @Override
  public long movedBytes() {
    return moved();
  }

  @Override
  public void giveUp() {
    stop();
  }

  @Override
  public void tell(Task task) {
    host().tellCuts(task);
  }

  @Override
  public void close() {
    if (!end()) {
      return;
    }
    host().endSweep();
    AgentLink used = lastLink();
    if (used != null && !used.isDead() && !isFinished()) {
      drop(used);
    }
    leave();
  }

  /** Has what was begun removed, before the connection may be closed. */
  private void drop(AgentLink used) {
    CompletableFuture<AgentFrame> answer = used.request(AgentFrame.DROP, channel(), new byte[0]);
    boolean interrupted = Thread.interrupted(); // which is why it ends
    try {
      AgentFrame told = answer.get(LAST_WORD_SECONDS, TimeUnit.SECONDS);
      synchronized (this) {
        dropped = told.kind() == AgentFrame.DROPPED;
        finished = dropped && told.payload().length > 0 && told.payload()[0] == 1;
      }
    } catch (InterruptedException e) {
      interrupted = true;
    } catch (ExecutionException | TimeoutException e) {
      // then a part stays until the file is written again, and is named
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
