package blksh.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.FileTrees;
import blksh.task.Task;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A tree, its catalogue, and the images of its discs. */
final class DiscWorkshop implements AutoCloseable {

  static final Instant MADE = Instant.parse("2026-01-02T03:04:05Z");

  final Path tree;
  final Path isos;
  final Catalogue catalogue;

  DiscWorkshop(Path dir) throws IOException {
    tree = Files.createDirectories(dir.resolve("tree"));
    isos = Files.createDirectories(dir.resolve("isos"));
    catalogue = Catalogue.openOrCreate(dir.resolve("c.catalogue"), "photos");
  }

  /** Changes the tree, waits until that shows in times, and scans it. */
  ScanReport changed(String script) throws IOException {
    FileTrees.script(tree, script + "\nsleep 0.1");
    return scan(tree);
  }

  ScanReport scan(Path directory) {
    return catalogue.scan(directory, WalkOptions.ALL, Task.unwatched());
  }

  DiscSet segment(long capacity) {
    return segment(capacity, false, Task.unwatched());
  }

  DiscSet replan(long capacity) {
    return segment(capacity, true, Task.unwatched());
  }

  DiscSet segment(long capacity, boolean replan, Task task) {
    SegmentOptions options =
        new SegmentOptions(Media.of(capacity), true, List.of(), 0, true, replan, MADE);
    return catalogue.segment(options, false, task);
  }

  Path image(Disc disc) {
    return isos.resolve(disc.name() + ".iso");
  }

  WrittenDisc write(Disc disc) {
    return catalogue.write(disc, image(disc), false, false, Task.unwatched());
  }

  /** Writes those that are not written, and says where. */
  List<Path> writeAll(DiscSet set) {
    List<Path> images = new ArrayList<>();
    for (Disc each : set.discs()) {
      if (each.written() == null) {
        assertThat(write(each).faults()).isEmpty();
        images.add(image(each));
      }
    }
    return images;
  }

  RestoreReport restore(List<Path> images, Path to) {
    return catalogue.restore(images, List.of(), to, Task.unwatched());
  }

  /** Turns a bit in the middle of what a disc has of a file. */
  void damage(Path image, String name) throws IOException {
    byte[] bytes = Files.readAllBytes(image);
    byte[] content = Files.readAllBytes(tree.resolve(name));
    int at = 0;
    while (!Arrays.equals(bytes, at, at + 2048, content, 0, 2048)) {
      at += 2048;
    }
    bytes[at + content.length / 2] ^= 1;
    Files.write(image, bytes);
  }

  long number(String sql, Object... values) {
    return catalogue.file().call("ask", () -> catalogue.file().number(0, sql, values));
  }

  void execute(String sql, Object... values) {
    catalogue.file().whole("change", () -> catalogue.file().execute(sql, values));
  }

  @Override
  public void close() {
    catalogue.close();
  }
}
