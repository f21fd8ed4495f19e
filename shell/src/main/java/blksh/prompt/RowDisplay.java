package blksh.prompt;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jline.terminal.Sized;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/**
 * What stands on the screen of an entry, in rows that each end by themselves and never run on into
 * the next. So it is known what a terminal makes of them that gets another width: each row is
 * broken by itself, or none is. They are taken away and drawn anew, and nothing of them stays.
 */
final class RowDisplay extends Display {

  private static final Pattern CUTTING = Pattern.compile("^(linux|vt\\d|screen|st(-|$))");

  private final boolean breaksRows;
  private List<AttributedString> drawn = List.of();

  /**
   * @param environment says which terminal it is
   */
  RowDisplay(Terminal terminal, Map<String, String> environment) {
    super(terminal, false);
    this.breaksRows = breaksRows(terminal.getType(), environment);
    endRows();
  }

  /** Most terminals break rows that got too wide; those that are known to cut them are named. */
  static boolean breaksRows(String type, Map<String, String> environment) {
    if (environment.containsKey("TMUX")) {
      return true;
    }
    // By ssh only the type comes along. Where that is screen, rows are taken for cut: then too
    // little is taken away, and never too much.
    boolean cuts = environment.containsKey("STY") || environment.containsKey("XTERM_VERSION");
    return !cuts && !CUTTING.matcher(type).find();
  }

  private void endRows() {
    wrapAtEol = false;
    delayedWrapAtEol = false;
  }

  @Override
  public void update(List<AttributedString> lines, int cursor, boolean flush) {
    super.update(lines, cursor, flush);
    drawn = List.copyOf(lines);
  }

  @Override
  public void reset() {
    super.reset();
    drawn = List.of();
  }

  /** Takes away what the terminal has made of it, when its width is another; it is to be drawn. */
  @Override
  public void resize(Sized size) {
    int width = size.getColumns();
    if (width > 0 && columns > 0 && width != columns) {
      int above = rowsAbove(width);
      terminal.puts(Capability.carriage_return);
      if (above > 0) {
        terminal.puts(Capability.parm_up_cursor, above);
      }
      terminal.puts(Capability.clr_eos);
      reset();
      cursorPos = 0;
    }
    super.resize(size);
    endRows();
  }

  /** How many rows of it are above that of the cursor in a terminal that has got a width. */
  private int rowsAbove(int width) {
    int row = cursorPos / columns1;
    if (!breaksRows) {
      return row;
    }
    int above = Math.min(columns, cursorPos % columns1) / width;
    for (AttributedString line : drawn.subList(0, Math.min(row, drawn.size()))) {
      above += Math.max(1, (line.columnLength(terminal) + width - 1) / width);
    }
    return above;
  }
}
