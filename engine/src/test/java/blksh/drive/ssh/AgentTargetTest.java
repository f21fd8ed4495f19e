package blksh.drive.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Tool;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the agent does beside a target, asked of its own code where no connection shows it. */
class AgentTargetTest {

  /** Has the agent's code, and claims of one agent that do not see each other. */
  private static final String AGENT =
      """
      import os, struct, subprocess, sys, threading, time
      agent = {"__name__": "agent"}
      source = open("%s", "rb").read()
      exec(source[:source.rindex(b"main()")], agent)
      exec(compile(open("%s", "rb").read(), "target", "exec"), agent)
      class Blind:
          def readers(self):
              return []
      def claim(path, flags, size=4096):
          return agent["Target"](Blind(), struct.pack("!BQH", flags, size, 0) + os.fsencode(path))
      def refusal(work):
          try:
              work()
          except agent["Unfit"] as failure:
              return str(failure).split("\\n")[0]
      file = "%s"
      %s
      """;

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("file");
  }

  private String answer(String question) throws IOException {
    Path agent = Files.write(folder.resolve("agent.py"), AgentLink.source());
    Path target = folder.resolve("target.py");
    try (InputStream in = AgentLink.class.getResourceAsStream("target.py")) {
      Files.write(target, in.readAllBytes());
    }
    Path script = folder.resolve("script.py");
    Files.writeString(script, AGENT.formatted(agent, target, file(), question));
    return Tool.named("python3").answer(script);
  }

  @Test
  void theAgentBeforeIsWaitedForAsLongAsThereIsSomethingOfIt() throws IOException {
    String seconds =
        answer(
            """
            agent["AGAIN_SECONDS"] = 0.1
            child = subprocess.Popen(["sleep", "1"])
            target = agent["Target"].__new__(agent["Target"])
            told = []
            target.again, target.tell = True, lambda: told.append(1)
            target.ending = [(child.pid, agent["started"](child.pid))]
            threading.Thread(target=child.wait).start()
            began = time.monotonic()
            for _ in target.attempts(1):
                pass
            print(time.monotonic() - began)
            """);
    assertThat(Double.parseDouble(seconds)).isBetween(0.9, 20.0);
  }

  @Test
  void oneFileIsWrittenInPlaceOnceAtATime() throws IOException {
    Files.write(file(), new byte[4096]);
    assertThat(
            answer(
                """
                first = claim(file, 3)
                print(refusal(lambda: claim(file, 3)))
                first.drop()
                claim(file, 3)
                """))
        .isEqualTo("it is being written by another restore or conversion");
  }

  @Test
  void aFileThatIsReadMeanwhileStaysLocked() throws IOException {
    Files.write(file(), new byte[4096]);
    assertThat(
            answer(
                """
                first = claim(file, 3)
                agent["Reader"](os.fsencode(file)).close()
                other = "import fcntl; fcntl.lockf(open('%s', 'r+b'), 6)" % file
                nothing = subprocess.DEVNULL
                print(subprocess.call([sys.executable, "-c", other], stderr=nothing))
                """))
        .isEqualTo("1");
  }

  @Test
  void aPartThatBecameAnothersIsNotRemoved() throws IOException {
    assertThat(
            answer(
                """
                part = os.path.join(os.path.dirname(file), ".file.blksh.part")
                open(part, "w").close()
                lock = agent["lock"]
                def late(fd):
                    os.unlink(part)
                    open(part, "w").close()
                    return lock(fd)
                agent["lock"] = late
                problem = refusal(lambda: agent["remove_dead"](os.fsencode(part)))
                print(problem, os.path.exists(part))
                """))
        .isEqualTo("it is being written by another restore or conversion True");
  }

  @Test
  void whatWasGivenUpGetsNoName() throws IOException {
    assertThat(
            answer(
                """
                target = claim(file, 0)
                target.dropped = True
                print(refusal(target.finish))
                target.close()
                print(os.listdir(os.path.dirname(file)))
                """))
        .startsWith("it was given up")
        .doesNotContain("file");
  }

  /** Whether, for one that goes on, nobody else can have written it since the agent before. */
  @Test
  void whoeverMayHaveHadItInBetweenIsNoticed() throws IOException {
    Files.write(file(), new byte[4096]);
    String question =
        """
        agent["AGAIN_SECONDS"] = 5
        child = subprocess.Popen(["sleep", "60"])
        token = "%%s %%d %%s" %% (agent["boot"](), child.pid, agent["started"](child.pid))
        lock, turns = agent["lock"], [0]
        def late(fd):
            turns[0] += 1
            return turns[0] > %s and lock(fd)
        agent["lock"] = late
        %s
        head = struct.pack("!BQH", 11, 4096, len(token)) + token.encode()
        try:
            print(agent["Target"](Blind(), head + os.fsencode(file)).facts()["held"])
        except agent["Unfit"] as failure:
            print(str(failure).split("\\n")[0])
        """;
    String waited = "threading.Thread(target=child.wait).start()";
    assertThat(answer(question.formatted(0, waited))).isEqualTo("1");
    assertThat(answer(question.formatted(10, waited)))
        .isEqualTo("somebody else had it after the connection was cut");
    assertThat(answer(question.formatted(0, "child.kill()\ntime.sleep(0.2)"))).isEmpty();
  }

  @Test
  void allTargetsOfAnAgentThatIsEndedWereHeldByIt() throws IOException {
    Files.write(file(), new byte[4096]);
    Files.write(folder.resolve("file2"), new byte[4096]);
    String held =
        answer(
            """
            child = subprocess.Popen(["sleep", "60"])
            threading.Thread(target=child.wait).start()
            token = "%s %d %s" % (agent["boot"](), child.pid, agent["started"](child.pid))
            head = struct.pack("!BQH", 11, 4096, len(token)) + token.encode()
            first = agent["Target"](Blind(), head + os.fsencode(file))
            child.wait()
            second = agent["Target"](Blind(), head + os.fsencode(file + "2"))
            print(first.facts()["held"] + second.facts()["held"])
            """);
    assertThat(held).isEqualTo("11");
  }

  /** The drive may have refused some of it, which only the agent before was told of. */
  @Test
  void whatIsComparedAfterACutIsWhatTheMediumHolds() throws IOException {
    Files.write(file(), new byte[4096]);
    String question =
        """
        done = []
        sync = os.fdatasync
        def fdatasync(fd):
            done.append("synced")
            %s
        os.fdatasync = fdatasync
        os.posix_fadvise = lambda fd, start, length, advice: done.append((start, length, advice))
        token = agent["boot"]() + " 0 0"
        def again():
            head = struct.pack("!BQH", 11, 4096, len(token)) + token.encode()
            agent["Target"](Blind(), head + os.fsencode(file)).close()
        try:
            again()
            print(done == ["synced", (0, 0, os.POSIX_FADV_DONTNEED)])
        except OSError as failure:
            print(failure.strerror)
        """;
    assertThat(answer(question.formatted("sync(fd)"))).isEqualTo("True");
    assertThat(answer(question.formatted("raise OSError(5, os.strerror(5))")))
        .isEqualTo("Input/output error");
  }

  /** As on NFS: a part of another restore may have been given the number of one that is gone. */
  @Test
  void whereFilesHaveNoGenerationANumberProvesNothing() throws IOException {
    String question =
        """
        token = agent["boot"]() + " 0 0 "
        number = agent["Reader"].number_of
        def number_of(reader, what, size):
            return %s if what == agent["FS_IOC_GETVERSION"] else number(reader, what, size)
        agent["Reader"].number_of = number_of
        def again(path):
            open(path, "w").close()
            whole = (token + agent["numbers_of"](os.stat(path))).encode()
            return agent["Target"](Blind(), struct.pack("!BQH", 9, 4096, len(whole)) + whole + os.fsencode(file))
        directory = os.path.dirname(file)
        begun = again(os.path.join(directory, ".file.blksh.part"))
        print(begun.facts()["held"] == "1", end=" ")
        begun.close()
        print(refusal(lambda: again(file)))
        """;
    assertThat(answer(question.formatted("None")))
        .startsWith("False it may have its name already, and nothing tells");
    assertThat(answer(question.formatted("7"))).isEqualTo("True None");
  }

  /** The agent before had begun to finish when the next one came. */
  @Test
  void whatGetsItsNameWhileTheAgentBeforeIsWaitedForIsWhole() throws IOException {
    assertThat(
            answer(
                """
                part = os.path.join(os.path.dirname(file), ".file.blksh.part")
                open(part, "w").close()
                number = agent["Reader"].number_of
                def number_of(reader, what, size):
                    return 7 if what == agent["FS_IOC_GETVERSION"] else number(reader, what, size)
                agent["Reader"].number_of = number_of
                token = agent["boot"]() + " 0 0 " + agent["numbers_of"](os.stat(part))
                lock = agent["lock"]
                def late(fd):
                    if os.path.exists(part):
                        os.rename(part, file)
                    return lock(fd)
                agent["lock"] = late
                head = struct.pack("!BQH", 9, 4096, len(token)) + token.encode()
                print(agent["Target"](Blind(), head + os.fsencode(file)).facts()["finished"])
                """))
        .isEqualTo("1");
  }

  /** A virtual machine has its disk open and claims nothing. */
  @Test
  void whatAnotherProgramHasOpenForWritingIsNotWritten() throws IOException {
    Files.write(file(), new byte[4096]);
    assertThat(
            answer(
                """
                open_file = "import sys; f = open(sys.argv[1], sys.argv[2]); print(1, flush=True); sys.stdin.read()"
                def held(mode, path=file):
                    holder = subprocess.Popen(
                        [sys.executable, "-c", open_file, path, mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                    holder.stdout.readline()
                    return holder
                def refused(flags, mode):
                    holder = held(mode)
                    problem = refusal(lambda: claim(file, flags).close()) or ""
                    holder.kill()
                    holder.wait()
                    return problem.replace(str(holder.pid), "PID")
                print(refused(1, "r+b"), refused(3, "ab"), refused(1, "rb"), refused(3, "rb"), sep=";")
                """))
        .matches(
            "it is open for writing by process PID \\(python[^)]*\\);it is open for writing by process"
                + " PID \\(python[^)]*\\);;");
  }

  @Test
  void aFlushThatHangsIsNotToldToBeWorkForEver() throws IOException {
    assertThat(
            answer(
                """
                agent["ALIVE_SECONDS"] = 0.01
                agent["FLUSH_SECONDS"] = 0.2
                told = []
                class Output:
                    def send(self, *frame):
                        told.append(frame)
                channel = agent["TargetChannel"].__new__(agent["TargetChannel"])
                channel.output, channel.number = Output(), 1
                channel.worked_on(lambda: time.sleep(0.5))
                print(len(told) > 0, len(told) < 25)
                """))
        .isEqualTo("True True");
  }
}
