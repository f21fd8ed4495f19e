package blksh.drive.ssh;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import blksh.io.IoFailure;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A drive of a machine without python3, by dd(1): read from its beginning on, by one dd as long as
 * who reads goes on in order. All bytes are moved, and nothing is known of holes. From a block on
 * that dd stops in the same login reads what can be read. Each login tells what the drive is known
 * by: what differs from what was opened is refused, and what is not known by anything is not
 * opened.
 */
final class DdDrive implements BlockSource {

  private static final int BLOCK = DdBlock.BYTES;
  private static final int KEPT = 96;

  /** Blocks that are read and kept on the way to one that is further on. */
  private static final int NEAR = 64;

  /** Good blocks in a row after which all that follows is read as it comes. */
  private static final int GOOD_AGAIN = 16;

  /** The page cache fails by pages: there is nothing between to be had of a file. */
  private static final int PAGE = 4096;

  /** The status of an ssh that was cut. */
  private static final int LOST = 255;

  private static final Pattern SIZES =
      Pattern.compile("[0-9]{1,18}\\s+(512|1024|2048|4096|8192|16384|32768|65536)");

  private final RemoteHost host;
  private final String location;
  private final DdScript script;

  /** What it is known by. */
  private final String mark;

  private final boolean device;
  private final long size;
  private final int sector;
  private final Persistence persistence;

  // Guarded by this.
  private final Map<Long, DdBlock> kept =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, DdBlock> eldest) {
          return size() > KEPT;
        }
      };

  private DdStream run;

  /** Whether a block came since it was cut last. */
  private boolean useful;

  /** The block that comes next. */
  private long next;

  /** Where it ended when it was read, in bytes; from there on nothing is to be had. */
  private long end;

  private volatile boolean closed;

  /** What was cut off. */
  private static final class Gone extends UnreadableException {
    private static final long serialVersionUID = 1;

    Gone(String source, long start, long length) {
      super(source, start, length, "it ends too early", null);
    }

    @Override
    public boolean isGone() {
      return true;
    }
  }

  private DdDrive(
      RemoteHost host, String location, DdScript script, String mark, long size, int sector) {
    this.host = host;
    this.location = location;
    this.script = script;
    this.mark = mark;
    this.device = mark.startsWith("b");
    this.size = size;
    this.end = size;
    this.sector = sector;
    this.persistence = host.persistence();
  }

  /**
   * @throws BlkshException when there is no such drive or file, or it cannot be read
   */
  static DdDrive open(RemoteHost host, String location, byte[] path) {
    DdScript script = new DdScript(path);
    String action = "open " + location;
    try (DdStream look = DdStream.of(host, location, script.look(), () -> false)) {
      String line = look.line();
      if (line != null) {
        mustBeThere(action, line);
      }
      String sizes = line == null ? null : look.line();
      if (sizes == null || !SIZES.matcher(sizes.strip()).matches()) {
        if (look.status() == LOST) {
          throw new BlkshException(
              action, "the connection was cut: it says \"" + last(look.said()) + "\"");
        }
        throw new BlkshException(
                action, "it cannot be opened: it says \"" + last(look.said()) + "\"")
            .suggest("blockdev is needed for drives, stat for files");
      }
      String[] words = sizes.strip().split("\\s+");
      long size = Long.parseLong(words[0]);
      if (line.startsWith("b") && size == 0) {
        throw new BlkshException(action, "the device has no medium (its size is 0)");
      }
      mustBeKnown(action, line);
      return new DdDrive(host, location, script, line, size, Integer.parseInt(words[1]));
    }
  }

  private static void mustBeThere(String action, String line) {
    switch (line) {
      case DdScript.MISSING ->
          throw new BlkshException(action, "there is no such file or device there");
      case DdScript.NO_DRIVE -> throw new BlkshException(action, "it is no file or block device");
      case DdScript.NOT_READABLE ->
          throw new BlkshException(action, "Permission denied")
              .suggest("read it as root: sudo = true (--sudo)");
      default -> {
        // what it is known by
      }
    }
  }

  /** Each login opens it anew: equal lines must tell that it is the same. */
  private static void mustBeKnown(String action, String line) {
    String[] words = line.split("\\|", -1);
    Optional<String> doubt;
    if (words[0].equals("b")) {
      doubt =
          words.length < 8
              ? Optional.of("that machine says nothing of it")
              : new KernelMarks(
                      words[1], words[2], words[3], words[4] + words[5], words[6] + words[7], false)
                  .doubt();
    } else {
      boolean known = words.length == 4 && List.of(words).stream().noneMatch(String::isEmpty);
      doubt = known ? Optional.empty() : Optional.of("that machine says too little of it");
    }
    if (doubt.isPresent()) {
      throw new BlkshException(
              action,
              "nothing tells whether it is the same drive when dd opens it again: " + doubt.get())
          .suggest("install python3 there: then it is opened once");
    }
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public int sectorSize() {
    return sector;
  }

  @Override
  public synchronized int read(long position, ByteBuffer target) {
    if (position < 0) {
      throw new IllegalArgumentException("position " + position);
    }
    int count = 0;
    while (target.hasRemaining() && position + count < size) {
      long at = position + count;
      long number = at / BLOCK;
      int from = (int) (at % BLOCK);
      int wanted = Math.min(target.remaining(), length(number) - from);
      DdBlock block = block(number);
      if (block != null && target.remaining() <= sector && block.isAskedAgain(at, sector)) {
        kept.remove(number);
        salvage(number);
        block = block(number);
        if (block != null) {
          block.isAskedAgain(at, sector); // that was asked of this one
        }
      }
      if (block == null || at >= end) {
        long rest = Math.min(target.remaining(), size - at);
        throw new Gone(location, at, rest);
      }
      for (Extent bad : block.bad()) {
        if (bad.start() < at + wanted && bad.end() > at) {
          long first = Math.max(at, bad.start());
          target.put(block.served(), from, (int) (first - at));
          throw new UnreadableException(
              location, first, Math.min(bad.end(), at + wanted) - first, IoFailure.text(5), null);
        }
      }
      target.put(block.served(), from, wanted);
      count += wanted;
    }
    return count;
  }

  private int length(long number) {
    return (int) Math.min(BLOCK, size - number * BLOCK);
  }

  /** A block; null when it ended before that. */
  private DdBlock block(long number) {
    kept.values().removeIf(DdBlock::isStale);
    for (DdBlock known = kept.get(number); ; known = kept.get(number)) {
      if (known != null) {
        return known;
      }
      if (number * BLOCK >= end) {
        return null;
      }
      if (run == null || number < next || number - next > NEAR) {
        begin(script.from(BLOCK, number), number, 0);
      }
      DdBlock come = comeNext();
      if (come != null) {
        kept.put(next, come);
        next++;
        useful = true;
        continue;
      }
      int status = run.status();
      String said = run.said();
      DdBlock begun = run.begun();
      boolean salvaging = run.isSalvaging();
      stop();
      if (status == LOST) {
        mayGoOn(said);
      } else if (status == 0) {
        endedAt(next, begun);
      } else if (salvaging || !DdScript.isUnreadable(said)) {
        throw told(status, said);
      } else if (next == number) {
        salvage(number);
      } // else it is begun at the block that is wanted
    }
  }

  /** Who stops waiting in the middle of a block leaves nothing that others could go on with. */
  private DdBlock comeNext() {
    try {
      return run.block(next * BLOCK, length(next));
    } catch (RuntimeException e) {
      stop();
      throw e;
    }
  }

  private void begin(String text, long number, int piece) {
    stop();
    run = login(text).salvaging(piece);
    next = number;
  }

  /** Reads what can be read from a block on. */
  private void salvage(long number) {
    int piece = device ? sector : Math.max(sector, PAGE);
    begin(script.salvage(BLOCK, size, piece, number, GOOD_AGAIN), number, piece);
  }

  /** It ended in a block, or before it. */
  private void endedAt(long number, DdBlock there) {
    end = number * BLOCK + there.length();
    if (there.length() > 0) {
      int whole = length(number);
      List<Extent> bad = new ArrayList<>(there.bad());
      bad.add(new Extent(end, whole - there.length(), Extent.Kind.BAD));
      kept.put(number, new DdBlock(Arrays.copyOf(there.served(), whole), bad));
    }
  }

  /** Waits before another login, after one that was cut. */
  private void mayGoOn(String said) {
    boolean goOn = persistence.cut(useful);
    useful = false;
    if (!goOn) {
      throw RemoteHost.cutAgain("go on with " + location, last(said));
    }
    host.pause(persistence.pauseMillis(), () -> closed);
  }

  private BlkshException told(int status, String said) {
    String words = last(said);
    String problem =
        words.isEmpty() ? "dd ended too early, with status " + status : "it says \"" + words + "\"";
    return new BlkshException("read " + location, problem)
        .suggest("see whether it is there still; what was stored is found again");
  }

  /** The line that tells what is wrong: dd counts what it read after it. */
  private static String last(String said) {
    return said.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.matches("[0-9].*"))
        .reduce("", (before, line) -> line);
  }

  /** A login that has opened the same drive, and reads it. */
  private DdStream login(String text) {
    while (true) {
      DdStream stream = DdStream.of(host, location, text, () -> closed);
      try {
        String line = stream.line();
        if (line != null) {
          mustBeTheSame(line);
          return stream;
        }
      } catch (RuntimeException e) {
        stream.close();
        throw e;
      }
      int status = stream.status();
      String said = stream.said();
      stream.close();
      if (status != LOST) {
        throw told(status, said);
      }
      mayGoOn(said);
    }
  }

  private void mustBeTheSame(String line) {
    mustBeThere("go on with " + location, line);
    if (!line.equals(mark)) {
      throw new BlkshException(
              "go on with " + location,
              "there is another drive now: it was \"%s\" and is \"%s\"".formatted(mark, line))
          .suggest("capture again what is to be captured");
    }
  }

  private void stop() {
    if (run != null) {
      run.close();
      run = null;
    }
  }

  /** Nobody knows here what is written there: all of it may be. */
  @Override
  public Optional<List<Extent>> written() {
    return Optional.of(size == 0 ? List.of() : List.of(new Extent(0, size, Extent.Kind.DATA)));
  }

  @Override
  public SourceInfo describe() {
    String name = location.substring(location.lastIndexOf('/') + 1);
    return new SourceInfo(
        device ? "block device" : "file", name, location, Map.of("host", host.name()));
  }

  @Override
  public void close() {
    closed = true;
    synchronized (this) {
      stop();
      kept.clear();
    }
  }
}
