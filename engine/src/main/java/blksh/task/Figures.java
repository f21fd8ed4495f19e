package blksh.task;

import java.util.Map;

/** A result that can be summed up in figures, which the run history keeps. */
public interface Figures {

  /**
   * The figures by name, in the order to show them: {@code "storedBytes" → 1048576}.
   *
   * @return numbers, booleans and strings, and lists and maps of them
   */
  Map<String, Object> figures();
}
