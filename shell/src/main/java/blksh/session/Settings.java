package blksh.session;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.OwnerOnly;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a person has set: lines {@code NAME = VALUE} in the file {@code config} of the home
 * directory. A line that makes no sense is left alone and has no effect.
 */
public final class Settings {

  static final String FILE = "config";

  /** The settings there are. */
  public enum Name {
    COLOUR("colours in what is printed", "on", "off"),
    PAGER("long results a screen at a time", "on", "off"),
    PROGRESS("what runs and how far it is", "on", "off"),
    SUGGESTIONS("the rest of a line from history, while it is typed", "on", "off"),
    EDITING("keys of the line editor", "emacs", "vi");

    private final String help;
    private final List<String> choices;

    /** The first value is the usual one. */
    Name(String help, String... choices) {
      this.help = help;
      this.choices = List.of(choices);
    }

    /** What it is, in a few words. */
    public String help() {
      return help;
    }

    /** The values it may have, the usual one first. */
    public List<String> choices() {
      return choices;
    }

    /** How it is written. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** The setting written so, or null. */
    public static Name of(String word) {
      for (Name name : values()) {
        if (name.word().equals(word) || name == COLOUR && word.equals("color")) {
          return name;
        }
      }
      return null;
    }
  }

  private final Path file;
  private final Map<Name, String> values = new EnumMap<>(Name.class);

  private Settings(Path file) {
    this.file = file;
  }

  /** What everybody has who sets nothing. */
  static Settings usual() {
    return new Settings(null);
  }

  /** The settings of a home directory. */
  static Settings of(Path home) {
    Settings settings = new Settings(home.resolve(FILE));
    try {
      for (String line : Files.readAllLines(settings.file)) {
        String[] parts = line.split("=", 2);
        Name name = parts.length == 2 ? Name.of(parts[0].strip()) : null;
        if (name != null && name.choices().contains(parts[1].strip())) {
          settings.values.put(name, parts[1].strip());
        }
      }
    } catch (NoSuchFileException none) {
      // all as usual
    } catch (IOException unreadable) {
      // as usual too: nothing anybody set is worth failing for
    }
    return settings;
  }

  public synchronized String get(Name name) {
    return values.getOrDefault(name, name.choices().get(0));
  }

  /** Whether the person has set it, be it to the usual value. */
  synchronized boolean has(Name name) {
    return values.containsKey(name);
  }

  /** Whether something that can be on or off is on. */
  boolean is(Name name) {
    return get(name).equals("on");
  }

  /**
   * Sets, from now on and in later sessions.
   *
   * @throws BlkshException when it does not have that value, or the file cannot be written
   */
  public synchronized void set(Name name, String value) {
    String action = "set " + name.word();
    if (!name.choices().contains(value)) {
      throw new BlkshException(action, "\"" + value + "\" is none of its values")
          .suggest("use " + String.join(" or ", name.choices()));
    }
    values.put(name, value);
    try {
      OwnerOnly.makeDirectories(file.getParent());
      // Another prompt may set something else meanwhile.
      WholeFile.change(
          file, PartFile.Durability.DURABLE, old -> with(name, value, new String(old, UTF_8)));
    } catch (IOException failure) {
      throw IoFailure.told(action, failure);
    }
  }

  private static byte[] with(Name name, String value, String text) {
    StringBuilder lines = new StringBuilder();
    text.lines()
        .filter(line -> Name.of(line.split("=", 2)[0].strip()) != name)
        .forEach(line -> lines.append(line).append('\n'));
    lines.append(name.word()).append(" = ").append(value).append('\n');
    return lines.toString().getBytes(UTF_8);
  }
}
