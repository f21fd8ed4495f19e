package blksh.prompt.command;

import blksh.session.Console;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A walk through blksh on the sample disk, which the newcomer may leave at every step. */
final class Tour {

  /**
   * One step.
   *
   * @param text what it is about
   * @param entry what is entered then
   * @param needs a file that must be there, or null
   */
  record Step(String text, String entry, Path needs) {
    Step(String text, String entry) {
      this(text, entry, null);
    }
  }

  private static final List<Step> STEPS =
      List.of(
          new Step(
              """
              blksh comes with a sample disk in two generations, a day apart. A disk or a file that
              is read as one is a drive; a name alone prints what it is.""",
              "sampleDisk(1)"),
          new Step(
              """
              A store keeps every distinct 4 KiB page once. This captures the first generation into
              a new one. It is a real capture: Ctrl-C would stop it and leave the store whole.""",
              "val tour = store(home.resolve(\"samples/tour\"))\n"
                  + "tour.capture(sampleDisk(1), name = \"tour\")"),
          new Step(
              """
              A day later: a log has grown, a picture has moved, a letter is gone. Only what is new
              is stored, so look at \"new\" and \"stored\".""",
              "tour.capture(sampleDisk(2), name = \"tour\")"),
          new Step(
              """
              Everything can be explored. Names and versions are keys: at the prompt, TAB after
              tour.manifests[\" offers them, and after a dot what a thing has.""",
              "tour.manifests"),
          new Step(
              "A picture of the newest version: what it holds, and what changed since the one before.",
              "tour.manifests[\"tour\"].last.map"),
          new Step(
              """
              Whatever can be read at a position is a source, with files to look at without mounting
              or root: a drive, an image, a partition of either, a version in a store.""",
              "tour.manifests[\"tour\"].last.files"),
          new Step(
              """
              Other programs can read them too. This mounts the store, a file for each version, looks
              into the directory, and takes the mount away; nothing is copied for it.""",
              """
              val versions = mount(tour, home.resolve("samples/versions"))
              home.resolve("samples/versions/tour").toFile().list()!!.sorted()
              versions.unmount()""",
              Path.of("/dev/fuse")),
          new Step(
              """
              Verifying reads every page and compares it with its SHA-256. bg { … } does that in the
              background, while you go on; jobs lists what runs.""",
              "bg { tour.verify() }.await()"),
          new Step(
              "Restoring proves every byte. The sample is small, so this overwrites a file of its own.",
              "tour.restore(\"tour@1\", to = \"$home/samples/tour.img\", overwrite = true)\n"
                  + "same(sampleDisk(1).path, home.resolve(\"samples/tour.img\"))"),
          new Step(
              """
              All of this is Kotlin, so results can be asked further. And whatever works here works
              unchanged in a script: :save FILE writes one of what you entered.""",
              "tour.manifests.filter { it.new < 1.MiB }.map { \"${it.reference} brought ${it.new}\" }"),
          new Step("What was done is remembered, with its figures.", "runs.take(4)"));

  private static final String END =
      """
      That was the tour. :help NAME explains any word, :doc store.capture shows one with an example,
      samples/TUTORIAL.md does the same from the command line.""";

  private final Console console;
  private final CommandContext context;

  Tour(Console console, CommandContext context) {
    this.console = console;
    this.context = context;
  }

  /** Walks; false when a step failed. */
  boolean walk() throws InterruptedException {
    List<Step> steps =
        STEPS.stream().filter(step -> step.needs() == null || Files.exists(step.needs())).toList();
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      console.out().println();
      console.out().println("(" + (i + 1) + "/" + steps.size() + ") " + step.text());
      console.out().println();
      step.entry().lines().forEach(line -> console.out().println("    " + line));
      if (console.screen() != null) {
        String answer = context.ask("Enter goes on, q leaves: ");
        if (answer == null || answer.strip().equalsIgnoreCase("q")) {
          return true;
        }
      }
      for (String entry : step.entry().split("\n")) {
        if (!context.evaluate(entry, true)) {
          return false;
        }
      }
    }
    console.out().println();
    console.out().println(END);
    return true;
  }
}
