package blksh.session;

import java.util.List;
import java.util.regex.Pattern;

/** The beginning of what was shown, without attributes, to be told again in a report. */
final class ShownText {

  private static final int MOST_CHARACTERS = 20_000;
  private static final Pattern ATTRIBUTES = Pattern.compile("\033\\[[0-9;]*m");

  private final StringBuilder text = new StringBuilder();
  private boolean more;

  synchronized void add(String line) {
    if (text.length() < MOST_CHARACTERS) {
      text.append(ATTRIBUTES.matcher(line).replaceAll("")).append('\n');
    } else {
      more = true;
    }
  }

  void add(List<String> lines) {
    for (String line : lines) {
      add(line);
      if (more) {
        return;
      }
    }
  }

  /** It, and begins anew. */
  synchronized String take() {
    String taken = more ? text + "…\n" : text.toString();
    text.setLength(0);
    more = false;
    return taken;
  }
}
