package blksh.session;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import blksh.io.WholeFile;
import blksh.view.Json;
import java.io.Closeable;
import java.io.IOError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * What a terminal shows, and when, in a file that asciinema plays: asciicast version 2
 * (docs.asciinema.org/manual/asciicast/v2). Only what is shown is in it, never a key: what is typed
 * while the terminal shows nothing of it leaves no trace.
 *
 * <p>The file is made new and for its owner alone. Each thing shown is a line that is written at
 * once, so whatever ends the process leaves a recording of all before, the last line of which may
 * be cut off.
 */
final class Recording implements Closeable {

  private static final double NANOS = 1e9;
  private static final Pattern LINE_END = Pattern.compile("(?<!\r)\n");

  private final Path path;
  private final OpenFile file;
  private final Consumer<String> trouble;
  private final long began = System.nanoTime();
  private long end;
  private int width;
  private int height;
  private boolean closed;

  /**
   * Begins.
   *
   * @param width columns of the terminal
   * @param height rows of it
   * @param trouble told once when no more can be written; the recording has ended then
   * @throws BlkshException when there is something of that name, or it cannot be made
   */
  Recording(Path path, int width, int height, Consumer<String> trouble) {
    this.path = path;
    this.width = width;
    this.height = height;
    this.trouble = trouble;
    String action = "record to " + path;
    try {
      this.file = OpenFile.open(path, OpenFile.Use.CREATE_NEW, OpenFile.WhenInterrupted.FINISH);
    } catch (FileAlreadyExistsException there) {
      throw new BlkshException(action, "it exists", there).suggest("name another file");
    } catch (NoSuchFileException missing) {
      throw new BlkshException(action, WholeFile.NO_DIRECTORY, missing).suggest("make it first");
    } catch (IOException failure) {
      throw IoFailure.told(action, failure);
    }
    Map<String, Object> head = new LinkedHashMap<>();
    head.put("version", 2);
    head.put("width", width);
    head.put("height", height);
    head.put("timestamp", Instant.now().getEpochSecond());
    head.put("env", Map.of("TERM", System.getenv().getOrDefault("TERM", "")));
    write(Json.object(head, List.of()));
  }

  Path path() {
    return path;
  }

  /** Notes that a screen shows something now. Never fails: it is not what is being done. */
  void shown(String text, Screen screen) {
    int columns = 0;
    int rows = 0;
    try {
      columns = screen.width();
      rows = screen.height();
    } catch (IOError | RuntimeException gone) {
      // A terminal that has hung up has no size.
    }
    shown(text, columns, rows == Integer.MAX_VALUE ? 0 : rows);
  }

  private synchronized void shown(String text, int columns, int rows) {
    if (closed || text.isEmpty()) {
      return;
    }
    if (columns > 0 && rows > 0 && (columns != width || rows != height)) {
      width = columns;
      height = rows;
      event("r", columns + "x" + rows);
    }
    // The driver of the terminal makes two of a line end, and a player has none.
    event("o", LINE_END.matcher(text).replaceAll("\r\n"));
  }

  private void event(String code, String data) {
    double seconds = (System.nanoTime() - began) / NANOS;
    String time = String.format(Locale.ROOT, "%.6f", seconds);
    write("[" + time + ", \"" + code + "\", " + Json.text(data) + "]");
  }

  private synchronized void write(String line) {
    if (closed) {
      return;
    }
    try {
      byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
      file.write(end, ByteBuffer.wrap(bytes));
      end += bytes.length;
    } catch (IOException | BlkshException failure) {
      String why = failure instanceof IOException e ? IoFailure.reason(e) : failure.getMessage();
      abandon();
      tell("the recording in " + path + " ended: " + why);
    }
  }

  /** Not from here: who shows something may hold what is needed to say it. */
  private void tell(String sentence) {
    Thread telling = new Thread(() -> trouble.accept(sentence), "blksh recording");
    telling.setDaemon(true);
    telling.start();
  }

  private void abandon() {
    closed = true;
    file.close();
  }

  /** Ends it; durable when it returns. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    try {
      file.force(true);
    } catch (IOException failure) {
      tell("the recording in " + path + " may be lost: " + IoFailure.reason(failure));
    }
    abandon();
  }
}
