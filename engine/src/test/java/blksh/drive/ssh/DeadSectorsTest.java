package blksh.drive.ssh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.Extent;
import org.junit.jupiter.api.Test;

/** What GNU dd says of a block whose sectors it could not read. */
class DeadSectorsTest {

  private static final String AT = "dd: error reading 'standard input': ";

  private final DeadSectors sectors = new DeadSectors(512, 4096);

  private void fails(String why, int whole, int part) {
    assertThat(sectors.said(AT + why)).isTrue();
    assertThat(sectors.said(whole + "+" + part + " records in")).isTrue();
    assertThat(sectors.said((whole + part) + "+0 records out")).isTrue();
    assertThat(sectors.said("512 bytes copied, 0.1 s, 5.1 kB/s")).isTrue();
  }

  private static Extent bad(long from, long to) {
    return new Extent(from, to - from, Extent.Kind.BAD);
  }

  @Test
  void eachErrorIsTheRecordAfterThoseThatWereCounted() {
    fails("Input/output error", 1, 0);
    fails("No data available", 1, 1);
    fails("Connection timed out", 3, 2);
    assertThat(sectors.said("dd: warning: partial read (0 bytes); suggest iflag=fullblock"))
        .isTrue();
    assertThat(sectors.said("5+3 records in")).isTrue(); // at the end, of no error
    assertThat(sectors.in(8192, 4096))
        .containsExactly(bad(8192 + 512, 8192 + 1536), bad(8192 + 2560, 8192 + 3072));
    assertThat(sectors.in(8192, 1024)).containsExactly(bad(8192 + 512, 8192 + 1024));
  }

  @Test
  void whatIsWrongOtherwiseIsToldAndNoCountIsBelievedThatCannotBe() {
    assertThat(sectors.said(AT + "Cannot allocate memory")).isFalse();
    assertThat(sectors.said(AT + "Input/output error")).isTrue();
    assertThat(sectors.said("8+0 records in")).isFalse();
  }

  @Test
  void linesWithoutEndAreNotReadForEver() {
    int lines = 0;
    while (sectors.said("x") && lines < 1000) {
      lines++;
    }
    assertThat(lines).isLessThan(100);
  }
}
