package blksh.bench;

import java.security.DigestException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.TimeUnit;
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

/** SHA-256 of the 32 pages of a frame; the score is bytes per microsecond, that is MB/s. */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@OperationsPerInvocation(Pages.FRAME)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class PageDigest {
  private final byte[] frame = Pages.frames(1)[0];
  private final byte[] digests = new byte[32 * (Pages.FRAME / Pages.PAGE)];
  private MessageDigest sha256;

  @Setup
  public void prepare() throws NoSuchAlgorithmException {
    sha256 = MessageDigest.getInstance("SHA-256");
  }

  @Benchmark
  public byte[] eachPage() throws DigestException {
    for (int page = 0; page < Pages.FRAME / Pages.PAGE; page++) {
      sha256.update(frame, page * Pages.PAGE, Pages.PAGE);
      sha256.digest(digests, page * 32, 32);
    }
    return digests;
  }

  @Benchmark
  public byte[] wholeFrame() throws DigestException {
    sha256.update(frame, 0, Pages.FRAME);
    sha256.digest(digests, 0, 32);
    return digests;
  }
}
