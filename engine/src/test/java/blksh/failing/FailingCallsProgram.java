package blksh.failing;

import blksh.BlkshException;
import blksh.kit.FaultyCalls;
import blksh.kit.Trees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Does everything again and again, another call going wrong each time, and prints what was not as
 * it must be. Arguments: a directory; every how manyth call goes wrong; and a name, to do that
 * alone.
 */
final class FailingCallsProgram {

  static final String DONE = "done: ";
  static final String FAULT = "fault: ";

  private static final Map<String, Supplier<Deed>> DEEDS =
      new TreeMap<>(
          Map.of(
              "overlay", () -> new OverlayDeed(OverlayDeed.BASE),
              "commit", CommitDeed::new,
              "fill", () -> new CopyDeed(false),
              "rescue", () -> new CopyDeed(true),
              "write through", WriteThroughDeed::new,
              "export", () -> new TargetDeed(TargetDeed.Writer.EXPORT),
              "restore", () -> new TargetDeed(TargetDeed.Writer.RESTORE),
              "convert", () -> new TargetDeed(TargetDeed.Writer.CONVERT)));

  private static final int LONGEST = 600;

  private final FaultyCalls calls;
  private final Path folder;
  private final int stride;

  private FailingCallsProgram(FaultyCalls calls, Path folder, int stride) {
    this.calls = calls;
    this.folder = folder;
    this.stride = stride;
  }

  public static void main(String[] arguments) throws IOException {
    FailingCallsProgram program =
        new FailingCallsProgram(
            FaultyCalls.here(), Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    for (Map.Entry<String, Supplier<Deed>> deed : DEEDS.entrySet()) {
      if (arguments.length == 2 || deed.getKey().equals(arguments[2])) {
        program.everyCall(deed.getKey(), deed.getValue());
      }
    }
  }

  private void everyCall(String name, Supplier<Deed> deeds) throws IOException {
    Path template = Files.createDirectory(folder.resolve("template"));
    Deed prepared = deeds.get();
    prepared.prepare(template);
    for (FaultyCalls.Error error : FaultyCalls.Error.values()) {
      for (boolean lasting : new boolean[] {false, true}) {
        long began = System.nanoTime();
        int call = (2 * error.ordinal() + (lasting ? 1 : 0)) % stride; // others for each
        int tried = 0;
        while (fails(name, template, prepared.fresh(), error, call, lasting)) {
          tried++;
          call += stride;
        }
        System.out.printf(
            "%s%s: %s %s, %d of about %d calls, %d ms%n",
            DONE,
            name,
            error,
            lasting ? "from each on" : "at each",
            tried,
            call,
            (System.nanoTime() - began) / 1_000_000);
      }
    }
    Trees.remove(template);
  }

  /** False when there are fewer calls. */
  private boolean fails(
      String name, Path template, Deed deed, FaultyCalls.Error error, int call, boolean lasting)
      throws IOException {
    Path place = Trees.copy(template, folder.resolve("place"));
    calls.begin(place, error, call, lasting);
    Throwable failure = null;
    try {
      deed.run(place, calls::end);
    } catch (Throwable e) {
      failure = e;
    }
    boolean struck = calls.struck();
    String about =
        "%s: %s %s call %d".formatted(name, error, lasting ? "from" : "at", call)
            + (struck ? ", " + calls.first() : "");
    calls.end();
    String told = failure == null ? deed.problem() : failure.getMessage();
    if (failure != null && !(struck && isTold(failure, error))) {
      print(about, failure);
    }
    about += ", and told " + told;
    expect(about + ", then", () -> deed.check(place));
    expect(about + ", then again", () -> deed.run(place, () -> {}));
    expect(about + ", then after it", () -> deed.check(place));
    Trees.remove(place);
    return struck;
  }

  private static boolean isTold(Throwable failure, FaultyCalls.Error error) {
    return failure instanceof BlkshException
        && Pattern.compile(error.words()).matcher(failure.getMessage()).find();
  }

  /** Something to be true. */
  private interface Promise {
    void keep() throws IOException;
  }

  private static void expect(String about, Promise promise) {
    try {
      promise.keep();
    } catch (IOException | RuntimeException | AssertionError e) {
      print(about, e);
    }
  }

  private static void print(String about, Throwable failure) {
    String text = (about + ": " + failure).strip().replaceAll("\\s+", " ");
    System.out.println(FAULT + text.substring(0, Math.min(LONGEST, text.length())));
  }
}
