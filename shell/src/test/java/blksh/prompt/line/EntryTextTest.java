package blksh.prompt.line;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What one reading of an entry knows of its brackets, its end and what stands at the cursor. */
class EntryTextTest {

  @Test
  void countsWhatIsOpen() {
    assertThat(EntryText.of("fun f(a: Int) {\n  listOf(1,").open()).isEqualTo(2);
    assertThat(EntryText.of("f(\"(\", '(') // (").open()).isZero();
    assertThat(EntryText.of("\"a ${listOf(1").open()).isEqualTo(2);
    assertThat(EntryText.of("\"a ${b(\"}\")} {\"").open()).isZero();
    assertThat(EntryText.of(")").open()).isZero();
  }

  @Test
  void findsTheOtherHalf() {
    String text = "f(g(\")\"), x[0])";
    assertThat(EntryText.of(text).match(1)).isEqualTo(text.length() - 1);
    assertThat(EntryText.of(text).match(7)).isEqualTo(3);
    assertThat(EntryText.of(text).match(11)).isEqualTo(13);
    assertThat(EntryText.of("f(").match(1)).isEqualTo(-1);
  }

  @Test
  void noticesRawStringsAndCommentsThatAreOpen() {
    assertThat(EntryText.of("val a = \"\"\"one\ntwo").unclosed()).isTrue();
    assertThat(EntryText.of("val a = \"\"\"one\"\"\"\"").unclosed()).isFalse();
    assertThat(EntryText.of("/* one /* two */").unclosed()).isTrue();
    assertThat(EntryText.of("/* one /* two */ */ 1").unclosed()).isFalse();
    assertThat(EntryText.of("val a = \"one").unclosed()).isFalse();
    assertThat(EntryText.of("f(\"one").broken()).isTrue();
    assertThat(EntryText.of("f(\"one ${g(").broken()).isFalse();
    assertThat(EntryText.of("val a = \"one\"").broken()).isFalse();
  }

  private static Caret caret(String before) {
    return EntryText.of(before).caret();
  }

  @Test
  void tellsWhatStandsAtTheCursor() {
    assertThat(caret("sto")).isEqualTo(new Caret(Caret.Kind.NAME, "", "sto"));
    assertThat(caret("")).isEqualTo(new Caret(Caret.Kind.NAME, "", ""));
    assertThat(caret("val x = stores.si")).isEqualTo(new Caret(Caret.Kind.MEMBER, "stores", "si"));
    assertThat(caret("f(stores[\"main\"]."))
        .isEqualTo(new Caret(Caret.Kind.MEMBER, "stores[\"main\"]", ""));
    assertThat(caret("stores[\"main\"].manifests[\"server01.s"))
        .isEqualTo(new Caret(Caret.Kind.KEY, "stores[\"main\"].manifests", "server01.s"));
    assertThat(caret("runs[0]?.fi")).isEqualTo(new Caret(Caret.Kind.MEMBER, "runs[0]", "fi"));
    assertThat(caret("f(\"/srv/ba")).isEqualTo(new Caret(Caret.Kind.STRING, "f(", "/srv/ba"));
    assertThat(caret("\"$na")).isEqualTo(new Caret(Caret.Kind.NAME, "", "na"));
    assertThat(caret("\"${stores.si")).isEqualTo(new Caret(Caret.Kind.MEMBER, "stores", "si"));
    assertThat(caret("12")).isEqualTo(new Caret(Caret.Kind.NOTHING, "", "12"));
    assertThat(caret("x.map { it }.fi").receiver()).isEqualTo("x.map { it }");
    assertThat(caret("a[\"]\\\"\"].b").receiver()).isEqualTo("a[\"]\\\"\"]");
    assertThat(caret("val s = \"\"\"one\ntwo"))
        .isEqualTo(new Caret(Caret.Kind.STRING, "val s = ", "one\ntwo"));
  }

  @Test
  void knowsTheCallAroundTheCursor() {
    assertThat(EntryText.of("backup.capture(drive(\"/dev/sda\"), name = ").call())
        .isEqualTo(new OpenCall("backup", "capture", "name", false));
    assertThat(EntryText.of("store(").call()).isEqualTo(new OpenCall("", "store", null, true));
    assertThat(EntryText.of("f(a, g(\",(\"), b").call())
        .isEqualTo(new OpenCall("", "f", null, true));
    assertThat(EntryText.of("f(a[").call()).isNull();
    assertThat(EntryText.of("f { g").call()).isNull();
    assertThat(EntryText.of("f(\"a").call()).isNull();
    assertThat(EntryText.of("f(a)").call()).isNull();
    assertThat(EntryText.of("f(a\n").call()).isNull();
    assertThat(EntryText.of("(1 + ").call()).isNull();
  }

  @Test
  void survivesEveryBeginningOfAnything() {
    String all =
        "\"a ${b('}', \"\"\"c\\\"\"\"\")} \\\" \n'\\'' /* \" /* */ ( */ [ } ) ] // \"\n x?.y[\"k";
    for (int length = 0; length <= all.length(); length++) {
      for (int start = 0; start <= length; start++) {
        EntryText entry = EntryText.of(all.substring(start, length));
        assertThat(entry.caret()).isNotNull();
        assertThat(entry.open()).isBetween(0, length);
        entry.call();
        for (int place = 0; place < length - start; place++) {
          int other = entry.match(place);
          assertThat(other == EntryText.NONE || entry.match(other) == place).isTrue();
        }
      }
    }
  }
}
