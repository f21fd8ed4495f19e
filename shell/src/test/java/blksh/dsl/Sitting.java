package blksh.dsl;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Program;
import blksh.session.Console;
import blksh.session.Options;
import blksh.session.Session;
import blksh.view.Described;
import blksh.view.Field;
import blksh.view.Fitted;
import blksh.view.Views;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** A session with a home of its own, the words that scripts see in it, and what it printed. */
final class Sitting implements AutoCloseable {

  final Path folder;
  final Session session;
  final Vocabulary words;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /**
   * @param folder the home is in it, and whatever the test makes
   * @param options such as {@code --dry-run}
   */
  Sitting(Path folder, String... options) {
    this.folder = folder;
    Options shared = new Options();
    shared.home(folder.resolve("home"));
    for (String option : options) {
      shared.accept(option);
    }
    session = new Session(Console.of(out, new ByteArrayOutputStream()), shared, List.of("a", "-b"));
    words = new Vocabulary(session, new Arguments("try", "", List.of(), shared));
  }

  /** A file of the test. */
  Path file(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  /** An image of the engine's tests, unpacked. */
  Path image(String name) throws IOException {
    Path images = Program.root().resolve("engine/src/test/resources/images");
    return unpacked(images.resolve(name + ".gz"), name);
  }

  /** The sample disk: 24 MiB of ext4. */
  Path sample(int generation) throws IOException {
    String name = "disk-" + generation + ".img";
    return unpacked(Program.root().resolve("samples").resolve(name + ".gz"), name);
  }

  private Path unpacked(Path packed, String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Files.copy(in, file);
    }
    return file;
  }

  /** Captures bytes as the next version of {@code disk}. */
  Captured capture(Store store, byte[] bytes) throws IOException {
    return store.capture(words.drive(file("disk.img", bytes)), "disk", false, false);
  }

  /** What went to standard output. */
  String printed() {
    return out.toString(UTF_8);
  }

  /** A value on the card of a thing, by its label; the first where it stands in two places. */
  static Object value(Described thing, String label) {
    return field(thing.fields(), label);
  }

  /** A value in the row of a thing. */
  static Object cell(Described thing, String label) {
    return field(thing.row(), label);
  }

  private static Object field(List<Field> fields, String label) {
    return fields.stream()
        .filter(field -> field.label().equals(label))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + label + " in " + fields))
        .value();
  }

  /** How a result shows where there is no terminal. */
  static List<String> lines(Object result) {
    return new Fitted(0, false).lines(Views.of(result));
  }

  /** Something is refused in so many words. */
  static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(BlkshException.class).hasMessage(message);
  }

  @Override
  public void close() {
    session.close();
  }
}
