package blksh.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VisibleOutputTest {

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private String passed(boolean colours, int piece, String text) throws IOException {
    bytes.reset();
    VisibleOutput out = new VisibleOutput(bytes, colours);
    byte[] all = text.getBytes(UTF_8);
    for (int at = 0; at < all.length; at += piece) {
      out.write(all, at, Math.min(piece, all.length - at));
    }
    out.flush();
    return bytes.toString(UTF_8);
  }

  @ParameterizedTest(name = "in pieces of {0}")
  @ValueSource(ints = {1, 2, 3, 5, 1000})
  void letsColoursPassToATerminalAndNothingElse(int piece) throws IOException {
    String text =
        "\033[1mbold\033[0m \033[38;5;4mblue\033[m\tbüro 漢字 \uD83D\uDCBE\r\n"
            + "\033]0;title\007 \033[2J \033[\033[31 up\rover \u009b2J \u202eback\u2069";
    assertThat(passed(true, piece, text))
        .isEqualTo(
            "\033[1mbold\033[0m \033[38;5;4mblue\033[m\tbüro 漢字 \uD83D\uDCBE\r\n"
                + "␛]0;title␇ ␛[2J ␛[␛[31 up␍over \\u009b2J \\u202eback\\u2069");
    assertThat(passed(false, piece, text))
        .startsWith("␛[1mbold␛[0m ␛[38;5;4mblue␛[m\tbüro 漢字 \uD83D\uDCBE\r\n␛]0;title␇");
  }

  @Test
  void holdsBackNothingThatIsFlushed() throws IOException {
    PrintStream out = new PrintStream(new VisibleOutput(bytes, true), true, UTF_8);
    out.print("50 %\r");
    out.flush();
    assertThat(bytes.toString(UTF_8)).isEqualTo("50 %␍");
    out.print("\033[3");
    out.flush();
    out.println("2mgreen");
    assertThat(bytes.toString(UTF_8)).isEqualTo("50 %␍␛[32mgreen" + System.lineSeparator());
  }

  @Test
  void replacesWhatIsNoText() throws IOException {
    VisibleOutput out = new VisibleOutput(bytes, true);
    out.write(new byte[] {'a', (byte) 0xff, (byte) 0x9b, 'b', (byte) 0xc3});
    out.flush();
    assertThat(bytes.toString(UTF_8)).isEqualTo("a\ufffd\ufffdb");
    out.write(0xbc);
    assertThat(bytes.toString(UTF_8)).isEqualTo("a\ufffd\ufffdbü");
  }

  @Test
  void noNameSaysSomethingOfItsOwn() {
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    Console console = Console.of(new ByteArrayOutputStream(), errors);
    console.tell("cannot open a\nblksh: all is well\033[8m: it is damaged");
    assertThat(errors.toString(UTF_8))
        .isEqualTo("blksh: cannot open a\n  blksh: all is well␛[8m: it is damaged\n");
  }
}
