package blksh;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.FileWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What is done in one way, in the room {@code blksh.io}, and nowhere else in engine or shell:
 * opening files to write them, replacing them, reading the mount table, and telling failures apart.
 */
class OneGroundTest {

  private static final String GROUND = "blksh.io";

  /** Those who may write a file in their own way, and why. */
  private static final Map<String, String> WRITERS =
      Map.of(
          "blksh.script.kotlin.Assembly", "a step of the build, which writes into its output",
          "blksh.session.Secret", "asks at a terminal",
          "blksh.cache.FilePair", "gives a cache another name, which must be free");

  /** Those who read words that are no failure's. */
  private static final Map<String, String> READERS =
      Map.of("blksh.script.kotlin", "what the compiler says of a script has no other form");

  private static final Set<String> FILE_WRITES =
      Set.of(
          "newByteChannel",
          "newOutputStream",
          "newBufferedWriter",
          "write",
          "writeString",
          "copy",
          "move");

  private static final Set<String> KOTLIN_WRITES =
      Set.of(
          "writeText",
          "writeBytes",
          "writeLines",
          "appendText",
          "appendBytes",
          "appendLines",
          "outputStream",
          "bufferedWriter",
          "printWriter",
          "writer",
          "copyTo",
          "copyRecursively",
          "moveTo");

  private static final Set<String> MATCHES =
      Set.of("contains", "startsWith", "endsWith", "matches", "equals", "indexOf", "regionMatches");

  private static final JavaClasses ALL =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("/test-classes/"))
          .withImportOption(location -> !location.contains("/blksh/kit/"))
          .importPackages("blksh");

  @Test
  void engineAndShellAreLookedAt() {
    assertThat(ALL.contain("blksh.io.OpenFile")).isTrue();
    assertThat(ALL.contain("blksh.Main")).isTrue();
    assertThat(ALL.contain(OneGroundTest.class)).isFalse();
  }

  @Test
  void filesAreOpenedForWritingAndMovedInOneRoom() {
    classes()
        .that(liveOutside(WRITERS))
        .should(new CallNone("open no file to write it, and move none", OneGroundTest::writes))
        .check(ALL);
  }

  private static boolean writes(JavaCall<?> call) {
    JavaClass owner = call.getTargetOwner();
    String name = call.getTarget().getName();
    List<JavaClass> given = call.getTarget().getRawParameterTypes();
    if (name.equals("<init>")) {
      boolean stream = owner.isEquivalentTo(FileOutputStream.class);
      boolean printer =
          owner.isEquivalentTo(PrintStream.class) || owner.isEquivalentTo(PrintWriter.class);
      JavaClass first = given.isEmpty() ? null : given.get(0);
      return owner.isEquivalentTo(RandomAccessFile.class)
          || owner.isEquivalentTo(FileWriter.class)
          || stream && !first.isEquivalentTo(FileDescriptor.class)
          || printer
              && !first.isAssignableTo(OutputStream.class)
              && !first.isAssignableTo(Writer.class);
    }
    if (owner.isEquivalentTo(Files.class)) {
      // To a stream that is open anyway.
      boolean out = given.stream().anyMatch(type -> type.isEquivalentTo(OutputStream.class));
      return FILE_WRITES.contains(name) && !out;
    }
    boolean kotlin =
        owner.getName().startsWith("kotlin.io.path.") || owner.getName().startsWith("kotlin.io.Fi");
    return name.equals("open")
            && (owner.isEquivalentTo(FileChannel.class)
                || owner.isEquivalentTo(AsynchronousFileChannel.class))
        || kotlin && KOTLIN_WRITES.contains(name.replace("$default", ""));
  }

  @Test
  void noFailureIsToldFromAnotherByItsWords() {
    classes()
        .that(liveOutside(READERS))
        .should(
            new ArchCondition<>("not compare the message of a failure") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                for (JavaCodeUnit code : type.getCodeUnits()) {
                  matched(code)
                      .forEach(line -> events.add(SimpleConditionEvent.violated(type, line)));
                }
              }
            })
        .check(ALL);
  }

  /** Where a message is asked for and a text compared in one statement, of up to three lines. */
  private static Stream<String> matched(JavaCodeUnit code) {
    List<Integer> asked =
        code.getCallsFromSelf().stream()
            .filter(OneGroundTest::asksForWords)
            .map(JavaCall::getLineNumber)
            .toList();
    return code.getCallsFromSelf().stream()
        .filter(OneGroundTest::comparesText)
        .filter(
            call ->
                asked.stream().anyMatch(line -> Math.abs(line - call.getLineNumber()) < STATEMENT))
        .map(JavaCall::getDescription);
  }

  private static final int STATEMENT = 3;

  private static boolean asksForWords(JavaCall<?> call) {
    String name = call.getTarget().getName();
    JavaClass owner = call.getTargetOwner();
    return owner.isAssignableTo(Throwable.class)
        && Set.of("getMessage", "getLocalizedMessage", "getReason", "problem", "toString")
            .contains(name);
  }

  private static boolean comparesText(JavaCall<?> call) {
    JavaClass owner = call.getTargetOwner();
    return MATCHES.contains(call.getTarget().getName())
            && (owner.isEquivalentTo(String.class)
                || owner.getName().equals("kotlin.text.StringsKt"))
        || owner.isEquivalentTo(Pattern.class);
  }

  /** A text that is kept in a variable first is found where the source names it so. */
  @Test
  void noFailureIsToldFromAnotherByWordsThatWereKept() throws IOException {
    Pattern kept =
        Pattern.compile(
            "([gG]etMessage\\(\\)|\\.message!*|\\.message\\.orEmpty\\(\\)|getReason\\(\\)"
                + "|\\bproblem\\(\\))\\)?\\??\\.(contains|startsWith|endsWith|matches|equals)\\b"
                + "|\"(No space|No medium|No such dev|Broken pipe|Read-only|Input/output)");
    // ssh has only words to say why it ended.
    assertThat(lines(kept, "blksh/io/", "blksh/script/kotlin/", "blksh/drive/ssh/SshFailure"))
        .isEmpty();
  }

  @Test
  void theMountTableIsReadInOneRoom() throws IOException {
    Pattern table = Pattern.compile("\"/proc/(mounts|(self|thread-self)/(mounts|mountinfo))|mtab");
    assertThat(lines(table, "blksh/io/")).isEmpty();
  }

  private static List<String> lines(Pattern wanted, String... exceptIn) throws IOException {
    List<String> found = new ArrayList<>();
    for (String module : List.of("../engine", "../shell")) {
      try (Stream<Path> files = Files.walk(Path.of(module, "src", "main"))) {
        for (Path file : files.filter(OneGroundTest::isSource).toList()) {
          if (Stream.of(exceptIn).anyMatch(file.toString()::contains)) {
            continue;
          }
          Files.readAllLines(file).stream()
              .filter(line -> wanted.matcher(line).find())
              .forEach(line -> found.add(file.getFileName() + ": " + line.strip()));
        }
      }
    }
    return found;
  }

  private static boolean isSource(Path file) {
    return file.toString().endsWith(".java") || file.toString().endsWith(".kt");
  }

  private static DescribedPredicate<JavaClass> liveOutside(Map<String, String> except) {
    return DescribedPredicate.describe(
        "live outside " + GROUND + " and are none of " + except,
        type ->
            !type.getPackageName().equals(GROUND)
                && except.keySet().stream()
                    .noneMatch(
                        name ->
                            type.getPackageName().equals(name)
                                || type.getName().equals(name)
                                || type.getName().startsWith(name + "$")));
  }

  /** Calls of a kind that nobody makes. */
  private static final class CallNone extends ArchCondition<JavaClass> {
    private final Predicate<JavaCall<?>> kind;

    CallNone(String description, Predicate<JavaCall<?>> kind) {
      super(description);
      this.kind = kind;
    }

    @Override
    public void check(JavaClass type, ConditionEvents events) {
      type.getCodeUnits().stream()
          .flatMap(code -> code.getCallsFromSelf().stream())
          .filter(kind)
          .forEach(call -> events.add(SimpleConditionEvent.violated(type, call.getDescription())));
    }
  }
}
