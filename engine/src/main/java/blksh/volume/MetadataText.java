package blksh.volume;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The text that LVM2 keeps its metadata in: sections with braces, values that are numbers, texts or
 * lists of both, comments behind a number sign (lvm.conf(5); {@code libdm/libdm-config.c}). Its
 * length and depth are bounded, its values by what all texts may take.
 */
final class MetadataText {

  /** Bytes; ten thousand volumes take about half of it. */
  static final int LONGEST = 8 << 20;

  private static final int DEEPEST = 16;

  private final byte[] text;
  private int at;
  private final TextAllowance allowance;

  private MetadataText(byte[] text, TextAllowance allowance) {
    this.text = text;
    this.allowance = allowance;
  }

  /** A section: its values and sections by name, in order. */
  record Section(String name, Map<String, Object> entries) {

    boolean has(String key) {
      return entries.containsKey(key);
    }

    String text(String key) throws VolumeProblem {
      if (entries.get(key) instanceof String value) {
        return value;
      }
      throw new VolumeProblem("%s has no text %s".formatted(shown(name), key));
    }

    /** A number of a range, which must be there. */
    long number(String key, long least, long most) throws VolumeProblem {
      if (entries.get(key) instanceof Long value) {
        VolumeProblem.unless(
            value >= least && value <= most,
            "%s of %s is %d, which is not from %d to %d",
            key,
            shown(name),
            value,
            least,
            most);
        return value;
      }
      throw new VolumeProblem("%s has no number %s".formatted(shown(name), key));
    }

    /** A list, a single value as one of a single member; empty where there is none. */
    List<Object> list(String key) {
      Object value = entries.get(key);
      if (value instanceof List<?> list) {
        return List.copyOf(list);
      }
      return value == null || value instanceof Section ? List.of() : List.of(value);
    }

    /** A section, empty where there is none. */
    Section section(String key) {
      return entries.get(key) instanceof Section section ? section : new Section(key, Map.of());
    }

    /** The sections in it, in order. */
    List<Section> sections() {
      return entries.values().stream()
          .filter(Section.class::isInstance)
          .map(Section.class::cast)
          .toList();
    }
  }

  /** A name that may be anything, made harmless. */
  static String shown(String name) {
    return name.replaceAll("\\p{Cntrl}", "?");
  }

  /**
   * Reads a text.
   *
   * @param text up to its end or its first NUL
   * @param allowance what all texts together may take
   */
  static Section parse(byte[] text, TextAllowance allowance) throws VolumeProblem {
    return new MetadataText(text, allowance).section("", 0);
  }

  private Section section(String name, int depth) throws VolumeProblem {
    VolumeProblem.unless(depth <= DEEPEST, "its text is nested too deeply");
    Map<String, Object> entries = new LinkedHashMap<>();
    while (true) {
      int next = peek();
      if (next < 0 || next == '}') {
        if (next < 0 != (depth == 0)) {
          throw damaged();
        }
        at++;
        return new Section(name, entries);
      }
      String key = word();
      allowance.value();
      Object value;
      if (peek() == '{') {
        at++;
        value = section(key, depth + 1);
      } else if (peek() == '=') {
        at++;
        value = value();
      } else {
        throw damaged();
      }
      VolumeProblem.unless(entries.put(key, value) == null, "its text has %s twice", shown(key));
    }
  }

  private Object value() throws VolumeProblem {
    if (peek() != '[') {
      return single();
    }
    at++;
    List<Object> list = new ArrayList<>();
    while (peek() != ']') {
      list.add(single());
      if (peek() == ',') {
        at++;
      } else if (peek() != ']') {
        throw damaged();
      }
    }
    at++;
    return list;
  }

  private Object single() throws VolumeProblem {
    allowance.value();
    int first = peek();
    if (first == '"') {
      return quoted();
    }
    String word = word();
    try {
      return Long.parseLong(word);
    } catch (NumberFormatException e) {
      return word; // a fraction, which nothing that is asked for is
    }
  }

  private String quoted() throws VolumeProblem {
    StringBuilder value = new StringBuilder();
    int start = ++at;
    boolean escaped = false;
    for (; at < text.length && text[at] != '"'; at++) {
      if (text[at] == '\\' && at + 1 < text.length) {
        escaped = true;
        at++;
      }
    }
    if (at >= text.length) {
      throw damaged();
    }
    String raw = new String(text, start, at - start, StandardCharsets.UTF_8);
    at++;
    if (!escaped) {
      return raw;
    }
    for (int i = 0; i < raw.length(); i++) {
      if (raw.charAt(i) == '\\' && i + 1 < raw.length()) {
        i++;
      }
      value.append(raw.charAt(i));
    }
    return value.toString();
  }

  /** The next byte that counts, or -1 at the end. */
  private int peek() {
    while (at < text.length && text[at] != 0) {
      if (text[at] == '#') {
        while (at < text.length && text[at] != '\n' && text[at] != 0) {
          at++;
        }
      } else if (text[at] <= ' ' && text[at] > 0) {
        at++;
      } else {
        return text[at] & 0xff;
      }
    }
    return -1;
  }

  private String word() throws VolumeProblem {
    peek();
    int start = at;
    while (at < text.length && isOfWord(text[at])) {
      at++;
    }
    if (at == start) {
      throw damaged();
    }
    return new String(text, start, at - start, StandardCharsets.US_ASCII);
  }

  /** Letters, digits and what names of groups and volumes may have besides (lvm(8)). */
  private static boolean isOfWord(byte b) {
    return b >= '0' && b <= '9'
        || b >= 'a' && b <= 'z'
        || b >= 'A' && b <= 'Z'
        || "+_.-".indexOf(b) >= 0;
  }

  private VolumeProblem damaged() {
    return new VolumeProblem("its text makes no sense at byte %d of it".formatted(at));
  }
}
