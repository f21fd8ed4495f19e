package blksh.image;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The files a file was split into, by the names split(1) and partimage give them: {@code x.aa x.ab
 * …}, {@code x.000 x.001 …}.
 */
final class SplitFile {

  private static final Pattern FIRST = Pattern.compile("(.+)\\.(a{2,4}|0{2,4}|0{1,3}1)");

  private SplitFile() {}

  /**
   * All parts in order, or the path alone when it is no first part.
   *
   * @throws MissingPartException when one is missing and a later one is there
   */
  static List<Path> parts(Path first) {
    Matcher name = FIRST.matcher(first.getFileName().toString());
    if (!name.matches()) {
      return List.of(first);
    }
    Path directory = first.toAbsolutePath().getParent();
    String zeros = "0".repeat(name.group(2).length());
    if (name.group(2).endsWith("1")
        && Files.exists(directory.resolve(name.group(1) + "." + zeros))) {
      return List.of(first);
    }
    TreeSet<String> there = suffixes(directory, name.group(1), name.group(2));
    List<Path> parts = new ArrayList<>();
    String suffix = name.group(2);
    while (there.remove(suffix)) {
      parts.add(directory.resolve(name.group(1) + "." + suffix));
      String next = next(suffix);
      // where two letters do not do, split goes on after yz with four
      suffix = suffix.matches("z*yz+") && !there.contains(next) ? longer(suffix) : next;
    }
    if (!there.isEmpty()) {
      throw missing(first, name.group(1), suffix, there);
    }
    return parts.isEmpty() ? List.of(first) : parts;
  }

  private static MissingPartException missing(
      Path first, String base, String suffix, TreeSet<String> later) {
    MissingPartException failure =
        new MissingPartException(
            "open " + first,
            "its part %s.%s is missing and %s.%s is there"
                .formatted(base, suffix, base, later.first()));
    failure.suggest("find the missing part; all of them must lie in one directory");
    return failure;
  }

  /** The suffixes of one kind there are for a name, except those before the first. */
  private static TreeSet<String> suffixes(Path directory, String base, String first) {
    String kind = first.startsWith("a") ? "[a-z]" : "[0-9]";
    Pattern part =
        Pattern.compile(
            first.startsWith("a")
                ? "(%s{%d}|z%s+)".formatted(kind, first.length(), kind)
                : "%s{%d}".formatted(kind, first.length()));
    TreeSet<String> found = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.startsWith(base + ".")) {
          String suffix = name.substring(base.length() + 1);
          if (part.matcher(suffix).matches() && suffix.compareTo(first) >= 0) {
            found.add(suffix);
          }
        }
      }
    } catch (IOException e) {
      found.add(first);
    }
    if (!found.contains("y" + "z".repeat(first.length() - 1))) {
      found.removeIf(suffix -> suffix.length() > first.length());
    }
    return found;
  }

  /** {@code ab} after {@code aa}, {@code ba} after {@code az}, {@code 010} after {@code 009}. */
  private static String next(String suffix) {
    char[] letters = suffix.toCharArray();
    char low = Character.isDigit(letters[0]) ? '0' : 'a';
    char high = low == '0' ? '9' : 'z';
    for (int i = letters.length - 1; i >= 0; i--) {
      if (letters[i] != high) {
        letters[i]++;
        return new String(letters);
      }
      letters[i] = low;
    }
    return suffix + "+";
  }

  /** {@code zaaa} after {@code yz}, {@code zzaaaa} after {@code zyzz}. */
  private static String longer(String suffix) {
    int half = suffix.length() / 2;
    return "z".repeat(half) + "a".repeat(half + 2);
  }
}
