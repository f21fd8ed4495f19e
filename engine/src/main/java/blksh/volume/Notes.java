package blksh.volume;

import java.util.LinkedHashSet;
import java.util.Set;

/** What is to be said of a volume because of how it is laid out, or what it lies on is. */
final class Notes {

  private final Set<String> told = new LinkedHashSet<>();

  /** Notes something, in words. */
  void tell(String words) {
    told.add(words);
  }

  /** Notes what is noted of something that it lies on. */
  void add(Notes below) {
    told.addAll(below.told);
  }

  /** All words, with what they begin with after others; or empty. */
  String words() {
    return told.isEmpty() ? "" : ", " + String.join(", ", told);
  }
}
