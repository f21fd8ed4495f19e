package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.PageOffer;
import blksh.block.PageOffers;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.store.pack.Page;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A source far away that changes while pages of it are on their way. */
class OfferedInputTest {

  private static final int SEGMENT = 256 << 10;

  @TempDir Path folder;

  @Test
  void aPageWhoseLikeCameAsOtherBytesIsReadByItself() {
    byte[] told = Content.random(2 * SEGMENT, 1);
    System.arraycopy(told, 0, told, SEGMENT, Page.SIZE);
    System.arraycopy(told, 0, told, SEGMENT + 5 * Page.SIZE, Page.SIZE);
    byte[] now = told.clone();
    System.arraycopy(Content.random(Page.SIZE, 2), 0, now, 0, Page.SIZE);
    try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults());
        BlockSource far = new Changing(told, now)) {
      CaptureResult captured = store.capture(far, "a", CaptureOptions.defaults(), Task.unwatched());
      byte[] held = new byte[now.length];
      try (BlockSource source = store.source(captured.manifest())) {
        assertThat(source.read(0, ByteBuffer.wrap(held))).isEqualTo(now.length);
      }
      assertThat(held).isEqualTo(now);
      assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).clean()).isTrue();
      assertThat(captured.manifest().figures().newPages()).isEqualTo(127);
    }
  }

  @Test
  void aPageThatIsReadByItselfAndCannotBeIsBad() {
    byte[] told = Content.random(2 * SEGMENT, 1);
    System.arraycopy(told, 0, told, SEGMENT, Page.SIZE);
    System.arraycopy(told, Page.SIZE, told, SEGMENT + 5 * Page.SIZE, Page.SIZE);
    byte[] now = told.clone();
    System.arraycopy(Content.random(2 * Page.SIZE, 2), 0, now, 0, 2 * Page.SIZE);
    int half = SEGMENT + 5 * Page.SIZE + 1024;
    try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults());
        BlockSource far =
            new Changing(
                told,
                now,
                List.of(
                    new Extent(SEGMENT, Page.SIZE, Extent.Kind.BAD),
                    new Extent(half, 512, Extent.Kind.BAD)))) {
      CaptureResult captured = store.capture(far, "a", CaptureOptions.defaults(), Task.unwatched());
      java.util.Arrays.fill(now, SEGMENT, SEGMENT + Page.SIZE, (byte) 0);
      java.util.Arrays.fill(now, half, half + 512, (byte) 0);
      byte[] held = new byte[now.length];
      try (BlockSource source = store.source(captured.manifest())) {
        source.read(0, ByteBuffer.wrap(held, 0, SEGMENT));
        int next = SEGMENT + Page.SIZE;
        source.read(next, ByteBuffer.wrap(held, next, half - next));
        source.read(half + 512, ByteBuffer.wrap(held, half + 512, held.length - half - 512));
      }
      assertThat(held).isEqualTo(now);
      assertThat(captured.bad())
          .containsExactly(
              new Extent(SEGMENT, Page.SIZE, Extent.Kind.BAD),
              new Extent(half, 512, Extent.Kind.BAD));
      assertThat(captured.manifest().figures().badBytes()).isEqualTo(Page.SIZE + 512);
      assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).clean()).isTrue();
    }
  }

  /** Between the answer and the placing somebody else removes what no version needs. */
  @Test
  void whatWasAnsweredToBeKnownStaysUntilItIsPlaced() {
    byte[] bytes = Content.random(2 * SEGMENT, 1);
    CompactResult[] compacted = {null};
    try (Store store = Store.create(folder.resolve("store"), StoreOptions.defaults());
        Store other = Store.open(folder.resolve("store"));
        Changing far = new Changing(bytes, bytes)) {
      CaptureOptions options = CaptureOptions.defaults();
      Task task = Task.unwatched();
      store.delete(store.capture(new ByteArraySource(bytes), "gone", options, task).manifest());
      far.answered =
          () -> {
            far.answered = () -> {};
            compacted[0] = other.upkeep().compact(CompactOptions.defaults(), Task.unwatched());
          };
      CaptureResult captured = store.capture(far, "a", options, Task.unwatched());
      assertThat(compacted[0].emptied()).containsExactly("gone@1");
      assertThat(compacted[0].reliedOn()).isEqualTo(1);
      assertThat(captured.manifest().figures().newPages()).isZero();
      byte[] held = new byte[bytes.length];
      try (BlockSource source = store.source(captured.manifest())) {
        source.read(0, ByteBuffer.wrap(held));
      }
      assertThat(held).isEqualTo(bytes);
      assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).clean()).isTrue();
    }
  }

  /** What it tells first is another thing than what it moves, as after a cut. */
  private static final class Changing implements BlockSource, PageOffers {
    private final byte[] told;
    private final byte[] now;
    private final List<Extent> bad;

    /** Run once the store has said which of some pages it wants. */
    private volatile Runnable answered = () -> {};

    Changing(byte[] told, byte[] now) {
      this(told, now, List.of());
    }

    /** As above. @param bad what cannot be read by then */
    Changing(byte[] told, byte[] now, List<Extent> bad) {
      this.told = told;
      this.now = now;
      this.bad = bad;
    }

    @Override
    public long size() {
      return now.length;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      int count = (int) Math.min(target.remaining(), now.length - position);
      for (Extent each : bad) {
        if (each.start() < position + count && each.end() > position) {
          long from = Math.max(position, each.start());
          long to = Math.min(position + count, each.end());
          target.put(now, (int) position, (int) (from - position));
          throw new UnreadableException("far", from, to - from, "Input/output error", null);
        }
      }
      target.put(now, (int) position, count);
      return count;
    }

    @Override
    public Optional<PageOffers> pageOffers() {
      return Optional.of(this);
    }

    @Override
    public PageOffer offer(long position, int length) {
      return new Offer((int) position, length);
    }

    @Override
    public int ahead() {
      return 8;
    }

    @Override
    public void giveUp() {}

    @Override
    public long movedBytes() {
      return 0;
    }

    @Override
    public void tell(Task task) {}

    @Override
    public SourceInfo describe() {
      return new SourceInfo("file", "far", "ssh://srv/far");
    }

    @Override
    public void close() {}

    private final class Offer implements PageOffer {
      private final int position;
      private final int length;
      private volatile BitSet wanted;
      private volatile boolean taken;

      Offer(int position, int length) {
        this.position = position;
        this.length = length;
      }

      @Override
      public boolean isReady() {
        return true;
      }

      @Override
      public void await() {}

      @Override
      public boolean isZero(int page) {
        return false;
      }

      @Override
      public byte[] digests() {
        byte[] digests = new byte[length / Page.SIZE * Page.DIGEST];
        for (int i = 0; i < length / Page.SIZE; i++) {
          byte[] bytes = taken && wanted.get(i) ? now : told;
          byte[] page = java.util.Arrays.copyOfRange(bytes, at(i), at(i) + Page.SIZE);
          Page.digest(Page.sha256(), page, 0, Page.SIZE, digests, i * Page.DIGEST);
        }
        return digests;
      }

      private int at(int page) {
        return position + page * Page.SIZE;
      }

      @Override
      public List<Extent> bad() {
        return List.of();
      }

      @Override
      public void want(BitSet pages) {
        wanted = (BitSet) pages.clone();
        answered.run();
      }

      @Override
      public void take(ByteBuffer target) {
        taken = true;
        for (int i = wanted.nextSetBit(0); i >= 0; i = wanted.nextSetBit(i + 1)) {
          target.put(i * Page.SIZE, now, at(i), Page.SIZE);
        }
      }
    }
  }
}
