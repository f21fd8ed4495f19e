package blksh.drive;

import blksh.BlkshException;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
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

  private Lsblk() {}

  static List<Drive> drives(Machine machine) {
    try (JsonParser parser = new JsonFactory().createParser(machine.lsblk())) {
      parser.nextToken();
      List<Drive> drives = new ArrayList<>();
      for (Object device : list(object(value(parser)), "blockdevices")) {
        drives.add(drive(machine, object(device)));
      }
      return List.copyOf(drives);
    } catch (IOException e) {
      throw new BlkshException("list drives", "lsblk answered no JSON", e)
          .suggest("util-linux 2.33 or newer is needed");
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

  private static Drive drive(Machine machine, Map<?, ?> facts) throws IOException {
    String name = text(facts, "kname");
    List<Drive> children = new ArrayList<>();
    for (Object child : list(facts, "children")) {
      children.add(drive(machine, object(child)));
    }
    children.sort(Comparator.comparingLong(Drive::start));
    Path path = Path.of(text(facts, "path"));
    Map<String, String> content =
        text(facts, "fstype").isEmpty() && number(facts, "size") > 0
            ? probe(machine, path)
            : Map.of();
    String sys = name.replace('/', '!');
    String label = either(facts, "label", content, "LABEL");
    return new Drive(
        name,
        path,
        text(facts, "type"),
        either(facts, "model", Map.of("M", machine.fact(sys, "device/model")), "M"),
        either(facts, "serial", Map.of("S", machine.fact(sys, "device/serial")), "S"),
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
        start(machine.fact(sys, "start")),
        machine.fact(sys, "loop/backing_file"),
        mountPoints(facts),
        children);
  }

  private static long start(String sectors) {
    return sectors.isEmpty() ? 0 : Long.parseLong(sectors) * SECTOR;
  }

  private static List<String> mountPoints(Map<?, ?> facts) {
    List<?> all = list(facts, "mountpoints");
    if (all.isEmpty() && facts.get("mountpoint") != null) {
      all = List.of(facts.get("mountpoint"));
    }
    return all.stream().filter(Objects::nonNull).map(Object::toString).toList();
  }

  private static Map<String, String> probe(Machine machine, Path path) {
    Map<String, String> found = new LinkedHashMap<>();
    for (String line : machine.probe(path.toString()).split("\n")) {
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
}
