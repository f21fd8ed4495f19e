package blksh.iso;

import blksh.filesystem.Iso9660;
import blksh.io.LittleEndian;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The volume descriptors of ISO 9660 and Joliet (ECMA-119, 8.4 and 8.5). */
final class IsoVolume {

  private static final int ROOT_LENGTH = 34;

  private final DiscPlan plan;
  private final DiscLabel label;

  IsoVolume(DiscPlan plan, DiscLabel label) {
    this.plan = plan;
    this.label = label;
  }

  void write(byte[] isoRoot, int isoTable, byte[] jolietRoot, int jolietTable, ImageOutput out)
      throws IOException {
    out.to(Iso9660.FIRST_DESCRIPTOR);
    byte[] primary = described(StandardCharsets.US_ASCII);
    primary[0] = Iso9660.PRIMARY;
    tree(primary, isoRoot, isoTable, plan.isoTables(), plan.isoTableSectors());
    out.put(primary);
    byte[] joliet = described(StandardCharsets.UTF_16BE);
    joliet[0] = Iso9660.SUPPLEMENTARY;
    System.arraycopy(ascii(Iso9660.JOLIET + "E"), 0, joliet, Iso9660.ESCAPES, 3);
    tree(joliet, jolietRoot, jolietTable, plan.jolietTables(), plan.jolietTableSectors());
    out.put(joliet);
    byte[] terminator = begun();
    terminator[0] = (byte) Iso9660.TERMINATOR;
    out.put(terminator);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] begun() {
    byte[] descriptor = new byte[DiscPlan.SECTOR];
    System.arraycopy(ascii(Iso9660.IDENTIFIER), 0, descriptor, Iso9660.STANDARD, 5);
    descriptor[6] = 1;
    return descriptor;
  }

  private byte[] described(Charset charset) {
    byte[] descriptor = begun();
    text(descriptor, Iso9660.SYSTEM, 32, "", charset);
    text(descriptor, Iso9660.VOLUME, 32, label.volume(), charset);
    BothEndian.put32(descriptor, Iso9660.VOLUME_SECTORS, (int) plan.sectors());
    BothEndian.put16(descriptor, 120, 1);
    BothEndian.put16(descriptor, 124, 1);
    BothEndian.put16(descriptor, Iso9660.BLOCK_SIZE, DiscPlan.SECTOR);
    text(descriptor, 190, 128, label.volume(), charset);
    text(descriptor, Iso9660.PUBLISHER, 128, "", charset);
    text(descriptor, 446, 128, "", charset);
    text(descriptor, Iso9660.APPLICATION, 128, label.application(), charset);
    text(descriptor, 702, 37, "", charset);
    text(descriptor, 739, 37, "", charset);
    text(descriptor, 776, 37, "", charset);
    byte[] made = IsoTime.digits(label.seconds());
    System.arraycopy(made, 0, descriptor, Iso9660.CREATED, made.length);
    System.arraycopy(made, 0, descriptor, Iso9660.CREATED + made.length, made.length);
    Arrays.fill(descriptor, 847, 863, (byte) '0');
    Arrays.fill(descriptor, 864, 880, (byte) '0');
    descriptor[881] = 1;
    return descriptor;
  }

  /** Text padded with blanks, cut where it does not fit. */
  private static void text(byte[] to, int at, int length, String text, Charset charset) {
    int width = " ".getBytes(charset).length;
    int units = length / width;
    String padded = NameScheme.cut(text, units) + " ".repeat(Math.max(0, units - text.length()));
    byte[] bytes = padded.getBytes(charset);
    System.arraycopy(bytes, 0, to, at, bytes.length);
  }

  private static void tree(
      byte[] descriptor, byte[] root, int tableBytes, long table, long tableSectors) {
    BothEndian.put32(descriptor, 132, tableBytes);
    LittleEndian.putI32(descriptor, 140, (int) table);
    BothEndian.putBig32(descriptor, 148, (int) (table + tableSectors));
    System.arraycopy(root, 0, descriptor, Iso9660.ROOT, ROOT_LENGTH);
  }
}
