package blksh.volume;

import java.util.LinkedHashSet;
import java.util.Set;

/** What is to be said of a volume because of how it is laid out, or what it lies on is. */
final class Notes {

  private final Set<String> told = new LinkedHashSet<>();
  private boolean mapped;

  /** Notes something, in words. */
  void tell(String words) {
    told.add(words);
  }

  /** Notes that where its bytes are is read from what is written whenever the volume is. */
  void map() {
    mapped = true;
  }

  /** Notes what is noted of something that it lies on. */
  void add(Notes below) {
    told.addAll(below.told);
    mapped |= below.mapped;
  }

  boolean isMapped() {
    return mapped;
  }

  /** All words, with what they begin with after others; or empty. */
  String words() {
    return told.isEmpty() ? "" : ", " + String.join(", ", told);
  }
}
