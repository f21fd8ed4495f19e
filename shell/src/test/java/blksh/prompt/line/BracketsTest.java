package blksh.prompt.line;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BracketsTest {

  @Test
  void countsWhatIsOpen() {
    assertThat(Brackets.of("fun f(a: Int) {\n  listOf(1,").open()).isEqualTo(2);
    assertThat(Brackets.of("f(\"(\", '(') // (").open()).isZero();
    assertThat(Brackets.of("\"a ${listOf(1").open()).isEqualTo(2);
    assertThat(Brackets.of("\"a ${b(\"}\")} {\"").open()).isZero();
    assertThat(Brackets.of(")").open()).isZero();
  }

  @Test
  void findsTheOtherHalf() {
    String text = "f(g(\")\"), x[0])";
    assertThat(Brackets.of(text, 1).match()).isEqualTo(text.length() - 1);
    assertThat(Brackets.of(text, 7).match()).isEqualTo(3);
    assertThat(Brackets.of(text, 11).match()).isEqualTo(13);
    assertThat(Brackets.of("f(", 1).match()).isEqualTo(-1);
  }

  @Test
  void noticesRawStringsAndCommentsThatAreOpen() {
    assertThat(Brackets.of("val a = \"\"\"one\ntwo").unclosed()).isTrue();
    assertThat(Brackets.of("val a = \"\"\"one\"\"\"\"").unclosed()).isFalse();
    assertThat(Brackets.of("/* one /* two */").unclosed()).isTrue();
    assertThat(Brackets.of("/* one /* two */ */ 1").unclosed()).isFalse();
    assertThat(Brackets.of("val a = \"one").unclosed()).isFalse();
    assertThat(Brackets.of("f(\"one").broken()).isTrue();
    assertThat(Brackets.of("f(\"one ${g(").broken()).isFalse();
    assertThat(Brackets.of("val a = \"one\"").broken()).isFalse();
  }
}
