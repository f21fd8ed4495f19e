package blksh.drive.ssh;

import blksh.BlkshException;
import blksh.block.Extent;
import blksh.block.SourceInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a remote drive is known by, as its agent tells when it is opened. As long as the machine was
 * not started anew the kernel's own numbers tell whether it is the same: that of the device, the
 * sequence number of what is in it (diskseq, from Linux 5.15 on), that of its directory in sysfs.
 * Afterwards only what the drive itself says does: a serial number, or the UUID of a volume.
 */
final class DriveFacts {

  private static final List<String> MARKS =
      List.of(
          "kind", "size", "sector", "model", "serial", "wwid", "start", "dm", "md", "backing",
          "inode");

  /** Those of device mapper that are of what is on the drives, not of a name that was given. */
  private static final Pattern VOLUME = Pattern.compile("LVM-.*|mpath-.*|CRYPT-LUKS.*");

  private final Facts facts;

  /** Whether it is written. */
  private final boolean written;

  private DriveFacts(Facts facts, boolean written) {
    this.facts = facts;
    this.written = written;
  }

  /** Of what is read. */
  DriveFacts(Facts facts) {
    this(facts, false);
  }

  /**
   * Of what is written: after a new start of the machine it is never the same. Serial numbers of
   * cheap drives are equal, and what was written to a wrong one is lost; to begin anew costs
   * little, as only what differs is written.
   */
  static DriveFacts ofTarget(Facts facts) {
    return new DriveFacts(facts, true);
  }

  /** Whether a drive may have sectors of so many bytes. */
  static boolean isSector(long bytes) {
    return bytes >= 512 && bytes <= 65536 && Long.bitCount(bytes) == 1;
  }

  private boolean isFile() {
    return facts.text("kind").equals("file");
  }

  /**
   * That what was opened again is the same drive.
   *
   * @throws BlkshException naming what is not, or that nothing tells
   */
  void mustBeIn(Facts found, String location) {
    MARKS.forEach(mark -> mustBeEqual(mark, found, location));
    boolean restarted =
        facts.text("boot").isEmpty() || !facts.text("boot").equals(found.text("boot"));
    if (restarted && written) {
      throw refused(location, "the machine was started anew meanwhile, or it is another");
    }
    if (isFile() && written) {
      mustBeTheFileThatIsWritten(found, location);
    } else if (isFile()) {
      mustBeTheFile(found, location, restarted);
    } else if (restarted) {
      mustTellItself(location);
    } else {
      List.of("number", "diskseq", "node").forEach(mark -> mustBeEqual(mark, found, location));
      Optional<String> doubt = kernelMarks().doubt();
      if (doubt.isPresent()) {
        throw refused(location, "nothing tells whether it is the same drive: " + doubt.get());
      }
    }
  }

  private KernelMarks kernelMarks() {
    return new KernelMarks(
        facts.text("boot"),
        facts.text("number"),
        facts.text("node"),
        facts.text("diskseq"),
        facts.text("removable"),
        !facts.text("inode").isEmpty());
  }

  /**
   * Machines that were copied have files of equal numbers: on one that was started anew, or may be
   * another, it must not have changed either.
   */
  private void mustBeTheFile(Facts found, String location, boolean restarted) {
    mustBeEqual("number", found, location);
    mustBeEqual("generation", found, location);
    boolean unchanged = facts.text("changed").equals(found.text("changed"));
    boolean known = !facts.text("number").isEmpty() && !facts.text("changed").isEmpty();
    if (!known || restarted && !unchanged) {
      throw refused(
          location,
          "nothing tells whether it is the same file: "
              + (known
                  ? "the machine was started anew, or is another, and the file has changed"
                  : "that machine says too little of it"));
    }
    if (facts.text("generation").isEmpty()) {
      mustBeEqual("changed", found, location); // else a new file may have its number
    }
  }

  /** It changes as it is written, so that its last change says nothing. */
  private void mustBeTheFileThatIsWritten(Facts found, String location) {
    mustBeEqual("number", found, location);
    mustBeEqual("generation", found, location);
  }

  /** After a new start of the machine. */
  private void mustTellItself(String location) {
    boolean named =
        !facts.text("serial").isEmpty()
            || !facts.text("wwid").isEmpty()
            || !facts.text("md").isEmpty()
            || VOLUME.matcher(facts.text("dm")).matches();
    if (facts.text("removable").equals("1") || !named) {
      throw refused(
          location,
          "nothing tells whether it is the same drive: the machine was started anew, and the"
              + " drive has no serial number of its own");
    }
  }

  private void mustBeEqual(String mark, Facts found, String location) {
    if (!facts.text(mark).equals(found.text(mark))) {
      throw refused(
          location,
          "there is another drive now: its %s was \"%s\" and is \"%s\""
              .formatted(mark, facts.text(mark), found.text(mark)));
    }
  }

  private BlkshException refused(String location, String problem) {
    return new BlkshException("go on with " + location, problem)
        .suggest(written ? "restore it once more" : "capture again what is to be captured");
  }

  /** The ranges that change meanwhile. @param size of the drive in bytes */
  List<Extent> written(long size) {
    List<Extent> ranges = new ArrayList<>();
    for (String range : facts.text("written").split(",")) {
      if (range.matches("[0-9]{1,18}:[0-9]{1,18}")) {
        String[] parts = range.split(":");
        long start = Math.min(size, Long.parseLong(parts[0]));
        long length = Math.min(size - start, Long.parseLong(parts[1]));
        if (length > 0) {
          ranges.add(new Extent(start, length, Extent.Kind.DATA));
        }
      }
    }
    return ranges;
  }

  SourceInfo describe(String location, String host) {
    Map<String, String> details = new LinkedHashMap<>();
    details.put("host", host);
    for (String name : List.of("model", "serial", "wwid")) {
      if (!facts.text(name).isEmpty()) {
        details.put(name, facts.text(name));
      }
    }
    if (!facts.text("backing").isEmpty()) {
      details.put("backing file", facts.text("backing"));
    }
    String name = location.substring(location.lastIndexOf('/') + 1);
    boolean known = !isFile() && !facts.text("name").isEmpty();
    return new SourceInfo(
        isFile() ? "file" : "block device",
        known ? facts.text("name").replace('!', '/') : name,
        location,
        details);
  }
}
