package blksh.prompt.command;

import blksh.Nearest;
import blksh.session.Console;
import blksh.session.Session;
import blksh.session.Settings;
import blksh.view.Described;
import blksh.view.Field;
import java.util.List;
import java.util.stream.Stream;

/** What can be set: {@code :set}. */
final class SettingCommands {

  private final Session session;
  private final Answers answers;

  SettingCommands(Session session, Answers answers) {
    this.session = session;
    this.answers = answers;
  }

  List<Command> all() {
    return List.of(
        new Command(
            "set", "[NAME [VALUE]]", "what can be set, and how it is", this::set, this::settings));
  }

  private Ending set(String words) {
    Console console = answers.console();
    String[] parts = words.strip().split("[\\s=]+", 2);
    if (words.isEmpty()) {
      return answers.show(
          console.views().table(Stream.of(Settings.Name.values()).map(this::row).toList()));
    }
    Settings.Name name = Settings.Name.of(parts[0]);
    if (name == null) {
      List<String> names = Stream.of(Settings.Name.values()).map(Settings.Name::word).toList();
      return answers.wrong(
          "there is no setting " + parts[0] + "; " + Nearest.among(parts[0], names, ""));
    }
    if (parts.length > 1) {
      session.settings().set(name, parts[1]);
      if (console.screen() != null) {
        console.screen().apply(session.settings());
      }
    }
    console.out().println(name.word() + " = " + session.settings().get(name));
    return Ending.DONE;
  }

  private Described row(Settings.Name name) {
    return new SettingRow(name, session.settings().get(name));
  }

  /** A setting as it is now. */
  private record SettingRow(Settings.Name name, String value) implements Described {
    @Override
    public String title() {
      return name.word();
    }

    @Override
    public List<Field> fields() {
      return List.of(
          Field.of("name", name.word()),
          Field.of("value", value),
          Field.of("values", String.join(" | ", name.choices())),
          Field.of("what", name.help()));
    }
  }

  private List<Suggestion> settings(String typed) {
    int space = typed.indexOf(' ');
    if (space < 0) {
      return Stream.of(Settings.Name.values())
          .map(name -> new Suggestion(name.word(), name.help()))
          .toList();
    }
    Settings.Name name = Settings.Name.of(typed.substring(0, space));
    return name == null
        ? List.of()
        : name.choices().stream().map(value -> new Suggestion(value, "")).toList();
  }
}
