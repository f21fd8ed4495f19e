package blksh.kit;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * Calls of the system that go wrong, of a process that a library was loaded into before the
 * system's: those on the files below one folder, whoever makes them, SQLite too. {@code
 * faultycalls.c} is that library.
 */
public final class FaultyCalls {

  /** What a call comes to. */
  public enum Error {
    /** The disk is full: what makes or lengthens something fails, and what makes it durable. */
    NO_SPACE(28, "No space left on device"),
    /** The disk fails: any call. */
    INPUT_OUTPUT(5, "Input/output error|SQLITE_CORRUPT"),
    /** The file system has become one that is only read. */
    READ_ONLY(30, "Read-only file system"),
    /** The process has too many files open. */
    TOO_MANY_OPEN(24, "Too many open files");

    private final int number;
    private final String words;

    Error(int number, String words) {
      this.number = number;
      this.words = words + "|SQLITE_(FULL|IOERR|READONLY|CANTOPEN)";
    }

    /**
     * What tells of it, as a regular expression: the system's words, or those of SQLite, which
     * tells one from the other as it likes.
     */
    public String words() {
      return words;
    }
  }

  private static final String SHARED = "blksh.faults";
  private static final int SIZE = 1024;

  // Where things are, as in the library.
  private static final int ERROR = 0;
  private static final int LASTING = 4;
  private static final int LEFT = 8;
  private static final int STRUCK = 16;
  private static final int CALL = 24;
  private static final int FOLDER = 64;
  private static final int PATH = 512;

  private final MappedByteBuffer control;

  private FaultyCalls(MappedByteBuffer control) {
    this.control = control;
  }

  /** The library that makes them go wrong, and what it shares with the process. */
  public record Library(Path library, Path shared) {

    /** The variables of the environment that the process needs. */
    public Map<String, String> environment() {
      return Map.of("LD_PRELOAD", library.toString(), "BLKSH_FAULTS", shared.toString());
    }

    /** The options of the JVM that it needs. */
    public List<String> options() {
      return List.of("-D%s=%s".formatted(SHARED, shared));
    }
  }

  /** Builds the library in a folder; ends the test where no compiler is installed. */
  public static Library build(Path folder) throws IOException {
    Tool compiler = Tool.named("gcc");
    Path source = folder.resolve("faultycalls.c");
    try (InputStream in = FaultyCalls.class.getResourceAsStream("faultycalls.c")) {
      Files.copy(in, source);
    }
    Path library = folder.resolve("faultycalls.so");
    compiler.run("-O1", "-shared", "-fPIC", "-o", library, source, "-ldl", "-pthread");
    return new Library(library, Files.write(folder.resolve("faults"), new byte[SIZE]));
  }

  /** Those of this process, which the library was loaded into. */
  public static FaultyCalls here() throws IOException {
    Path shared = Path.of(System.getProperty(SHARED));
    try (FileChannel channel =
        FileChannel.open(shared, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      MappedByteBuffer control = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE);
      control.order(ByteOrder.nativeOrder());
      return new FaultyCalls(control);
    }
  }

  /**
   * Has a call go wrong.
   *
   * @param folder whose files, and those below it, count
   * @param call which of those that may meet such an error, from 0
   * @param lasting whether all after it do so too, rather than it alone
   */
  public void begin(Path folder, Error error, int call, boolean lasting) {
    end();
    put(CALL, "");
    put(FOLDER, folder.toString());
    control.putInt(STRUCK, 0).putLong(LEFT, call).putInt(LASTING, lasting ? 1 : 0);
    VarHandle.fullFence();
    control.putInt(ERROR, error.number);
    VarHandle.fullFence();
  }

  private void put(int at, String text) {
    control.duplicate().position(at).put((text + "\0").getBytes(StandardCharsets.UTF_8));
  }

  /** Lets all calls go well. */
  public void end() {
    control.putInt(ERROR, 0);
    VarHandle.fullFence();
  }

  /** Whether any went wrong since it was begun. */
  public boolean struck() {
    VarHandle.fullFence();
    return control.getInt(STRUCK) > 0;
  }

  /** The first that went wrong, as {@code "pwrite64 FILE"}. */
  public String first() {
    return text(CALL) + " " + text(PATH);
  }

  private String text(int at) {
    StringBuilder text = new StringBuilder();
    for (int i = at; control.get(i) != 0; i++) {
      text.append((char) control.get(i));
    }
    return text.toString();
  }
}
