package blksh.prompt.complete;

import blksh.dsl.Manifest;
import blksh.dsl.Store;
import blksh.prompt.line.Caret;
import blksh.prompt.line.EntryText;
import blksh.prompt.line.OpenCall;
import blksh.prompt.line.Quoted;
import blksh.script.Scope;
import blksh.view.Keyed;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What may stand in a string that is open: keys, references to what a store holds, paths. */
final class StringContents {

  /** Functions whose strings are paths of files. */
  private static final Set<String> TAKE_PATHS =
      Set.of("drive", "store", "existingStore", "source", "image", "of", "File", "Path", "restore");

  /** Names of parameters that are paths of files. */
  private static final String PATHS = ".*(path|file|dir|directory|image|folder)";

  private static final Set<String> TAKE_REFERENCES =
      Set.of(
          "manifest",
          "restore",
          "diff",
          "delete",
          "keepLast",
          "forget",
          "pin",
          "unpin",
          "note",
          "tag",
          "untag");

  private final LiveValues values;

  StringContents(LiveValues values) {
    this.values = values;
  }

  /** What an index in quotes may be. */
  void keys(Object value, Choices all) {
    if (value instanceof Keyed keyed) {
      boolean few = keyed.getKeys().size() <= 50;
      for (String key : keyed.getKeys()) {
        all.addQuoted(key, "\"]", few ? Glimpse.of(keyed.member(key)) : null);
      }
    } else if (value instanceof Map<?, ?> map) {
      map.forEach((key, item) -> all.addQuoted(String.valueOf(key), "\"]", Glimpse.of(item)));
    }
  }

  /** Names, and versions only when it is clear of which: a name may have hundreds. */
  private static void references(Store store, String typed, Choices all) {
    List<Manifest> manifests = store.getManifests();
    Map<String, List<Manifest>> byName =
        manifests.stream()
            .collect(
                Collectors.groupingBy(Manifest::getName, LinkedHashMap::new, Collectors.toList()));
    List<String> begun = byName.keySet().stream().filter(it -> it.startsWith(typed)).toList();
    for (Map.Entry<String, List<Manifest>> entry : byName.entrySet()) {
      List<Manifest> versions = entry.getValue();
      String count = versions.size() == 1 ? "1 version" : versions.size() + " versions";
      all.addQuoted(entry.getKey(), "\"", count);
    }
    int at = typed.lastIndexOf('@');
    String name = at >= 0 ? typed.substring(0, at) : begun.size() == 1 ? begun.get(0) : "";
    List<Manifest> versions = new ArrayList<>(byName.getOrDefault(name, List.of()));
    Collections.reverse(versions);
    versions.forEach(it -> all.addQuoted(it.getReference(), "\"", Glimpse.of(it)));
  }

  /** What a string may hold that is an argument. */
  void strings(Caret caret, Scope scope, Choices all) {
    OpenCall call = EntryText.of(caret.receiver()).call();
    if (call == null) {
      return;
    }
    boolean target = call.label() != null && Set.of("to", "path").contains(call.label());
    if (TAKE_REFERENCES.contains(call.function()) && !target) {
      Object store = values.of(call.receiver());
      if (store instanceof Store known) {
        references(known, Quoted.read(caret.word()), all);
      }
    }
    boolean path =
        scope.getParameters().stream()
            .anyMatch(it -> it.getHere() && it.getName().toLowerCase(Locale.ROOT).matches(PATHS));
    if (target || path || TAKE_PATHS.contains(call.function())) {
      FileNames.offer(caret.word(), call.function().equals("drive"), all);
    }
  }
}
