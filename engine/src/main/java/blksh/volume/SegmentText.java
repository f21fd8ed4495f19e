package blksh.volume;

import blksh.volume.MetadataText.Section;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A segment of a logical volume as the text of its group has it.
 *
 * @param type the word of the text: {@code "striped"}, also of a linear one
 * @param start its first extent in the volume
 * @param count extents
 */
record SegmentText(Section section, String type, long start, long count) {

  /** The extent behind it. */
  long end() {
    return start + count;
  }

  /**
   * The segments of a volume, at least one, which must follow each other from 0 on.
   *
   * @param extent bytes
   */
  static List<SegmentText> of(Section volume, long extent) throws VolumeProblem {
    long count = volume.number("segment_count", 1, Integer.MAX_VALUE);
    List<SegmentText> segments = new ArrayList<>();
    long most = VolumeGroup.MOST_SECTORS * PhysicalVolume.SECTOR / extent;
    for (Section each : volume.sections()) {
      if (each.name().startsWith("segment")) {
        long start = each.number("start_extent", 0, most);
        long length = each.number("extent_count", 1, most - start);
        segments.add(new SegmentText(each, each.text("type"), start, length));
      }
    }
    segments.sort(Comparator.comparingLong(SegmentText::start));
    long at = 0;
    for (SegmentText each : segments) {
      VolumeProblem.unless(each.start == at, "its segments do not follow each other");
      at = each.end();
    }
    VolumeProblem.unless(
        segments.size() == count, "it has %d segments and should have %d", segments.size(), count);
    return segments;
  }
}
