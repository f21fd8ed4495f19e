package blksh.prompt.command;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import blksh.view.Figure;
import blksh.view.Pictured;
import blksh.view.Visible;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The entries that ended well and what they came to, as Markdown (CommonMark): results as they were
 * shown, pictures as SVG in files beside. What is named in it does nothing there.
 */
final class SessionReport {

  private static final Pattern TICKS = Pattern.compile("`+");
  private static final Pattern MARKS = Pattern.compile("[\\\\`*_{}\\[\\]()<>#+.!|~&-]");
  private static final String UNRESERVED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";

  private final CommandContext context;

  SessionReport(CommandContext context) {
    this.context = context;
  }

  /**
   * Writes it to files that do not exist yet, the pictures first: when there is a report, there is
   * all of it.
   *
   * @return how many pictures it has
   * @throws BlkshException when there is a file of one of the names, or none can be written
   */
  int write(Path file) {
    String name = file.getFileName().toString();
    String stem = name.substring(0, name.length() - ".md".length());
    Map<Path, String> pictures = new LinkedHashMap<>();
    StringBuilder text = new StringBuilder("# What was entered at the prompt of blksh\n");
    for (CommandContext.Entry entry : context.entries()) {
      text.append('\n').append(fenced("kotlin", entry.text()));
      Object result = entry.result() == null ? null : context.result(entry.result());
      if (result instanceof Pictured picture) {
        String beside = stem + "-" + (pictures.size() + 1) + ".svg";
        pictures.put(file.resolveSibling(beside), Figure.of(picture.picture()).svg());
        text.append("\n![%s](%s)\n".formatted(plain(picture.title()), link(beside)));
      } else if (!entry.shown().isEmpty()) {
        text.append('\n').append(fenced("text", entry.shown()));
      }
    }
    pictures.put(file, text.toString());
    write(pictures);
    return pictures.size() - 1;
  }

  private static void write(Map<Path, String> files) {
    for (Path file : files.keySet()) {
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        throw there(file);
      }
    }
    files.forEach(SessionReport::write);
  }

  private static BlkshException there(Path file) {
    return new BlkshException("save " + file, "it exists").suggest("name another file");
  }

  private static void write(Path file, String text) {
    try {
      WholeFile.create(file, PartFile.Durability.DURABLE, text.getBytes(StandardCharsets.UTF_8));
    } catch (FileAlreadyExistsException faster) {
      throw there(file);
    } catch (NoSuchFileException missing) {
      throw new BlkshException("save " + file, WholeFile.NO_DIRECTORY).suggest("make it first");
    } catch (IOException failure) {
      throw IoFailure.told("save " + file, failure);
    }
  }

  /** Lines as they are, between more ticks than any of them has. */
  private static String fenced(String language, String text) {
    int most = 2;
    Matcher ticks = TICKS.matcher(text);
    while (ticks.find()) {
      most = Math.max(most, ticks.end() - ticks.start());
    }
    String fence = "`".repeat(most + 1);
    String body = Visible.lines(text).stripTrailing();
    return fence + language + "\n" + body + "\n" + fence + "\n";
  }

  private static String plain(String text) {
    return MARKS.matcher(Visible.of(text)).replaceAll("\\\\$0");
  }

  /** A name as a part of a link (RFC 3986, 2.3). */
  private static String link(String name) {
    StringBuilder link = new StringBuilder("./");
    for (byte each : name.getBytes(StandardCharsets.UTF_8)) {
      if (UNRESERVED.indexOf((char) (each & 0xff)) >= 0) {
        link.append((char) each);
      } else {
        link.append(String.format("%%%02X", each & 0xff));
      }
    }
    return link.toString();
  }
}
