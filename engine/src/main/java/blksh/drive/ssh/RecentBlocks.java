package blksh.drive.ssh;

import blksh.block.Extent;
import blksh.task.Waiting;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * What was read last of a remote drive, and what will be wanted next: a question takes as long as
 * the way there and back, so blocks are asked for ahead of who reads in order. Holds up to 4 MiB
 * and forgets what is older than a few seconds, as the drive may be in use. That something cannot
 * be read is told once: who asks again has it tried again, and nothing beside it.
 */
final class RecentBlocks {

  private static final int BLOCK = 64 << 10;
  private static final int MOST = 64;
  private static final int MOST_AHEAD = 32;

  /** Blocks that are known to have something that cannot be read. */
  private static final int MOST_BAD = 4096;

  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final RemoteDrive drive;

  // Guarded by this.
  private final Map<Long, Asked> blocks =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Asked> eldest) {
          return size() > MOST;
        }
      };

  /** Those, whether they are held or not: what is wanted of them is asked for by itself. */
  private final Map<Long, Boolean> bad =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
          return size() > MOST_BAD;
        }
      };

  private long last = -2;
  private int ahead;

  private static final class Asked {
    private final AgentLink link;

    /** When it came; 0 while it is on its way, which may take long. */
    private volatile long cameNanos;

    /** Null once it was unpacked: it has the same bytes once more. */
    private volatile CompletableFuture<AgentFrame> answer;

    /** Null until then. */
    private volatile Block block;

    Asked(AgentLink link, CompletableFuture<AgentFrame> answer) {
      this.link = link;
      this.answer = answer;
      answer.thenRun(() -> cameNanos = System.nanoTime());
    }

    private boolean isStale() {
      return cameNanos != 0 && System.nanoTime() - cameNanos >= FRESH_NANOS;
    }
  }

  /** What a block holds: zeros in the bad ranges, which are in bytes of the drive. */
  private static final class Block {
    private final long start;
    private final byte[] bytes;
    private final List<Extent> bad;

    /** Whether it was told that something in it is bad. */
    private volatile boolean told;

    Block(long start, byte[] bytes, List<Extent> bad) {
      this.start = start;
      this.bytes = bytes;
      this.bad = bad;
    }

    private boolean isBad(long position) {
      return bad.stream().anyMatch(each -> each.start() <= position && each.end() > position);
    }
  }

  RecentBlocks(RemoteDrive drive) {
    this.drive = drive;
  }

  /**
   * Reads up to the end of a block.
   *
   * @param position inside the drive
   * @throws blksh.io.UnreadableException with what is before the range in the target
   */
  int read(long position, ByteBuffer target) {
    long number = position / BLOCK;
    Block block = isOnlyBad(number) ? null : block(number);
    if (block == null || block.told && block.isBad(position)) {
      block = alone(position, number, target.remaining());
    }
    return give(block, position, target);
  }

  private int give(Block block, long position, ByteBuffer target) {
    int from = (int) (position - block.start);
    int count = Math.min(target.remaining(), block.bytes.length - from);
    for (Extent range : block.bad) {
      if (range.end() > position && range.start() < position + count) {
        long first = Math.max(position, range.start());
        block.told = true;
        target.put(block.bytes, from, (int) (first - position));
        throw drive.unreadable(first, Math.min(range.end(), position + count) - first);
      }
    }
    target.put(block.bytes, from, count);
    return count;
  }

  /** Whether a block is known to have bad ranges, and not held. */
  private synchronized boolean isOnlyBad(long number) {
    Asked known = blocks.get(number);
    return bad.containsKey(number) && (known == null || known.isStale() || lost(known));
  }

  /** Reads the sectors that are wanted of a block, and nothing beside them. */
  private Block alone(long position, long number, int wanted) {
    int sector = drive.sectorSize();
    long start = position / sector * sector;
    long end = Math.min(drive.size(), (number + 1) * BLOCK);
    end = Math.min(end, (position + wanted + sector - 1) / sector * sector);
    int length = (int) (end - start);
    return unpacked(start, length, drive.ask(AgentFrame.READ, question(start, length)));
  }

  private static byte[] question(long start, int length) {
    return ByteBuffer.allocate(12).putLong(start).putInt(length).array();
  }

  private Block block(long number) {
    try (Waiting waiting = new Waiting("read a remote drive", "waiting for it")) {
      while (true) {
        AgentLink link = drive.ready();
        Asked asked = ask(link, number);
        try {
          return block(number, asked, waiting);
        } catch (LinkLostException e) {
          forget(number, asked);
          if (asked.link.refusal() != null) {
            throw asked.link.refusal();
          }
        }
      }
    }
  }

  private Block block(long number, Asked asked, Waiting waiting) throws LinkLostException {
    CompletableFuture<AgentFrame> answer = asked.answer;
    if (answer != null) {
      AgentFrame frame = drive.await(answer, waiting);
      asked.block = unpacked(number * BLOCK, length(number), frame);
      asked.answer = null;
      note(number, asked.block);
    }
    return asked.block;
  }

  private int length(long number) {
    return (int) Math.min(BLOCK, drive.size() - number * BLOCK);
  }

  private synchronized void note(long number, Block block) {
    if (block.bad.isEmpty()) {
      bad.remove(number);
    } else {
      bad.put(number, true);
    }
  }

  /** Holds nothing that is old. */
  synchronized void forgetStale() {
    blocks.values().removeIf(Asked::isStale);
  }

  /** Holds nothing any more. */
  synchronized void forgetAll() {
    blocks.clear();
    last = -2;
    ahead = 0;
  }

  private synchronized void forget(long number, Asked asked) {
    blocks.remove(number, asked);
  }

  private synchronized Asked ask(AgentLink link, long number) {
    ahead = number == last + 1 ? Math.min(MOST_AHEAD, 2 * ahead + 2) : number == last ? ahead : 0;
    last = number;
    blocks.values().removeIf(Asked::isStale);
    Asked wanted = askOne(link, number);
    for (int i = 1; i <= ahead && (number + i) * BLOCK < drive.size(); i++) {
      if (!bad.containsKey(number + i)) {
        askOne(link, number + i);
      }
    }
    return wanted;
  }

  private Asked askOne(AgentLink link, long number) {
    Asked known = blocks.get(number);
    if (known != null && !known.isStale() && !lost(known)) {
      return known;
    }
    byte[] question = question(number * BLOCK, length(number));
    Asked asked = new Asked(link, drive.asked(link, AgentFrame.READ, question));
    blocks.put(number, asked);
    return asked;
  }

  private static boolean lost(Asked asked) {
    CompletableFuture<AgentFrame> answer = asked.answer;
    return answer != null
        && (answer.isCompletedExceptionally() || asked.link.isDead() && !answer.isDone());
  }

  private Block unpacked(long start, int wanted, AgentFrame frame) {
    ByteBuffer content = drive.answered(frame).content();
    if (frame.kind() != AgentFrame.DATA || content.remaining() < 9) {
      throw drive.garbage("it answers something else than was asked");
    }
    int codec = content.get();
    if (content.getInt() != wanted) {
      throw drive.garbage("it sends another range than was asked for");
    }
    List<Extent> ranges = UnreadableRanges.of(drive, content, start, wanted);
    return new Block(start, Unpacking.of(drive, codec, content, wanted), ranges);
  }
}
