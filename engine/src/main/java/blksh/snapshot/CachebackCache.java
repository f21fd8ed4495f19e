package blksh.snapshot;

import blksh.WordBytes;
import blksh.io.DirectoryHandle;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * cacheback's {@code hash_tree_cache.json}: nested objects by the steps of a path, with {@code
 * [seconds, digest]} for a file. cacheback links to the blob of a file whose time is the one that
 * stands there. Where there is one it is written again with each snapshot, so that cacheback goes
 * on; where it is another than blksh wrote, cacheback has been there, and its blobs are not trusted
 * until they were adopted.
 */
final class CachebackCache {

  private static final byte[] NAME = "hash_tree_cache.json".getBytes(StandardCharsets.US_ASCII);
  private static final String FACT = "cacheback";
  private static final String NONE = "none";
  private static final String NOT_PROVEN = "not proven";

  private final LinkedDestination destination;
  private final Path file;

  private CachebackCache(LinkedDestination destination) {
    this.destination = destination;
    this.file =
        destination
            .root()
            .resolve(LinkedDestination.HIDDEN)
            .resolve(new String(NAME, StandardCharsets.US_ASCII));
  }

  static CachebackCache of(LinkedDestination destination) {
    return new CachebackCache(destination);
  }

  /** Whether all blobs were made by blksh, or adopted. */
  boolean isProven() throws IOException {
    String known = destination.record().fact(FACT);
    if (known == null) {
      List<byte[]> names = new ArrayList<>();
      destination.blobs().root().list(names::add);
      known = names.isEmpty() ? fingerprint() : NOT_PROVEN;
      destination.record().fact(FACT, known);
    }
    return known.equals(fingerprint());
  }

  /** Says that all blobs were looked at. */
  void proven() throws IOException {
    destination.record().fact(FACT, fingerprint());
  }

  private String fingerprint() throws IOException {
    FileStatus status = null;
    try (DirectoryHandle hidden = DirectoryHandle.open(file.getParent())) {
      status = hidden.statusIfAny(NAME);
    }
    return status == null
        ? NONE
        : "%d %d.%09d %d"
            .formatted(status.size(), status.mtimeSeconds(), status.mtimeNanos(), status.inode());
  }

  /**
   * Writes it whole for a snapshot.
   *
   * @param anyway whether also where there is none yet
   */
  void write(long snapshot, boolean anyway) throws IOException {
    if (!anyway && !Files.exists(file)) {
      return;
    }
    boolean proven = isProven();
    WholeFile.replace(file, PartFile.Durability.DURABLE, out -> new Writing(out).write(snapshot));
    destination.record().fact(FACT, proven ? fingerprint() : NOT_PROVEN);
  }

  /** One writing of it. */
  private final class Writing {
    private final OutputStream out;

    /** Steps of the path of the object that is open; a step without a file in it is one too. */
    private final List<byte[]> open = new ArrayList<>();

    private boolean comma;

    Writing(OutputStream out) {
      this.out = out;
    }

    void write(long snapshot) throws IOException {
      out.write('{');
      RecordReading reading = new RecordReading(destination.record(), snapshot);
      while (reading.next()) {
        List<byte[]> steps = null;
        for (RecordEntry each : reading.entries()) {
          if (each.type() == FileType.REGULAR && !each.isMissing() && !each.isTorn()) {
            if (steps == null) {
              steps = steps(reading.path());
              enter(steps);
            }
            key(each.name());
            print("[%d,\"%s\"]".formatted(each.mtimeSeconds(), BlobHash.hex(each.digest())));
            comma = true;
          }
        }
      }
      enter(List.of());
      out.write('}');
    }

    private void enter(List<byte[]> steps) throws IOException {
      int common = 0;
      while (common < Math.min(open.size(), steps.size())
          && Arrays.equals(open.get(common), steps.get(common))) {
        common++;
      }
      while (open.size() > common) {
        open.remove(open.size() - 1);
        out.write('}');
        comma = true;
      }
      while (open.size() < steps.size()) {
        byte[] step = steps.get(open.size());
        key(step);
        out.write('{');
        comma = false;
        open.add(step);
      }
    }

    private void key(byte[] name) throws IOException {
      if (comma) {
        out.write(',');
      }
      print("\"" + escaped(name) + "\":");
    }

    private void print(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private static List<byte[]> steps(byte[] path) {
    List<byte[]> steps = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= path.length && path.length > 0; i++) {
      if (i == path.length || path[i] == '/') {
        steps.add(Arrays.copyOfRange(path, start, i));
        start = i + 1;
      }
    }
    return steps;
  }

  /** As Python has it: a byte that is no UTF-8 is the surrogate U+DC80 to U+DCFF (PEP 383). */
  static String escaped(byte[] name) {
    StringBuilder text = new StringBuilder();
    for (char each : WordBytes.text(name).toCharArray()) {
      boolean plain = each >= ' ' && each < 0x7f && each != '"' && each != '\\';
      text.append(plain ? String.valueOf(each) : "\\u%04x".formatted((int) each));
    }
    return text.toString();
  }
}
