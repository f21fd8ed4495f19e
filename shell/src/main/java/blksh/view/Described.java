package blksh.view;

import java.util.List;

/**
 * A thing that says how it prints: as a card when alone, as a row among its like, and as a JSON
 * object with the same names. One declaration serves all three.
 */
public interface Described {

  /** Its values, the most telling first. */
  List<Field> fields();

  /** Its values as a row among its like; by default those that are no details. */
  default List<Field> row() {
    return fields().stream().filter(field -> !field.detail()).toList();
  }

  /** What the thing is called above its card, such as {@code "manifest server01.sda@3"}. */
  String title();

  /** What follows the card, such as a table of what was found; null for nothing. */
  default Object appendix() {
    return null;
  }
}
