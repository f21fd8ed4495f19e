package blksh.snapshot;

import blksh.block.SourceInfo;
import blksh.store.Manifest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the manifest of a snapshot says of where it was taken: the details of its source. */
final class StoredSource {

  private static final String TYPE = "file tree";
  private static final String HOST = "host";
  private static final String TARGETS = "targets";
  private static final String TAGS = "tags";

  private StoredSource() {}

  /**
   * @param targets absolute paths as {@link blksh.io.NameText}, in which there is no line's end
   */
  static SourceInfo of(String name, String host, List<String> targets, List<String> tags) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put(HOST, host);
    details.put(TARGETS, String.join("\n", targets));
    if (!tags.isEmpty()) {
      details.put(TAGS, String.join("\n", tags));
    }
    return new SourceInfo(TYPE, name, String.join(", ", targets), details);
  }

  private static List<String> lines(Manifest manifest, String detail) {
    String text = manifest.source().details().getOrDefault(detail, "");
    return text.isEmpty() ? List.of() : Arrays.asList(text.split("\n"));
  }

  /** A snapshot as it is listed. */
  static Snapshot snapshot(Manifest manifest) {
    return new Snapshot(
        manifest.reference(),
        manifest.started(),
        manifest.source().details().getOrDefault(HOST, ""),
        lines(manifest, TARGETS),
        lines(manifest, TAGS),
        manifest.tree().entries(),
        manifest.tree().bytes(),
        -1,
        -1,
        manifest.tree().unread(),
        true);
  }
}
