package blksh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The words of the command line as they were given, of which Java loses bytes that are no UTF-8.
 */
final class RawWords {

  private static final Path GIVEN = Path.of("/proc/self/cmdline");
  private static final char LOST = '\ufffd';

  private RawWords() {}

  /** The same words, those that lost bytes as {@link WordBytes} has them. */
  static String[] of(String[] words) {
    if (Arrays.stream(words).noneMatch(word -> word.indexOf(LOST) >= 0)) {
      return words;
    }
    try {
      List<String> given = split(Files.readAllBytes(GIVEN));
      return given.size() < words.length
          ? words
          : given.subList(given.size() - words.length, given.size()).toArray(String[]::new);
    } catch (IOException e) {
      return words; // what they name is not found, and that is said
    }
  }

  /** Words that each end in a zero byte. */
  private static List<String> split(byte[] bytes) {
    List<String> words = new ArrayList<>();
    int start = 0;
    for (int end = 0; end < bytes.length; end++) {
      if (bytes[end] == 0) {
        words.add(WordBytes.text(Arrays.copyOfRange(bytes, start, end)));
        start = end + 1;
      }
    }
    return words;
  }
}
