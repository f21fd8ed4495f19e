package blksh.task;

import static blksh.kit.Await.await;
import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class OrderedStepTest {

  private static final int WORKERS = 4;

  private final List<Long> taken = new ArrayList<>();

  @Test
  void whatComesEarlyWaitsAndIsTakenWithTheOneThatIsDue() throws IOException {
    OrderedStep<Long> step = new OrderedStep<>(taken::add);
    step.bring(2, 2L);
    step.bring(1, 1L);
    assertThat(taken).isEmpty();
    step.bring(0, 0L);
    assertThat(taken).containsExactly(0L, 1L, 2L);
    step.bring(3, 3L);
    assertThat(taken).containsExactly(0L, 1L, 2L, 3L);
  }

  @Test
  void manyWorkersBringEverythingInOrderAndOneAtATime() {
    AtomicInteger inside = new AtomicInteger();
    OrderedStep<Long> step =
        new OrderedStep<>(
            2,
            thing -> {
              assertThat(inside.incrementAndGet()).isEqualTo(1);
              taken.add(thing); // unguarded: a second thread at once would show
              inside.decrementAndGet();
            });
    AtomicLong next = new AtomicLong();
    Workers.run(
        Task.unwatched(),
        WORKERS,
        () -> {
          Random random = new Random();
          for (long ticket; (ticket = next.getAndIncrement()) < 5000; ) {
            if (random.nextInt(50) == 0) {
              pause(1);
            }
            step.bring(ticket, ticket);
          }
        },
        step::end);
    assertThat(taken).hasSize(5000).isSorted();
  }

  @Test
  void whoIsTooFarAheadWaitsForTheOneThatIsDue() throws Exception {
    OrderedStep<Long> step = new OrderedStep<>(1, taken::add);
    step.bring(1, 1L);
    Thread ahead = bringing(step, 2);
    ahead.start();
    awaitWaiting(ahead);
    step.bring(0, 0L);
    ahead.join();
    assertThat(taken).containsExactly(0L, 1L, 2L);
  }

  @Test
  void whoWaitsIsSentAwayWhenTheStepEnds() throws Exception {
    OrderedStep<Long> step = new OrderedStep<>(0, taken::add);
    Thread ahead = bringing(step, 1);
    ahead.start();
    awaitWaiting(ahead);
    step.end();
    ahead.join();
    step.bring(0, 0L);
    assertThat(taken).isEmpty();
  }

  @Test
  void afterAFailureNothingMoreIsTakenAndNobodyWaits() throws Exception {
    OrderedStep<Long> step =
        new OrderedStep<>(
            0,
            thing -> {
              throw new IOException("full");
            });
    Thread ahead = bringing(step, 1);
    ahead.start();
    awaitWaiting(ahead);
    assertThatThrownBy(() -> step.bring(0, 0L)).isInstanceOf(IOException.class).hasMessage("full");
    ahead.join();
    step.bring(2, 2L);
  }

  private static Thread bringing(OrderedStep<Long> step, long ticket) {
    return new Thread(
        () -> {
          try {
            step.bring(ticket, ticket);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  private static void awaitWaiting(Thread thread) throws Exception {
    await(() -> thread.getState() == Thread.State.WAITING);
  }
}
