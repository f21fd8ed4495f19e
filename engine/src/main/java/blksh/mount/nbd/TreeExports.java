package blksh.mount.nbd;

import blksh.BlkshException;
import blksh.mount.MountDirectory;
import blksh.mount.MountFile;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * The files of a tree as exports, named by their paths in it, such as {@code server01.sda/3}. A
 * link is another name for the file it leads to. A file is opened for the first client that asks
 * for it, shared by all who do, and closed after the last. None is the default.
 */
public final class TreeExports implements NbdExports {

  private final MountDirectory root;

  /** By the path without links; guarded by itself. */
  private final Map<String, Opened> opened = new HashMap<>();

  private static final class Opened {
    final MountFile file;
    final CompletableFuture<NbdExport> export = new CompletableFuture<>();
    int clients;

    Opened(MountFile file) {
      this.file = file;
    }
  }

  public TreeExports(MountDirectory root) {
    this.root = root;
  }

  @Override
  public Collection<String> names() {
    List<String> names = new ArrayList<>();
    Deque<String> folders = new ArrayDeque<>(List.of(""));
    while (!folders.isEmpty()) {
      String folder = folders.poll();
      if (node(folder) instanceof MountDirectory directory) {
        for (Iterator<String> each = directory.names(); each.hasNext(); ) {
          String name = each.next();
          boolean isFolder =
              !directory.isFlat()
                  && directory.find(name).filter(MountDirectory.class::isInstance).isPresent();
          (isFolder ? folders : names).add(folder + name + (isFolder ? "/" : ""));
        }
      }
    }
    return names;
  }

  /**
   * @throws BlkshException when what has the name cannot be opened
   */
  @Override
  public Optional<NbdExport> find(String name) {
    String path = name;
    MountNode node = node(path);
    if (node instanceof MountLink link) {
      path = path.substring(0, path.lastIndexOf('/') + 1) + link.target();
      node = node(path);
    }
    Opened known;
    boolean first = false;
    synchronized (opened) {
      known = opened.get(path);
      if (known == null && node instanceof MountFile file) {
        known = new Opened(file);
        opened.put(path, known);
        first = true;
      }
      if (known == null) {
        return Optional.empty();
      }
      known.clients++;
    }
    // Opening may take long, and others ask for other names meanwhile.
    if (first) {
      try {
        known.export.complete(new NbdExport(path, known.file.open()));
      } catch (RuntimeException | Error e) {
        synchronized (opened) {
          opened.remove(path, known);
        }
        known.export.completeExceptionally(e);
      }
    }
    try {
      return Optional.of(known.export.join());
    } catch (CompletionException e) {
      throw e.getCause() instanceof BlkshException failure ? failure : e;
    }
  }

  /** What is at a path, or null; the root is the empty one, a directory may end with a slash. */
  private MountNode node(String path) {
    MountNode node = root;
    for (String name : path.isEmpty() ? new String[0] : path.split("/")) {
      node = node instanceof MountDirectory folder ? folder.find(name).orElse(null) : null;
    }
    return node;
  }

  @Override
  public void release(NbdExport export) {
    synchronized (opened) {
      Opened known = opened.get(export.name());
      if (known == null || known.export.getNow(null) != export || --known.clients > 0) {
        return;
      }
      opened.remove(export.name());
      known.file.release(export.source());
    }
  }
}
