package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class DirectBufferTest {

  @Test
  void whatIsGivenBackIsLentAgain() {
    // As large as nothing that other tests in this process left behind.
    DirectBuffer first = DirectBuffer.borrow(30_000_000);
    first.bytes().put(29_999_999, (byte) 7);
    first.close();
    try (DirectBuffer second = DirectBuffer.borrow(20_000_000)) {
      ByteBuffer bytes = second.bytes();
      assertThat(bytes.isDirect()).isTrue();
      assertThat(bytes.position()).isZero();
      assertThat(bytes.capacity()).isEqualTo(20_000_000);
    }
    try (DirectBuffer third = DirectBuffer.borrow(30_000_000)) {
      assertThat(third.bytes().get(29_999_999)).isEqualTo((byte) 7);
    }
  }

  @Test
  void whatIsGivenBackTwiceIsLentToOneOnly() {
    DirectBuffer given = DirectBuffer.borrow(77_777);
    given.close();
    given.close();
    try (DirectBuffer one = DirectBuffer.borrow(77_777);
        DirectBuffer other = DirectBuffer.borrow(77_777)) {
      one.bytes().put(0, (byte) 1);
      other.bytes().put(0, (byte) 2);
      assertThat(one.bytes().get(0)).isEqualTo((byte) 1);
    }
    assertThatThrownBy(given::bytes).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aSmallWishDoesNotTakeALargeBuffer() {
    DirectBuffer large = DirectBuffer.borrow(3 << 20);
    large.bytes().put(0, (byte) 9);
    large.close();
    long idle = DirectBuffer.idle();
    try (DirectBuffer small = DirectBuffer.borrow(1 << 20);
        DirectBuffer again = DirectBuffer.borrow(3 << 20)) {
      assertThat(small.bytes().capacity()).isEqualTo(1 << 20);
      assertThat(again.bytes().get(0)).isEqualTo((byte) 9);
      assertThat(DirectBuffer.idle()).isLessThanOrEqualTo(idle - (3 << 20));
    }
  }

  @Test
  void noMoreIsKeptThanItsShare() {
    List<DirectBuffer> all = new ArrayList<>();
    for (long bytes = 0; bytes <= DirectBuffer.KEPT + (8 << 20); bytes += 1 << 20) {
      all.add(DirectBuffer.borrow(1 << 20));
    }
    all.forEach(DirectBuffer::close);
    assertThat(DirectBuffer.idle()).isBetween(DirectBuffer.KEPT - (2 << 20), DirectBuffer.KEPT);
  }

  @Test
  void nobodyHasWhatAnotherHas() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    List<Callable<Void>> borrowers = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      byte mark = (byte) i;
      Random random = new Random(i);
      borrowers.add(
          () -> {
            for (int round = 0; round < 5000; round++) {
              try (DirectBuffer buffer = DirectBuffer.borrow(1 + random.nextInt(20_000))) {
                ByteBuffer bytes = buffer.bytes();
                bytes.put(0, mark).put(bytes.capacity() - 1, mark);
                Thread.onSpinWait();
                assertThat(bytes.get(0)).isEqualTo(mark);
                assertThat(bytes.get(bytes.capacity() - 1)).isEqualTo(mark);
              }
            }
            return null;
          });
    }
    for (Future<Void> done : pool.invokeAll(borrowers)) {
      done.get();
    }
    pool.shutdown();
  }
}
