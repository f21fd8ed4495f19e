package blksh.store.shelf;

import blksh.BlkshException;
import blksh.kit.Await;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A shelf on a shelf that goes wrong, once or from then on, at a call and in a way to be chosen.
 * Every call that may fail counts: those of the shelf, of its blobs, its parts and its locks.
 */
public final class FaultyShelf implements Shelf {

  /** How a call goes wrong. */
  public enum Fault {
    /** It fails and has done nothing. */
    FAIL,
    /** It takes its time. */
    DELAY,
    /** It does half of what can be done by halves, and fails. */
    TEAR,
    /** It does what it should, and fails. */
    LOSE,
    /** The shelf cannot be asked any more: it does nothing, nor does any later call. */
    AWAY
  }

  private static final long DELAY_MILLIS = 5;

  private final Shelf shelf;
  private final Fault fault;
  private final int wrong;
  private final AtomicInteger calls = new AtomicInteger();
  private volatile String struck;

  /**
   * @param wrong which call goes wrong, counted from 0
   */
  public FaultyShelf(Shelf shelf, Fault fault, int wrong) {
    this.shelf = shelf;
    this.fault = fault;
    this.wrong = wrong;
  }

  /** What went wrong, or null when there were fewer calls. */
  public String struck() {
    return struck;
  }

  private interface Call<T> {
    T run() throws IOException;
  }

  private interface Half {
    void run() throws IOException;
  }

  private static final Half NOTHING = () -> {};

  private <T> T call(String what, Call<T> whole) throws IOException {
    return call(what, whole, NOTHING);
  }

  private <T> T call(String what, Call<T> whole, Half half) throws IOException {
    if (!strikes(what)) {
      return whole.run();
    }
    if (fault == Fault.DELAY) {
      pause();
      return whole.run();
    }
    if (fault == Fault.AWAY) {
      throw new ShelfAwayException("use " + place(), "it failed to " + what, null);
    }
    if (fault == Fault.TEAR) {
      half.run();
    }
    if (fault == Fault.LOSE) {
      whole.run();
    }
    throw new IOException("the shelf failed to " + what);
  }

  private boolean strikes(String what) {
    int call = calls.getAndIncrement();
    if (call == wrong) {
      struck = what;
    }
    return call == wrong || fault == Fault.AWAY && call > wrong;
  }

  private static void pause() {
    try {
      Await.pause(DELAY_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- the shelf -----------------------------------------------------------------------------

  @Override
  public String place() {
    return shelf.place();
  }

  @Override
  public String locate(String name) {
    return shelf.locate(name);
  }

  @Override
  public boolean writable() {
    return shelf.writable();
  }

  @Override
  public void prepare(String prefix) throws IOException {
    call(
        "prepare " + prefix,
        () -> {
          shelf.prepare(prefix);
          return null;
        });
  }

  @Override
  public boolean isPrepared(String prefix) throws IOException {
    return call("look at " + prefix, () -> shelf.isPrepared(prefix));
  }

  @Override
  public Blob open(String name) throws IOException {
    Blob[] opened = {null};
    boolean answered = false;
    try {
      Blob blob =
          call(
              "open " + name,
              () -> {
                opened[0] = shelf.open(name);
                return opened[0];
              });
      answered = true;
      return new FaultyBlob(name, blob);
    } finally {
      if (!answered && opened[0] != null) {
        opened[0].close(); // whoever opened it does not know of it
      }
    }
  }

  @Override
  public OptionalLong size(String name) throws IOException {
    return call("look at " + name, () -> shelf.size(name));
  }

  @Override
  public List<String> list(String prefix) throws IOException {
    return call("list " + prefix, () -> shelf.list(prefix));
  }

  @Override
  public void put(String name, byte[] content) throws IOException {
    call(
        "put " + name,
        () -> {
          shelf.put(name, content);
          return null;
        },
        () -> leaveHalf(name, content));
  }

  @Override
  public boolean putIfAbsent(String name, byte[] content) throws IOException {
    return call(
        "put " + name, () -> shelf.putIfAbsent(name, content), () -> leaveHalf(name, content));
  }

  /** A blob is never there by halves; what may be left is half of its part. */
  private void leaveHalf(String name, byte[] content) throws IOException {
    try (Part part = shelf.spool().orElseThrow().begin(name)) {
      part.write(0, content, 0, content.length / 2);
    }
  }

  @Override
  public void move(String name, String to) throws IOException {
    call(
        "move " + name,
        () -> {
          shelf.move(name, to);
          return null;
        });
  }

  @Override
  public void delete(String name) throws IOException {
    call(
        "delete " + name,
        () -> {
          shelf.delete(name);
          return null;
        });
  }

  @Override
  public long bytes() throws IOException {
    return call("measure", shelf::bytes);
  }

  @Override
  public Optional<Spool> spool() {
    return shelf.spool().map(FaultySpool::new);
  }

  @Override
  public Optional<Exclusion> exclusion() {
    return shelf.exclusion().map(FaultyExclusion::new);
  }

  @Override
  public void close() {
    shelf.close();
  }

  // ---- blobs and parts -----------------------------------------------------------------------

  private class FaultyBlob implements Blob {
    final String name;
    private final Blob blob;

    FaultyBlob(String name, Blob blob) {
      this.name = name;
      this.blob = blob;
    }

    @Override
    public long size() throws IOException {
      return call("measure " + name, blob::size);
    }

    @Override
    public void read(long position, ByteBuffer buffer) throws IOException {
      call(
          "read " + name,
          () -> {
            blob.read(position, buffer);
            return null;
          },
          () -> {
            int limit = buffer.limit();
            buffer.limit(buffer.position() + buffer.remaining() / 2);
            blob.read(position, buffer);
            buffer.limit(limit);
          });
    }

    @Override
    public void close() {
      blob.close();
    }
  }

  private final class FaultySpool implements Spool {
    private final Spool spool;

    FaultySpool(Spool spool) {
      this.spool = spool;
    }

    @Override
    public Part begin(String name) throws IOException {
      Part[] begun = {null};
      boolean answered = false;
      try {
        Part part =
            call(
                "begin " + name,
                () -> {
                  begun[0] = spool.begin(name);
                  return begun[0];
                });
        answered = true;
        return new FaultyPart(name, part);
      } finally {
        if (!answered && begun[0] != null) {
          begun[0].close(); // whoever began it does not know of it
        }
      }
    }

    @Override
    public Part takeOver(String name) throws IOException {
      Part[] taken = {null};
      boolean answered = false;
      try {
        Part part =
            call(
                "take over " + name,
                () -> {
                  taken[0] = spool.takeOver(name);
                  return taken[0];
                });
        answered = true;
        return part == null ? null : new FaultyPart(name, part);
      } finally {
        if (!answered && taken[0] != null) {
          taken[0].close();
        }
      }
    }

    @Override
    public Blob look(String name) throws IOException {
      return call("look at part " + name, () -> spool.look(name));
    }

    @Override
    public List<String> parts(String prefix) throws IOException {
      return call("list parts of " + prefix, () -> spool.parts(prefix));
    }
  }

  private final class FaultyPart extends FaultyBlob implements Part {
    private final Part part;

    FaultyPart(String name, Part part) {
      super("part " + name, part);
      this.part = part;
    }

    @Override
    public void write(long position, ByteBuffer bytes) throws IOException {
      call(
          "write to " + name,
          () -> {
            part.write(position, bytes);
            return null;
          },
          () -> {
            byte[] half = new byte[bytes.remaining() / 2];
            bytes.duplicate().get(half);
            part.write(position, half, 0, half.length);
          });
    }

    @Override
    public void truncate(long size) throws IOException {
      call(
          "truncate " + name,
          () -> {
            part.truncate(size);
            return null;
          });
    }

    @Override
    public void force() throws IOException {
      call(
          "force " + name,
          () -> {
            part.force();
            return null;
          });
    }

    @Override
    public void publish(String blob) throws IOException {
      call(
          "publish " + blob,
          () -> {
            part.publish(blob);
            return null;
          },
          () -> part.truncate(part.size() / 2));
    }

    @Override
    public boolean publishIfAbsent(String blob) throws IOException {
      return call(
          "publish " + blob,
          () -> part.publishIfAbsent(blob),
          () -> part.truncate(part.size() / 2));
    }

    @Override
    public void discard() {
      if (!strikes("discard " + name)) {
        part.discard();
        return;
      }
      switch (fault) {
        case DELAY -> {
          pause();
          part.discard();
        }
        case LOSE -> part.discard();
        default -> part.close(); // it stays, for another to take over
      }
    }
  }

  // ---- keeping others away -------------------------------------------------------------------

  private final class FaultyExclusion implements Exclusion {
    private final Exclusion exclusion;

    FaultyExclusion(Exclusion exclusion) {
      this.exclusion = exclusion;
    }

    private <T> T locked(String what, Call<T> whole) {
      try {
        return call(what, whole);
      } catch (IOException e) {
        throw new BlkshException("lock store " + place(), e.getMessage(), e);
      }
    }

    @Override
    public Exclusion again() {
      boolean[] counted = {false};
      boolean answered = false;
      try {
        locked(
            "use it again",
            () -> {
              exclusion.again();
              counted[0] = true;
              return null;
            });
        answered = true;
        return this;
      } finally {
        if (!answered && counted[0]) {
          exclusion.close();
        }
      }
    }

    @Override
    public <T> T publishing(Action<T> action) {
      return locked("keep others from publishing", () -> exclusion.publishing(action));
    }

    @Override
    public <T> T indexing(Action<T> action) {
      return locked("keep others from indexing", () -> exclusion.indexing(action));
    }

    @Override
    public <T> T relying(Action<T> action) {
      return locked("rely on a pack", () -> exclusion.relying(action));
    }

    @Override
    public <T> T compacting(Action<T> action) {
      return locked("compact alone", () -> exclusion.compacting(action));
    }

    @Override
    public boolean unlessCompacting(Action<?> action) {
      return locked("keep a compaction away", () -> exclusion.unlessCompacting(action));
    }

    @Override
    public Closeable using(String what) {
      Closeable[] used = {null};
      boolean answered = false;
      try {
        Closeable use =
            locked(
                "use " + what,
                () -> {
                  used[0] = exclusion.using(what);
                  return used[0];
                });
        answered = true;
        return use;
      } finally {
        if (!answered && used[0] != null) {
          try {
            used[0].close();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      }
    }

    @Override
    public boolean unlessUsed(String what, Action<?> action) {
      return locked("see who uses " + what, () -> exclusion.unlessUsed(what, action));
    }

    @Override
    public <T> T alone(Action<T> action) {
      return locked("have it alone", () -> exclusion.alone(action));
    }

    @Override
    public void close() {
      exclusion.close();
    }
  }
}
