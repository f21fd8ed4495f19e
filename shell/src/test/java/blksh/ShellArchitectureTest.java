package blksh;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.session.Evaluation;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The house rules of the shell: what stands on what, and what has no place in it. */
class ShellArchitectureTest {

  /** The rooms from the ground up: each stands on those before it and on the engine. */
  private static final List<String> ROOMS =
      List.of(
          "blksh.view",
          "blksh.session",
          "blksh.dsl",
          "blksh.script",
          "blksh.script.maven",
          "blksh.script.kotlin",
          "blksh.prompt.command",
          "blksh.prompt.line",
          "blksh.prompt.complete",
          "blksh.prompt",
          "blksh");

  /** How many classes may need each other in a circle. */
  private static final int WIDEST_CIRCLE = 3;

  private static final JavaClasses SHELL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_JARS)
          .withImportOption(location -> !location.contains("/engine/"))
          .importPackages("blksh");

  @Test
  void everyPackageIsOneOfTheHouse() {
    Set<String> found = new TreeSet<>();
    SHELL.forEach(type -> found.add(type.getPackageName()));
    assertThat(found).containsExactlyInAnyOrderElementsOf(ROOMS);
  }

  @Test
  void dependenciesPointOneWay() {
    classes().should(standOnWhatIsBelow()).check(SHELL);
  }

  @Test
  void packagesHaveNoCircles() {
    slices().matching("(blksh..)").should().beFreeOfCycles().check(SHELL);
  }

  @Test
  void onlyOneRoomSeesTheCompiler() {
    noClasses()
        .that()
        .resideOutsideOfPackage("blksh.script.kotlin")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.jetbrains.kotlin..",
            "org.jetbrains.org..",
            "kotlin.script.experimental..",
            "kotlin.reflect.full..",
            "kotlin.reflect.jvm..")
        .check(SHELL);
  }

  @Test
  void onlyOneRoomSeesTheLibrariesOfMaven() {
    noClasses()
        .that()
        .resideOutsideOfPackage("blksh.script.maven")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.eclipse.aether..", "org.apache.maven..")
        .check(SHELL);
  }

  @Test
  void linesAreEditedAtThePromptAndScreensBelongToTheSession() {
    noClasses()
        .that()
        .resideOutsideOfPackages("blksh.prompt..", "blksh.session")
        .and()
        // It plays a sitting on a terminal that nobody sees.
        .doNotHaveSimpleName("Training")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.jline..")
        .check(SHELL);
  }

  @Test
  void whatChangesBelongsToASitting() {
    fields()
        .that()
        .areStatic()
        .and()
        // A hint by which evaluations at rest cost nothing; whose turn it is a thread knows itself.
        .doNotHaveFullName(Evaluation.class.getName() + ".asks")
        .should()
        .beFinal()
        .check(SHELL);
    noFields()
        .that()
        .areStatic()
        .should()
        .haveRawType(resideInAPackage("java.util.concurrent.."))
        .check(SHELL);
  }

  @Test
  void namesAreNounsOfTheField() {
    noClasses()
        .should()
        .haveNameMatching(".*(Manager|Helper|Util|Utils|Impl|Base)(\\$.*)?")
        .check(SHELL);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "blksh.session",
        "blksh.prompt",
        "blksh.prompt.line",
        "blksh.prompt.complete",
        "blksh.prompt.command"
      })
  void fewClassesNeedEachOther(String room) {
    assertThat(circles(room)).allSatisfy(it -> assertThat(it).hasSizeLessThan(WIDEST_CIRCLE + 1));
  }

  private static ArchCondition<JavaClass> standOnWhatIsBelow() {
    return new ArchCondition<>("stand on what is below") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        int own = ROOMS.indexOf(type.getPackageName());
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
          JavaClass target = dependency.getTargetClass().getBaseComponentType();
          if (SHELL.contain(target.getName()) && ROOMS.indexOf(target.getPackageName()) > own) {
            events.add(SimpleConditionEvent.violated(type, dependency.getDescription()));
          }
        }
      }
    };
  }

  /** The classes of a room that need each other, directly or by others of it, in groups. */
  private static List<Set<String>> circles(String room) {
    Map<String, Set<String>> needs = new TreeMap<>();
    for (JavaClass type : SHELL) {
      if (type.getPackageName().equals(room)) {
        Set<String> needed = needs.computeIfAbsent(outermost(type), none -> new TreeSet<>());
        for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
          JavaClass target = dependency.getTargetClass().getBaseComponentType();
          if (target.getPackageName().equals(room)) {
            needed.add(outermost(target));
          }
        }
      }
    }
    Map<String, Set<String>> reach = new HashMap<>();
    needs.keySet().forEach(name -> reach.put(name, reached(name, needs)));
    List<Set<String>> circles = new ArrayList<>();
    for (String name : needs.keySet()) {
      Set<String> circle = new TreeSet<>(reach.get(name));
      circle.removeIf(other -> !reach.get(other).contains(name));
      if (!circles.contains(circle)) {
        circles.add(circle);
      }
    }
    return circles;
  }

  /** What a class needs, directly or by others, itself among it. */
  private static Set<String> reached(String from, Map<String, Set<String>> needs) {
    Set<String> reached = new LinkedHashSet<>(Set.of(from));
    Deque<String> open = new ArrayDeque<>(reached);
    while (!open.isEmpty()) {
      for (String next : needs.getOrDefault(open.pop(), Set.of())) {
        if (reached.add(next)) {
          open.push(next);
        }
      }
    }
    return reached;
  }

  private static String outermost(JavaClass type) {
    String name = type.getName();
    int inner = name.indexOf('$');
    return inner < 0 ? name : name.substring(0, inner);
  }
}
