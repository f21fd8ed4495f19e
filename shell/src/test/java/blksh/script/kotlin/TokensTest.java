package blksh.script.kotlin;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TokensTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "fun main() {}; main()",
        "fun main(args: Array<String>) {}; main(args.toTypedArray())",
        "fun main(vararg args: String) {}; main(*args.toTypedArray())",
        "fun main(n: Int) = n;",
        "fun main(n: Int) = n, main(3);",
        "suspend fun main() {}; suspending { main() }",
        "suspend private fun main() {}; suspending { main() }",
        "suspend fun main(args: Array<String>) {}; args.toTypedArray().let { words -> suspending { main(words) } }",
        "object A { fun main() {} };",
        "val main = 3;",
      })
  void aMainOfProgramsIsCalledAsItIsDeclared(String text, String call) {
    assertThat(Tokens.INSTANCE.callOfMain$shell(text)).isEqualTo(call);
  }
}
