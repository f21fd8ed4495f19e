package blksh.session;

import blksh.view.Drawing;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jline.keymap.BindingReader;
import org.jline.keymap.KeyMap;
import org.jline.terminal.Attributes;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStringBuilder;
import org.jline.utils.AttributedStyle;
import org.jline.utils.Display;
import org.jline.utils.InfoCmp.Capability;

/**
 * Shows lines a screenful at a time, with the keys of less; the heading of a table stays at the top
 * while its rows pass below it.
 */
final class Pager {

  private static final String HELP =
      "Space b page; arrows line, left, right; g G ends; / n N search; q leaves";

  private enum Key {
    FORWARD,
    BACK,
    DOWN,
    UP,
    RIGHT,
    LEFT,
    FIRST,
    LAST,
    SEARCH,
    NEXT,
    PREVIOUS,
    HELP,
    LEAVE,
    OTHER
  }

  private final Terminal terminal;
  private final List<String> lines;
  private final List<AttributedString> shown;
  private final BindingReader keys;
  private final Display display;
  private Size size;

  /** The first line and column on the screen. */
  private int top;

  private int left;
  private String term = "";

  /** What stands on the last line in place of where it is; null for that. */
  private String note;

  Pager(Terminal terminal, List<String> lines) {
    this.terminal = terminal;
    this.lines = lines;
    this.shown = lines.stream().map(AttributedString::fromAnsi).toList();
    this.keys = new BindingReader(terminal.reader());
    this.display = new Display(terminal, true);
    this.size = terminal.getSize();
  }

  private KeyMap<Key> keyMap() {
    KeyMap<Key> map = new KeyMap<>();
    map.setNomatch(Key.OTHER);
    map.setUnicode(Key.OTHER);
    map.bind(Key.FORWARD, " ", "f", KeyMap.ctrl('F'), KeyMap.ctrl('V'), "\033[6~");
    map.bind(Key.BACK, "b", KeyMap.ctrl('B'), KeyMap.alt('v'), "\033[5~");
    map.bind(Key.DOWN, "j", "e", "\r", "\n", KeyMap.ctrl('N'), "\033[B", "\033OB");
    map.bind(Key.UP, "k", "y", KeyMap.ctrl('P'), "\033[A", "\033OA");
    map.bind(Key.RIGHT, "\033[C", "\033OC");
    map.bind(Key.LEFT, "\033[D", "\033OD");
    map.bind(Key.FIRST, "g", "<", "\033[H", "\033OH", "\033[1~");
    map.bind(Key.LAST, "G", ">", "\033[F", "\033OF", "\033[4~");
    map.bind(Key.SEARCH, "/");
    map.bind(Key.NEXT, "n");
    map.bind(Key.PREVIOUS, "N");
    map.bind(Key.HELP, "h", "?");
    map.bind(Key.LEAVE, "q", "Q", ":q", "ZZ", KeyMap.ctrl('C'), KeyMap.ctrl('D'));
    return map;
  }

  /** Shows them until the person leaves. */
  void run() {
    Attributes before = terminal.enterRawMode();
    Terminal.SignalHandler resized = terminal.handle(Terminal.Signal.WINCH, signal -> resize());
    try {
      terminal.puts(Capability.enter_ca_mode);
      terminal.puts(Capability.keypad_xmit);
      KeyMap<Key> map = keyMap();
      draw();
      for (Key key = read(map); key != null && key != Key.LEAVE; key = read(map)) {
        if (key == Key.SEARCH) {
          search();
        }
        heed(key);
        draw();
      }
    } finally {
      terminal.handle(Terminal.Signal.WINCH, resized);
      terminal.setAttributes(before);
      terminal.puts(Capability.exit_ca_mode);
      terminal.puts(Capability.keypad_local);
      terminal.flush();
    }
  }

  private Key read(KeyMap<Key> map) {
    return keys.readBinding(map);
  }

  private synchronized void resize() {
    size = terminal.getSize();
    display.clear();
    draw();
  }

  private synchronized void heed(Key key) {
    note = key == Key.SEARCH ? note : null;
    int page = Math.max(1, room());
    switch (key) {
      case FORWARD -> top += page;
      case BACK -> top -= page;
      case DOWN -> top++;
      case UP -> top--;
      case FIRST -> top = 0;
      case LAST -> top = lines.size();
      case RIGHT -> left += Math.max(1, size.getColumns() / 2);
      case LEFT -> left = Math.max(0, left - Math.max(1, size.getColumns() / 2));
      case NEXT -> find(top + 1, 1);
      case PREVIOUS -> find(top - 1, -1);
      case HELP -> note = HELP;
      case SEARCH, OTHER, LEAVE -> {}
    }
    top = Math.max(0, Math.min(top, last()));
  }

  /** Reads what to look for on the last line. */
  private void search() {
    StringBuilder typed = new StringBuilder();
    while (true) {
      note = "/" + typed;
      draw();
      int key = keys.readCharacter();
      if (key == '\r' || key == '\n') {
        break;
      }
      if (key < 0 || key == '\003' || key == '\033') {
        note = null;
        return;
      }
      if (key == '\b' || key == 127) {
        typed.setLength(Math.max(0, typed.length() - 1));
      } else if (key >= ' ') {
        typed.appendCodePoint(key);
      }
    }
    term = typed.isEmpty() ? term : typed.toString();
    find(top, 1);
  }

  private void find(int from, int step) {
    note = null;
    String wanted = term.toLowerCase(Locale.ROOT);
    for (int line = from; line >= 0 && line < lines.size(); line += step) {
      if (shown.get(line).toString().toLowerCase(Locale.ROOT).contains(wanted)) {
        top = line;
        return;
      }
    }
    note = "not found: " + term;
  }

  /** The heading that a line stands under; null when there is none. */
  private String heading(int line) {
    return lines instanceof Drawing drawing ? drawing.heading(line) : null;
  }

  /** The first line of the last screenful; a heading above it takes the place of one. */
  private int last() {
    int last = Math.max(0, Math.min(lines.size() - 1, lines.size() - size.getRows() + 1));
    return last < lines.size() - 1 && heading(last) != null ? last + 1 : last;
  }

  /** How many lines the screen has room for, above the last and below a heading. */
  private int room() {
    return Math.max(1, size.getRows() - (heading(top) == null ? 1 : 2));
  }

  private synchronized void draw() {
    List<AttributedString> screen = new ArrayList<>();
    String heading = heading(top);
    if (heading != null) {
      screen.add(part(AttributedString.fromAnsi(heading)));
    }
    int end = Math.min(lines.size(), top + room());
    for (int line = top; line < end; line++) {
      screen.add(part(shown.get(line)));
    }
    while (screen.size() < size.getRows() - 1) {
      screen.add(new AttributedString("~", AttributedStyle.DEFAULT.faint()));
    }
    String where = "lines " + (top + 1) + "-" + end + " of " + lines.size();
    String text = note != null ? note : where + "; q leaves, h helps";
    screen.add(
        part(
            new AttributedStringBuilder()
                .styled(AttributedStyle.INVERSE, text)
                .toAttributedString(),
            0));
    display.resize(size);
    display.update(screen, -1);
  }

  private AttributedString part(AttributedString line) {
    return part(line, left);
  }

  private AttributedString part(AttributedString line, int from) {
    return line.columnSubSequence(from, from + size.getColumns());
  }
}
