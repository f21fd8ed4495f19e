package blksh;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The house rules of the engine: what stands on what, and what has no place in it. */
class ArchitectureTest {

  /** What every feature stands on; {@code block} stands on {@code task}, and that on nothing. */
  private static final Set<String> GROUND = Set.of("block", "task");

  /** Each stands on the ground alone; where two must meet they meet in {@code workspace}. */
  private static final Set<String> FEATURES =
      Set.of("cache", "catalogue", "drive", "image", "iso", "mount", "snapshot", "store");

  private static final String TOP = "workspace";

  private static final JavaClasses ENGINE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("blksh");

  @Test
  void everyPackageIsOneOfTheHouse() {
    Set<String> parts = new TreeSet<>();
    ENGINE.forEach(type -> parts.add(part(type)));
    assertThat(parts).contains("block", "task", TOP);
    parts.removeAll(GROUND);
    parts.removeAll(FEATURES);
    parts.remove(TOP);
    assertThat(parts).containsExactly("");
  }

  @Test
  void dependenciesPointOneWay() {
    classes().should(dependOnlyOnWhatTheyStandOn()).check(ENGINE);
  }

  @Test
  void theEnginePrintsNothingAndNeverEndsTheProcess() {
    noClasses()
        .should(ACCESS_STANDARD_STREAMS)
        .orShould()
        .callMethod(System.class, "console")
        .orShould()
        .callMethod(System.class, "exit", int.class)
        .check(ENGINE);
  }

  @Test
  void theEngineKnowsNoTerminalCommandLineOrKotlin() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("kotlin..", "kotlinx..", "org.jline..", "picocli..")
        .check(ENGINE);
  }

  @Test
  void nativeCallsForExtentsAreInOnePlaceSoThatTheyLoadLate() {
    noClasses()
        .that()
        .resideInAPackage("blksh.block..")
        .and()
        .doNotHaveSimpleName("Posix")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.kenai..")
        .check(ENGINE);
  }

  @Test
  void namesAreNounsOfTheField() {
    noClasses()
        .should()
        .haveNameMatching(".*(Manager|Helper|Util|Utils|Impl|Base)(\\$.*)?")
        .check(ENGINE);
  }

  private static ArchCondition<JavaClass> dependOnlyOnWhatTheyStandOn() {
    return new ArchCondition<>("depend only on what they stand on") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
          JavaClass target = dependency.getTargetClass().getBaseComponentType();
          boolean own = (target.getPackageName() + ".").startsWith("blksh.");
          if (own && !mayStandOn(part(type), part(target))) {
            events.add(SimpleConditionEvent.violated(type, dependency.getDescription()));
          }
        }
      }
    };
  }

  private static boolean mayStandOn(String upper, String lower) {
    if (upper.equals(lower) || lower.isEmpty()) {
      return true;
    }
    return switch (upper) {
      case "", "task" -> false;
      case "block" -> lower.equals("task");
      case TOP -> true;
      default -> GROUND.contains(lower);
    };
  }

  /** The package below {@code blksh}, or nothing for {@code blksh} itself. */
  private static String part(JavaClass type) {
    String[] names = type.getPackageName().split("\\.");
    return names.length > 1 ? names[1] : "";
  }
}
