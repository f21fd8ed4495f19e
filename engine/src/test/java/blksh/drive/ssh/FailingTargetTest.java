package blksh.drive.ssh;

import static blksh.drive.ssh.Machines.lying;
import static blksh.drive.ssh.Machines.reach;
import static blksh.drive.ssh.Machines.store;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.Extent;
import blksh.block.PageTarget;
import blksh.block.TargetTerms;
import blksh.kit.Await;
import blksh.kit.Content;
import blksh.store.CaptureOptions;
import blksh.store.Manifest;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Targets on a machine where writing fails: our own agent, with something changed in it. */
class FailingTargetTest {

  private static final int MIB = 1 << 20;

  /**
   * What the first agent does and those after it do not, which have the connection cut; on whatever
   * file system, files have a generation.
   */
  private static final String FIRST =
      """
      number = agent["Reader"].number_of
      def number_of(reader, what, size):
          return 7 if what == agent["FS_IOC_GETVERSION"] else number(reader, what, size)
      agent["Reader"].number_of = number_of
      flag = "%s"
      first = not os.path.exists(flag)
      open(flag, "w").close()
      %s
      """;

  @TempDir Path folder;

  private Store store;
  private Path disk;
  private Path target;
  private Manifest manifest;

  @BeforeEach
  void begin() throws IOException {
    store = store(folder);
    disk = Files.write(folder.resolve("disk"), Content.random(3 * MIB, 1));
    target = Files.write(folder.resolve("target"), Content.random(3 * MIB, 2));
    try (BlockSource source = BlockSources.open(disk)) {
      manifest = store.capture(source, "a", CaptureOptions.defaults(), Task.unwatched()).manifest();
    }
  }

  @AfterEach
  void end() {
    store.close();
  }

  private Path part() {
    return folder.resolve(".target.blksh.part");
  }

  private Path first(String change) throws IOException {
    return lying(folder, FIRST.formatted(folder.resolve("flag"), change));
  }

  private void restore(RemoteHost host, boolean inPlace) {
    RestoreOptions options = RestoreOptions.defaults().withOverwrite(true).withOnlyChanged(inPlace);
    TargetTerms terms = new TargetTerms(manifest.size(), true, inPlace, false);
    store.restore(manifest, host.target(target.toString(), terms), options, Task.unwatched());
  }

  private static final String NO_WRITE_AT_2_MIB =
      """
      real = os.pwrite
      def pwrite(fd, data, at):
          if at + len(data) > 2 << 20:
              raise OSError(5, os.strerror(5))
          return real(fd, data, at)
      os.pwrite = pwrite
      """;

  @Test
  void aWriteThatFailsIsToldAndWhatIsLeft() throws IOException {
    byte[] before = Files.readAllBytes(target);
    try (RemoteHost host = reach(lying(folder, NO_WRITE_AT_2_MIB))) {
      assertThatThrownBy(() -> restore(host, false))
          .hasMessage(
              "cannot restore to ssh://srv%s: Input/output error; what was there is as it was"
                  .formatted(target));
      assertThat(Files.readAllBytes(target)).isEqualTo(before);
      assertThat(part()).doesNotExist();
      assertThatThrownBy(() -> restore(host, true))
          .hasMessageContaining("Input/output error; it is partly written: restore it once more");
    }
  }

  @Test
  void anAgentThatCannotLearnToWriteIsNoQuestionOfRights() throws IOException {
    String change = "sys.modules['re'] = None";
    try (RemoteHost host = reach(lying(folder, change))) {
      assertThatThrownBy(() -> restore(host, false))
          .hasMessageContaining("the agent there cannot learn to write: ")
          .hasMessageNotContaining("sudo");
    }
  }

  @Test
  void whatIsNotFlushedDoesNotGetItsName() throws IOException {
    byte[] before = Files.readAllBytes(target);
    String change = "def fsync(fd):\n    raise OSError(5, os.strerror(5))\nos.fsync = fsync";
    try (RemoteHost host = reach(lying(folder, change))) {
      assertThatThrownBy(() -> restore(host, false)).hasMessageContaining("Input/output error");
      assertThat(Files.readAllBytes(target)).isEqualTo(before);
      assertThat(part()).doesNotExist();
    }
  }

  private static final String LOSES_WRITES =
      """
      if first:
          writes = [0]
          def pwrite(fd, data, at):
              writes[0] += 1
              if writes[0] == 9:
                  os._exit(0)
              return len(data)
          os.pwrite = pwrite
      """;

  @Test
  void whatADriveLostAtACutIsWrittenAgain() throws IOException {
    for (boolean inPlace : new boolean[] {true, false}) {
      Files.write(target, Content.random(3 * MIB, 2));
      Files.deleteIfExists(folder.resolve("flag"));
      try (RemoteHost host = reach(first(LOSES_WRITES))) {
        restore(host, inPlace);
        assertThat(host.reconnects()).isEqualTo(1);
        assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
        assertThat(part()).doesNotExist();
      }
    }
  }

  private static final String ENDS_AFTER_RENAMING =
      """
      if first:
          real = os.rename
          def rename(old, new):
              real(old, new)
              os._exit(0)
          os.rename = rename
      """;

  @Test
  void aCutWhenAFileHasJustGotItsNameIsNoFailure() throws IOException {
    try (RemoteHost host = reach(first(ENDS_AFTER_RENAMING))) {
      restore(host, false);
      assertThat(host.reconnects()).isEqualTo(1);
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
    }
  }

  // ---- parts ---------------------------------------------------------------------------------

  private static final String OTHERS_PART_AFTER_OPENING =
      """
      real = os.open
      def opened(path, flags, *more, **others):
          fd = real(path, flags, *more, **others)
          if os.fsencode(path).endswith(b".blksh.part") and flags & os.O_CREAT:
              os.unlink(path)
              os.close(real(path, os.O_WRONLY | os.O_CREAT, 0o600))
          return fd
      os.open = opened
      """;

  private static final String OTHERS_PART_WHEN_FLUSHED =
      """
      real = os.fsync
      def fsync(fd):
          real(fd)
          part = "%s"
          if os.path.exists(part):
              os.unlink(part)
              open(part, "w").close()
      os.fsync = fsync
      """;

  @Test
  void aPartOfAnotherRestoreDoesNotGetTheName() throws IOException {
    byte[] before = Files.readAllBytes(target);
    for (String lie :
        new String[] {OTHERS_PART_AFTER_OPENING, OTHERS_PART_WHEN_FLUSHED.formatted(part())}) {
      try (RemoteHost host = reach(lying(folder, lie))) {
        assertThatThrownBy(() -> restore(host, false))
            .hasMessageContaining("another restore or conversion has begun to write it");
        assertThat(Files.readAllBytes(target)).isEqualTo(before);
        assertThat(part()).isEmptyFile();
      }
      Files.delete(part());
    }
  }

  private static final String MADE_MEANWHILE =
      """
      real = os.fsync
      def fsync(fd):
          real(fd)
          if not os.path.exists("%s"):
              open("%s", "w").close()
      os.fsync = fsync
      """;

  @Test
  void whatWasMadeMeanwhileIsNotReplacedWithoutLeave() throws IOException {
    Path fresh = folder.resolve("fresh");
    TargetTerms terms = new TargetTerms(manifest.size(), false, false, false);
    try (RemoteHost host = reach(lying(folder, MADE_MEANWHILE.formatted(fresh, fresh)))) {
      assertThatThrownBy(
              () ->
                  store.restore(
                      manifest,
                      host.target(fresh.toString(), terms),
                      RestoreOptions.defaults(),
                      Task.unwatched()))
          .hasMessageContaining("it was made meanwhile")
          .hasMessageContaining("nothing of it is left there");
      assertThat(fresh).isEmptyFile();
      assertThat(folder.resolve(".fresh.blksh.part")).doesNotExist();
    }
  }

  private static final String ENDS_BETWEEN_TWO_NAMES =
      """
      if first:
          real = os.link
          def link(old, new):
              real(old, new)
              os._exit(0)
          os.link = link
      """;

  @Test
  void aCutBetweenTheNewNameAndTheEndOfTheOldIsNoFailure() throws IOException {
    Path fresh = folder.resolve("fresh");
    TargetTerms terms = new TargetTerms(manifest.size(), false, false, false);
    try (RemoteHost host = reach(first(ENDS_BETWEEN_TWO_NAMES))) {
      PageTarget to = host.target(fresh.toString(), terms);
      store.restore(manifest, to, RestoreOptions.defaults(), Task.unwatched());
      assertThat(host.reconnects()).isEqualTo(1);
      assertThat(Files.mismatch(fresh, disk)).isEqualTo(-1);
      assertThat(folder.resolve(".fresh.blksh.part")).doesNotExist();
    }
  }

  @Test
  void aPartThatCannotBeRemovedIsNamed() throws IOException {
    TargetTerms terms = new TargetTerms(manifest.size(), true, false, false);
    try (RemoteHost host = reach(lying(folder, "pass"))) {
      PageTarget begun = host.target(target.toString(), terms);
      ((RemoteTarget) begun).lastLink().close();
      begun.close();
      assertThat(begun.left())
          .hasValue(
              "what was written of it is there as %s; restore it once more".formatted(part()));
    }
  }

  private static final String IS_NAMED_SLOWLY =
      """
      import time
      real = os.rename
      def rename(old, new):
          real(old, new)
          open("%s", "w").close()
          time.sleep(1)
      os.rename = rename
      """;

  @Test
  void whoGivesUpTooLateIsToldThatAllIsWritten() throws Exception {
    Path named = folder.resolve("named");
    Task task = new Task("restore", "a");
    TargetTerms terms = new TargetTerms(manifest.size(), true, false, false);
    RestoreOptions options = RestoreOptions.defaults().withOverwrite(true);
    try (RemoteHost host = reach(lying(folder, IS_NAMED_SLOWLY.formatted(named)))) {
      PageTarget to = host.target(target.toString(), terms);
      CompletableFuture<Boolean> given =
          CompletableFuture.supplyAsync(
              () -> {
                boolean came = comes(() -> Files.exists(named));
                task.cancel();
                return came;
              });
      assertThatThrownBy(() -> store.restore(manifest, to, options, task))
          .hasMessageEndingWith("interrupted; all of it was written by then");
      assertThat(given.get()).isTrue();
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
    }
  }

  private static boolean comes(Await.Condition condition) {
    try {
      return Await.comes(Duration.ofSeconds(30), condition);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  // ---- after a cut ---------------------------------------------------------------------------

  private static final String BECOMES_ANOTHER_FILE =
      """
      if first:
          writes = [0]
          real = os.pwrite
          def pwrite(fd, data, at):
              writes[0] += 1
              if writes[0] == 9:
                  os.rename("%s", "%s")
                  open("%s", "wb").write(bytes(3 << 20))
                  os._exit(0)
              return real(fd, data, at)
          os.pwrite = pwrite
      """;

  @Test
  void whoIsRefusedAfterACutIsToldThatItIsPartlyWritten() throws IOException {
    Path moved = folder.resolve("moved");
    try (RemoteHost host = reach(first(BECOMES_ANOTHER_FILE.formatted(target, moved, target)))) {
      assertThatThrownBy(() -> restore(host, true))
          .hasMessageContaining("there is another drive now: its number was")
          .hasMessageEndingWith("; it is partly written: restore it once more");
      assertThat(Files.readAllBytes(target)).isEqualTo(new byte[3 * MIB]);
    }
  }

  private static final String IS_STARTED_ANEW =
      """
      text = agent["text"]
      agent["text"] = lambda path: "anew" if path.endswith("boot_id") and not first else text(path)
      """;

  @Test
  void afterANewStartOfTheMachineNothingIsWritten() throws IOException {
    try (RemoteHost host = reach(first(LOSES_WRITES + IS_STARTED_ANEW))) {
      assertThatThrownBy(() -> restore(host, true))
          .hasMessageContaining("the machine was started anew meanwhile")
          .hasMessageEndingWith("; it is partly written: restore it once more");
      assertThat(Files.readAllBytes(target)).isEqualTo(Content.random(3 * MIB, 2));
    }
  }

  // ---- what is durable -----------------------------------------------------------------------

  private static final String FLUSHES_EARLY =
      """
      teach = agent["teach"]
      def taught(output, number, source):
          teach(output, number, source)
          agent["FLUSHED_DIRT"], agent["MOST_DIRT"] = 256 << 10, 1 << 20
      agent["teach"] = taught
      %s
      """;

  @Test
  void noMoreThanSoMuchIsLeftInMemory() throws IOException {
    String failing =
        "def fdatasync(fd):\n    raise OSError(5, os.strerror(5))\nos.fdatasync = fdatasync";
    try (RemoteHost host = reach(lying(folder, FLUSHES_EARLY.formatted(failing)))) {
      assertThatThrownBy(() -> restore(host, true))
          .hasMessageContaining("Input/output error; it is partly written: restore it once more");
    }
    try (RemoteHost host = reach(lying(folder, FLUSHES_EARLY.formatted("pass")))) {
      restore(host, true);
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
    }
  }

  /** Restores in place, made durable each MiB; from where all was wanted once more, in turn. */
  private List<Optional<?>> ends(RemoteHost host) {
    TargetTerms terms = new TargetTerms(manifest.size(), true, true, false);
    byte[] path = target.toString().getBytes(UTF_8);
    assertThat(host.limits()).isEmpty();
    RemoteTarget to = RemoteTarget.open(host, "ssh://srv" + target, path, terms, MIB);
    List<Optional<?>> ends = new ArrayList<>();
    PageTarget heard =
        (PageTarget)
            Proxy.newProxyInstance(
                PageTarget.class.getClassLoader(),
                new Class<?>[] {PageTarget.class},
                (proxy, method, arguments) -> {
                  try {
                    Object answer = method.invoke(to, arguments);
                    if (method.getName().equals("finish")) {
                      ends.add((Optional<?>) answer);
                    }
                    return answer;
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    RestoreOptions options = RestoreOptions.defaults().withOverwrite(true).withOnlyChanged(true);
    store.restore(manifest, heard, options, Task.unwatched());
    return ends;
  }

  /** An agent whose connection is cut, and who does not notice. */
  private static final String LIVES_ON =
      """
      if first:
          import signal, time
          signal.signal(signal.SIGTERM, signal.SIG_IGN)
          run = agent["run"]
          agent["run"] = lambda source: (run(source), time.sleep(60))
          os._exit = lambda code: time.sleep(60)
          def fsync(fd):
              os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
              os.dup2(2, 1)
              time.sleep(60)
          os.fsync = fsync
      """;

  @Test
  void whatIsDurableIsNotComparedAgainWhenNobodyElseHadIt() throws IOException {
    try (RemoteHost host = reach(first(LIVES_ON))) {
      assertThat(ends(host)).containsExactly(Optional.empty());
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
    }
  }

  /** It is ended slowly, and just when it was in the way of who looks what is in the way. */
  private static final String ENDS_WHILE_IT_IS_IN_THE_WAY =
      """
      else:
          import threading, time
          teach = agent["teach"]
          def taught(output, number, source):
              teach(output, number, source)
              kill, lock = agent["kill"], agent["lock"]
              agent["kill"] = lambda pid: threading.Timer(0.3, kill, (pid,)).start()
              def locked(fd):
                  free = lock(fd)
                  if not free:
                      time.sleep(1)
                  return free
              agent["lock"] = locked
          agent["teach"] = taught
      """;

  @Test
  void whoEndsBetweenTwoLooksWasNobodyElse() throws IOException {
    try (RemoteHost host = reach(first(LIVES_ON + ENDS_WHILE_IT_IS_IN_THE_WAY))) {
      assertThat(ends(host)).containsExactly(Optional.empty());
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
    }
  }

  /** What it is told to write is lost, it is cut off before it flushes, and does not notice. */
  private static final String LOSES_AND_LIVES_ON =
      """
      if first:
          import signal
          signal.signal(signal.SIGTERM, signal.SIG_IGN)
          writes = [0]
          def pwrite(fd, data, at):
              writes[0] += 1
              if writes[0] == 3:
                  os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
                  os.dup2(2, 1)
              return len(data)
          os.pwrite = pwrite
      """;

  @Test
  void whatWasLostIsWrittenAgainThoughNobodyElseHadIt() throws IOException {
    try (RemoteHost host = reach(first(LOSES_AND_LIVES_ON))) {
      assertThat(ends(host)).hasSize(2);
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
    }
  }

  private static final String IS_WRITTEN_BY_OTHERS_AFTER_THE_CUT =
      """
      if first:
          os.fsync = lambda fd: os._exit(0)
      else:
          with open("%s", "r+b") as other:
              other.write(b"fsck")
      """;

  @Test
  void whatOthersWroteBetweenTwoConnectionsIsWrittenOver() throws IOException {
    try (RemoteHost host = reach(first(IS_WRITTEN_BY_OTHERS_AFTER_THE_CUT.formatted(target)))) {
      assertThat(ends(host))
          .containsExactly(Optional.of(new Extent(0, 3 * MIB, Extent.Kind.DATA)), Optional.empty());
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
    }
  }

  @Test
  void whatWasFlushedAfterACutSaysNothingOfWhatWasWrittenBefore() throws IOException {
    String change =
        "if first:\n    os.pwrite = lambda fd, data, at: len(data)\n"
            + "    os.fdatasync = lambda fd: os._exit(0)";
    try (RemoteHost host = reach(first(change))) {
      assertThat(ends(host))
          .hasSize(2)
          .first()
          .asString()
          .startsWith("Optional[Extent[start=0, length=");
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
    }
  }

  private static final String IS_NOT_REACHED_AGAIN =
      """
      if not first:
          os.write(2, b"Host key verification failed.\\\\n")
          os._exit(255)
      """;

  @Test
  void aPartThatStaysIsNamedAndGoesWithTheNextRestore() throws IOException {
    byte[] before = Files.readAllBytes(target);
    try (RemoteHost host = reach(first(LOSES_WRITES + IS_NOT_REACHED_AGAIN))) {
      assertThatThrownBy(() -> restore(host, false))
          .hasMessageContaining(
              "what was written of it is there as %s; restore it once more".formatted(part()));
      assertThat(Files.readAllBytes(target)).isEqualTo(before);
      assertThat(part()).exists();
    }
    try (RemoteHost host = reach(lying(folder, "pass"))) {
      restore(host, false);
      assertThat(Files.mismatch(target, disk)).isEqualTo(-1);
      assertThat(part()).doesNotExist();
    }
  }
}
