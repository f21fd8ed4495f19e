package blksh.catalogue;

import java.nio.file.Path;
import java.time.Instant;

/**
 * A disc that is planned, or was written.
 *
 * @param id its number in the catalogue
 * @param number 1 for the first of its set
 * @param name what it is called, and its image
 * @param guid what no other disc has
 * @param capacity bytes of the longest image its medium takes
 * @param size bytes of its image; 0 when another program made it
 * @param files names of files on it
 * @param bytes of their contents, each once
 * @param written when its image was; null while it is only planned
 * @param image where that was; null when it was not, or another program did it
 * @param marked whether something on it is not as it was catalogued
 * @param imported whether another catalogue tells of it
 */
public record Disc(
    long id,
    int number,
    String name,
    String guid,
    long capacity,
    long size,
    long files,
    long bytes,
    Instant written,
    Path image,
    boolean marked,
    boolean imported) {

  /** What part of its medium it fills, 0 to 1. */
  public double fill() {
    return capacity == 0 ? 0 : (double) size / capacity;
  }
}
