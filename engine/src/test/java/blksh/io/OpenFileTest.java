package blksh.io;

import static blksh.kit.Await.pause;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.io.OpenFile.Use;
import blksh.io.OpenFile.WhenInterrupted;
import blksh.kit.ChildJvm;
import blksh.kit.Tmpfs;
import blksh.task.CancelledException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OpenFileTest {

  private static final int PIECE = 64 << 10;

  @TempDir Path folder;

  private Path write(int bytes) throws IOException {
    byte[] content = new byte[bytes];
    new Random(bytes).nextBytes(content);
    return Files.write(folder.resolve("file"), content);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsWrittenAtAPositionIsReadThere(boolean direct) throws IOException {
    int length = (5 << 20) + 17;
    byte[] bytes = new byte[length];
    new Random(1).nextBytes(bytes);
    ByteBuffer buffer =
        direct ? ByteBuffer.allocateDirect(length + 9) : ByteBuffer.allocate(length + 9);
    buffer.put(9, bytes);
    Path path = folder.resolve("file");
    try (OpenFile file = OpenFile.open(path, Use.CREATE, WhenInterrupted.CANCEL)) {
      file.write(1000, buffer.position(9));
      assertThat(buffer.remaining()).isZero();
      assertThat(file.size()).isZero();
      assertThat(file.length()).isEqualTo(1000 + length);
      buffer.clear().position(3).limit(3 + length);
      file.readFully(1000, buffer);
      assertThat(buffer.position()).isEqualTo(3 + length);
      byte[] read = new byte[length];
      buffer.get(3, read);
      assertThat(read).isEqualTo(bytes);
      assertThat(file.readFully(999, 2)).containsExactly(0, bytes[0]);
    }
  }

  @Test
  void theEndOfTheFileIsTold() throws IOException {
    try (OpenFile file = OpenFile.open(write(10), Use.WRITE, WhenInterrupted.FINISH)) {
      assertThat(file.fill(4, ByteBuffer.allocate(20))).isEqualTo(6);
      assertThat(file.fill(10, ByteBuffer.allocate(20))).isZero();
      assertThatThrownBy(() -> file.readFully(4, 20))
          .isInstanceOf(EOFException.class)
          .hasMessage("file ends at byte 10");
      file.truncate(5);
      ByteBuffer target = ByteBuffer.allocate(10);
      assertThatThrownBy(() -> file.read(0, target))
          .isInstanceOf(UnreadableException.class)
          .hasMessageContaining("at byte 5: it ends there now, but had 10 bytes");
      assertThat(target.position()).isEqualTo(5);
      assertThat(target.limit()).isEqualTo(10);
      file.extend(8192);
      file.extend(100);
      assertThat(file.length()).isEqualTo(8192);
    }
  }

  @Test
  void whatMustBeThereOrMustNotIsTold() throws IOException {
    Path path = folder.resolve("absent");
    for (Use use : List.of(Use.READ, Use.WRITE)) {
      assertThatThrownBy(() -> OpenFile.open(path, use, WhenInterrupted.CANCEL))
          .isInstanceOf(NoSuchFileException.class);
    }
    OpenFile.open(path, Use.CREATE_NEW, WhenInterrupted.CANCEL).close();
    assertThatThrownBy(() -> OpenFile.open(path, Use.CREATE_NEW, WhenInterrupted.CANCEL))
        .isInstanceOf(FileAlreadyExistsException.class);
    OpenFile closed = OpenFile.open(write(10));
    closed.close();
    closed.close();
    assertThatThrownBy(() -> closed.read(0, ByteBuffer.allocate(1)))
        .isExactlyInstanceOf(BlkshException.class)
        .hasMessageEndingWith("it was closed");
  }

  @Test
  void anInterruptCancelsOrIsKeptForLater() throws IOException {
    Path path = write(PIECE);
    try (OpenFile cancelling = OpenFile.open(path, Use.WRITE, WhenInterrupted.CANCEL);
        OpenFile finishing = OpenFile.open(path, Use.WRITE, WhenInterrupted.FINISH)) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> cancelling.readFully(0, 1)).isInstanceOf(CancelledException.class);
      assertThatThrownBy(() -> cancelling.write(0, ByteBuffer.allocate(1)))
          .isInstanceOf(CancelledException.class);
      finishing.write(0, ByteBuffer.wrap(new byte[] {7}));
      finishing.force(true);
      assertThat(finishing.readFully(0, 1)).containsExactly(7);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(cancelling.readFully(0, 1)).containsExactly(7);
    }
  }

  /** Eight threads write and read their own part and interrupt each other. */
  @ParameterizedTest
  @EnumSource(WhenInterrupted.class)
  void whoIsNotInterruptedNoticesNothing(WhenInterrupted whenInterrupted) throws Exception {
    int threads = 8;
    Thread[] all = new Thread[threads];
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    int cancelled = 0;
    try (OpenFile file = OpenFile.claim(write(0), Use.CREATE, whenInterrupted)) {
      List<Callable<Integer>> parts = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int self = i;
        parts.add(
            () -> {
              all[self] = Thread.currentThread();
              Random random = new Random(self);
              int stopped = 0;
              for (int round = 0; round < 300; round++) {
                byte[] bytes = new byte[PIECE];
                random.nextBytes(bytes);
                Thread victim = all[random.nextInt(threads)];
                if (random.nextInt(4) == 0 && victim != null) {
                  victim.interrupt();
                }
                try {
                  file.write((long) self * PIECE, bytes, 0, PIECE);
                  assertThat(file.readFully((long) self * PIECE, PIECE)).isEqualTo(bytes);
                  if (whenInterrupted == WhenInterrupted.FINISH && Thread.interrupted()) {
                    stopped++;
                  }
                } catch (CancelledException e) {
                  assertThat(whenInterrupted).isEqualTo(WhenInterrupted.CANCEL);
                  assertThat(Thread.interrupted()).isTrue();
                  stopped++;
                }
              }
              return stopped;
            });
      }
      for (Future<Integer> part : pool.invokeAll(parts)) {
        cancelled += part.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(cancelled).isPositive();
  }

  /** Interrupts this thread in calls on a file until the channel underneath is another. */
  private static void loseChannel(OpenFile file) throws Exception {
    Object channel = file.channel();
    Thread reader = Thread.currentThread();
    while (file.channel() == channel) {
      Thread other = new Thread(reader::interrupt);
      other.start();
      for (int i = 0; i < 100; i++) {
        file.force(false);
      }
      other.join();
      Thread.interrupted();
    }
  }

  @Test
  void itIsOpenedAnewOnTheSameFileOrNotAtAll() throws Exception {
    Path path = write(PIECE);
    try (OpenFile file = OpenFile.open(path, Use.WRITE, WhenInterrupted.FINISH)) {
      loseChannel(file);
      file.write(0, ByteBuffer.wrap(new byte[] {1}));
      Files.move(path, folder.resolve("elsewhere"));
      Files.write(path, new byte[PIECE]);
      assertThatThrownBy(() -> loseChannel(file))
          .isInstanceOf(IOException.class)
          .hasMessage("another file took its place while it was open");
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(path).hasBinaryContent(new byte[PIECE]);
  }

  @Test
  void aFullFileSystemIsTold() throws IOException {
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "1m");
        OpenFile file =
            OpenFile.open(mount.path().resolve("file"), Use.CREATE, WhenInterrupted.FINISH)) {
      ByteBuffer bytes = ByteBuffer.allocate(3 << 20);
      assertThatThrownBy(() -> file.write(0, bytes))
          .satisfies(e -> assertThat(IoFailure.of(e)).isEqualTo(IoFailure.NO_SPACE));
      assertThat(bytes.limit()).isEqualTo(3 << 20);
      assertThat(bytes.position()).isBetween(0, 1 << 20);
    }
  }

  // ---- claims --------------------------------------------------------------------------------

  /** Another process that says whether it can claim a file. */
  static final class Claimant {
    private Claimant() {}

    public static void main(String[] arguments) throws Exception {
      OpenFile file = OpenFile.claim(Path.of(arguments[0]), Use.CREATE, WhenInterrupted.CANCEL);
      System.out.println(file == null ? "taken" : "free");
      if (arguments.length > 1) {
        pause(600_000);
      }
    }
  }

  private static String otherProcess(Path path) throws Exception {
    Process other = ChildJvm.start(List.of("-Xmx32m"), Claimant.class, path.toString());
    String said = new String(other.getInputStream().readAllBytes()).strip();
    assertThat(other.waitFor()).isZero();
    return said;
  }

  private static OpenFile claim(Path path) throws IOException {
    return OpenFile.claim(path, Use.CREATE, WhenInterrupted.FINISH);
  }

  @Test
  void aClaimedFileIsOneOwnersWhicheverWayThePathGoes() throws Exception {
    Path path = folder.resolve("file");
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("file"));
    Path directory = Files.createSymbolicLink(folder.resolve("directory"), folder);
    try (OpenFile file = claim(path)) {
      Path hard = Files.createLink(folder.resolve("hard"), path);
      for (Path way : List.of(path, link, hard, directory.resolve("file"))) {
        assertThat(claim(way)).as(way.toString()).isNull();
      }
      Files.move(path, folder.resolve("renamed"));
      assertThat(claim(folder.resolve("renamed"))).isNull();
      file.write(0, ByteBuffer.allocate(1));
    }
    claim(folder.resolve("renamed")).close();
    claim(path).close();
  }

  @Test
  void aClaimStandsWhateverElseTheProcessDoesWithTheFile() throws Exception {
    Path path = folder.resolve("file");
    try (OpenFile file = claim(path)) {
      assertThat(claim(path)).isNull();
      for (int i = 0; i < 50; i++) {
        OpenFile.open(path).close();
      }
      OpenFile.open(path, Use.WRITE, WhenInterrupted.CANCEL).close();
      loseChannel(file);
      assertThat(otherProcess(path)).isEqualTo("taken");
    }
    assertThat(otherProcess(path)).isEqualTo("free");
    assertThat(openChannels(path)).isZero();
  }

  private static long openChannels(Path path) throws IOException {
    try (var open = Files.list(Path.of("/proc/self/fd"))) {
      return open.filter(link -> path.toString().equals(targetOf(link))).count();
    }
  }

  private static String targetOf(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException closed) {
      return "";
    }
  }

  @Test
  void aClaimEndsWithItsProcess() throws Exception {
    Path path = folder.resolve("file");
    Process other = ChildJvm.start(List.of("-Xmx32m"), Claimant.class, path.toString(), "stay");
    assertThat(other.inputReader().readLine()).isEqualTo("free");
    assertThat(claim(path)).isNull();
    other.destroyForcibly().waitFor();
    claim(path).close();
  }
}
