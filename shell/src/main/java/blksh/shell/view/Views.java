package blksh.shell.view;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Chooses the view of a result: a card for one thing, a table for many of a kind. */
public final class Views {

  private Views() {}

  /** The view of any value a script or the prompt may produce. */
  public static View of(Object value) {
    if (value instanceof View view) {
      return view;
    }
    if (value instanceof Described thing) {
      return card(thing);
    }
    if (value instanceof Map<?, ?> map) {
      List<View.Card.Line> lines = new ArrayList<>();
      map.forEach((key, item) -> lines.add(new View.Card.Line(Words.of(key), Words.of(item))));
      return new View.Card("", lines);
    }
    if (value instanceof Object[] items) {
      return list(Arrays.asList(items));
    }
    if (value instanceof Iterable<?> items && !(value instanceof java.nio.file.Path)) {
      List<Object> list = new ArrayList<>();
      items.forEach(list::add);
      return list(list);
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
    View card = new View.Card(thing.title(), lines);
    Object appendix = thing.appendix();
    return appendix == null ? card : new View.Stack(List.of(card, of(appendix)));
  }

  private static View list(List<?> items) {
    if (items.isEmpty()) {
      return new View.Text("(none)");
    }
    if (items.stream().allMatch(item -> item instanceof Described)) {
      return table(items.stream().map(item -> (Described) item).toList());
    }
    if (items.stream().anyMatch(item -> item instanceof View || item instanceof Described)) {
      return new View.Stack(items.stream().map(Views::of).toList());
    }
    return new View.Text(String.join("\n", items.stream().map(Words::of).toList()));
  }

  private static View table(List<Described> things) {
    Map<String, Boolean> columns = new LinkedHashMap<>();
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Described thing : things) {
      Map<String, Object> row = new LinkedHashMap<>();
      for (Field field : thing.row()) {
        row.put(field.label(), field.value());
        boolean quantity = field.value() == null || Words.quantity(field.value());
        columns.merge(field.label(), quantity, Boolean::logicalAnd);
      }
      rows.add(row);
    }
    List<String> headings = List.copyOf(columns.keySet());
    List<List<String>> cells =
        rows.stream()
            .map(row -> headings.stream().map(heading -> Words.of(row.get(heading))).toList())
            .toList();
    return new View.Table(headings, List.copyOf(columns.values()), cells);
  }
}
