package blksh.catalogue;

import blksh.task.Task;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * A plan as JSON: the set, its discs, and what is on each, an entry a line. A name that is no UTF-8
 * has lone surrogates, as in a catalogue.json.
 */
final class PlanJson {

  private final Catalogue catalogue;
  private final Task task;
  private final ByteText text = new ByteText();

  private PlanJson(Catalogue catalogue, Task task) {
    this.catalogue = catalogue;
    this.task = task;
  }

  static void write(Catalogue catalogue, OutputStream to, Task task) throws IOException {
    OutputStream out = new BufferedOutputStream(to, 1 << 16);
    new PlanJson(catalogue, task).write(out);
    out.flush();
  }

  private void write(OutputStream out) throws IOException {
    DiscSet set = catalogue.discSet();
    text.add("{\n  \"media\": ").add(JsonText.of(set.media()));
    text.add(",\n  \"capacity\": ").number(set.capacity());
    text.add(",\n  \"bound\": ").number(set.bound());
    text.add(",\n  \"made\": ").add(set.made() == null ? "null" : "\"" + set.made() + "\"");
    text.add(",\n  \"assigned\": [");
    List<Assignment> assigned = catalogue.plan().assignments();
    for (int i = 0; i < assigned.size(); i++) {
      text.add(i == 0 ? "\n" : ",\n")
          .add("    {\"path\": ")
          .add(JsonText.of(assigned.get(i).path()));
      text.add(", \"disc\": ").number(assigned.get(i).disc()).add('}');
    }
    text.add(assigned.isEmpty() ? "],\n  \"discs\": [" : "\n  ],\n  \"discs\": [");
    boolean first = true;
    for (Disc each : set.discs()) {
      text.add(first ? "\n" : ",\n");
      disc(each, out);
      first = false;
    }
    text.add(first ? "]\n}\n" : "\n  ]\n}\n");
    text.writeTo(out);
  }

  private void disc(Disc disc, OutputStream out) throws IOException {
    text.add("    {\n      \"number\": ").number(disc.number());
    field("name", disc.name());
    field("guid", disc.guid());
    text.add(",\n      \"size\": ").number(disc.size());
    text.add(",\n      \"capacity\": ").number(disc.capacity());
    text.add(",\n      \"files\": ").number(disc.files());
    text.add(",\n      \"bytes\": ").number(disc.bytes());
    field("written", disc.written() == null ? null : disc.written().toString());
    field("image", disc.image() == null ? null : disc.image().toString());
    text.add(",\n      \"entries\": [");
    boolean[] first = {true};
    new DiscEntries(catalogue.file(), catalogue.prefixes(), disc.id(), task)
        .visit(
            each -> {
              text.add(first[0] ? "\n" : ",\n");
              first[0] = false;
              entry(each);
              text.writeTo(out);
              text.clear();
            });
    text.add(first[0] ? "]\n    }" : "\n      ]\n    }");
  }

  private void field(String name, String value) {
    text.add(",\n      \"" + name + "\": ");
    text.add(value == null ? "null".getBytes(StandardCharsets.US_ASCII) : JsonText.of(value));
  }

  private void entry(DiscEntries.Placed each) {
    EntryState entry = each.entry();
    text.add("        {\"path\": ").add(JsonText.of(each.path()));
    text.add(", \"type\": ").add(JsonText.of(entry.type().name().toLowerCase(Locale.ROOT)));
    if (entry.isRegular()) {
      text.add(", \"size\": ").number(entry.size());
      boolean isHere = each.contentSize() == 0 || !each.parts().isEmpty();
      text.add(", \"here\": ").add(isHere ? "true" : "false");
    }
    if (!each.parts().isEmpty() && each.parts().get(0).parts() > 1) {
      text.add(", \"parts\": [");
      boolean first = true;
      for (PartRow part : each.parts()) {
        text.add(first ? "" : ", ").add("{\"number\": ").number(part.number());
        text.add(", \"of\": ").number(part.parts()).add(", \"start\": ").number(part.start());
        text.add(", \"length\": ").number(part.length()).add('}');
        first = false;
      }
      text.add(']');
    }
    text.add('}');
  }
}
