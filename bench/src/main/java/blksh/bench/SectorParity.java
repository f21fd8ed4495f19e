package blksh.bench;

import blksh.parity.BlockMultiples;
import blksh.parity.ReedSolomon;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The parity of one stripe of an image: sectors of 2048 bytes of data, added to all rows. Data per
 * second are 2048 bytes × (255 − rows) × the score.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SectorParity {

  private static final int LONGS = 256;

  @Param({"11", "26", "130"})
  int rows;

  private ReedSolomon code;
  private final BlockMultiples multiples = new BlockMultiples(LONGS);
  private long[] data;
  private long[][] parity;

  @Setup
  public void fill() {
    code = new ReedSolomon(ReedSolomon.MOST - rows, rows);
    data = new Random(1).longs(LONGS * (long) code.data()).toArray();
    parity = new long[rows][LONGS];
  }

  @Benchmark
  public long[][] stripe() {
    for (int column = 0; column < code.data(); column++) {
      multiples.of(data, column * LONGS);
      for (int row = 0; row < rows; row++) {
        multiples.add(code.coefficient(row, column), parity[row], 0);
      }
    }
    return parity;
  }
}
