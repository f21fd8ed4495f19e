package blksh.view;

import java.lang.reflect.Array;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Chooses the view of a result: a card for one thing, a table for many of a kind. */
public final class Views {

  /** Levels of a tree; a thing may refer to itself. */
  private static final int DEEPEST = 5;

  /** Branches of one thing in a tree. */
  private static final int MOST_BRANCHES = 1000;

  /** Branches of a whole tree: the files of a disk are without number. */
  private static final int MOST_IN_ALL = 20_000;

  /** Characters of one text when not all is wanted. */
  private static final int LONGEST = 1 << 20;

  /** Columns of a list in one line of a card; a longer one has a line for each member. */
  private static final int WIDEST_LIST = 60;

  private final int most;
  private int branchesLeft;

  private Views(int most) {
    this.most = most;
  }

  /** The view of any value a script or the prompt may produce. */
  public static View of(Object value) {
    return upTo(Integer.MAX_VALUE).view(value);
  }

  /** Chooses views that show at most so many members of a collection, and say what they leave. */
  public static Views upTo(int most) {
    return new Views(most);
  }

  /** The view of any value. */
  public View view(Object value) {
    if (value instanceof View view) {
      return view;
    }
    if (value instanceof Pictured thing) {
      return thing.picture();
    }
    if (value instanceof Described thing) {
      return card(thing);
    }
    if (value instanceof byte[] bytes) {
      return bytes(bytes);
    }
    if (value instanceof Map<?, ?> map) {
      return map(map);
    }
    if (Words.isRange(value)) {
      return new View.Text(value.toString());
    }
    Members members = members(value);
    if (members != null) {
      return members.shown(list(members.items()));
    }
    return text(Words.alone(value));
  }

  private View text(String text) {
    if (most == Integer.MAX_VALUE || text.length() <= LONGEST) {
      return new View.Text(text);
    }
    return new View.Stack(
        List.of(
            new View.Text(text.substring(0, LONGEST)),
            new View.Text("… " + (text.length() - LONGEST) + " characters more")));
  }

  private View bytes(byte[] bytes) {
    int shown = (int) Math.min(bytes.length, 16L * most);
    View dump = new Hexdump("the bytes", 0, Arrays.copyOf(bytes, shown)).picture();
    return shown == bytes.length
        ? dump
        : new View.Stack(
            List.of(dump, new View.Text("… " + (bytes.length - shown) + " bytes more")));
  }

  private View map(Map<?, ?> map) {
    if (map.isEmpty()) {
      return new View.Text("(none)");
    }
    if (map.size() <= most && map.values().stream().allMatch(value -> row(value) != null)) {
      List<List<Field>> rows = new ArrayList<>();
      map.forEach(
          (key, value) -> {
            List<Field> row = new ArrayList<>();
            row.add(Field.of("key", Words.of(key)));
            row.addAll(row(value));
            rows.add(row);
          });
      return rows(rows);
    }
    List<View.Card.Line> lines = new ArrayList<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (lines.size() == most) {
        break;
      }
      lines.add(new View.Card.Line(Words.of(entry.getKey()), Words.of(entry.getValue())));
    }
    return new Members(List.of(), map.size() - lines.size()).shown(new View.Card("", lines));
  }

  private View card(Described thing) {
    List<View.Card.Line> lines = new ArrayList<>();
    for (Field field : thing.fields()) {
      if (field.value() != null) {
        lines.add(new View.Card.Line(field.label(), line(field.value())));
      }
    }
    List<View> parts = new ArrayList<>();
    parts.add(new View.Card(thing.title(), lines));
    if (thing.appendix() != null) {
      parts.add(view(thing.appendix()));
    }
    return parts.size() == 1 ? parts.get(0) : new View.Stack(parts);
  }

  /** A value on a card: sentences one under the other. */
  private static String line(Object value) {
    String text = Words.of(value);
    return value instanceof List<?> items && text.length() > WIDEST_LIST
        ? String.join("\n", items.stream().map(Words::of).toList())
        : text;
  }

  /** Any value as rows, one for each member of a collection. */
  public View table(Object value) {
    Members members = members(value);
    if (members == null && value instanceof Map<?, ?> map) {
      members = members(map.entrySet());
    }
    if (members == null) {
      members = new Members(Arrays.asList(value), 0);
    }
    if (members.items().isEmpty()) {
      return new View.Text("(none)");
    }
    List<List<Field>> rows = new ArrayList<>();
    for (Object item : members.items()) {
      List<Field> row = row(item);
      rows.add(row == null ? List.of(Field.of("value", item)) : row);
    }
    return members.shown(rows(rows));
  }

  /** Any value as a card, a collection as a card for each member. */
  public View cards(Object value) {
    Members members = members(value);
    if (members != null && !members.items().isEmpty()) {
      return members.shown(new View.Stack(members.items().stream().map(this::oneCard).toList()));
    }
    return oneCard(value);
  }

  private View oneCard(Object value) {
    if (value instanceof Described thing) {
      return card(thing);
    }
    List<Field> parts = Parts.of(value);
    if (parts == null) {
      return view(value);
    }
    String title = value instanceof Map.Entry<?, ?> ? "" : value.getClass().getSimpleName();
    return new View.Card(
        title,
        parts.stream()
            .map(part -> new View.Card.Line(part.label(), Words.of(part.value())))
            .toList());
  }

  /** Any value as a tree: keys, members and fields below what has them. */
  public View tree(Object value) {
    branchesLeft = MOST_IN_ALL;
    return tree("", value, 0);
  }

  private View.Tree tree(String label, Object value, int depth) {
    String before = label.isEmpty() ? "" : label + ": ";
    List<View.Tree> branches = new ArrayList<>();
    String text = "";
    if (--branchesLeft < 0) {
      return new View.Tree(label.isEmpty() ? "…" : label + ": …", branches);
    }
    if (depth >= DEEPEST) {
      return new View.Tree(before + Words.of(value), branches);
    }
    List<Field> parts = Parts.of(value);
    Members members = parts == null ? upTo(Math.min(most, MOST_BRANCHES)).members(value) : null;
    boolean leaf =
        depth > 0
            && value instanceof Described
            && value instanceof Keyed it
            && it.getKeys().isEmpty();
    if (leaf) {
      text = leaf((Described) value);
    } else if (value instanceof Keyed keyed) {
      keyed.getKeys().stream()
          .limit(MOST_BRANCHES)
          .forEach(key -> branches.add(tree(key, keyed.member(key), depth + 1)));
      text = count(branches, keyed.getKeys().size() - branches.size());
    } else if (value instanceof Map<?, ?> map) {
      map.entrySet().stream()
          .limit(MOST_BRANCHES)
          .forEach(
              entry -> branches.add(tree(Words.of(entry.getKey()), entry.getValue(), depth + 1)));
      text = count(branches, map.size() - branches.size());
    } else if (members != null) {
      members.items().forEach(item -> branches.add(tree("", item, depth + 1)));
      text = count(branches, members.more());
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
    } else if (parts != null) {
      text = value instanceof Map.Entry<?, ?> ? "entry" : value.getClass().getSimpleName();
      parts.forEach(part -> branches.add(tree(part.label(), part.value(), depth + 1)));
    } else {
      text = Words.of(value);
    }
    if (label.isEmpty() && branches.isEmpty()) {
      return new View.Tree(text, branches);
    }
    return new View.Tree(text.isEmpty() ? label : before + text, branches);
  }

  /** A file or an empty directory: how large it is, which is what a tree is looked at for. */
  private static String leaf(Described thing) {
    return thing.row().stream()
        .map(Field::value)
        .filter(value -> value instanceof blksh.view.Size)
        .findFirst()
        .map(Words::of)
        .orElse(thing.title());
  }

  /** Says how many branches there are, and adds one for those that are left out. */
  private static String count(List<View.Tree> branches, int more) {
    int all = branches.size() + Math.max(0, more);
    if (more != 0) {
      branches.add(new View.Tree(more > 0 ? "… " + more + " more" : "… and more", List.of()));
    }
    return all == 0 ? "(none)" : "(" + all + (more < 0 ? " and more)" : ")");
  }

  /**
   * Members of a collection.
   *
   * @param more how many there are beyond these; -1 when there are some and nobody knows
   */
  private record Members(List<?> items, int more) {

    View shown(View view) {
      if (more == 0) {
        return view;
      }
      String what = more < 0 ? "… and more" : "… " + more + " more";
      return new View.Stack(List.of(view, new View.Text(what)));
    }
  }

  /** The members of a collection, or the first of many; null when it is none. */
  private Members members(Object value) {
    if (value instanceof Object[] array) {
      return first(Arrays.asList(array));
    }
    if (value != null && value.getClass().isArray()) {
      int length = Array.getLength(value);
      List<Object> items = new ArrayList<>();
      for (int i = 0; i < Math.min(length, most); i++) {
        items.add(Array.get(value, i));
      }
      return new Members(items, length - items.size());
    }
    if (value instanceof List<?> list) {
      return first(list);
    }
    if (value instanceof Iterable<?> some && !(value instanceof Path)) {
      List<Object> items = new ArrayList<>();
      for (Object item : some) {
        if (items.size() == most) {
          return new Members(items, some instanceof Collection<?> all ? all.size() - most : -1);
        }
        items.add(item);
      }
      return new Members(items, 0);
    }
    return null;
  }

  private Members first(List<?> list) {
    int shown = Math.min(list.size(), most);
    return new Members(list.subList(0, shown), list.size() - shown);
  }

  private View list(List<?> items) {
    if (items.isEmpty()) {
      return new View.Text("(none)");
    }
    boolean pictures = items.stream().allMatch(item -> item instanceof Pictured);
    if (!pictures && items.stream().allMatch(item -> row(item) != null)) {
      return rows(items.stream().map(Views::row).toList());
    }
    if (items.stream().anyMatch(item -> item instanceof View || item instanceof Described)) {
      return new View.Stack(items.stream().map(this::view).toList());
    }
    return new View.Lines(items);
  }

  /** What a value is as a row among its like; null when it is no row. */
  public static List<Field> row(Object value) {
    if (value instanceof Described thing) {
      return thing.row();
    }
    if (value instanceof Map<?, ?> map) {
      boolean named = !map.isEmpty() && map.keySet().stream().allMatch(String.class::isInstance);
      return named
          ? map.entrySet().stream()
              .map(entry -> Field.of((String) entry.getKey(), entry.getValue()))
              .toList()
          : null;
    }
    return Parts.of(value);
  }

  /** A value in a table: a long list one member under the other. */
  private static String cell(Object value) {
    String text = View.Table.cell(Words.of(value));
    return value instanceof List<?> items && items.size() > 1 && Columns.of(text) > WIDEST_LIST
        ? String.join(
            View.Table.PART, items.stream().map(it -> View.Table.cell(Words.of(it))).toList())
        : text;
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
            .map(row -> headings.stream().map(heading -> cell(row.get(heading))).toList())
            .toList();
    return new View.Table(headings, List.copyOf(columns.values()), cells);
  }
}
