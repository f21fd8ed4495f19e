package blksh.prompt.command;

import blksh.BlkshException;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The person's own editor, $VISUAL or $EDITOR or else vi, on a text. It has the terminal. */
public final class TextEditor {

  private final Path home;

  /**
   * @param home takes the file that is edited, which nobody else may read
   */
  public TextEditor(Path home) {
    this.home = home;
  }

  /**
   * Lets the person edit a text.
   *
   * @return what the editor left, without what is blank at its end
   * @throws BlkshException when the editor does not end with status 0
   */
  public String edit(String before) throws IOException, InterruptedException {
    Path file = Files.createTempFile(home, "entry", ".kts");
    try {
      WholeFile.replace(file, PartFile.Durability.WHOLE, before.getBytes(StandardCharsets.UTF_8));
      String editor = editor();
      // The editor may come with options, so a shell reads it.
      int status =
          new ProcessBuilder("sh", "-c", editor + " \"$1\"", "sh", file.toString())
              .inheritIO()
              .start()
              .waitFor();
      if (status != 0) {
        throw new BlkshException("edit", editor + " ended with status " + status)
            .suggest("choose another by EDITOR");
      }
      return Files.readString(file).stripTrailing();
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private static String editor() {
    return Stream.of("VISUAL", "EDITOR")
        .map(System::getenv)
        .filter(editor -> editor != null && !editor.isBlank())
        .findFirst()
        .orElse("vi");
  }
}
