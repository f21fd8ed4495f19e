package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.io.PathBytes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordBytesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"/a/l\u00e9.img", "l\u00e9.img", "\u00ff", "/\u00c3(/x y", "\u00e2\u0082"})
  void aPathIsTheOneWhoseBytesWereGiven(String latin) {
    byte[] bytes = latin.getBytes(StandardCharsets.ISO_8859_1);
    String text = WordBytes.text(bytes);
    assertThat(WordBytes.isRaw(text)).isTrue();
    Path path = WordBytes.path(text);
    assertThat(path.isAbsolute()).isEqualTo(latin.startsWith("/"));
    byte[] whole = PathBytes.of(path);
    assertThat(new String(whole, StandardCharsets.ISO_8859_1)).endsWith(latin);
  }

  @Test
  void whatIsTextStaysText() {
    String text = WordBytes.text("säve \ud83d\ude00.img".getBytes(StandardCharsets.UTF_8));
    assertThat(text).isEqualTo("säve \ud83d\ude00.img");
    assertThat(WordBytes.isRaw(text)).isFalse();
    assertThat(WordBytes.path(text)).isEqualTo(Path.of(text));
  }
}
