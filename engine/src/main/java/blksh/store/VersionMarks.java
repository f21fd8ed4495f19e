package blksh.store;

import java.util.List;
import java.util.stream.Stream;

/**
 * What somebody said of a version after it was captured.
 *
 * @param pinned whether it stays until this is taken back: no rule and no deletion removes it
 * @param note for people; empty when there is none
 * @param tags words it can be kept by, in their order
 * @param problem why what was said cannot be read, or null; it counts as pinned then
 */
public record VersionMarks(boolean pinned, String note, List<String> tags, String problem) {

  /** Of a version of which nothing was said. */
  public static final VersionMarks NONE = new VersionMarks(false, "", List.of(), null);

  public VersionMarks {
    tags = List.copyOf(tags);
  }

  static VersionMarks unreadable(String problem) {
    return new VersionMarks(true, "", List.of(), problem);
  }

  /** Whether nothing was said. */
  public boolean isEmpty() {
    return equals(NONE);
  }

  /** What either says; the note of this one where both have one. */
  VersionMarks and(VersionMarks other) {
    return new VersionMarks(
        pinned || other.pinned,
        note.isEmpty() ? other.note : note,
        Stream.concat(tags.stream(), other.tags.stream()).distinct().toList(),
        null);
  }

  /** The same, pinned or not. */
  public VersionMarks withPinned(boolean value) {
    return new VersionMarks(value, note, tags, null);
  }

  /** The same with another note. */
  public VersionMarks withNote(String value) {
    return new VersionMarks(pinned, value, tags, null);
  }

  /** The same with other tags. */
  public VersionMarks withTags(List<String> values) {
    return new VersionMarks(pinned, note, values.stream().distinct().toList(), null);
  }
}
