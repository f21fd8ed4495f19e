package blksh.drive.ssh;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.task.CancelledException;
import blksh.task.Waiting;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * What a login prints that runs a {@link DdScript}: a line, and the blocks of a drive in order, as
 * they come or as far as they can be read. Whoever waits for it can be stopped, and does not wait
 * for ever.
 */
final class DdStream implements Closeable {

  private static final long END_SECONDS = 20;
  private static final int MOST_LINE = 16 << 10;

  private final RemoteHost host;
  private final String location;
  private final Login login;
  private final BooleanSupplier over;

  /** Bytes that are tried by themselves; 0 when it comes as it is. */
  private int piece;

  /** Whether the block before was good altogether. */
  private boolean good;

  /** Whether a single dd tries the next block. */
  private boolean dead;

  /** What came of the next block before the end. */
  private DdBlock begun = new DdBlock(new byte[0], List.of());

  private DdStream(RemoteHost host, String location, Login login, BooleanSupplier over) {
    this.host = host;
    this.location = location;
    this.login = login;
    this.over = over;
  }

  /**
   * Logs in and has a script run.
   *
   * @param over asked while waiting whether nobody wants it any more
   */
  static DdStream of(RemoteHost host, String location, String script, BooleanSupplier over) {
    Login login = host.shell(over);
    try {
      login.out().write(script.getBytes(US_ASCII));
      login.out().flush();
      login.out().close();
    } catch (IOException e) {
      // told by its end
    }
    return new DdStream(host, location, login, over);
  }

  /** Has the blocks come as far as they can be read. @param bytes that are tried by themselves */
  DdStream salvaging(int bytes) {
    piece = bytes;
    return this;
  }

  boolean isSalvaging() {
    return piece > 0;
  }

  /** A line; null when it ends before that. */
  String line() {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (line.size() < MOST_LINE) {
      byte[] one = bytes(1);
      if (one.length == 0) {
        return null;
      }
      if (one[0] == '\n') {
        break;
      }
      line.write(one[0]);
    }
    return line.toString(UTF_8);
  }

  /**
   * The next block; null when it ends before that.
   *
   * @param start where it begins, in bytes of the drive
   * @param length its bytes
   */
  DdBlock block(long start, int length) {
    if (piece > 0) {
      return salvaged(start, length);
    }
    begun = new DdBlock(bytes(length), List.of());
    return begun.length() == length ? begun : null;
  }

  /** What came of that block. */
  DdBlock begun() {
    return begun;
  }

  private DdBlock salvaged(long start, int length) {
    begun = new DdBlock(new byte[0], List.of());
    if (dead) {
      return tried(start, length);
    }
    if (good && length == DdBlock.BYTES) {
      byte[] bytes = bytes(length + 1);
      int what = bytes.length > length ? bytes[length] : 'e';
      switch (what) {
        case '+', '*' -> {
          piece = what == '+' ? piece : 0;
          return new DdBlock(Arrays.copyOf(bytes, length), List.of());
        }
        case 'e' -> {
          return null;
        }
        case '-' -> {
          // its sectors follow
        }
        default -> throw notUnderstood();
      }
    }
    byte[] read = new byte[length];
    List<Extent> bad = new ArrayList<>();
    for (int at = 0; at < length; at += piece) {
      byte[] bytes = bytes(piece + 1);
      int count = Math.min(piece, length - at);
      switch (bytes.length > piece ? bytes[piece] : 'e') {
        case '+' -> System.arraycopy(bytes, 0, read, at, count);
        case '-', '=' -> {
          bad.add(new Extent(start + at, count, Extent.Kind.BAD));
          dead = bytes[piece] == '=';
        }
        case 'e' -> {
          begun = new DdBlock(Arrays.copyOf(read, at), bad);
          return null;
        }
        default -> throw notUnderstood();
      }
    }
    good = bad.isEmpty();
    return new DdBlock(read, bad);
  }

  /** A block in a dead region: its bytes, and what a dd said that went on after each error. */
  private DdBlock tried(long start, int length) {
    byte[] read = bytes(length);
    String ended = read.length < length ? null : line();
    if (ended == null || !ended.matches("[0-9]{1,18}")) {
      throw notUnderstood();
    }
    DeadSectors sectors = new DeadSectors(piece, length);
    String line = line();
    while (line != null && !line.equals(".") && !line.equals("=")) {
      if (!sectors.said(line)) {
        throw new BlkshException("read " + location, "it says \"" + line.strip() + "\"")
            .suggest("see whether it is there still; what was stored is found again");
      }
      line = line();
    }
    if (line == null) {
      throw notUnderstood();
    }
    dead = line.equals("=");
    good = true; // then the next is tried as a whole
    long to = Long.parseLong(ended) - start;
    if (to < length) {
      int there = (int) Math.max(0, to);
      begun = new DdBlock(Arrays.copyOf(read, there), sectors.in(start, there));
      return null;
    }
    return new DdBlock(read, sectors.in(start, length));
  }

  private BlkshException notUnderstood() {
    return new BlkshException("read " + location, "what its shell answers is not understood")
        .suggest("find out what answers there, nothing of it was kept");
  }

  /** Waits for its end. @return its status, or -1 when it does not end */
  int status() {
    return login.awaitEnd(END_SECONDS);
  }

  /** What it said on standard error before that. */
  String said() {
    return login.said();
  }

  /** Bytes, fewer only at its end. */
  private byte[] bytes(int wanted) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(wanted);
    byte[] some = new byte[wanted];
    Patience patience = host.patience();
    try (Waiting waiting = new Waiting("read " + location, "waiting for " + host.name())) {
      InputStream in = login.in();
      while (bytes.size() < wanted) {
        if (in.available() == 0 && !login.hasEnded()) {
          if (over.getAsBoolean() || host.isClosed()) {
            throw new CancelledException("read " + location);
          }
          patience.check(location);
          waiting.turn();
          continue;
        }
        int count = in.read(some, 0, wanted - bytes.size());
        if (count < 0) {
          break;
        }
        bytes.write(some, 0, count);
        host.wire().came(count, () -> over.getAsBoolean() || host.isClosed());
        patience.answered();
        waiting.check();
      }
    } catch (IOException e) {
      // then that was all
    }
    return bytes.toByteArray();
  }

  /** Ends it at once. */
  @Override
  public void close() {
    login.close();
  }
}
