package blksh.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Ends a run of tests that hangs where the time limit of JUnit does not reach: while files of a
 * test are removed, or in a thread that the kernel does not let go of, as one that waits for a FUSE
 * mount.
 *
 * <p>When nothing begins or ends for three times the limit of a test, it writes what every thread
 * does beside the reports, and cuts off the FUSE mounts that tests made, which ends all waiting for
 * them. When that does not help either it halts the JVM, and the run has failed. At the end of all
 * tests it also ends the programs that they left running.
 */
public final class Watchdog implements TestExecutionListener {

  private static final String LIMIT = "junit.jupiter.execution.timeout.default";
  private static final long SECONDS_FOR_HELP = 30;

  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "watchdog");
            thread.setDaemon(true);
            return thread;
          });

  /** Of the run that is on: a JVM that takes one class of tests after the other has many. */
  private ScheduledFuture<?> looks;

  private Set<String> mountedBefore = Set.of();
  private volatile long lastEvent = System.nanoTime();
  private volatile String last = "the tests";
  private boolean barked;

  @Override
  public void testPlanExecutionStarted(TestPlan plan) {
    String limit = plan.getConfigurationParameters().get(LIMIT).orElse("2m");
    Duration patience = Duration.parse("PT" + limit.replace(" ", "")).multipliedBy(3);
    mountedBefore = fuseMounts();
    happened("the tests");
    looks = timer.scheduleWithFixedDelay(() -> look(patience.toSeconds()), 1, 1, TimeUnit.SECONDS);
  }

  @Override
  public void executionStarted(TestIdentifier test) {
    happened("in " + test.getUniqueId());
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    happened("after " + test.getUniqueId());
  }

  /** What a hung test left would keep this JVM, or the one who reads its output, from ending. */
  @Override
  public void testPlanExecutionFinished(TestPlan plan) {
    if (looks != null) {
      looks.cancel(false);
    }
    endChildren();
    cutOffMounts();
  }

  private void happened(String what) {
    last = what;
    lastEvent = System.nanoTime();
  }

  private void look(long patience) {
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - lastEvent);
    if (seconds < patience) {
      barked = false;
    } else if (!barked) {
      barked = true;
      report(seconds);
      cutOffMounts();
    } else if (seconds >= patience + SECONDS_FOR_HELP) {
      endChildren();
      Runtime.getRuntime().halt(1); // an exit would wait for what hangs
    }
  }

  private void report(long seconds) {
    List<String> lines = new ArrayList<>();
    lines.add("nothing happened for " + seconds + " s " + last);
    Thread.getAllStackTraces()
        .forEach(
            (thread, frames) -> {
              lines.add("");
              lines.add(thread.getName() + ": " + thread.getState());
              Stream.of(frames).forEach(frame -> lines.add("    " + frame));
            });
    try {
      Path reports = Files.createDirectories(Path.of("target", "surefire-reports"));
      Files.write(reports.resolve("hung-" + ProcessHandle.current().pid() + ".txt"), lines);
    } catch (IOException unwritable) {
      lines.forEach(System.err::println);
    }
  }

  private static void endChildren() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
  }

  /** The kernel answers everything that waits for them with an error. */
  private void cutOffMounts() {
    for (String mount : fuseMounts()) {
      if (!mountedBefore.contains(mount)) {
        try {
          new ProcessBuilder("umount", "--force", mount).start().waitFor(5, TimeUnit.SECONDS);
        } catch (IOException notThere) {
          return;
        } catch (InterruptedException stop) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  /** FUSE mounts below the temporary directories of this process's tests. */
  private static Set<String> fuseMounts() {
    String tests = Path.of(System.getProperty("java.io.tmpdir"), OwnFolders.PREFIX).toString();
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/mounts"))) {
      return lines
          .map(line -> line.split(" "))
          .filter(mount -> mount[2].startsWith("fuse") && mount[1].startsWith(tests))
          .map(mount -> mount[1])
          .collect(Collectors.toSet());
    } catch (IOException none) {
      return Set.of();
    }
  }
}
