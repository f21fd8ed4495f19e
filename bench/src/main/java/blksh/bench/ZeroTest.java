package blksh.bench;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Ways to find that a page is all zeros, on a page that is: the slowest case, since any other page
 * ends at its first byte set. The score is bytes per microsecond, that is MB/s.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@OperationsPerInvocation(Pages.PAGE)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class ZeroTest {
  private static final byte[] ZEROS = new byte[Pages.PAGE];
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final byte[] array = new byte[Pages.PAGE];
  private final ByteBuffer direct = ByteBuffer.allocateDirect(Pages.PAGE);
  private final ByteBuffer directZeros = ByteBuffer.allocateDirect(Pages.PAGE);

  @Benchmark
  public boolean arraysMismatch() {
    return Arrays.mismatch(array, 0, Pages.PAGE, ZEROS, 0, Pages.PAGE) < 0;
  }

  @Benchmark
  public boolean longByLong() {
    long all = 0;
    for (int at = 0; at < Pages.PAGE; at += Long.BYTES) {
      all |= (long) LONGS.get(array, at);
    }
    return all == 0;
  }

  @Benchmark
  public boolean directMismatch() {
    return direct.mismatch(directZeros) < 0;
  }
}
