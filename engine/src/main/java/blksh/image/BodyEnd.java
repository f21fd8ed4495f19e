package blksh.image;

import java.util.List;

/** The test at opening whether an image is as long as its header says, when its size is known. */
final class BodyEnd {

  private BodyEnd() {}

  /**
   * @param dataEnd first byte behind the last block
   * @param end first byte behind everything
   * @param warnings gets what is odd but harmless
   * @throws BodyTruncatedException when data is missing, unless the image may be damaged
   */
  static void check(
      ImageFile file, long dataEnd, long end, ImageOptions options, List<String> warnings) {
    if (file.knownSize().isEmpty()) {
      return;
    }
    long size = file.knownSize().getAsLong();
    if (size < dataEnd && !options.tolerant()) {
      throw (BodyTruncatedException)
          new BodyTruncatedException(
                  file.name(),
                  size,
                  dataEnd - size,
                  "it was cut short: it has %d bytes and its blocks end at %d"
                      .formatted(size, dataEnd))
              .suggest("tolerant = true (--tolerant) reads what is there");
    }
    if (size < dataEnd) {
      warnings.add("it was cut short: %d of %d bytes are missing".formatted(end - size, end));
    } else if (size < end) {
      warnings.add("its last %d bytes, behind the data, were cut off".formatted(end - size));
    } else if (size > end) {
      warnings.add("%d bytes follow its end".formatted(size - end));
    }
  }
}
