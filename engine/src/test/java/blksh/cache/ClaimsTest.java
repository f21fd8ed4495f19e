package blksh.cache;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ClaimsTest {

  private static final long REGION = 4 << 20;
  private static final long SIZE = 10 * REGION;

  private final RescueMap saved = new RescueMap(SIZE);
  private final Claims claims = new Claims(saved);

  private long claimed() {
    RescueMap copy = new RescueMap(SIZE);
    copy.mark(0, SIZE, RescueStatus.FINISHED);
    claims.takeFrom(copy);
    return copy.bytes(RescueStatus.FINISHED);
  }

  @Test
  void theMapOnDiskMustBeWrittenFirstWhereItClaimsSomething() {
    assertThat(claims.open(2 * REGION, 2 * REGION + 1)).isFalse();
    saved.mark(5 * REGION, 5 * REGION + 512, RescueStatus.FINISHED);
    claims.saved(saved);
    assertThat(claims.open(5 * REGION + 4096, 5 * REGION + 8192)).isTrue();
    assertThat(claims.open(5 * REGION, 5 * REGION + 512)).isFalse(); // it is open already
  }

  @Test
  void theFingerprintIsAClaimAboutTheFirstRegion() {
    assertThat(claims.open(100, 200)).isTrue();
    assertThat(claims.isOpen(0)).isTrue();
    assertThat(claims.isOpen(REGION)).isFalse();
  }

  @Test
  void whatIsOpenIsNotClaimed() {
    claims.open(REGION - 1, REGION + 1);
    assertThat(claimed()).isEqualTo(SIZE - 2 * REGION);
  }

  @Test
  void aRegionClosesWhenNobodyWroteForAWholeInterval() {
    claims.open(REGION, REGION + 1);
    assertThat(claims.settle(false)).isEmpty(); // being written
    claims.close(REGION, REGION + 1);
    assertThat(claims.settle(false)).isEmpty(); // quiet from now on
    claims.open(REGION + 5, REGION + 6);
    claims.close(REGION + 5, REGION + 6);
    assertThat(claims.settle(false)).isEmpty();
    assertThat(claims.settle(false)).isNotEmpty();
    assertThat(claimed()).isEqualTo(SIZE);
  }

  @Test
  void theLastTimeAllCloseThatNobodyWrites() {
    claims.open(REGION, REGION + 1);
    claims.open(3 * REGION, 3 * REGION + 1);
    claims.close(REGION, REGION + 1);
    assertThat(claims.settle(true)).isNotEmpty();
    assertThat(claimed()).isEqualTo(SIZE - REGION);
  }

  @Test
  void whatCouldNotBeDisownedIsNotOpen() {
    saved.mark(REGION, 2 * REGION, RescueStatus.FINISHED);
    claims.saved(saved);
    assertThat(claims.open(REGION, REGION + 1)).isTrue();
    claims.abandon(REGION, REGION + 1);
    assertThat(claims.isOpen(REGION)).isFalse();
    assertThat(claims.open(REGION, REGION + 1)).isTrue();
  }

  @Test
  void whatCannotBeMadeDurableStaysOpen() {
    Claims claims = new Claims(new RescueMap(4096));
    claims.open(0, 4096);
    claims.close(0, 4096);

    claims.unsettle(claims.settle(true));

    assertThat(claims.isOpen(0)).isTrue();
    assertThat(claims.settle(true)).isNotEmpty();
    assertThat(claims.isOpen(0)).isFalse();
  }
}
