package blksh.drive;

import static java.nio.charset.StandardCharsets.UTF_8;

import blksh.BlkshException;
import blksh.io.Program;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Asks lsblk(8) for the drives. What is on them lsblk takes from udev; where no udev runs, blkid(8)
 * looks itself.
 */
final class Lsblk {

  private static final int SECTOR = 512;
  private static final Path UDEV = Path.of("/run/udev/data");

  private Lsblk() {}

  static List<Drive> drives() {
    String json = run("lsblk", "--json", "--bytes", "--output-all");
    try (JsonParser parser = new JsonFactory().createParser(json)) {
      parser.nextToken();
      List<Drive> drives = new ArrayList<>();
      for (Object device : list(object(value(parser)), "blockdevices")) {
        drives.add(drive(object(device)));
      }
      return List.copyOf(drives);
    } catch (IOException e) {
      throw new BlkshException("list drives", "lsblk answered no JSON", e)
          .suggest("util-linux 2.33 or newer is needed");
    }
  }

  private static String run(String name, String... arguments) {
    Path program =
        Program.find(name)
            .orElseThrow(
                () ->
                    new BlkshException("list drives", "there is no " + name)
                        .suggest("install util-linux"));
    try {
      Process process =
          Program.of(program, arguments).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), UTF_8);
      process.waitFor();
      return output;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new blksh.task.CancelledException("list drives");
    } catch (IOException e) {
      throw new BlkshException("list drives", program + " cannot be run", e)
          .suggest("install util-linux");
    }
  }

  private static Object value(JsonParser parser) throws IOException {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      Map<String, Object> object = new LinkedHashMap<>();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String name = parser.currentName();
        parser.nextToken();
        object.put(name, value(parser));
      }
      return object;
    }
    if (token == JsonToken.START_ARRAY) {
      List<Object> list = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        list.add(value(parser));
      }
      return list;
    }
    if (token == null) {
      throw new IOException("nothing");
    }
    return token == JsonToken.VALUE_NULL ? null : parser.getText();
  }

  private static Map<?, ?> object(Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new IOException("no object");
  }

  private static List<?> list(Map<?, ?> object, String name) {
    return object.get(name) instanceof List<?> list ? list : List.of();
  }

  private static Drive drive(Map<?, ?> facts) throws IOException {
    String name = text(facts, "kname");
    List<Drive> children = new ArrayList<>();
    for (Object child : list(facts, "children")) {
      children.add(drive(object(child)));
    }
    children.sort(Comparator.comparingLong(Drive::start));
    Path path = Path.of(text(facts, "path"));
    Map<String, String> content =
        text(facts, "fstype").isEmpty() && number(facts, "size") > 0 && !Files.exists(UDEV)
            ? probe(path)
            : Map.of();
    Path sys = Path.of("/sys/class/block", name.replace('/', '!'));
    String label = either(facts, "label", content, "LABEL");
    return new Drive(
        name,
        path,
        text(facts, "type"),
        either(facts, "model", Map.of("M", read(sys.resolve("device/model"))), "M"),
        either(facts, "serial", Map.of("S", read(sys.resolve("device/serial"))), "S"),
        number(facts, "size"),
        (int) number(facts, "log-sec"),
        (int) number(facts, "phy-sec"),
        flag(facts, "rota"),
        flag(facts, "rm") || flag(facts, "hotplug"),
        flag(facts, "ro"),
        text(facts, "tran"),
        either(facts, "fstype", content, "TYPE"),
        label.isEmpty() ? either(facts, "partlabel", content, "PART_ENTRY_NAME") : label,
        either(facts, "uuid", content, "UUID"),
        either(facts, "pttype", content, "PTTYPE"),
        start(sys),
        read(sys.resolve("loop/backing_file")),
        mountPoints(facts),
        children);
  }

  private static long start(Path sys) {
    String sectors = read(sys.resolve("start"));
    return sectors.isEmpty() ? 0 : Long.parseLong(sectors) * SECTOR;
  }

  private static List<String> mountPoints(Map<?, ?> facts) {
    List<?> all = list(facts, "mountpoints");
    if (all.isEmpty() && facts.get("mountpoint") != null) {
      all = List.of(facts.get("mountpoint"));
    }
    return all.stream().filter(Objects::nonNull).map(Object::toString).toList();
  }

  private static Map<String, String> probe(Path path) {
    Map<String, String> found = new LinkedHashMap<>();
    for (String line : run("blkid", "-p", "-o", "export", path.toString()).split("\n")) {
      int equals = line.indexOf('=');
      if (equals > 0) {
        found.put(line.substring(0, equals), line.substring(equals + 1).replace("\\ ", " "));
      }
    }
    return found;
  }

  private static String either(
      Map<?, ?> facts, String name, Map<String, String> others, String other) {
    String text = text(facts, name);
    return text.isEmpty() ? others.getOrDefault(other, "") : text;
  }

  private static String text(Map<?, ?> facts, String name) {
    Object value = facts.get(name);
    return value == null ? "" : value.toString().strip();
  }

  private static long number(Map<?, ?> facts, String name) throws IOException {
    String text = text(facts, name);
    try {
      return text.isEmpty() ? 0 : Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IOException(name + ": " + text, e);
    }
  }

  /** Older versions of lsblk write 0 and 1. */
  private static boolean flag(Map<?, ?> facts, String name) {
    String text = text(facts, name);
    return text.equals("true") || text.equals("1");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
