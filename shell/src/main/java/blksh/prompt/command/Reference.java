package blksh.prompt.command;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the words of blksh mean, as their sources say. */
public final class Reference {

  private static final String RESOURCE = "/blksh/dsl/words.tsv";

  /**
   * One word.
   *
   * @param owner the type it is a member of; empty for what is at hand without naming one
   * @param kind {@code property}, {@code function} or {@code type}
   * @param type what it is or gives, in Kotlin
   * @param doc its comment, with tags, of any number of lines
   */
  public record Word(
      String owner, String name, String kind, String type, String signature, String doc) {

    private static final String EXAMPLE = "Example: `";

    /** The first sentence of the comment. */
    public String brief() {
      String text = prose().split("\n\n", 2)[0].replace('\n', ' ');
      for (int i = 1; i < text.length(); i++) {
        boolean ends = text.charAt(i - 1) == '.' && text.charAt(i) == ' ';
        if (ends) {
          return text.substring(0, i - 1);
        }
      }
      return text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    }

    /** The comment without its tags and its example. */
    public String prose() {
      int end = doc.length();
      for (String mark : List.of("\n@", "\n" + EXAMPLE)) {
        int at = ("\n" + doc).indexOf(mark);
        end = at < 0 ? end : Math.min(end, Math.max(0, at - 1));
      }
      return doc.substring(0, end).strip();
    }

    /** The tags, such as {@code @param to a path}, one a line. */
    public List<String> tags() {
      List<String> tags = new ArrayList<>();
      for (String line : doc.split("\n")) {
        if (line.startsWith("@")) {
          tags.add(line.substring(1));
        } else if (line.isBlank() || line.startsWith(EXAMPLE)) {
          continue;
        } else if (!tags.isEmpty()) {
          tags.set(tags.size() - 1, tags.get(tags.size() - 1) + " " + line);
        }
      }
      return tags;
    }

    /** What is said about a parameter; empty when nothing is. */
    public String parameter(String parameter) {
      String head = "param " + parameter + " ";
      return tags().stream()
          .filter(tag -> tag.startsWith(head))
          .map(tag -> tag.substring(head.length()))
          .findFirst()
          .orElse("");
    }

    /** A line to try, or null. */
    public String example() {
      int at = doc.indexOf(EXAMPLE);
      if (at < 0) {
        return null;
      }
      int end = doc.indexOf('`', at + EXAMPLE.length());
      return doc.substring(at + EXAMPLE.length(), end).replace('\n', ' ');
    }

    /** The name of its type without what varies. */
    public String simpleType() {
      return type.replaceAll("[<?].*", "");
    }

    /** How it is found: {@code store.capture}. */
    public String path() {
      return owner.isEmpty() ? name : owner + "." + name;
    }
  }

  private final List<Word> words = new ArrayList<>();

  /** The members of types by their paths. */
  private final Map<String, List<Word>> byPath = new HashMap<>();

  private Reference() {}

  /** The reference that came with the build; it is read at the first call. */
  public static Reference get() {
    return Held.REFERENCE;
  }

  private static final class Held {
    static final Reference REFERENCE = load();
  }

  private static Reference load() {
    Reference reference = new Reference();
    try (InputStream in = Reference.class.getResourceAsStream(RESOURCE)) {
      if (in != null) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        for (String line : text.split("\n")) {
          String[] parts = line.split("\t", 6);
          if (parts.length == 6) {
            String doc = parts[5].replace("\\n", "\n").replaceAll("\\[([A-Za-z.]+)]", "$1");
            reference.add(new Word(parts[0], parts[1], parts[2], parts[3], parts[4], doc));
          }
        }
      }
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    return reference;
  }

  private void add(Word word) {
    words.add(word);
    if (!word.kind().equals("type")) {
      byPath.computeIfAbsent(word.path(), path -> new ArrayList<>()).add(word);
    }
  }

  /** All words there are. */
  List<Word> words() {
    return List.copyOf(words);
  }

  /** The members of a type; of the empty name what is at hand without naming one. */
  public List<Word> members(String owner) {
    return words.stream()
        .filter(word -> word.owner().equals(owner) && !word.kind().equals("type"))
        .toList();
  }

  /** A type by its name, in any case; null when there is none. */
  public Word type(String name) {
    return words.stream()
        .filter(word -> word.kind().equals("type") && word.name().equalsIgnoreCase(name))
        .findFirst()
        .orElse(null);
  }

  /** The members of a type that have a name; functions may share one. */
  public List<Word> members(String owner, String name) {
    return find(owner.isEmpty() ? name : owner + "." + name);
  }

  /** The members that a path finds, such as {@code Store.capture}; functions may share one. */
  public List<Word> find(String path) {
    return byPath.getOrDefault(path, List.of());
  }
}
