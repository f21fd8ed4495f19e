package blksh;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Knots;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The house rules of the engine: what stands on what, and what has no place in it. */
class ArchitectureTest {

  /** What everything stands on; each room of it on those before it. */
  private static final List<String> GROUND = List.of("task", "io", "block");

  /** What the features share, on the ground; each room of it on those before it. */
  private static final List<String> MIDDLE =
      List.of(
          "lz",
          "compress",
          "partition",
          "retention",
          "tree",
          "volume",
          "luks",
          "filesystem",
          "parity");

  /** Each stands on ground and middle; where two must meet they meet in {@code workspace}. */
  private static final Set<String> FEATURES =
      Set.of("cache", "catalogue", "drive", "image", "iso", "mount", "snapshot", "store");

  /** Where one feature stands on another all the same: a stored snapshot is a kind of manifest. */
  private static final Set<String> ARROWS = Set.of("snapshot store", "catalogue iso");

  private static final String TOP = "workspace";

  private static final JavaClasses ENGINE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("blksh");

  @Test
  void everyPackageIsOneOfTheHouse() {
    Set<String> parts = new TreeSet<>();
    ENGINE.forEach(type -> parts.add(part(type)));
    assertThat(parts).contains(TOP).containsAll(GROUND).containsAll(MIDDLE);
    parts.removeAll(GROUND);
    parts.removeAll(MIDDLE);
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
  void nativeCallsAreBoundInOneWay() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("blksh.io.NativeLibrary")
        .and()
        .doNotHaveFullyQualifiedName("blksh.io.NativeFunction")
        .and()
        .haveNameNotMatching("blksh\\.io\\.NativeFunction\\$\\d+")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.kenai..")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("jnr.ffi.LibraryLoader")
        .check(ENGINE);
  }

  /** So that each is looked for in all the places where programs are. */
  @Test
  void programsAreStartedInOnePlace() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("blksh.io.Program")
        .should()
        .callConstructor(ProcessBuilder.class, String[].class)
        .orShould()
        .callConstructor(ProcessBuilder.class, List.class)
        .check(ENGINE);
  }

  /** So that the start of a program that needs none loads nothing native. */
  @Test
  void onlyFewCallNativeFunctions() {
    noClasses()
        .that()
        .resideOutsideOfPackage("blksh.mount.fuse")
        .and()
        .haveNameNotMatching(
            "blksh\\..*\\.(Native\\w+|Posix|Zlib|Bzip2Library|LzmaLibrary|Lz4Beginning)(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("blksh.io.NativeLibrary")
        .check(ENGINE);
  }

  /** FUSE and NBD stand on the tree they show, and neither knows the other. */
  @Test
  void theRoomsOfMountsStandOnTheTree() {
    noClasses()
        .that()
        .resideInAPackage("blksh.mount")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("blksh.mount.*..")
        .check(ENGINE);
    noClasses()
        .that()
        .resideInAPackage("blksh.mount.fuse..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("blksh.mount.nbd..")
        .check(ENGINE);
    noClasses()
        .that()
        .resideInAPackage("blksh.mount.nbd..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("blksh.mount.fuse..")
        .check(ENGINE);
  }

  @Test
  void noMoreThanThreeClassesOfTheStoreDependOnEachOther() {
    assertThat(Knots.above(3, ENGINE, "blksh.store")).isEmpty();
  }

  @Test
  void packsKnowNothingOfTheStoreAndShelvesNothingOfPacks() {
    for (String upper : List.of("blksh.store", "blksh.store.pack")) {
      noClasses()
          .that()
          .resideInAnyPackage(
              "blksh.store.pack", "blksh.store.parity", "blksh.store.sealed", "blksh.store.shelf")
          .and()
          .resideOutsideOfPackage(upper)
          .should()
          .dependOnClassesThat()
          .resideInAPackage(upper)
          .check(ENGINE);
    }
  }

  /**
   * What the verbs take and give; of packs, others know the page, its size and the name of a codec.
   */
  @Test
  void theStoreShowsFewTypes() {
    List<String> types = new ArrayList<>();
    Set<String> ofPacks = new TreeSet<>();
    for (JavaClass type : ENGINE) {
      boolean shown = type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC);
      if (shown && type.getPackageName().equals("blksh.store")) {
        types.add(type.getSimpleName());
      }
      if (!(type.getPackageName() + ".").startsWith("blksh.store.")) {
        type.getDirectDependenciesFromSelf().stream()
            .map(Dependency::getTargetClass)
            .filter(used -> used.getPackageName().equals("blksh.store.pack"))
            .forEach(used -> ofPacks.add(used.getSimpleName()));
      }
    }
    assertThat(types).hasSizeLessThanOrEqualTo(30);
    assertThat(ofPacks).isSubsetOf("CodecChoice", "Page", "PageSize");
  }

  @Test
  void noTwoClassesHaveOneName() {
    Set<String> seen = new TreeSet<>();
    assertThat(
            ENGINE.stream()
                .filter(JavaClass::isTopLevelClass)
                .map(JavaClass::getSimpleName)
                .filter(name -> !name.equals("package-info") && !seen.add(name)))
        .isEmpty();
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
    List<String> below = new ArrayList<>(GROUND);
    below.addAll(MIDDLE);
    int floor = below.indexOf(upper);
    if (floor >= 0) {
      return below.subList(0, floor).contains(lower);
    }
    return !upper.isEmpty()
        && (upper.equals(TOP) || below.contains(lower) || ARROWS.contains(upper + " " + lower));
  }

  /** The package below {@code blksh}, or nothing for {@code blksh} itself. */
  private static String part(JavaClass type) {
    String[] names = type.getPackageName().split("\\.");
    return names.length > 1 ? names[1] : "";
  }
}
