package blksh.mount.nbd;

import java.util.Map;
import java.util.Objects;

/**
 * How a server serves an export to us, as was agreed.
 *
 * @param size of the export in bytes
 * @param flags the transmission flags
 * @param least bytes that each request is a multiple of, a power of two
 * @param most bytes of a request, at least the above
 * @param structured whether replies say where in the request they belong
 * @param contexts the names of the metadata contexts by their numbers
 * @param name what the server calls the export; as it was asked for when it does not say
 * @param description what the server says of it, or empty
 */
record NbdTerms(
    long size,
    int flags,
    int least,
    int most,
    boolean structured,
    Map<Integer, String> contexts,
    String name,
    String description) {

  boolean has(String context) {
    return contexts.containsValue(context);
  }

  /** What another export is told by, when it is asked for again; null when it is the same. */
  String difference(NbdTerms now) {
    if (size != now.size) {
      return "it had %d bytes and has %d".formatted(size, now.size);
    }
    if (least != now.least || most != now.most || structured != now.structured) {
      return "it is served in other blocks";
    }
    if (!Objects.equals(name, now.name) || !description.equals(now.description)) {
      return "it was called \"%s\" and is called \"%s\""
          .formatted(name + " " + description, now.name + " " + now.description);
    }
    if (!contexts.values().stream().allMatch(now::has)) {
      return "it does not tell any more what it told of its blocks";
    }
    return null;
  }
}
