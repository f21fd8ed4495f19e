package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.session.Options;
import blksh.store.VerifyOptions;
import blksh.view.Size;
import java.time.Duration;
import java.util.List;
import kotlin.jvm.JvmClassMappingKt;
import org.junit.jupiter.api.Test;

/** The help that declarations make, beyond what is asked for by {@code --help} in ArgumentsTest. */
class UsageTextTest {

  private static Arguments arguments(String description) {
    return new Arguments("try", description, List.of(), new Options());
  }

  private static void option(Declarations where, String name, Class<?> type, Object standard) {
    where.declare(
        name,
        "X",
        "what",
        JvmClassMappingKt.getKotlinClass(type),
        false,
        standard == null,
        standard);
  }

  private static String usage(Arguments arguments, Command command) {
    return new UsageText(arguments, command).toString();
  }

  @Test
  void whatTakesNothingSaysSo() {
    assertThat(usage(arguments(""), null)).isEqualTo("usage: blksh run try\n");
    assertThat(usage(arguments("Tries."), null)).isEqualTo("usage: blksh run try\n\nTries.\n");
  }

  @Test
  void whatMustBeGivenStandsBareAndDefaultsAreTold() {
    Arguments arguments = arguments("");
    option(arguments, "FILE", String.class, null);
    option(arguments, "--must", String.class, null);
    option(arguments, "--block", Size.class, new Size(65_536));
    option(arguments, "--after", Duration.class, Duration.ofMinutes(90));
    option(arguments, "--zero", Integer.class, 0);
    option(arguments, "--no", Boolean.class, false);
    option(arguments, "--yes", Boolean.class, true);
    assertThat(usage(arguments, null))
        .isEqualTo(
            """
            usage: blksh run try --must X [--block X] [--after X] [--zero X] [--no X] [--yes X] FILE X

              FILE X     what
              --must X   what
              --block X  what (default 64 KiB)
              --after X  what (default 1 h 30 min)
              --zero X   what (default 0)
              --no X     what
              --yes X    what (default true)
            """);
  }

  @Test
  void theWordsThereAreAreNamed() {
    Arguments arguments = arguments("");
    option(arguments, "--mode", VerifyOptions.Mode.class, VerifyOptions.Mode.FULL);
    assertThat(usage(arguments, null))
        .contains("  --mode X  what: quick, sample, full (default full)\n");
  }

  @Test
  void commandsStandInColumnsAndHaveAHelpOfTheirOwn() {
    Arguments arguments = arguments("Tries.");
    arguments.flag("--all", "take all");
    Command list = arguments.command("list/ls", "show what is there", word -> false);
    option(list, "NAME", String.class, "disk");
    arguments.command("gc", "remove what nothing needs", word -> false);
    assertThat(usage(arguments, null))
        .isEqualTo(
            """
            usage: blksh run try [--all] COMMAND …

            Tries.

            commands, each with a --help of its own:
              list, ls  show what is there
              gc        remove what nothing needs

              --all  take all
            """);
    assertThat(usage(arguments, list))
        .isEqualTo(
            """
            usage: blksh run try list [--all] [NAME X]

            show what is there

              NAME X  what (default disk)
              --all   take all
            """);
  }
}
