package blksh.cache;

import static blksh.kit.Await.await;
import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.kit.CountedSource;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SourceReaderTest {

  private static final byte[] BYTES = random(4 * MIB, 1);

  @TempDir Path folder;

  private final CountedSource source = new CountedSource(BYTES);
  private CachedBytes held;
  private SourceReader reader;

  @BeforeEach
  void open() {
    FilePair files = new FilePair(folder.resolve("data"), folder.resolve("map"));
    held = CachedBytes.open(source, SourceIdentity.of(source), files, false);
    reader = new SourceReader(source, CacheOptions.defaults(), held);
    source.bytes.set(0);
  }

  @AfterEach
  void close() {
    held.close();
  }

  @Test
  void aMissFillsTheTargetAndHoldsTheBlockAroundIt() {
    ByteBuffer target = ByteBuffer.allocate(1000);
    assertThat(reader.miss(100_000, 101_000, target)).isEqualTo(101_000);
    assertThat(target.array()).isEqualTo(Arrays.copyOfRange(BYTES, 100_000, 101_000));
    assertThat(reader.map().at(100_000))
        .isEqualTo(new RescueRange(64 * KIB, 128 * KIB, RescueStatus.FINISHED));
    assertThat(reader.misses()).isEqualTo(1);
    // Somebody else has read it meanwhile.
    assertThat(reader.miss(100_000, 101_000, ByteBuffer.allocate(1000))).isEqualTo(100_000);
    assertThat(source.bytes).hasValue(64 * KIB);
  }

  @Test
  void aFailedLargeReadIsFailedUpToItsClusterAndTheRestNotTried() {
    source.source.unreadable(100 * KIB, 512);
    long good = reader.attempt(0, MIB, RescueStatus.NON_TRIED, SourceReader.CLUSTER);
    assertThat(good).isEqualTo(100 * KIB);
    assertThat(reader.map().at(100 * KIB))
        .isEqualTo(new RescueRange(100 * KIB, 128 * KIB, RescueStatus.NON_TRIMMED));
    assertThat(reader.map().at(128 * KIB).status()).isEqualTo(RescueStatus.NON_TRIED);
  }

  @Test
  void aSectorThatFailsAloneIsBad() {
    source.source.unreadable(100 * KIB, 512);
    assertThat(reader.attempt(100 * KIB, 100 * KIB + 512, RescueStatus.NON_TRIED, 0))
        .isEqualTo(100 * KIB);
    assertThat(reader.map().at(100 * KIB))
        .isEqualTo(new RescueRange(100 * KIB, 100 * KIB + 512, RescueStatus.BAD_SECTOR));
  }

  @Test
  void nothingIsTriedThatOthersHaveChanged() {
    held.mark(512, 1024, RescueStatus.BAD_SECTOR);
    assertThat(reader.attempt(0, 4096, RescueStatus.NON_TRIED, SourceReader.CLUSTER)).isEqualTo(-1);
    assertThat(reader.attempt(512, 1024, RescueStatus.NON_TRIED, 0)).isEqualTo(-1);
    assertThat(source.bytes).hasValue(0);
  }

  @Test
  void onlyWhatIsLeftOfAStatusTurnsIntoAnother() {
    held.mark(0, 4096, RescueStatus.NON_TRIMMED);
    held.mark(1024, 2048, RescueStatus.FINISHED);
    reader.settle(512, 3072, RescueStatus.NON_TRIMMED, RescueStatus.NON_SCRAPED);
    assertThat(reader.map().ranges())
        .startsWith(
            new RescueRange(0, 512, RescueStatus.NON_TRIMMED),
            new RescueRange(512, 1024, RescueStatus.NON_SCRAPED),
            new RescueRange(1024, 2048, RescueStatus.FINISHED),
            new RescueRange(2048, 3072, RescueStatus.NON_SCRAPED),
            new RescueRange(3072, 4096, RescueStatus.NON_TRIMMED));
  }

  @Test
  void whatIsOccupiedIsWaitedFor() throws Exception {
    reader.occupy(0, 4096, "write to");
    Thread waiting = new Thread(() -> reader.miss(512, 1024, ByteBuffer.allocate(512)));
    waiting.start();
    await(() -> waiting.getState() == Thread.State.WAITING);
    assertThat(source.bytes).hasValue(0);
    reader.release(0);
    waiting.join();
    assertThat(reader.map().at(512).status()).isEqualTo(RescueStatus.FINISHED);
  }

  @Test
  void itGoesOnWithASourceOpenedAnew() {
    ByteArraySource fresh = new ByteArraySource(BYTES);
    assertThat(reader.replace(fresh)).isSameAs(source);
    assertThat(reader.source()).isSameAs(fresh);
    reader.miss(0, 512, ByteBuffer.allocate(512));
    assertThat(source.bytes).hasValue(0);
  }

  @Test
  void onceShutItRefusesAndEndsBackgroundWork() {
    assertThat(reader.shut()).isTrue();
    assertThat(reader.shut()).isFalse();
    reader.awaitFlights();
    assertThatThrownBy(reader::checkOpen)
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("it was closed");
    assertThatThrownBy(() -> reader.yieldToReaders(Task.unwatched()))
        .hasMessageContaining("it was closed");
  }
}
