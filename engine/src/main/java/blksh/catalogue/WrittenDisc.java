package blksh.catalogue;

import blksh.task.Figures;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A disc whose image was written, or read and compared.
 *
 * @param image where it is
 * @param bytes of it
 * @param contents how many were written, or read
 * @param faultCount what is not as it was catalogued
 * @param faults the first of it, a sentence each
 * @param notes what is shown otherwise elsewhere, though it is there, the first 1,000: told when an
 *     image is written
 */
public record WrittenDisc(
    Disc disc,
    Path image,
    long bytes,
    long contents,
    long faultCount,
    List<String> faults,
    List<String> notes)
    implements Figures {

  public WrittenDisc {
    faults = List.copyOf(faults);
    notes = List.copyOf(notes);
  }

  /** Of one that was not written just now. */
  WrittenDisc(
      Disc disc, Path image, long bytes, long contents, long faultCount, List<String> faults) {
    this(disc, image, bytes, contents, faultCount, faults, List.of());
  }

  @Override
  public Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("bytes", bytes);
    figures.put("contents", contents);
    figures.put("faults", faultCount);
    return figures;
  }
}
