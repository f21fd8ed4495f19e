package blksh.io;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * All processes that a program started, and that those started: also where the one between has
 * ended, which leaves no trace in who is whose parent. They are known by a mark in their
 * environment (proc(5), {@code /proc/PID/environ}). What began a session of its own, as daemons do,
 * is meant to stay, and none of them.
 */
public final class Offspring {

  /** Each program adds its mark to those it stands in itself. */
  private static final String VARIABLE = "BLKSH_OFFSPRING";

  private static final long NUDGE_MILLIS = 50;

  /** How long the system may take to end what was killed. */
  private static final long KILL_MILLIS = 2000;

  /** Where the state and the session are behind the name in a {@code stat} of proc(5). */
  private static final int STATE = 0;

  private static final int SESSION = 3;

  private final String mark = UUID.randomUUID().toString();

  /** Marks a program that is to be started. */
  public ProcessBuilder of(ProcessBuilder program) {
    Map<String, String> environment = program.environment();
    String before = environment.get(VARIABLE);
    environment.put(VARIABLE, before == null ? mark : before + ":" + mark);
    return program;
  }

  /**
   * Ends the program and all of them: asks each once, so that it can clean up with whatever it
   * starts to that end, and does not ask after a while. An interrupt does not cut it short.
   *
   * @param program what was marked and started
   * @param graceMillis how long they may take
   */
  public void end(Process program, long graceMillis) {
    long begin = System.nanoTime();
    boolean interrupted = false;
    String session = field(ProcessHandle.current(), SESSION);
    Set<ProcessHandle> all = new LinkedHashSet<>();
    if (program.isAlive()) {
      all.add(program.toHandle());
      // One with another environment is known by its parents only.
      program.descendants().forEach(all::add);
    }
    all.addAll(marked(session));
    all.removeIf(each -> !field(each, SESSION).equals(session));
    all.forEach(ProcessHandle::destroy);
    while (true) {
      List<ProcessHandle> marked = marked(session);
      all.removeIf(each -> !runs(each) || !field(each, SESSION).equals(session));
      if (all.isEmpty() && marked.isEmpty()) {
        break;
      }
      long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
      if (waited > graceMillis + KILL_MILLIS) {
        break; // the system holds them, in a read of a dead disk say
      } else if (waited > graceMillis) {
        all.forEach(ProcessHandle::destroyForcibly);
        marked.forEach(ProcessHandle::destroyForcibly);
      } else {
        askOrphans(marked, all);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(NUDGE_MILLIS);
      } catch (InterruptedException later) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** What came meanwhile is for its parent to end, unless that is gone. */
  private static void askOrphans(List<ProcessHandle> marked, Set<ProcessHandle> asked) {
    for (ProcessHandle each : marked) {
      if (each.parent().filter(marked::contains).isEmpty() && asked.add(each)) {
        each.destroy();
      }
    }
  }

  /** Those of a session that are there now, parents first mostly. */
  private List<ProcessHandle> marked(String session) {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.filter(each -> runs(each) && field(each, SESSION).equals(session))
          .filter(this::isMarked)
          .toList();
    }
  }

  private boolean isMarked(ProcessHandle process) {
    try {
      Path environment = Path.of("/proc", "" + process.pid(), "environ");
      String text = new String(Files.readAllBytes(environment), StandardCharsets.ISO_8859_1);
      return text.contains(mark);
    } catch (IOException othersOrEnded) {
      return false;
    }
  }

  /** Whether it goes on; one that has ended may be there until its parent asks how. */
  private static boolean runs(ProcessHandle process) {
    String state = field(process, STATE);
    return !state.isEmpty() && !state.equals("Z") && process.isAlive();
  }

  /** A field of its {@code stat}, counted from the one behind the name; empty when it is gone. */
  private static String field(ProcessHandle process, int number) {
    try {
      Path stat = Path.of("/proc", "" + process.pid(), "stat");
      String text = new String(Files.readAllBytes(stat), StandardCharsets.ISO_8859_1);
      return text.substring(text.lastIndexOf(')') + 2).split(" ")[number];
    } catch (IOException gone) {
      return "";
    }
  }
}
