package blksh.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VisibleTest {

  @Test
  void leavesAloneWhatIsSeenAnyway() {
    String text = "büro 漢字 e\u0301 \uD83D\uDCBE ½ ~";
    assertThat(Visible.of(text)).isSameAs(text);
    assertThat(Visible.lines("a\tb\nc")).isEqualTo("a\tb\nc");
  }

  @Test
  void showsControlCharactersByTheirPictures() {
    assertThat(Visible.of("a\033]0;pwned\007\033[2Jy\r\n\tz\177"))
        .isEqualTo("a␛]0;pwned␇␛[2Jy␍␤ z␡");
  }

  @ParameterizedTest
  @CsvSource({
    "0x85", "0x9b", "0x9d", "0xad", "0x61c", "0x200b", "0x200d", "0x200e", "0x200f", "0x2028",
    "0x2029", "0x202a", "0x202b", "0x202c", "0x202d", "0x202e", "0x2060", "0x2066", "0x2067",
    "0x2068", "0x2069", "0xfeff"
  })
  void writesWhatTurnsOrHidesTextAsAnEscape(int character) {
    String shown = "a" + String.format("\\u%04x", character) + "b";
    String text = "a" + Character.toString(character) + "b";
    assertThat(Visible.of(text)).isEqualTo(shown);
    assertThat(Visible.lines(text)).isEqualTo(shown);
    assertThat(Json.object(Map.of("name", text), List.of()))
        .isEqualTo("{\"name\":\"" + shown + "\"}");
  }

  @Test
  void knowsTheTagsBeyondTheBasicPlane() {
    assertThat(Visible.of("a" + Character.toString(0xE0041))).isEqualTo("a\\udb40\\udc41");
  }
}
