package blksh.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.dsl.Arguments;
import blksh.dsl.Store;
import blksh.dsl.Vocabulary;
import blksh.session.Console;
import blksh.session.Options;
import blksh.session.Session;
import blksh.session.UsageException;
import java.nio.file.Path;
import java.util.List;
import kotlin.Unit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which entries need no compiler, and that they mean what they would by it. */
class FastLaneTest {

  @TempDir Path home;
  private final Sitting sitting = new Sitting();
  private Session session;
  private FastLane lane;

  @BeforeEach
  void open() {
    Options options = new Options();
    options.home(home);
    session = new Session(Console.ofProcess(), options, List.of());
    Arguments none = new Arguments("", "", List.of(), options);
    lane = new FastLane(new Vocabulary(session, none), sitting);
  }

  @AfterEach
  void close() {
    session.close();
  }

  private Object value(String entry) throws Throwable {
    FastLane.Plain plain = lane.read(entry);
    assertThat(plain).as(entry).isNotNull();
    return plain.step().value();
  }

  @Test
  void propertiesAreRead() throws Throwable {
    assertThat(value("home")).isEqualTo(home);
    assertThat(value("  dryRun ")).isEqualTo(false);
    FastLane.Plain plain = lane.read("home");
    assertThat(plain.type()).isEqualTo(Path.class);
    assertThat(plain.nullable()).isFalse();
    assertThat(plain.text()).isEqualTo("home");
  }

  @Test
  void callsWithPlainArgumentsAreMade() throws Throwable {
    String place = home.resolve("store").toString();
    Store store = (Store) value("store(\"" + place + "\")");
    assertThat(store.getPlace()).hasToString(place);
    assertThat(value("store( path = \"" + place + "\" ).place")).hasToString(place);
    assertThat(value("store(home).place")).hasToString(home.toString());
  }

  @Test
  void whatStandsForNothingIsCalledForItsEffect() throws Throwable {
    assertThat(value("finding(\"it is late\")")).isEqualTo(Unit.INSTANCE);
    assertThat(session.findings()).containsExactly("it is late");
  }

  @Test
  void aFailureIsThatOfTheCall() {
    assertThatThrownBy(() -> value("usage(\"not so\")"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("not so");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "stores",
        "stores[\"main\"]",
        "manifests[\"a.b\"].last.reference",
        "manifests[\"a.b\"].version(1)?.size",
        "store(\"/s\").keepLast(name = \"a.b\", count = 1)",
        "image(\"/i\", raw = true)",
        "args[0]",
        "args.size",
      })
  void isUnderstood(String entry) {
    assertThat(lane.read(entry)).isNotNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "home.",
        "nosuch",
        "stores.nosuch",
        "home.parent",
        "val a = home",
        "home; home",
        "home == home",
        "stores.map { it.name }",
        "store(\"$home\")",
        "store(\"a\\n\")",
        "store(\"\"\"a\"\"\")",
        "store(\"a\" + \"b\")",
        "store(\"a\", 1)",
        "store(1)",
        "store(path = \"a\", path = \"b\")",
        "store(nosuch = \"a\")",
        "store(\"a\")!!",
        "store(\"a\").keepLast(\"a.b\")",
        "store(\"a\").keepLast(\"a.b\", 01)",
        "store(\"a\").keepLast(\"a.b\", -1)",
        "manifests[\"a.b\"].version(1).size",
        "args[\"0\"]",
        "args[0",
        "args[12345678901]",
        "store(\"/s\").verify(sample = null)",
      })
  void isLeftToTheCompiler(String entry) {
    assertThat(lane.read(entry)).isNull();
  }

  @Test
  void aResultIsWhatItWasDeclaredToBe() throws Throwable {
    sitting.add(home.resolve("sub"), "home", Path.class, false);
    assertThat(value("res1")).isEqualTo(home.resolve("sub"));
    assertThat(value("it")).isEqualTo(home.resolve("sub"));
    assertThat(lane.read("res1").text()).isEqualTo("home");
    assertThat(value("store(it).place")).hasToString(home.resolve("sub").toString());
    assertThat(lane.read("res2")).isNull();
  }

  @Test
  void aResultThatOnlyTheCompilerKnowsIsLeftToIt() {
    sitting.add(home, "res1");
    assertThat(lane.read("res1")).isNull();
    assertThat(lane.read("it")).isNull();
  }

  @Test
  void aResultThatMayBeNullIsAskedSafely() throws Throwable {
    sitting.add(null, "stores[\"a\"]", Store.class, true);
    assertThat(lane.read("it.name")).isNull();
    assertThat(value("it?.name")).isNull();
    assertThat(lane.read("it?.name").nullable()).isTrue();
  }
}
