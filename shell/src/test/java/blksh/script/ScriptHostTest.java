package blksh.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import blksh.BlkshException;
import blksh.script.kotlin.ScriptCompiler;
import blksh.session.Console;
import blksh.session.Options;
import blksh.session.Session;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scripts by name, path and text, and when the compiler is needed for them. */
class ScriptHostTest {

  @TempDir Path home;
  private Session session;

  /** What a compiler was asked to compile. */
  private final List<String> compiled = new ArrayList<>();

  @BeforeEach
  void open() {
    Options options = new Options();
    options.home(home);
    session = new Session(Console.ofProcess(), options, List.of());
  }

  @AfterEach
  void close() {
    session.close();
    System.clearProperty("blksh.build");
  }

  private CompiledScript compile(ScriptSource source) {
    compiled.add(source.getText());
    return new CompiledScript("S_kts", null, "about", Map.of("S_kts.class", new byte[] {1}));
  }

  private ScriptHost host() {
    return new ScriptHost(session, this::compile);
  }

  @Test
  void aTextRunsAndGivesItsLastValue() {
    ScriptHost host = new ScriptHost(session, ScriptCompiler.INSTANCE);
    assertThat(host.text(new ScriptSource("<eval>", "val a = 40\na + 2")).run(session))
        .isEqualTo(42);
  }

  @Test
  void aTextWithErrorsIsRefusedInPlace() {
    ScriptHost host = new ScriptHost(session, ScriptCompiler.INSTANCE);
    ScriptCompilationException refused =
        catchThrowableOfType(
            ScriptCompilationException.class,
            () -> host.text(new ScriptSource("bad.kts", "val a = 1\nval b: Int = \"b\"")));
    assertThat(refused.getProblems()).extracting(ScriptProblem::getLine).containsExactly(2);
    assertThat(refused).hasMessageStartingWith("bad.kts:2:12: error: ");
  }

  @Test
  void aScriptIsCompiledOnceForABuild() {
    System.setProperty("blksh.build", "one");
    ScriptSource source = new ScriptSource("a.kts", "1");
    host().text(source);
    host().text(source);
    assertThat(compiled).hasSize(1);
    host().text(new ScriptSource("a.kts", "2"));
    System.setProperty("blksh.build", "two");
    host().text(source);
    assertThat(compiled).containsExactly("1", "2", "1");
  }

  @Test
  void nothingIsKeptWithoutABuildOrByTheCompilersOwnProcess() {
    ScriptSource source = new ScriptSource("a.kts", "1");
    host().text(source);
    host().text(source);
    System.setProperty("blksh.build", "one");
    host().textHere(source);
    host().textHere(source);
    assertThat(compiled).hasSize(4);
    assertThat(home.resolve("scripts")).doesNotExist();
  }

  @Test
  void aFileIsFoundByItsPath() throws IOException {
    Path file = Files.writeString(home.resolve("mine.kts"), "// What it does.\n1");
    ScriptHost.Ready ready = host().script(file.toString());
    assertThat(ready.getSource().getName()).isEqualTo(file.toString());
    assertThat(compiled).containsExactly("// What it does.\n1");
  }

  @Test
  void aBundledScriptNeedsNoCompiler() {
    ScriptHost.Ready list = host().script("list");
    assertThat(list.getSource().getName()).isEqualTo("scripts/list.kts");
    assertThat(host().script("list.kts").getClassName()).isEqualTo(list.getClassName());
    // Its text is known, whatever the file is called.
    assertThat(host().text(new ScriptSource("copy.kts", list.getSource().getText())).getClassName())
        .isEqualTo(list.getClassName());
    assertThat(compiled).isEmpty();
  }

  @Test
  void whatIsNeitherIsRefusedWithWhatThereIs() {
    assertThatThrownBy(() -> host().script("no-such"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("there is neither such a file nor a bundled script")
        .hasMessageContaining("capture");
    assertThatThrownBy(() -> host().script(home.toString()))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("it is a directory");
  }

  @Test
  void aCompilerOfItsOwnProcessAnswersWithAScriptOrItsProblems() throws IOException {
    DataInputStream script = answer(this::compile, "1 + 1");
    assertThat(script.readInt()).isEqualTo(-1);
    assertThat(CompiledScript.Companion.read(script).getClassName()).isEqualTo("S_kts");
    assertThat(compiled).containsExactly("1 + 1");

    ScriptProblem problem = new ScriptProblem(true, 3, 7, "no: Größe");
    DataInputStream refused =
        answer(
            source -> {
              throw new ScriptCompilationException(source, List.of(problem));
            },
            "");
    assertThat(refused.readInt()).isEqualTo(1);
    assertThat(refused.readBoolean()).isTrue();
    assertThat(refused.readInt()).isEqualTo(3);
    assertThat(refused.readInt()).isEqualTo(7);
    assertThat(refused.readNBytes(refused.readInt()))
        .isEqualTo("no: Größe".getBytes(StandardCharsets.UTF_8));
    assertThat(refused.read()).isNegative();
  }

  private static DataInputStream answer(Compiler compiler, String text) throws IOException {
    ByteArrayOutputStream question = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(question);
    for (String part : List.of("a.kts", text)) {
      out.writeInt(part.getBytes(StandardCharsets.UTF_8).length);
      out.write(part.getBytes(StandardCharsets.UTF_8));
    }
    out.writeInt(0); // jars
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    ScriptHost.compile(compiler, new ByteArrayInputStream(question.toByteArray()), answer);
    return new DataInputStream(new ByteArrayInputStream(answer.toByteArray()));
  }
}
