package blksh.volume;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.MappedSource;
import blksh.block.SourceInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What sources make up together: a logical volume, an array. It opens as a source, to be read only.
 */
public final class InnerVolume {

  private final String name;
  private final String deviceName;
  private final String kind;
  private final String layoutName;
  private final String uuid;
  private final long size;
  private final MappedSource.Layout layout;
  private final String problem;
  private final String suggestion;
  private final List<BlockSource> below;

  private InnerVolume(Facts facts, MappedSource.Layout layout, String problem, String suggestion) {
    this.name = facts.name;
    this.deviceName = facts.deviceName;
    this.kind = facts.kind;
    this.layoutName = facts.layoutName;
    this.uuid = facts.uuid;
    this.size = facts.size;
    this.below = facts.below;
    this.layout = layout;
    this.problem = problem;
    this.suggestion = suggestion;
  }

  /**
   * What is known of one, whether it can be read or not.
   *
   * @param deviceName what the kernel's device mapper would call it
   * @param kind in words
   * @param layoutName how it is laid out, in a word
   * @param size bytes
   * @param below the sources it is on
   */
  record Facts(
      String name,
      String deviceName,
      String kind,
      String layoutName,
      String uuid,
      long size,
      List<BlockSource> below) {}

  static InnerVolume of(Facts facts, MappedSource.Layout layout) {
    return new InnerVolume(facts, layout, "", null);
  }

  static InnerVolume refused(Facts facts, String problem, String suggestion) {
    return new InnerVolume(facts, null, problem, suggestion);
  }

  /** {@code GROUP/VOLUME}, or {@code md:NAME} of an array. */
  public String name() {
    return name;
  }

  /**
   * As the kernel's device mapper has it: {@code GROUP-VOLUME}, hyphens in names doubled; {@code
   * md-NAME} of an array.
   */
  public String deviceName() {
    return deviceName;
  }

  /** What it is, in words: {@code logical volume}, {@code array}. */
  public String kind() {
    return kind;
  }

  /** How it is laid out: {@code linear}, {@code striped}, {@code RAID1, 2 of 2 members}. */
  public String layoutName() {
    return layoutName;
  }

  /** Its UUID as its own tools write it. */
  public String uuid() {
    return uuid;
  }

  /** Bytes; what its metadata says when it cannot be read. */
  public long size() {
    return size;
  }

  /** Why it cannot be read, as a clause; empty when it can be. */
  public String problem() {
    return problem;
  }

  /**
   * Its bytes.
   *
   * @param closing run when they are closed; what the set was made of must stay open until then
   * @throws BlkshException when it cannot be read, saying why
   */
  public BlockSource open(Runnable closing) {
    if (layout == null) {
      BlkshException refusal = new BlkshException("read %s %s".formatted(kind, name), problem);
      throw suggestion == null ? refusal : refusal.suggest(suggestion);
    }
    Map<String, String> details = new LinkedHashMap<>();
    details.put("layout", layoutName);
    details.put("uuid", uuid);
    SourceInfo whole = below.get(0).describe();
    SourceInfo info =
        new SourceInfo("%s %s in".formatted(kind, name), deviceName, whole.location(), details);
    return new MappedSource(info, size, below, layout, closing);
  }
}
