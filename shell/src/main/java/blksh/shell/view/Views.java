package blksh.shell.view;

import blksh.dsl.Keyed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Chooses the view of a result: a card for one thing, a table for many of a kind. */
public final class Views {

  /** Levels of a tree; a thing may refer to itself. */
  private static final int DEEPEST = 5;

  private Views() {}

  /** The view of any value a script or the prompt may produce. */
  public static View of(Object value) {
    if (value instanceof View view) {
      return view;
    }
    if (value instanceof Pictured thing) {
      return thing.picture();
    }
    if (value instanceof Described thing) {
      return card(thing);
    }
    if (value instanceof Map<?, ?> map) {
      List<View.Card.Line> lines = new ArrayList<>();
      map.forEach((key, item) -> lines.add(new View.Card.Line(Words.of(key), Words.of(item))));
      return new View.Card("", lines);
    }
    List<?> items = items(value);
    if (items != null) {
      return list(items);
    }
    return new View.Text(Words.of(value));
  }

  private static View card(Described thing) {
    List<View.Card.Line> lines = new ArrayList<>();
    for (Field field : thing.fields()) {
      if (field.value() != null) {
        lines.add(new View.Card.Line(field.label(), Words.of(field.value())));
      }
    }
    List<View> parts = new ArrayList<>();
    parts.add(new View.Card(thing.title(), lines));
    if (thing.appendix() != null) {
      parts.add(of(thing.appendix()));
    }
    return parts.size() == 1 ? parts.get(0) : new View.Stack(parts);
  }

  /** Any value as rows, one for each member of a collection. */
  public static View table(Object value) {
    List<?> items = items(value);
    if (items == null && value instanceof Map<?, ?> map) {
      items =
          map.entrySet().stream()
              .map(entry -> pair("key", Words.of(entry.getKey()), entry.getValue()))
              .toList();
    }
    if (items == null) {
      items = Arrays.asList(value);
    }
    if (items.isEmpty()) {
      return new View.Text("(none)");
    }
    return rows(
        items.stream()
            .map(item -> item instanceof Described d ? d.row() : List.of(Field.of("value", item)))
            .toList());
  }

  private static Described pair(String label, String key, Object value) {
    return new Pair(Field.of(label, key), Field.of("value", value));
  }

  /** A key and its value. */
  private record Pair(Field key, Field value) implements Described {
    @Override
    public List<Field> fields() {
      return List.of(key, value);
    }

    @Override
    public String title() {
      return Words.of(key.value());
    }
  }

  /** Any value as a card, a collection as a card for each member. */
  public static View cards(Object value) {
    List<?> items = items(value);
    if (items == null || items.isEmpty()) {
      return of(value);
    }
    return new View.Stack(items.stream().map(Views::of).toList());
  }

  /** Any value as a tree: keys, members and fields below what has them. */
  public static View tree(Object value) {
    return tree("", value, 0);
  }

  private static View.Tree tree(String label, Object value, int depth) {
    String before = label.isEmpty() ? "" : label + ": ";
    List<View.Tree> branches = new ArrayList<>();
    String text = "";
    if (depth >= DEEPEST) {
      return new View.Tree(before + Words.of(value), branches);
    }
    if (value instanceof Keyed keyed) {
      keyed.getKeys().forEach(key -> branches.add(tree(key, keyed.find(key), depth + 1)));
      text = count(branches.size());
    } else if (value instanceof Map<?, ?> map) {
      map.forEach((key, item) -> branches.add(tree(Words.of(key), item, depth + 1)));
      text = count(branches.size());
    } else if (items(value) != null) {
      items(value).forEach(item -> branches.add(tree("", item, depth + 1)));
      text = count(branches.size());
    } else if (value instanceof Described thing) {
      text = thing.title();
      for (Field field : depth == 0 ? thing.fields() : thing.row()) {
        if (field.value() != null) {
          branches.add(tree(field.label(), field.value(), depth + 1));
        }
      }
      if (thing.appendix() != null) {
        branches.add(tree("details", thing.appendix(), depth + 1));
      }
    } else {
      text = Words.of(value);
    }
    if (label.isEmpty() && branches.isEmpty()) {
      return new View.Tree(text, branches);
    }
    return new View.Tree(text.isEmpty() ? label : before + text, branches);
  }

  private static String count(int branches) {
    return branches == 0 ? "(none)" : "(" + branches + ")";
  }

  /** The members of a collection; null when it is none. */
  private static List<?> items(Object value) {
    if (value instanceof Object[] array) {
      return Arrays.asList(array);
    }
    if (value instanceof Iterable<?> some && !(value instanceof java.nio.file.Path)) {
      List<Object> list = new ArrayList<>();
      some.forEach(list::add);
      return list;
    }
    return null;
  }

  private static View list(List<?> items) {
    if (items.isEmpty()) {
      return new View.Text("(none)");
    }
    if (items.stream().allMatch(item -> item instanceof Described)) {
      return rows(items.stream().map(item -> ((Described) item).row()).toList());
    }
    if (items.stream().anyMatch(item -> item instanceof View || item instanceof Described)) {
      return new View.Stack(items.stream().map(Views::of).toList());
    }
    return new View.Text(String.join("\n", items.stream().map(Words::of).toList()));
  }

  private static View rows(List<List<Field>> things) {
    Map<String, Boolean> columns = new LinkedHashMap<>();
    List<Map<String, Object>> rows = new ArrayList<>();
    for (List<Field> thing : things) {
      Map<String, Object> row = new LinkedHashMap<>();
      for (Field field : thing) {
        row.put(field.label(), field.value());
        boolean quantity = field.value() == null || Words.quantity(field.value());
        columns.merge(field.label(), quantity, Boolean::logicalAnd);
      }
      rows.add(row);
    }
    // What nothing has tells nothing.
    columns.keySet().removeIf(label -> rows.stream().allMatch(row -> row.get(label) == null));
    if (columns.isEmpty()) {
      return new View.Text(Words.of(null));
    }
    List<String> headings = List.copyOf(columns.keySet());
    List<List<String>> cells =
        rows.stream()
            .map(row -> headings.stream().map(heading -> Words.of(row.get(heading))).toList())
            .toList();
    return new View.Table(headings, List.copyOf(columns.values()), cells);
  }
}
