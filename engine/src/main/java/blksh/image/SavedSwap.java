package blksh.image;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name that swap space had, as {@code swappt-NAME.info} of a set keeps it, and the header of
 * new swap space with that name; format: Linux, {@code swap.h}.
 *
 * @param name of the partition or volume
 * @param uuid 16 bytes, or null for none
 * @param label bytes, of which 16 are kept
 */
record SavedSwap(String name, byte[] uuid, byte[] label) {

  private static final int PAGE = 4096;
  private static final Pattern LINE = Pattern.compile("^(UUID|LABEL)=\"?([^\"]*)\"?\\s*$");

  static SavedSwap read(Path directory, String name) throws IOException {
    Path file = directory.resolve("swappt-" + name + ".info");
    byte[] uuid = null;
    byte[] label = new byte[0];
    for (String line : ClonezillaSet.lines(file)) {
      Matcher said = LINE.matcher(line.strip());
      if (said.matches() && said.group(1).equals("UUID") && !said.group(2).isEmpty()) {
        uuid = uuid(said.group(2), file);
      } else if (said.matches() && said.group(1).equals("LABEL")) {
        label = said.group(2).getBytes(StandardCharsets.ISO_8859_1);
      }
    }
    return new SavedSwap(name, uuid, label);
  }

  /**
   * The first page of swap space.
   *
   * @param length bytes of all of it
   */
  BlockSource over(long length) {
    long pages = length / PAGE;
    if (pages < 10 || pages - 1 > 0xffffffffL) {
      throw new BlkshException("make " + name, "%d bytes are no swap space".formatted(length));
    }
    ByteBuffer page = ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);
    page.putInt(1024, 1).putInt(1028, (int) (pages - 1));
    if (uuid != null) {
      page.put(1036, uuid);
    }
    page.put(1052, label, 0, Math.min(16, label.length));
    page.put(PAGE - 10, "SWAPSPACE2".getBytes(StandardCharsets.US_ASCII));
    return new ByteArraySource(name, page.array());
  }

  private static byte[] uuid(String text, Path file) {
    try {
      UUID uuid = UUID.fromString(text);
      return ByteBuffer.allocate(16)
          .putLong(uuid.getMostSignificantBits())
          .putLong(uuid.getLeastSignificantBits())
          .array();
    } catch (IllegalArgumentException e) {
      throw new BlkshException("read " + file, "it has no UUID but '%s'".formatted(text));
    }
  }
}
