package blksh.dsl;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.session.Options;
import java.util.List;
import kotlin.jvm.JvmClassMappingKt;
import kotlin.reflect.KClass;
import org.junit.jupiter.api.Test;

/** What was given for an argument, or stands in for it. */
class GivenTest {

  private static final KClass<Integer> INT = JvmClassMappingKt.getKotlinClass(Integer.class);

  private final Arguments arguments = new Arguments("try", "", List.of(), new Options());
  private final Given given = new Given(null);

  @Test
  void theDefaultStandsInUntilThereIsAValue() {
    Argument<Integer> count = arguments.declare("--count", "N", "", INT, false, false, 7);
    assertThat(given.none(count)).isTrue();
    assertThat(given.value(count)).isEqualTo(7);
    given.mention(count).add(0);
    assertThat(given.none(count)).isFalse();
    assertThat(given.value(count)).isZero();
  }

  @Test
  void whatWasMentionedWithoutAValueHasNone() {
    Argument<Integer> count = arguments.declare("--count", "N", "", INT, false, false, null);
    given.mention(count);
    assertThat(given.none(count)).isTrue();
    assertThat(given.value(count)).isNull();
  }

  @Test
  void manyValuesAreAListThatStaysAsItWas() {
    Argument<List<Integer>> counts = arguments.declare("--count", "N", "", INT, true, false, null);
    assertThat(given.value(counts)).isEmpty();
    given.mention(counts).add(1);
    List<Integer> one = given.value(counts);
    given.mention(counts).add(2);
    assertThat(one).containsExactly(1);
    assertThat(given.value(counts)).containsExactly(1, 2);
  }

  @Test
  void itemsBelongToTheirGroup() {
    Positionals<Integer> hosts = arguments.declarePositionals("HOST", "", INT, false);
    assertThat(given.items(hosts)).isEmpty();
    given.add(hosts, new Positional<>(hosts, 1, new Given(null)));
    given.add(hosts, new Positional<>(hosts, 2, new Given(null)));
    assertThat(given.items(hosts)).extracting(Positional::toString).containsExactly("1", "2");
  }
}
