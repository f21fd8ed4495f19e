package blksh.snapshot;

import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.io.PathBytes;
import blksh.task.Task;
import blksh.tree.TreeEntry;
import blksh.tree.TreePart;
import blksh.tree.TreeScan;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the links in some trees lead to outside of them, as cacheback takes it: files, links that
 * are on the way, and of directories themselves alone. What leads into the destination, to nothing
 * or in a circle is left where it is.
 */
final class FollowedLinks {

  /** More links on the way to a file than the system itself follows. */
  private static final int LONGEST_WAY = 40;

  private final List<byte[]> starts;
  private final Path destination;

  /** By path relative to the root of the system: whether it is a directory. */
  private final Map<byte[], Boolean> found = new TreeMap<>(Arrays::compareUnsigned);

  private FollowedLinks(List<byte[]> starts, Path destination) {
    this.starts = starts;
    this.destination = destination;
  }

  /**
   * Looks for them.
   *
   * @param destination null when there is none
   */
  static FollowedLinks of(TakeTargets targets, WalkOptions options, Path destination, Task task) {
    FollowedLinks links = new FollowedLinks(targets.starts(), destination);
    task.phase("looking where links lead");
    TreeScan.of(Path.of("/"), targets.starts(), options).run(task, links::look);
    return links;
  }

  /** All there is to take. */
  TakeTargets targets() {
    List<byte[]> all = new ArrayList<>(starts);
    all.addAll(found.keySet());
    return new TakeTargets(all);
  }

  /** Without what is in the directories. */
  WalkOptions options(WalkOptions options) {
    List<byte[]> directories = new ArrayList<>();
    found.forEach(
        (path, directory) -> {
          if (directory) {
            directories.add(path);
          }
        });
    return new WalkOptions(
        options.excludes().withBelow(directories, List.copyOf(found.keySet())),
        options.oneFileSystem(),
        options.heedMarks(),
        options.largest(),
        options.own());
  }

  private void look(TreePart part) throws IOException {
    for (TreeEntry each : part.entries()) {
      if (each.target() != null) {
        follow(PathBytes.path(rooted(part.path())), each);
      }
    }
  }

  private static byte[] rooted(byte[] path) {
    byte[] rooted = new byte[path.length + 1];
    rooted[0] = '/';
    System.arraycopy(path, 0, rooted, 1, path.length);
    return rooted;
  }

  /** A name that Java keeps as its bytes. */
  private static Path relative(byte[] target) {
    return PathBytes.path(rooted(target)).subpath(0, PathBytes.path(rooted(target)).getNameCount());
  }

  private void follow(Path directory, TreeEntry link) throws IOException {
    Path at = directory;
    Deque<Path> ahead = new ArrayDeque<>();
    push(ahead, link.target());
    at = link.target()[0] == '/' ? Path.of("/") : at;
    int steps = 0;
    while (!ahead.isEmpty()) {
      Path name = ahead.pop();
      if (name.toString().equals("..")) {
        at = at.getParent() == null ? at : at.getParent();
        continue;
      }
      Path next = at.resolve(name);
      if (isOwn(next) || !Files.exists(next, LinkOption.NOFOLLOW_LINKS)) {
        return;
      }
      if (!Files.isSymbolicLink(next)) {
        at = next;
        continue;
      }
      steps++;
      if (steps > LONGEST_WAY) {
        return;
      }
      take(next, false);
      byte[] target = target(next);
      at = target[0] == '/' ? Path.of("/") : at;
      push(ahead, target);
    }
    if (at.getNameCount() > 0) {
      take(at, Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS));
    }
  }

  private static byte[] target(Path link) throws IOException {
    try {
      Path target = Files.readSymbolicLink(link);
      byte[] bytes = PathBytes.of(Path.of("/").resolve(target));
      return target.isAbsolute() ? bytes : Arrays.copyOfRange(bytes, 1, bytes.length);
    } catch (IOException e) {
      throw IoFailure.told("follow " + NameText.of(PathBytes.of(link)), e);
    }
  }

  /** Puts the parts of a path before what is ahead. */
  private static void push(Deque<Path> ahead, byte[] target) {
    List<Path> parts = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= target.length; i++) {
      if (i == target.length || target[i] == '/') {
        if (i > from && !(i == from + 1 && target[from] == '.')) {
          byte[] part = Arrays.copyOfRange(target, from, i);
          boolean up = part.length == 2 && part[0] == '.' && part[1] == '.';
          parts.add(up ? Path.of("..") : relative(part));
        }
        from = i + 1;
      }
    }
    for (int i = parts.size() - 1; i >= 0; i--) {
      ahead.push(parts.get(i));
    }
  }

  private boolean isOwn(Path path) {
    return destination != null && path.startsWith(destination);
  }

  private void take(Path path, boolean directory) {
    byte[] bytes = PathBytes.of(path);
    byte[] relative = Arrays.copyOfRange(bytes, 1, bytes.length);
    for (byte[] each : starts) {
      if (each.length == 0 || startsWith(relative, each)) {
        return;
      }
    }
    found.put(relative, directory);
  }

  /** Whether a path is another, or below it. */
  private static boolean startsWith(byte[] path, byte[] above) {
    return path.length >= above.length
        && Arrays.equals(path, 0, above.length, above, 0, above.length)
        && (path.length == above.length || path[above.length] == '/');
  }
}
