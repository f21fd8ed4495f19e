package blksh.view;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The lines of a view as they are drawn; each knows the heading it stands under. */
public final class Drawing extends AbstractList<String> implements Consumer<String> {

  /** No more lines are wanted. */
  public static final class Full extends RuntimeException {
    private static final long serialVersionUID = 1;

    Full() {
      super(null, null, false, false);
    }
  }

  private final int most;
  private final List<String> lines = new ArrayList<>();

  /** For each line its heading; null where it stands under none. */
  private final List<String> headings = new ArrayList<>();

  private String heading;

  /**
   * @param most lines that are taken
   */
  public Drawing(int most) {
    this.most = most;
  }

  /**
   * Takes the next line.
   *
   * @throws Full when there are as many as are wanted
   */
  @Override
  public void accept(String line) {
    if (lines.size() == most) {
      throw new Full();
    }
    lines.add(line);
    headings.add(heading);
  }

  /** Takes a line under which the next ones stand. */
  void begin(String line) {
    accept(line);
    heading = line;
  }

  /** Says that what comes next stands under no heading. */
  void end() {
    heading = null;
  }

  /** Says that there is more than was taken. */
  public void cut() {
    heading = null;
    lines.add("… and more");
    headings.add(null);
  }

  /** The heading that a line stands under; null when there is none, or it is one itself. */
  public String heading(int line) {
    return headings.get(line);
  }

  @Override
  public String get(int line) {
    return lines.get(line);
  }

  @Override
  public int size() {
    return lines.size();
  }
}
