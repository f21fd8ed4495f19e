package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.session.Options;
import blksh.session.UsageException;
import java.util.List;
import kotlin.jvm.JvmClassMappingKt;
import kotlin.reflect.KClass;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What may be declared, where, and when. */
class DeclarationsTest {

  private static final KClass<String> TEXT = JvmClassMappingKt.getKotlinClass(String.class);

  private static Arguments arguments(String... words) {
    return new Arguments("try", "", List.of(words), new Options());
  }

  private static <T> T value(Argument<T> argument) {
    return argument.getValue(null, null);
  }

  @Test
  void whatMustBeGivenMayBeMadeOptional() {
    Argument<String> must = arguments().declare("--name", "N", "what", TEXT, false, true, null);
    assertThatThrownBy(() -> value(must))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("--name N is missing");
    Argument<String> may =
        arguments().<String>declare("--name", "N", "what", TEXT, false, true, null).optional();
    assertThat(value(may)).isNull();
    Argument<List<String>> many =
        arguments().<List<String>>declare("--name", "N", "", TEXT, true, true, null).optional();
    assertThat(value(many)).isEmpty();
  }

  @Test
  void blanksMayStandBetweenSpellings() {
    Arguments arguments = arguments("--block", "1");
    Argument<String> block =
        arguments.declare("-b / --block", "SIZE", "", TEXT, false, false, null);
    assertThat(value(block)).isEqualTo("1");
    Arguments other = arguments("ls");
    assertThat(other.command("list / ls", "", word -> false).getChosen()).isTrue();
  }

  @Test
  void nothingIsDeclaredAfterTheFirstWasRead() {
    Arguments arguments = arguments();
    value(arguments.flag("-v", ""));
    assertThatThrownBy(() -> arguments.flag("--late", ""))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("--late is declared after the first argument was read");
    assertThatThrownBy(() -> arguments.command("late", "", word -> false))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("late is declared after the first argument was read");
  }

  @Test
  void onlyOneTakesTheRest() {
    Arguments arguments = arguments();
    arguments.rest("COMMAND", "", false);
    assertThatThrownBy(() -> arguments.rest("OTHER", "", false))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("OTHER: only one takes the rest");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-x", "gc/", "/gc", "gc/-x"})
  void aCommandHasAName(String name) {
    assertThatThrownBy(() -> arguments().command(name, "", word -> false))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("'" + name + "' cannot be a command");
  }

  @Test
  void commandsComeInPlaceOfPositionalValues() {
    Arguments arguments = arguments();
    arguments.declare("FILE", "", "", TEXT, false, false, null);
    assertThatThrownBy(() -> arguments.command("gc", "", word -> false))
        .hasMessage("gc: positional values belong to a command");
  }

  @Test
  void aValueKnowsItsOwnOptionsOnly() {
    Arguments arguments = arguments("a", "--as", "x");
    Positionals<String> hosts = arguments.declarePositionals("HOST", "", TEXT, false);
    Argument<String> as = hosts.declare("--as", "N", "", TEXT, false, false, null);
    Argument<Boolean> all = arguments.flag("--all", "");
    Positional<String> host = hosts.iterator().next();
    assertThat(host).hasToString("a");
    assertThat(host.get(as)).isEqualTo("x");
    assertThatThrownBy(() -> host.get(all))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("--all is not declared for each HOST");
  }

  @Test
  void anOptionOfAValueMayNotBeOneOfTheScript() {
    Arguments arguments = arguments();
    arguments.flag("--all", "");
    Positionals<String> hosts = arguments.declarePositionals("HOST", "", TEXT, false);
    assertThatThrownBy(() -> hosts.flag("--all", "")).hasMessage("--all is declared twice");
  }
}
