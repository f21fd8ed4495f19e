package blksh.prompt.line;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PastedTest {

  @Test
  void endsLinesInOneWay() {
    assertThat(Pasted.of("a\r\nb\rc\nd")).isEqualTo("a\nb\nc\nd");
    assertThat(Pasted.of("\ufeffa\tb")).isEqualTo("a\tb");
    String plain = "val büro = \"漢字\"\n\tx";
    assertThat(Pasted.of(plain)).isEqualTo(plain);
  }

  @Test
  void writesWhatIsHiddenAsKotlinDoes() {
    assertThat(Pasted.of("\"a\033[2J\u202eb\u200d\"")).isEqualTo("\"a\\u001b[2J\\u202eb\u200d\"");
  }
}
