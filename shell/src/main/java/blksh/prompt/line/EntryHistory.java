package blksh.prompt.line;

import blksh.io.LockFile;
import blksh.io.OpenFile;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.ListIterator;
import java.util.Map;
import java.util.regex.Pattern;
import org.jline.reader.History;
import org.jline.reader.LineReader;

/**
 * The entries of this session and of those before it, each once: what is entered again moves to the
 * end.
 *
 * <p>The file holds a line an entry, {@code MILLISECONDS:TEXT}, with {@code \n}, {@code \r} and
 * {@code \\} for what a line cannot hold. An entry is appended when it is entered, in one write and
 * under a lock, so that sessions at once lose nothing of each other; the last line of a session
 * that was killed may be cut short, and the next append begins a new one after it. A file that has
 * grown by repetitions, or holds a password, is written anew beside itself and renamed.
 */
public final class EntryHistory implements History {

  private static final int EXCESS = 500;

  /** A place with a password in it, {@code ssh://USER:PASSWORD@HOST}, which nothing takes. */
  private static final Pattern PASSWORD = Pattern.compile("\\w://[^/\\s\"':]*:[^/\\s\"']*@");

  private final Path file;

  /** Held by whoever changes the file. */
  private final LockFile lock;

  private final int most;
  private final List<Past> entries = new ArrayList<>();
  private LineReader reader;
  private volatile String problem;

  /** Whether the file has an entry with a password. */
  private boolean secret;

  /** Where going up and down has led; the number of entries when it is at the line being typed. */
  private int at;

  private record Past(Instant time, String line) {}

  private record Numbered(int index, Instant time, String line) implements Entry {
    @Override
    public String toString() {
      return index + ": " + line;
    }
  }

  /**
   * Reads what there is; a session goes on without, see {@link #problem}.
   *
   * @param most how many entries are kept
   */
  public EntryHistory(Path file, int most) {
    this.file = file;
    this.lock = new LockFile(file.resolveSibling(file.getFileName() + ".lock"), mine(file));
    this.most = most;
    load();
  }

  /**
   * Why entries of earlier sessions could not be read, or one of this could not be kept; null when
   * nothing went wrong.
   */
  public String problem() {
    return problem;
  }

  // The file.

  @Override
  public void load() {
    int lines = 0;
    try {
      lines = read();
    } catch (IOException e) {
      problem = e.getClass().getSimpleName() + ": " + e.getMessage();
    }
    if (lines > entries.size() + EXCESS || secret) {
      try {
        lock.hold(
            () -> {
              // Others may have appended since.
              read();
              rewrite();
            });
      } catch (IOException e) {
        // A long file is read as well as a short one.
      }
    }
    moveToEnd();
  }

  /** Takes the entries from the file; the number of lines in it. */
  private int read() throws IOException {
    Map<String, Instant> newest = new LinkedHashMap<>();
    int lines = 0;
    secret = false;
    if (Files.exists(file)) {
      // What is no UTF-8 does not make the rest unreadable.
      String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
      for (String line : text.split("\n")) {
        lines++;
        Past past = parse(line);
        if (past != null && hasPassword(past.line())) {
          secret = true;
        } else if (past != null) {
          newest.remove(past.line());
          newest.put(past.line(), past.time());
        }
      }
    }
    entries.clear();
    newest.forEach((line, time) -> entries.add(new Past(time, line)));
    drop();
    return lines;
  }

  private void drop() {
    if (entries.size() > most) {
      entries.subList(0, entries.size() - most).clear();
    }
  }

  /** An entry of the file; null for a line that is none. */
  private static Past parse(String line) {
    int colon = line.indexOf(':');
    if (colon < 1 || colon == line.length() - 1) {
      return null;
    }
    try {
      long millis = Long.parseLong(line.substring(0, colon));
      return new Past(Instant.ofEpochMilli(millis), Pasted.of(unescape(line.substring(colon + 1))));
    } catch (NumberFormatException none) {
      return null;
    }
  }

  private static String format(Past past) {
    String line = past.line().replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    return past.time().toEpochMilli() + ":" + line + "\n";
  }

  private static String unescape(String text) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length()) {
        c = text.charAt(++i);
        c = c == 'n' ? '\n' : c == 'r' ? '\r' : c;
      }
      plain.append(c);
    }
    return plain.toString();
  }

  /** Nobody else may read what was entered. */
  private static FileAttribute<?>[] mine(Path path) {
    boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
        }
        : new FileAttribute<?>[0];
  }

  private void append(Past past) throws IOException {
    try (OpenFile open =
        OpenFile.open(file, OpenFile.Use.CREATE, OpenFile.WhenInterrupted.FINISH, mine(file))) {
      long size = open.size();
      String line = format(past);
      if (size > 0 && open.readFully(size - 1, 1)[0] != '\n') {
        line = "\n" + line;
      }
      open.write(size, ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
    }
  }

  private void rewrite() throws IOException {
    StringBuilder text = new StringBuilder();
    entries.forEach(past -> text.append(format(past)));
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    WholeFile.replace(file, PartFile.Durability.DURABLE, bytes);
  }

  @Override
  public void attach(LineReader by) {
    reader = by;
  }

  /** Nothing waits to be written. */
  @Override
  public void save() {}

  @Override
  public void write(Path other, boolean incremental) throws IOException {
    throw new UnsupportedOperationException("history is kept in " + file);
  }

  @Override
  public void append(Path other, boolean incremental) throws IOException {
    throw new UnsupportedOperationException("history is kept in " + file);
  }

  @Override
  public void read(Path other, boolean checkDuplicates) throws IOException {
    throw new UnsupportedOperationException("history is kept in " + file);
  }

  @Override
  public void purge() throws IOException {
    lock.hold(() -> Files.deleteIfExists(file));
    entries.clear();
    moveToEnd();
  }

  // The entries.

  private static boolean hasPassword(String entry) {
    return PASSWORD.matcher(entry).find();
  }

  /**
   * Adds an entry; one that begins with a space, one that is an answer, and one that has a password
   * is kept nowhere.
   */
  @Override
  public void add(Instant time, String line) {
    boolean off =
        reader != null && Boolean.TRUE.equals(reader.getVariable(LineReader.DISABLE_HISTORY));
    String entry = Pasted.of(line).strip();
    if (off || entry.isEmpty() || line.startsWith(" ") || hasPassword(entry)) {
      return;
    }
    Past past = new Past(time, entry);
    boolean last = !entries.isEmpty() && entries.get(entries.size() - 1).line().equals(entry);
    entries.removeIf(known -> known.line().equals(entry));
    entries.add(past);
    drop();
    moveToEnd();
    if (!last) {
      try {
        lock.hold(() -> append(past));
      } catch (IOException | RuntimeException full) {
        // A session goes on without: what was entered is more than that it was.
        problem = full.getClass().getSimpleName() + ": " + full.getMessage();
      }
    }
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public int index() {
    return at;
  }

  @Override
  public int first() {
    return 0;
  }

  @Override
  public int last() {
    return entries.size() - 1;
  }

  @Override
  public String get(int index) {
    return entries.get(index).line();
  }

  @Override
  public ListIterator<Entry> iterator(int index) {
    return new AbstractList<Entry>() {
      @Override
      public Entry get(int i) {
        Past past = entries.get(i);
        return new Numbered(i, past.time(), past.line());
      }

      @Override
      public int size() {
        return entries.size();
      }
    }.listIterator(index);
  }

  // Going up and down.

  @Override
  public String current() {
    return at < entries.size() ? get(at) : "";
  }

  @Override
  public boolean previous() {
    return moveWithin(at - 1, entries.size());
  }

  @Override
  public boolean next() {
    return moveWithin(at + 1, entries.size());
  }

  @Override
  public boolean moveToFirst() {
    return at != 0 && moveTo(0);
  }

  @Override
  public boolean moveToLast() {
    return at != last() && moveTo(last());
  }

  @Override
  public boolean moveTo(int index) {
    return moveWithin(index, last());
  }

  private boolean moveWithin(int index, int highest) {
    boolean there = index >= 0 && index <= highest;
    at = there ? index : at;
    return there;
  }

  @Override
  public void moveToEnd() {
    at = entries.size();
  }

  @Override
  public void resetIndex() {
    at = Math.min(at, entries.size());
  }
}
