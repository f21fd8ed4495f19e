package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.Place;
import blksh.session.Options;
import blksh.session.UsageException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import kotlin.jvm.JvmClassMappingKt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the words of a command line match what a script declares, one test a form. */
class ArgumentsTest {

  private final Options shared = new Options();

  private Arguments arguments(String line) {
    List<String> words = line.isEmpty() ? List.of() : List.of(line.split(" ", -1));
    return new Arguments("try", "Tries.", words, shared);
  }

  private static <T> Argument<T> option(Declarations where, String name, Class<T> type) {
    return where.declare(
        name, "VALUE", "help", JvmClassMappingKt.getKotlinClass(type), false, false, null);
  }

  private static <T> Argument<List<T>> repeated(Declarations where, String name, Class<T> type) {
    return where.declare(
        name, "VALUE", "help", JvmClassMappingKt.getKotlinClass(type), true, false, null);
  }

  private static <T> Argument<List<T>> several(
      Declarations where, String name, Class<T> type, boolean orNone) {
    return where.declareSeveral(
        name, "VALUE", "help", JvmClassMappingKt.getKotlinClass(type), false, orNone);
  }

  private static <T> Argument<T> positional(Scope where, String name, Class<T> type) {
    return where.declare(
        name, "", "help", JvmClassMappingKt.getKotlinClass(type), false, false, null);
  }

  private static <T> T value(Argument<T> argument) {
    return argument.getValue(null, null);
  }

  private static String shown(Argument<?> argument) {
    return String.valueOf(argument.getValue(null, null));
  }

  private static void refused(Arguments arguments, String problem) {
    assertThatThrownBy(arguments::check)
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(problem);
  }

  /** Reads a line with one argument; what it says when it refuses, else the value. */
  private String read(
      String line, BiFunction<Arguments, String, Argument<?>> declare, String name) {
    Arguments arguments = arguments(line);
    Argument<?> argument = declare.apply(arguments, name);
    try {
      return shown(argument);
    } catch (UsageException refused) {
      return refused.getMessage();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "-b 1 | 1",
        "-b=1 | 1",
        "-b1 | 1",
        "-b==1 | =1",
        "--block-size 1 | 1",
        "--block-size=1 | 1",
        "--block-size= | \"\"",
        "--block-size=- | -",
        "--block-size=-- | --",
        "--block-size=--json | --json",
        "--block-size=a=b | a=b",
        "--block - | -",
        "--block -5 | -5",
        "--block -x | -x",
        "--bl 1 | 1",
        "--blocks 1 | 1",
        "--b=1 | 1",
        "-b ä€😀 | ä€😀",
        "-bä€😀 | ä€😀",
        "--block | --block-size needs a value: --block-size VALUE; try --help",
        "-b | -b needs a value: -b VALUE; try --help",
        "-b -- | -b needs a value: -b VALUE; if -- is meant, write -b=--",
        "-b --json | -b needs a value: -b VALUE; if --json is meant, write -b=--json",
        "-b -b | -b needs a value: -b VALUE; if -b is meant, write -b=-b",
        "-b 1 --blocks 2 | --blocks is given twice; try --help",
        "--blocksize 1 | unknown option --blocksize; did you mean --block-size?",
        "-block | lock",
        "-x | unknown option -x; try --help",
        "--= | unknown option --; try --help",
      })
  void takesAnOptionInAnyOfItsSpellings(String line, String outcome) {
    String read =
        read(line, (in, name) -> option(in, name, String.class), "-b/--block-size/--blocks");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "-v | true false null",
        "-vx | true true null",
        "-xv | true true null",
        "-vxofile | true true file",
        "-vxo file | true true file",
        "-vo=file | true false file",
        "-ovx | false false vx",
        "-vvv | true false null",
        "-v --verb | true false null",
        "-é | false true null",
        "-vé | true true null",
        "-v=yes | -v takes no value",
        "-xv=yes | -v takes no value",
        "--verbose=yes | --verbose takes no value",
        "-vz | unknown option -z in -vz",
        "-v- | unknown option -- in -v-",
        "-vo | -o needs a value: -o VALUE",
      })
  void takesLettersInOneWord(String line, String outcome) {
    Arguments arguments = arguments(line);
    Argument<Boolean> v = arguments.flag("-v/--verbose", "");
    Argument<Boolean> x = arguments.flag("-x/-é", "");
    Argument<String> o = option(arguments, "-o", String.class);
    if (outcome.contains(" needs ") || outcome.contains("unknown") || outcome.contains("takes")) {
      refused(arguments, outcome);
    } else {
      assertThat(value(v) + " " + value(x) + " " + value(o)).isEqualTo(outcome);
    }
  }

  @Test
  void takesALetterThatAllScriptsShareAmongOthers() {
    Arguments arguments = arguments("-vq --js");
    assertThat(value(arguments.flag("-v", ""))).isTrue();
    assertThat(shared.quiet()).isTrue();
    assertThat(shared.json()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--garbage-collect | gc",
        "--gar | gc",
        "--gc | gc",
        "--g | gc",
        "--dest | destination",
        "--d | --d may be --destination, --dry or --dry-run; write more of it",
        "--dr | --dr may be --dry or --dry-run; write more of it",
        "--dry | dry",
        "--h | --h may be --homework, --help or --home; write more of it",
        "--hom | --hom may be --homework or --home; write more of it",
        "--homew | homework",
        "--zz | unknown option --zz; try --help",
      })
  void takesTheBeginningOfOneOptionOnly(String line, String outcome) {
    Arguments arguments = arguments(line);
    List<Argument<Boolean>> flags =
        List.of(
            arguments.flag("--garbage-collect-cache/--gc", ""),
            arguments.flag("--destination", ""),
            arguments.flag("--dry", ""),
            arguments.flag("--homework", ""));
    List<String> names = List.of("gc", "destination", "dry", "homework");
    if (names.contains(outcome)) {
      List<String> set = new ArrayList<>();
      flags.stream()
          .filter(ArgumentsTest::value)
          .forEach(f -> set.add(names.get(flags.indexOf(f))));
      assertThat(set).containsExactly(outcome);
      assertThat(shared.dryRun()).isFalse();
    } else {
      refused(arguments, outcome);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--targets /home /opt | [/home, /opt]",
        "--targets /home /opt --x | [/home, /opt]",
        "-i /home --targets /opt | [/home, /opt]",
        "-i/home | [/home]",
        "--targets=/home --targets=/opt | [/home, /opt]",
        "--targets - /opt | [-, /opt]",
        "--targets=-x | [-x]",
        "--targets | --targets needs a value: --targets VALUE",
        "--targets --x | --targets needs a value: --targets VALUE",
        "--targets -- /opt | --targets needs a value: --targets VALUE",
        "--targets=/home /opt | unexpected argument '/opt'",
        "--targets /home -- /opt | unexpected argument '/opt'",
        "--targets= | '' is not a path",
      })
  void takesOneOrMoreValues(String line, String outcome) {
    Arguments arguments = arguments(line);
    Argument<List<Path>> targets = several(arguments, "-i/--targets", Path.class, false);
    arguments.flag("--x", "");
    if (outcome.startsWith("[")) {
      assertThat(shown(targets)).isEqualTo(outcome);
    } else {
      refused(arguments, outcome);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "\"\" | []",
        "--exclude | []",
        "--exclude --x | []",
        "--exclude a b --x | [a, b]",
        "--exclude -- | []",
        "--exclude -1 -2.5 | [-1, -2.5]",
      })
  void takesAnyNumberOfValues(String line, String outcome) {
    Arguments arguments = arguments(line);
    Argument<List<String>> exclude = several(arguments, "--exclude", String.class, true);
    arguments.flag("--x", "");
    assertThat(shown(exclude)).isEqualTo(outcome);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "\"\" | 0 null",
        "a | 1 null",
        "a -1 | 1 -1",
        "a -- -1 | 1 -1",
        "-- -a 7 | 1 7",
        "- 7 | 1 7",
        "-- -- 7 | 1 7",
        "a 1 2 | unexpected argument '2'",
        "a -x | unknown option -x",
        "a 1.5 | NUMBER: '1.5' is not a whole number",
        "a -1.5 | NUMBER: '-1.5' is not a whole number",
        "a -1x | unknown option -1x",
      })
  void takesPositionalValues(String line, String outcome) {
    Arguments arguments = arguments(line);
    Argument<String> first = positional(arguments, "FIRST", String.class);
    Argument<Integer> number = positional(arguments, "NUMBER", Integer.class);
    if (outcome.contains("'") || outcome.contains("unknown")) {
      refused(arguments, outcome);
    } else {
      assertThat((value(first) == null ? 0 : 1) + " " + value(number)).isEqualTo(outcome);
    }
  }

  @Test
  void takesAnEmptyWordForAWord() {
    Arguments arguments = new Arguments("try", "", List.of("", "--name", ""), shared);
    Argument<String> first = positional(arguments, "FIRST", String.class);
    Argument<String> name = option(arguments, "--name", String.class);
    assertThat(value(first)).isEmpty();
    assertThat(value(name)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "a --sudo b | a:true:null b:false:null",
        "a b --sudo | a:false:null b:true:null",
        "a --sudo --as x b --as y | a:true:x b:false:y",
        "a --as=x -u root b | a:false:x b:false:null",
        "-u root a --su | a:true:null",
        "a -- --sudo | a:false:null --sudo:false:null",
        "\"\" | \"\"",
        "--sudo a | --sudo belongs to the HOST:PATH before it; give one first",
        "a --as x --as y | --as is given twice",
        "a --as | --as needs a value",
      })
  void givesOptionsToTheValueBeforeThem(String line, String outcome) {
    Arguments arguments = arguments(line);
    Positionals<String> targets =
        arguments.declarePositionals(
            "HOST:PATH", "what", JvmClassMappingKt.getKotlinClass(String.class), false);
    Argument<Boolean> sudo = targets.flag("--sudo", "");
    Argument<String> as = option(targets, "--as", String.class);
    option(arguments, "-u/--user", String.class);
    if (outcome.startsWith("--")) {
      refused(arguments, outcome);
      return;
    }
    List<String> read = new ArrayList<>();
    for (Positional<String> target : targets) {
      read.add(target.getValue() + ":" + target.get(sudo) + ":" + target.get(as));
    }
    assertThat(String.join(" ", read)).isEqualTo(outcome);
    assertThatThrownBy(() -> value(sudo)).hasMessageContaining("belongs to each HOST:PATH");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "restore x | restore x null null",
        "restore -u root x -o out | restore x out root",
        "-u root restore x -oout | restore x out root",
        "gc | gc null null null",
        "host:/dev/sda | dump host:/dev/sda null null",
        "-u root host:/dev/sda | dump host:/dev/sda null root",
        "dump gc | dump gc null null",
        "\"\" | a command is missing: one of dump, restore, gc",
        "-u root | a command is missing: one of dump, restore, gc",
        "restoer x | there is no command 'restoer'; did you mean restore?",
        "nothing | there is no command 'nothing'; commands are dump, restore, gc",
        "-o out restore x | unknown option -o",
        "gc -o out | unknown option -o",
        "gc x | unexpected argument 'x'",
      })
  void doesWhatACommandSays(String line, String outcome) {
    Arguments arguments = arguments(line);
    Argument<String> user = option(arguments, "-u/--user", String.class);
    Command dump = arguments.command("dump", "copy", word -> word.contains(":"));
    Argument<String> what = positional(dump, "HOST:PATH", String.class);
    Command restore = arguments.command("restore", "write", word -> false);
    Argument<String> version = positional(restore, "NAME", String.class);
    Argument<String> out = option(restore, "-o/--output", String.class);
    Command gc = arguments.command("gc/clean", "remove", word -> false);
    if (outcome.contains("command") || outcome.contains("unknown") || outcome.contains("'")) {
      refused(arguments, outcome);
      return;
    }
    String chosen = dump.getChosen() ? "dump" : restore.getChosen() ? "restore" : "gc";
    String first = dump.getChosen() ? value(what) : value(version);
    assertThat(chosen + " " + first + " " + value(out) + " " + value(user)).isEqualTo(outcome);
    assertThat(gc.getChosen()).isEqualTo(chosen.equals("gc"));
  }

  @Test
  void missesOnlyWhatTheCommandNeeds() {
    Arguments arguments = arguments("gc");
    Command restore = arguments.command("restore", "write", word -> false);
    Argument<String> name =
        restore.declare(
            "NAME", "", "what", JvmClassMappingKt.getKotlinClass(String.class), false, true, null);
    arguments.command("gc", "remove", word -> false);
    arguments.check();
    assertThatThrownBy(() -> value(name)).hasMessageContaining("NAME belongs to restore");
    Arguments asked = arguments("restore");
    Command again = asked.command("restore", "write", word -> false);
    again.declare(
        "NAME", "", "what", JvmClassMappingKt.getKotlinClass(String.class), false, true, null);
    refused(asked, "NAME is missing (what)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--name n -- pg_dump -Fc --help x | [pg_dump, -Fc, --help, x]",
        "--name n -- a -- b | [a, --, b]",
        "--name n -- | []",
        "--name n | []",
        "--name n pg_dump | unexpected argument 'pg_dump'",
      })
  void leavesTheWordsOfAnotherCommandAlone(String line, String outcome) {
    Arguments arguments = arguments(line);
    option(arguments, "--name", String.class);
    Argument<List<String>> rest = arguments.rest("COMMAND", "what to run", false);
    if (outcome.startsWith("[")) {
      assertThat(shown(rest)).isEqualTo(outcome);
    } else {
      refused(arguments, outcome);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "--"})
  void missesTheWordsOfAnotherCommand(String line) {
    Arguments arguments = arguments(line);
    arguments.rest("COMMAND", "what to run", true);
    refused(arguments, "-- COMMAND is missing (what to run)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--help | blksh run try [-u VALUE] COMMAND",
        "-h gc | blksh run try [-u VALUE] COMMAND",
        "gc --help | blksh run try gc [--keep VALUE] [-v] [-u VALUE]",
        "gc -h | blksh run try gc ",
        "gc --keep x -h | blksh run try gc ",
        "gc --bogus --help | blksh run try gc ",
        "gc --keep --help | blksh run try gc ",
        "gc --hel | blksh run try gc ",
        "-u root clean -vh | blksh run try gc ",
      })
  void helpsWithAllOrOneCommand(String line, String beginning) {
    Arguments arguments = arguments(line);
    option(arguments, "-u/--user", String.class);
    Command gc = arguments.command("gc/clean", "remove what nothing needs", word -> false);
    option(gc, "--keep", Integer.class);
    gc.flag("-v", "");
    assertThatThrownBy(arguments::check)
        .isInstanceOfSatisfying(
            HelpRequested.class,
            help -> assertThat(help.getText()).startsWith("usage: " + beginning.stripTrailing()));
  }

  @Test
  void theDeclarationsAreTheHelp() {
    Arguments arguments = arguments("--help");
    several(arguments, "-i/--targets", Path.class, false);
    several(arguments, "-x/--exclude", String.class, true);
    repeated(arguments, "--tag", String.class);
    option(arguments, "-q", String.class);
    Positionals<String> hosts =
        arguments.declarePositionals(
            "HOST:PATH", "what to copy", JvmClassMappingKt.getKotlinClass(String.class), true);
    hosts.flag("--sudo", "read it as root");
    option(hosts, "--as", String.class);
    arguments.rest("COMMAND", "what to run", false);
    assertThatThrownBy(arguments::check)
        .isInstanceOfSatisfying(
            HelpRequested.class,
            help ->
                assertThat(help.getText())
                    .isEqualTo(
                        """
                        usage: blksh run try [-i VALUE [VALUE…]] [-x [VALUE…]] [--tag VALUE…] [-q VALUE] (HOST:PATH [--sudo] [--as VALUE])… [-- COMMAND…]

                        Tries.

                          -i, --targets VALUE  help (one or more)
                          -x, --exclude VALUE  help (any number)
                          --tag VALUE          help (repeatable)
                          -q VALUE             help (not the -q that scripts share)
                          HOST:PATH            what to copy (repeatable)
                            --sudo             read it as root
                            --as VALUE         help
                          -- COMMAND           what to run (every word after --)
                        """));
  }

  @Test
  void aScriptMayHaveAnOptionThatOthersShare() {
    Arguments arguments = arguments("-h here --json a --quiet");
    Argument<String> h = option(arguments, "-h/--host", String.class);
    Argument<String> json = option(arguments, "--json", String.class);
    assertThat(value(h) + value(json)).isEqualTo("herea");
    assertThat(shared.json()).isFalse();
    assertThat(shared.quiet()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "--home x | x",
        "--home=x | x",
        "--hom x | x",
        "--home | --home needs a directory",
        "--home --json | --home needs a value: --home DIR; if --json is meant, write --home=--json",
        "--home= | --home needs a directory",
        "--key-file | --key-file needs a file",
        "--key-command= | --key-command needs a line for the shell",
        "--json=yes | --json takes no value",
        "--help=yes | --help takes no value",
      })
  void takesWhatAllScriptsShare(String line, String outcome) {
    Arguments arguments = arguments(line);
    if (outcome.equals("x")) {
      arguments.check();
      assertThat(shared.home()).isEqualTo(Path.of("x"));
    } else {
      refused(arguments, outcome);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"-", "--", "--a=b", "-a b", "-a/", "-a/b", "--help", "-?/--help"})
  void refusesNamesThatCannotBeGiven(String name) {
    assertThatThrownBy(() -> arguments("").flag(name, ""))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesWhatIsDeclaredTwice() {
    Arguments arguments = arguments("");
    arguments.flag("-a/--all", "");
    assertThatThrownBy(() -> arguments.flag("--each/-a", "")).hasMessage("-a is declared twice");
    Command gc = arguments.command("gc", "", word -> false);
    Command list = arguments.command("list", "", word -> false);
    gc.flag("--dry", "");
    list.flag("--dry", "");
    assertThatThrownBy(() -> gc.flag("--all", "")).hasMessage("--all is declared twice");
    assertThatThrownBy(() -> arguments.flag("--dry", "")).hasMessage("--dry is declared twice");
    assertThatThrownBy(() -> arguments.command("gc", "", word -> false))
        .hasMessage("gc is declared twice");
    assertThatThrownBy(() -> positional(arguments, "FILE", String.class))
        .hasMessageContaining("belong to a command");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "90s | PT1M30S",
        "7d | PT168H",
        "s | a time such as",
        "9999999999999999d | a time such as",
        "-1h | PT-1H",
      })
  void readsTimes(String word, String outcome) {
    assertThat(read("--t=" + word, (in, name) -> option(in, name, Duration.class), "--t"))
        .contains(outcome);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "/srv/backup | /srv/backup",
        "s3://bucket/a%20b | s3://bucket/a%20b",
        "s3:// | --store VALUE: cannot take s3:// for a place: it names no bucket; try --help",
        "file:///srv | --store VALUE: cannot take file:///srv for a place: a path is written by itself; write /srv; try --help",
      })
  void readsPlaces(String word, String outcome) {
    assertThat(read("--store " + word, (in, name) -> option(in, name, Place.class), "--store"))
        .isEqualTo(outcome);
    assertThat(read("--store=", (in, name) -> option(in, name, Place.class), "--store"))
        .isEqualTo("--store VALUE: '' is not a place such as /srv/backup; try --help");
  }

  @Test
  void refusesToBeAValueOfNoKnownType() {
    assertThatThrownBy(() -> option(arguments(""), "--x", StringBuilder.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a script argument cannot be a java.lang.StringBuilder");
  }
}
