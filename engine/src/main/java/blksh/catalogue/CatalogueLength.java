package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.IoFailure;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * How long the catalogue is that every disc carries, before it is known which disc has what: as
 * numbers of discs take the same room, whatever they are, in plain it is known to the byte. What is
 * compressed gets some room to spare.
 */
final class CatalogueLength {

  /** A level that is as quick as the disc it is written to. */
  private static final int LEVEL = 6;

  private static final int BUFFER = 1 << 16;

  private final OdarchiveWriter writer;
  private final OdarchiveHeading heading;
  private final long asOf;

  /** Of each content, what it takes in a catalogue. */
  private int[] blocks = new int[1024];

  private long plain;
  private long ownFrame;

  CatalogueLength(OdarchiveWriter writer, OdarchiveHeading heading, long asOf) {
    this.writer = writer;
    this.heading = heading;
    this.asOf = asOf;
  }

  /** Counts. @param planned a disc for each content that is on one or will be */
  void measure(DiscNumbers planned) {
    try {
      CountedOutput all = new CountedOutput(null);
      writer.write(heading, asOf, planned, 0, all, this::note);
      plain = all.count();
      CountedOutput none = new CountedOutput(null);
      writer.write(heading, asOf, planned, -1, none, (content, length) -> {});
      ownFrame = none.count();
    } catch (IOException e) {
      throw IoFailure.told("measure the catalogue", e);
    }
  }

  private void note(long content, int length) {
    if (content >= blocks.length) {
      blocks = Arrays.copyOf(blocks, (int) Math.max(content + 1, blocks.length * 3L / 2));
    }
    blocks[(int) content] = length;
  }

  long plain() {
    return plain;
  }

  long ownFrame() {
    return ownFrame;
  }

  int block(long content) {
    return content < blocks.length ? blocks[(int) content] : 0;
  }

  /** Bytes it is compressed to. */
  long compressed(DiscNumbers numbers) {
    CountedOutput count = new CountedOutput(null);
    try {
      compress(numbers, count);
    } catch (IOException e) {
      throw IoFailure.told("compress the catalogue", e);
    }
    return count.count();
  }

  void compress(DiscNumbers numbers, OutputStream to) throws IOException {
    try (ZstdOutputStream zstd = new ZstdOutputStream(to, LEVEL);
        OutputStream out = new BufferedOutputStream(zstd, BUFFER)) {
      zstd.setChecksum(true);
      writer.write(heading, asOf, numbers, 0, out);
    }
  }

  /**
   * What fills a compressed one up to a length: a frame that is passed over (RFC 8878, 3.1.2).
   *
   * @param length 0, or 8 and more
   */
  static byte[] filling(int length) {
    if (length == 0) {
      return new byte[0];
    }
    if (length < 8) {
      throw new BlkshException("fill a catalogue", length + " bytes are too few for a frame");
    }
    byte[] frame = new byte[length];
    frame[0] = 0x50;
    frame[1] = 0x2a;
    frame[2] = 0x4d;
    frame[3] = 0x18;
    for (int i = 0; i < 4; i++) {
      frame[4 + i] = (byte) (length - 8 >>> 8 * i);
    }
    return frame;
  }
}
