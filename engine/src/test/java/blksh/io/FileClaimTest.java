package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileClaimTest {

  @TempDir Path folder;

  @Test
  void aNameIsClaimedBeforeThereIsAFile() throws Exception {
    Path path = folder.resolve("absent");
    FileClaim claim = FileClaim.take(path, "me");
    assertThat(FileClaim.holder(folder.resolve("../" + folder.getFileName() + "/absent")))
        .isEqualTo("me");
    assertThat(FileClaim.take(path, "you")).isNull();
    claim.release();
    claim.release();
    assertThat(FileClaim.holder(path)).isNull();
    FileClaim.take(path, "you").release();
  }

  @Test
  void whatIsOpenOfAClaimedFileIsClosedWhenTheClaimEnds() throws Exception {
    Path path = Files.createFile(folder.resolve("file"));
    Object inode = FileClaim.inode(path);
    AtomicBoolean closed = new AtomicBoolean();
    FileClaim claim = FileClaim.take(path, this);
    FileClaim.close(inode, () -> closed.set(true));
    assertThat(closed).isFalse();
    claim.release();
    assertThat(closed).isTrue();
    closed.set(false);
    FileClaim.close(inode, () -> closed.set(true));
    assertThat(closed).isTrue();
  }

  @Test
  void whoWaitsHasItNext() throws Exception {
    Path path = folder.resolve("file");
    FileClaim claim = FileClaim.take(path, "first");
    CountDownLatch done = new CountDownLatch(1);
    AtomicBoolean interrupted = new AtomicBoolean();
    Thread waiting =
        new Thread(
            () -> {
              try {
                FileClaim second = FileClaim.await(path, "second");
                interrupted.set(Thread.interrupted());
                second.release();
                done.countDown();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    waiting.start();
    waiting.interrupt();
    assertThat(FileClaim.holder(path)).isEqualTo("first");
    claim.release();
    done.await();
    assertThat(interrupted).isTrue();
    assertThat(FileClaim.holder(path)).isNull();
  }
}
