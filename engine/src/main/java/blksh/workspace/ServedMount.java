package blksh.workspace;

import blksh.mount.Traffic;
import blksh.mount.fuse.Holder;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Something this process serves, until it has ended. */
final class ServedMount {

  private static final int PATIENCE_SECONDS = 10;

  private final MountRecord record;
  private final Supplier<Traffic> traffic;
  private final Supplier<List<Holder>> unmount;
  private final CountDownLatch ended = new CountDownLatch(1);

  /**
   * @param unmount takes it away, and tells who still uses it
   */
  ServedMount(MountRecord record, Supplier<Traffic> traffic, Supplier<List<Holder>> unmount) {
    this.record = record;
    this.traffic = traffic;
    this.unmount = unmount;
  }

  MountRecord record() {
    return record;
  }

  Traffic traffic() {
    return traffic.get();
  }

  MountEntry entry() {
    return record.entry(MountEntry.State.HERE, traffic());
  }

  /**
   * Takes it away, and waits until it has ended unless somebody still uses it.
   *
   * @return who does
   * @throws blksh.BlkshException when it cannot be taken away
   */
  List<Holder> unmount() {
    List<Holder> holders = unmount.get();
    if (holders.isEmpty()) {
      awaitBriefly();
    }
    return holders;
  }

  /** It has ended, with all that is part of that. */
  void end() {
    ended.countDown();
  }

  void awaitEnd() throws InterruptedException {
    ended.await();
  }

  private void awaitBriefly() {
    boolean interrupted = false;
    while (true) {
      try {
        ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
