package blksh.bench;

import java.util.concurrent.TimeUnit;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** LZ4 of frames of 32 pages; the score is raw bytes per microsecond, that is MB/s. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@OperationsPerInvocation(Pages.FRAME)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class FrameCodec {
  private static final int FRAMES = 64;

  private final byte[][] frames = Pages.frames(FRAMES);
  private final byte[] restored = new byte[Pages.FRAME];
  private final byte[][] packed = new byte[FRAMES][];
  private final int[] packedLengths = new int[FRAMES];
  private LZ4Compressor compressor;
  private LZ4SafeDecompressor decompressor;
  private int turn;

  @Setup
  public void prepare() {
    LZ4Factory factory = LZ4Factory.nativeInstance();
    compressor = factory.fastCompressor();
    decompressor = factory.safeDecompressor();
    for (int n = 0; n < FRAMES; n++) {
      packed[n] = new byte[compressor.maxCompressedLength(Pages.FRAME)];
      packedLengths[n] = compressor.compress(frames[n], 0, Pages.FRAME, packed[n], 0);
    }
  }

  @Benchmark
  public int compress() {
    int n = turn++ & (FRAMES - 1);
    return compressor.compress(frames[n], 0, Pages.FRAME, packed[n], 0);
  }

  @Benchmark
  public int decompress() {
    int n = turn++ & (FRAMES - 1);
    return decompressor.decompress(packed[n], 0, packedLengths[n], restored, 0);
  }
}
