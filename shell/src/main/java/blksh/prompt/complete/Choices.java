package blksh.prompt.complete;

import blksh.prompt.complete.Completion.Standing;
import blksh.prompt.line.Quoted;
import blksh.script.Scope;
import blksh.view.Visible;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was gathered for one place, each shown name once: what came first stays. */
final class Choices {

  /** Arguments stay as they are declared; the rest goes by the alphabet. */
  private static final Comparator<Completion> ORDER =
      Comparator.comparing(Completion::standing)
          .thenComparing(
              it -> it.standing() == Standing.ARGUMENT ? "" : it.shown(),
              String.CASE_INSENSITIVE_ORDER);

  private final Map<String, Completion> byName = new LinkedHashMap<>();

  /** In the order they came. */
  List<Completion> asGathered() {
    return new ArrayList<>(byName.values());
  }

  /** What belongs most first. */
  List<Completion> sorted() {
    List<Completion> sorted = asGathered();
    sorted.sort(ORDER);
    return sorted;
  }

  void add(Scope.Name name, String doc) {
    String text = name.getText();
    // With a sentence beside it there is no room for what it takes, which the call will show.
    String type = doc.isEmpty() ? name.getAbout() : name.getGives();
    boolean common = name.getCommon() || name.getKind() == Scope.Kind.TYPE;
    Standing standing = common ? Standing.COMMON : Standing.HOME;
    switch (name.getKind()) {
      case VALUE, TYPE -> add(new Completion(text, text, type, doc, standing));
      case CALL -> add(new Completion(text + "()", text + "()", type, doc, standing));
      case FUNCTION -> add(new Completion(text + "(", text + "(…)", type, doc, standing));
      case BLOCK -> add(new Completion(text + " { ", text + " {…}", type, doc, standing));
    }
  }

  void add(String text, String shown, String type) {
    add(new Completion(text, shown, type == null ? "" : type, "", Standing.HOME));
  }

  void add(Completion completion) {
    // Titles and labels come from disks nobody vouches for.
    String shown = Visible.of(completion.shown());
    String type = Visible.of(completion.type());
    String doc = Visible.of(completion.doc());
    byName.putIfAbsent(
        shown, new Completion(completion.text(), shown, type, doc, completion.standing()));
  }

  /** Adds what goes into a string that is open; it is shown as it will stand there. */
  void addQuoted(String text, String end, String type) {
    String inside = Quoted.of(text);
    add(inside + end, inside, type);
  }
}
