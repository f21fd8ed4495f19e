package blksh.catalogue;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.task.CancelledException;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * How long the catalogue is that every disc carries, before it is known which disc has what: as
 * numbers of discs take the same room, whatever they are, in plain it is known to the byte. Of what
 * it is compressed to there is an estimate first, from samples, and the length once the numbers are
 * known.
 */
final class CatalogueLength {

  /** A level that is quicker than a disc is written. */
  private static final int LEVEL = 3;

  /** The shortest frame that is passed over; what has to be filled up is nothing, or that long. */
  static final int LEAST_FILLING = 8;

  private static final int BUFFER = 1 << 16;

  /** Of what is long, a part of each stretch is compressed to see what all of it comes to. */
  private static final int STRETCH = 8 << 20;

  private static final int SAMPLE = 1 << 20;

  private final OdarchiveWriter writer;
  private final OdarchiveHeading heading;
  private final long asOf;

  /** Of each content, what it takes in a catalogue. */
  private int[] blocks = new int[1024];

  private long plain;
  private long estimate;

  CatalogueLength(OdarchiveWriter writer, OdarchiveHeading heading, long asOf) {
    this.writer = writer;
    this.heading = heading;
    this.asOf = asOf;
  }

  /** The first part of each stretch, compressed and counted. */
  private static final class Samples extends OutputStream {
    private final CountedOutput count = new CountedOutput(null);
    private final ZstdOutputStream zstd;
    private long at;
    private long taken;

    Samples() throws IOException {
      zstd = new ZstdOutputStream(count, LEVEL);
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) throws IOException {
      if (at % STRETCH < SAMPLE) {
        zstd.write(bytes, from, length);
        taken += length;
      }
      at += length;
    }

    /** What all of it would come to. */
    long estimate() {
      return taken == 0 ? 0 : (long) ((double) count.count() / taken * at);
    }

    @Override
    public void close() throws IOException {
      zstd.close();
    }
  }

  /** Counts. @param planned a disc for each content that is on one or will be */
  void measure(DiscNumbers planned) {
    try {
      Samples samples = new Samples();
      try (OutputStream buffered = new BufferedOutputStream(samples, BUFFER)) {
        CountedOutput all = new CountedOutput(buffered);
        writer.writeByPath(heading, asOf, planned, all, this::note);
        plain = all.count();
      }
      estimate = samples.estimate();
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

  /** About how many bytes it is compressed to. */
  long estimate() {
    return estimate;
  }

  long ownFrame() {
    return OdarchiveWriter.frame(heading);
  }

  int block(long content) {
    return content < blocks.length ? blocks[(int) content] : 0;
  }

  /**
   * Bytes it is compressed to.
   *
   * @param stopped whether nobody wants to know any more
   */
  long compressed(DiscNumbers numbers, BooleanSupplier stopped) {
    CountedOutput count = new CountedOutput(null);
    try {
      compress(
          content -> {
            if (stopped.getAsBoolean()) {
              throw new CancelledException("measure the catalogue");
            }
            return numbers.of(content);
          },
          count);
    } catch (IOException e) {
      throw IoFailure.told("compress the catalogue", e);
    }
    return count.count();
  }

  void compress(DiscNumbers numbers, OutputStream to) throws IOException {
    try (ZstdOutputStream zstd = new ZstdOutputStream(to, LEVEL);
        OutputStream out = new BufferedOutputStream(zstd, BUFFER)) {
      zstd.setChecksum(true);
      writer.writeByPath(heading, asOf, numbers, new CountedOutput(out), (content, length) -> {});
    }
  }

  /**
   * What fills a compressed one up to a length: a frame that is passed over (RFC 8878, 3.1.2).
   *
   * @param length 0, or {@link #LEAST_FILLING} and more
   */
  static byte[] filling(int length) {
    if (length == 0) {
      return new byte[0];
    }
    if (length < LEAST_FILLING) {
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
