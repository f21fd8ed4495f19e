package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.script.ScriptHost;
import blksh.script.ScriptSource;
import blksh.script.kotlin.ScriptCompiler;
import blksh.session.Console;
import blksh.session.Options;
import blksh.session.Session;
import blksh.session.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import kotlin.jvm.functions.Function1;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of forms in docs/scripts.md comes true, row by row. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ScriptFormsTest {

  private static final Pattern CODE = Pattern.compile("`([^`]*)`");
  private static final Pattern OUTCOME = Pattern.compile("`([^`]*)` is `([^`]*)`");
  private static final String REFUSED = "refused: ";

  /** A row of the table. */
  record Form(String name, List<String> declarations, List<String> words, String outcome) {

    static Form of(String row) {
      String[] cells = row.split("\\|");
      return new Form(
          cells[1].strip(),
          CODE.matcher(cells[2]).results().map(found -> found.group(1)).toList(),
          CODE.matcher(cells[3])
              .results()
              .flatMap(found -> List.of(found.group(1).split(" ")).stream())
              .toList(),
          cells[4].strip());
    }

    /** What it comes to, as expression and value. */
    List<MatchResult> values() {
      return OUTCOME.matcher(outcome).results().toList();
    }

    /** The form as a function of what a script sees, which gives the values as text. */
    String code() {
      StringBuilder code = new StringBuilder("fun(words: Vocabulary): Any = with(words) {\n");
      declarations.forEach(declaration -> code.append("  ").append(declaration).append('\n'));
      code.append("  declared()\n  listOf<Any?>(");
      values().forEach(value -> code.append(value.group(1)).append(", "));
      return code.append(").map { \"$it\" }\n}").toString();
    }

    @Override
    public String toString() {
      return name;
    }
  }

  @TempDir Path home;
  private final Options options = new Options();
  private Session session;
  private List<?> compiled;

  static List<Form> forms() throws IOException {
    Path page = Path.of("").toAbsolutePath().resolveSibling("docs").resolve("scripts.md");
    List<Form> forms =
        Files.readAllLines(page).stream()
            .dropWhile(line -> !line.startsWith("| form |"))
            .takeWhile(line -> line.startsWith("|"))
            .filter(line -> line.startsWith("|") && line.contains("`"))
            .map(Form::of)
            .toList();
    assertThat(forms).hasSizeGreaterThan(20);
    return forms;
  }

  @BeforeAll
  void compile() throws IOException {
    options.home(home);
    session = new Session(Console.ofProcess(), options, List.of());
    List<String> functions = new ArrayList<>();
    forms().forEach(form -> functions.add(form.code()));
    String text = "listOf(\n" + String.join(",\n", functions) + "\n)\n";
    compiled =
        (List<?>)
            new ScriptHost(session, ScriptCompiler.INSTANCE::compile)
                .textHere(new ScriptSource("forms.kts", text))
                .run(session);
  }

  @AfterAll
  void end() {
    session.close();
  }

  @ParameterizedTest
  @MethodSource("forms")
  @SuppressWarnings("unchecked")
  void comesToWhatThePageSays(Form form) throws Exception {
    Function1<Vocabulary, Object> function =
        (Function1<Vocabulary, Object>) compiled.get(forms().indexOf(form));
    Arguments arguments = new Arguments("forms", "", form.words(), options);
    Vocabulary vocabulary = new Vocabulary(session, arguments);
    if (form.outcome().startsWith(REFUSED)) {
      assertThatThrownBy(() -> function.invoke(vocabulary))
          .isInstanceOf(UsageException.class)
          .hasMessage(form.outcome().substring(REFUSED.length()).replace("`", ""));
    } else {
      assertThat(function.invoke(vocabulary))
          .isEqualTo(form.values().stream().map(value -> value.group(2)).toList());
    }
  }
}
