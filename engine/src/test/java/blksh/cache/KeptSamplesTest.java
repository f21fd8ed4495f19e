package blksh.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.MediumGoneException;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.kit.Await;
import blksh.kit.Content;
import blksh.kit.CountedSource;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class KeptSamplesTest {

  private static final int MIB = 1 << 20;
  private static final int SIZE = 24 * MIB;

  private static final byte[] BYTES = Content.random(SIZE, 1);
  private final RescueMap map = new RescueMap(SIZE);

  private KeptSamples samples() {
    return new KeptSamples(map, new ByteArraySource(BYTES)::read);
  }

  private void compare(BlockSource medium) {
    samples().compare(medium, "open cache x");
  }

  @Test
  void theSameMediumIsBelievedAndLittleOfItRead() {
    map.mark(0, SIZE, RescueStatus.FINISHED);
    CountedSource medium = new CountedSource(BYTES);
    compare(medium);
    assertThat(medium.bytes.get()).isBetween(1L * MIB, 2L * MIB);
  }

  @Test
  void oneByteThatDiffersIsNamed() {
    map.mark(3 * MIB, 4 * MIB, RescueStatus.FINISHED);
    byte[] other = BYTES.clone();
    other[3 * MIB + 70]++;
    assertThatThrownBy(() -> compare(new ByteArraySource(other)))
        .isInstanceOf(OtherMediumException.class)
        .hasMessageContaining("at byte " + (3 * MIB + 70) + ": it holds other bytes")
        .hasMessageContaining("mounted drive");
  }

  @Test
  void whatIsNotKeptIsNotCompared() {
    map.mark(3 * MIB, 4 * MIB, RescueStatus.FINISHED);
    byte[] other = Content.random(SIZE, 2);
    System.arraycopy(BYTES, 3 * MIB, other, 3 * MIB, MIB);
    assertThatCode(() -> compare(new ByteArraySource(other))).doesNotThrowAnyException();
  }

  /** A fifth of what is kept differs, somewhere: 64 places miss it once in a million times. */
  @Test
  void mediaThatDifferInAFifthAreToldApart() {
    map.mark(0, SIZE, RescueStatus.FINISHED);
    for (int where = 0; where < 4; where++) {
      byte[] other = BYTES.clone();
      byte[] part = Content.random(SIZE / 5, where + 10);
      System.arraycopy(part, 0, other, MIB + where * (SIZE / 5), part.length);
      assertThatThrownBy(() -> compare(new ByteArraySource(other)))
          .isInstanceOf(OtherMediumException.class);
    }
  }

  @Test
  void theSuperblockOfBtrfsIsAlwaysCompared() {
    map.mark(0, SIZE, RescueStatus.FINISHED);
    byte[] other = BYTES.clone();
    other[65536 + 0x20]++;
    for (int time = 0; time < 10; time++) {
      assertThatThrownBy(() -> compare(new ByteArraySource(other)))
          .hasMessageContaining("at byte " + (65536 + 0x20));
    }
  }

  private static class Failing implements BlockSource {
    private int reads;

    @Override
    public long size() {
      return SIZE;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      reads++;
      throw failure(position, target.remaining());
    }

    UnreadableException failure(long position, int length) {
      return new UnreadableException("disc", position, length, "input/output error", null);
    }

    @Override
    public SourceInfo describe() {
      return new SourceInfo("disc", "disc", "disc");
    }

    @Override
    public void close() {}
  }

  @Test
  void aDyingMediumIsNotTortured() {
    map.mark(0, SIZE, RescueStatus.FINISHED);
    Failing medium = new Failing();
    compare(medium);
    assertThat(medium.reads).isEqualTo(3);
  }

  @Test
  void aSlowMediumIsReadForTwoSeconds() {
    map.mark(0, SIZE, RescueStatus.FINISHED);
    CountedSource slow =
        new CountedSource(BYTES) {
          @Override
          public int read(long position, ByteBuffer target) {
            try {
              Await.pause(700);
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            return super.read(position, target);
          }
        };
    compare(slow);
    assertThat(slow.requests.get()).isEqualTo(3);
  }

  @Test
  void aMediumThatIsNotThereProvesNothing() {
    map.mark(0, SIZE, RescueStatus.FINISHED);
    Failing gone =
        new Failing() {
          @Override
          UnreadableException failure(long position, int length) {
            return new MediumGoneException("disc", position, length, "no medium", null);
          }
        };
    compare(gone);
    assertThat(gone.reads).isEqualTo(1);
  }

  @Test
  void whatWasReadBeforeABadSectorIsCompared() {
    map.mark(0, SIZE, RescueStatus.FINISHED);
    BlockSource medium =
        new Failing() {
          @Override
          public int read(long position, ByteBuffer target) {
            target.put(new byte[512]);
            throw failure(position + 512, target.remaining());
          }
        };
    assertThatThrownBy(() -> compare(medium)).isInstanceOf(OtherMediumException.class);
  }
}
