package blksh.catalogue;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.io.NameText;
import blksh.iso.ChangedName;
import blksh.iso.DiscTree;
import blksh.task.Task;
import java.util.ArrayList;
import java.util.List;

/**
 * What other computers show of a disc otherwise than it is, though all of it is there: names that
 * Joliet or UDF cannot hold, names that are taken for one where case does not count, and times that
 * Rock Ridge cannot hold. A restore has all of them as they were.
 */
final class DiscNotes {

  /** Sentences that are kept; the others are counted. */
  private static final int MOST = 1000;

  /** Sentences that are told at once. */
  private static final int TOLD = 10;

  private final List<String> sentences = new ArrayList<>();
  private long count;

  /** Looks at a disc that is about to be written. */
  static DiscNotes of(DiscTree tree) {
    DiscNotes notes = new DiscNotes();
    tree.alikeNames(notes::alike);
    tree.changedNames(notes::changed);
    tree.changedTimes(
        path -> notes.add(NameText.of(path) + ": Rock Ridge has times from 1900 to 2155 only"));
    return notes;
  }

  private void alike(List<byte[]> paths) {
    String names = String.join(", ", paths.stream().map(NameText::of).toList());
    add(names + ": one name where case does not count, as on Windows");
  }

  private void changed(ChangedName each) {
    String tree = each.tree() == ChangedName.Tree.JOLIET ? "Joliet" : "UDF";
    String name = NameText.of(each.name().getBytes(UTF_8));
    add("%s: %s has it as %s".formatted(NameText.of(each.path()), tree, name));
  }

  private void add(String sentence) {
    count++;
    if (sentences.size() < MOST) {
      sentences.add(sentence);
    }
  }

  /** The first of them, a sentence each. */
  List<String> sentences() {
    return sentences;
  }

  /** Tells the first of them, and how many there are. */
  void tell(Task task) {
    for (String each : sentences.subList(0, Math.min(TOLD, sentences.size()))) {
      task.note(each);
    }
    if (count > TOLD) {
      task.note(
          "%d more are shown otherwise elsewhere; a restore has all as they were"
              .formatted(count - TOLD));
    }
  }
}
