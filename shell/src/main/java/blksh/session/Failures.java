package blksh.session;

import blksh.BlkshException;
import blksh.task.CancelledException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.NoSuchElementException;
import java.util.Set;

/** Failures in the words of a person, and of a program. */
public final class Failures {

  /** What Kotlin says when something is to be taken of a collection that has nothing. */
  private static final Set<String> EMPTY =
      Set.of("List is empty.", "Collection is empty.", "Sequence is empty.", "Array is empty.");

  private Failures() {}

  /** Whether it stopped because somebody asked it to. */
  public static boolean interrupted(Throwable failure) {
    return failure instanceof CancelledException
        || failure instanceof InterruptedException
        || failure instanceof Evaluation.Stop;
  }

  /** The failure as a clause or sentence, without its stack. */
  public static String message(Throwable failure) {
    if (failure instanceof BlkshException) {
      return failure.getMessage();
    }
    if (interrupted(failure)) {
      return "interrupted";
    }
    if (failure instanceof OutOfMemoryError) {
      return "out of memory";
    }
    if (failure instanceof StackOverflowError) {
      return "the recursion is too deep";
    }
    String text = failure.getMessage();
    if (failure instanceof NullPointerException) {
      return "nothing is there (null) where a value is needed" + (text == null ? "" : ": " + text);
    }
    if (failure instanceof NoSuchElementException && EMPTY.contains(String.valueOf(text))) {
      return "there is nothing in it to take one of";
    }
    return failure.getClass().getSimpleName() + (text == null ? "" : ": " + text);
  }

  /**
   * Where it came from: its stack and those of its causes, down to the entry and no further, for
   * below are only those who ran it.
   */
  public static String trace(Throwable failure) {
    StringBuilder text = new StringBuilder();
    Set<Throwable> told = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Throwable at = failure; at != null && told.add(at); at = at.getCause()) {
      text.append(at == failure ? "" : "Caused by: ").append(at).append('\n');
      for (StackTraceElement frame : at.getStackTrace()) {
        String name = frame.getClassName();
        if (name.startsWith("jdk.internal.reflect.") || name.equals("java.lang.reflect.Method")) {
          continue;
        }
        if (name.equals("blksh.script.FastLane")) {
          break;
        }
        text.append("\tat ").append(place(frame)).append('\n');
        if (frame.getMethodName().equals("$$eval")) {
          break;
        }
      }
    }
    return text.toString();
  }

  private static String place(StackTraceElement frame) {
    if (!frame.getClassName().startsWith("Entry_")) {
      return frame.toString();
    }
    String owner = frame.getClassName().replaceFirst("^Entry_\\d+\\$?", "");
    String method = frame.getMethodName().equals("$$eval") ? "entry" : frame.getMethodName();
    return (owner.isEmpty() ? "" : owner + ".")
        + method
        + "(<prompt>:"
        + frame.getLineNumber()
        + ")";
  }

  /** The kind of failure, for programs. */
  public static String kind(Throwable failure) {
    return failure instanceof BlkshException known
        ? known.kind()
        : failure.getClass().getSimpleName();
  }
}
