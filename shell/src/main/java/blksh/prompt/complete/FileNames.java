package blksh.prompt.complete;

import blksh.prompt.line.Quoted;
import blksh.view.Words;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Paths of files and drives, as far as they are typed. */
final class FileNames {

  private static final int MOST_FILES = 500;
  private static final int SECTOR = 512;

  private FileNames() {}

  /**
   * @param word what is typed of a path, as a string holds it
   * @param drives whether drives are offered too
   */
  static void offer(String word, boolean drives, Choices all) {
    if (drives && (word.isEmpty() || word.startsWith("/dev"))) {
      try (Stream<Path> blocks = Files.list(Path.of("/sys/block"))) {
        for (Path block : blocks.sorted().toList()) {
          String name = "/dev/" + block.getFileName();
          all.addQuoted(name, "\"", size(block));
        }
      } catch (IOException none) {
        // A system without them has other drives to offer: files.
      }
    }
    int slash = word.lastIndexOf('/');
    String head = word.substring(0, slash + 1);
    try (Stream<Path> files = Files.list(Path.of(head.isEmpty() ? "." : Quoted.read(head)))) {
      for (Path file : files.limit(MOST_FILES).sorted().toList()) {
        String name = head + Quoted.of(file.getFileName().toString());
        boolean inside = Files.isDirectory(file);
        all.add(inside ? name + "/" : name + "\"", inside ? name + "/" : name, about(file));
      }
    } catch (IOException | RuntimeException unreadable) {
      return;
    }
  }

  private static String size(Path block) {
    try {
      return Words.size(Long.parseLong(Files.readString(block.resolve("size")).trim()) * SECTOR);
    } catch (IOException | NumberFormatException unknown) {
      return null;
    }
  }

  private static String about(Path file) {
    try {
      return Files.isRegularFile(file) ? Words.size(Files.size(file)) : null;
    } catch (IOException unknown) {
      return null;
    }
  }
}
