package blksh.mount.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.Place;
import blksh.block.Changes;
import blksh.block.Extent;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is believed of bitmaps, of a server that does what a test wants. */
class NbdBitmapTest {

  private static final int SIZE = 16 << 20;
  private static final int BLOCK = 64 << 10;
  private static final int BLOCKS = SIZE / BLOCK;

  private final List<AutoCloseable> open = new ArrayList<>();

  @AfterEach
  void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private <T extends AutoCloseable> T keep(T closeable) {
    open.add(closeable);
    return closeable;
  }

  /** Serves bitmaps, block by block; each context by another number on each connection. */
  private static class Guest implements ScriptedServer.Script {
    /** Which blocks are dirty, by the name of the context. */
    final Map<String, int[]> dirty = new TreeMap<>();

    String description = "";

    /** Whether it fails whenever it is asked of blocks. */
    volatile boolean tellsNothing;

    /** The request that is not answered, counted over all connections, but has the link cut. */
    volatile int cutAt = Integer.MAX_VALUE;

    private int asked;

    /** Has the connection cut by whatever is asked next. */
    synchronized void cutNext() {
      cutAt = asked;
    }

    private final Map<Integer, Set<Integer>> agreed = new TreeMap<>();

    Guest() {
      dirty.put(NbdProtocol.BASE_ALLOCATION, new int[BLOCKS]);
    }

    Guest with(String bitmap, int... blocks) {
      int[] flags = new int[BLOCKS];
      for (int block : blocks) {
        flags[block] = NbdProtocol.STATE_DIRTY;
      }
      synchronized (this) {
        dirty.put(NbdProtocol.DIRTY_BITMAP + bitmap, flags);
      }
      return this;
    }

    @Override
    public long size(int connection) {
      return SIZE;
    }

    @Override
    public String description(int connection) {
      return description;
    }

    @Override
    public synchronized Map<Integer, String> contexts(int connection) {
      Map<Integer, String> numbers = new TreeMap<>();
      List<String> names = new ArrayList<>(dirty.keySet());
      for (int i = 0; i < names.size(); i++) {
        numbers.put((i + connection) % names.size(), names.get(i));
      }
      return numbers;
    }

    @Override
    public synchronized void agreed(int connection, Set<Integer> contexts) {
      agreed.put(connection, contexts);
    }

    @Override
    public void answer(ScriptedServer.Asked asked, DataOutputStream out) {
      throw new IllegalStateException();
    }

    @Override
    public synchronized void answer(
        int connection, ScriptedServer.Asked request, DataOutputStream out) throws IOException {
      if (asked++ == cutAt) {
        throw new IOException("cut");
      }
      if (request.command() == NbdProtocol.CMD_READ) {
        ScriptedServer.bytes(out, request);
        return;
      }
      Set<Integer> wanted = agreed.get(connection);
      if (tellsNothing) {
        ScriptedServer.chunk(out, request, true, NbdProtocol.REPLY_TYPE_ERROR, 6);
        out.writeInt(NbdProtocol.EIO);
        out.writeShort(0);
        return;
      }
      int left = wanted.size();
      for (Map.Entry<Integer, String> context : contexts(connection).entrySet()) {
        if (!wanted.contains(context.getKey())) {
          continue;
        }
        int[] all = dirty.get(context.getValue());
        int first = (int) (request.position() / BLOCK);
        int count = (request.length() + BLOCK - 1) / BLOCK;
        int[] flags = new int[count];
        System.arraycopy(all, first, flags, 0, count);
        ScriptedServer.status(out, request, --left == 0, context.getKey(), BLOCK, flags);
      }
    }
  }

  private NbdSource source(Guest guest, String bitmap) throws IOException {
    return open(keep(new ScriptedServer(guest)), bitmap);
  }

  private NbdSource open(ScriptedServer server, String bitmap) {
    return keep(NbdSource.open((Place.Remote) Place.parse(server.uri()), Optional.of(bitmap)));
  }

  private static List<Extent> changed(Changes changes) {
    List<Extent> found = new ArrayList<>();
    changes.changed(0, SIZE).forEachRemaining(found::add);
    return found;
  }

  private static Extent block(int number) {
    return new Extent((long) number * BLOCK, BLOCK, Extent.Kind.DATA);
  }

  @Test
  void numbersOfContextsBelongToAConnection() throws IOException {
    Guest guest = new Guest().with("b0", 3, 9).with("b1", 5);
    NbdSource source = source(guest, "b0");
    Changes changes = source.recordedChanges().orElseThrow();
    assertThat(changed(changes)).containsExactly(block(3), block(9));
    guest.cutNext();
    assertThat(changed(changes)).containsExactly(block(3), block(9));
    assertThat(source.cuts()).isEqualTo(1);
  }

  @Test
  void theBitmapThatIsWantedIsAmongThoseThatAreAskedFor() throws IOException {
    Guest guest = new Guest();
    for (int i = 100; i < 300; i++) {
      guest.with("b" + i, i % BLOCKS);
    }
    NbdSource source = source(guest, "b299");
    assertThat(source.terms().has(NbdProtocol.DIRTY_BITMAP + "b299")).isTrue();
    assertThat(source.terms().contexts().size()).isBetween(32, 64);
    assertThat(changed(source.recordedChanges().orElseThrow())).contains(block(299 % BLOCKS));
  }

  /** What a capture keeps, and what the next one by a bitmap thinks of it. */
  private static Changes next(NbdSource source, Map<String, String> then) {
    Changes changes = source.recordedChanges().orElseThrow();
    changes.begin();
    assertThat(changes.doubt(then, SIZE)).isEmpty();
    return changes;
  }

  private static Map<String, String> marks(NbdSource source) {
    Changes changes = source.recordedChanges().orElseThrow();
    changes.begin();
    return changes.marks();
  }

  private static Optional<String> doubt(NbdSource source, Map<String, String> then) {
    return source.recordedChanges().orElseThrow().doubt(then, SIZE);
  }

  @Test
  void aBitmapThatGoesOnIsBelieved() throws IOException {
    Guest guest = new Guest().with("b0", 3, 9);
    NbdSource source = source(guest, "b0");
    Map<String, String> then = marks(source);
    assertThat(doubt(source, then)).get().asString().contains("has recorded nothing since");
    guest.with("b0", 3, 9, 12);
    Changes changes = next(source, then);
    assertThat(changes.provesLittle()).isTrue(); // it was new, and little is dirty
    assertThat(changed(changes)).containsExactly(block(3), block(9), block(12));
    guest.with("b0", 3, 9, 12, 13);
    assertThat(changes.lost()).isEmpty();
    assertThat(changes.wasInterrupted()).isFalse();
    Map<String, String> marks = changes.marks();
    assertThat(then.get("nbd bitmap b0")).startsWith("new ");
    assertThat(marks.get("nbd bitmap b0")).doesNotStartWith("new ");
    guest.with("b0", 3, 9, 13, 14, 15, 16);
    assertThat(doubt(source, marks)).get().asString().contains("byte " + 12 * BLOCK);
  }

  /** A guest whose hooks begin a bitmap of the same name at each start dirties much the same. */
  @Test
  void aBitmapThatWasBegunAnewAndDirtiesTheSameButForOneRangeIsNotBelieved() throws IOException {
    int[] every = new int[BLOCKS / 2];
    for (int i = 0; i < every.length; i++) {
      every[i] = 2 * i;
    }
    Guest guest = new Guest().with("b0", every);
    NbdSource source = source(guest, "b0");
    Map<String, String> then = marks(source);
    for (int lost = 1; lost < every.length; lost += 10) {
      int[] now = every.clone();
      now[lost] = 2 * lost + 1;
      int[] more = Arrays.copyOf(now, now.length + 1);
      more[now.length] = 2 * lost + 3;
      guest.with("b0", more);
      assertThat(doubt(source, then)).get().asString().contains("byte " + 2 * lost * BLOCK);
    }
  }

  @Test
  void whatABitmapTellsThatTheVersionBeforeDidNotKnowIsReadAsWell() throws IOException {
    Guest guest = new Guest().with("b0", 3);
    ScriptedServer server = keep(new ScriptedServer(guest));
    Map<String, String> then = marks(open(server, "b0"));
    guest.with("b0", 3, 4).with("b1", 4, 70, 71);
    Changes changes = next(open(server, "b0"), then);
    assertThat(changes.recorder()).isEqualTo("bitmap b0 with b1");
    assertThat(changed(changes)).containsExactly(block(3), block(4), block(70), block(71));
    assertThat(changes.marks().get("nbd bitmap b1")).startsWith("new ");
    assertThat(changes.marks().get("nbd bitmap b0")).doesNotStartWith("new ");
  }

  @Test
  void aResetDuringACaptureIsSeenAtItsEnd() throws IOException {
    Guest guest = new Guest().with("b0", 3);
    NbdSource source = source(guest, "b0");
    Map<String, String> then = marks(source);
    guest.with("b0", 3, 9);
    Changes changes = next(source, then);
    guest.with("b0", 3, 10, 11); // 9 was dirty when it began
    assertThat(changes.lost()).get().asString().contains("reset", "byte " + 9 * BLOCK);
  }

  /** So many blocks from one on. */
  private static int[] blocks(int first, int count) {
    return IntStream.range(first, first + count).toArray();
  }

  @Test
  void afterACutABitmapHasToProveItselfAnew() throws IOException {
    Guest guest = new Guest().with("b0", blocks(3, 20)).with("b1", 7);
    NbdSource source = source(guest, "b0");
    Map<String, String> then = marks(source);
    guest.with("b0", blocks(3, 30));
    Changes changes = next(source, then);
    guest.cutNext();
    assertThat(changed(changes)).hasSize(30);
    assertThat(changes.wasInterrupted()).isTrue();
    assertThat(changes.lost()).isEmpty();
    assertThat(changes.marks()).containsKey("nbd bitmap b0").doesNotContainKey("nbd bitmap b1");
    guest.cutNext();
    guest.with("b0", blocks(4, 40)); // as it was begun anew meanwhile
    assertThat(changes.lost()).get().asString().contains("reset", "byte " + 3 * BLOCK);
  }

  /** Of a bitmap that is all but empty nobody can tell whether it is the same after a cut. */
  @Test
  void afterACutABitmapInWhichLittleIsDirtyIsNotBelieved() throws IOException {
    Guest guest = new Guest().with("b0");
    NbdSource source = source(guest, "b0");
    Map<String, String> then = marks(source);
    guest.with("b0", 3);
    Changes changes = next(source, then);
    assertThat(changes.lost()).isEmpty();
    guest.cutNext();
    assertThat(changes.lost()).get().asString().contains("too little was dirty in bitmap b0");
    assertThat(changes.marks()).doesNotContainKey("nbd bitmap b0");
    Changes first = source.recordedChanges().orElseThrow();
    first.begin();
    guest.cutNext();
    assertThat(first.lost()).isPresent(); // so it is when there was no version before
  }

  @Test
  void ofAServerThatFailsToTellOfBlocksAllIsRead() throws IOException {
    Guest guest = new Guest().with("b0", 3);
    NbdSource source = source(guest, "b0");
    Map<String, String> then = marks(source);
    guest.with("b0", 3, 4).tellsNothing = true;
    Changes changes = source.recordedChanges().orElseThrow();
    changes.begin();
    assertThat(changes.doubt(then, SIZE)).get().asString().contains("bitmap b0 cannot be read: ");
    List<Extent> extents = new ArrayList<>();
    source.extents().forEachRemaining(extents::add);
    assertThat(extents).containsExactly(new Extent(0, SIZE, Extent.Kind.DATA));
    assertThat(changes.lost()).isEmpty();
    assertThat(changes.marks()).doesNotContainKey("nbd bitmap b0");
  }

  @Test
  void aDescriptionThatHasGoneIsAnotherDisk() throws IOException {
    Guest guest = new Guest().with("b0", 3);
    guest.description = "vm1.vda";
    ScriptedServer server = keep(new ScriptedServer(guest));
    Map<String, String> then = marks(open(server, "b0"));
    guest.with("b0", 3, 9);
    assertThat(doubt(open(server, "b0"), then)).isEmpty();
    guest.description = "";
    assertThat(doubt(open(server, "b0"), then))
        .get()
        .asString()
        .contains("its description was \"vm1.vda\" and is \"\"");
  }
}
