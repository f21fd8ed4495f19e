package blksh.bench;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.image.ImageOptions;
import blksh.mount.fuse.MountOptions;
import blksh.mount.nbd.ServeOptions;
import blksh.store.CaptureOptions;
import blksh.store.Store;
import blksh.workspace.MountEntry;
import blksh.workspace.MountSource;
import blksh.workspace.Workspace;
import java.nio.file.Path;
import java.util.Map;

/**
 * Mounts or serves what the benchmark of mounts reads, until that is ended. Arguments: home,
 * "file:PATH", "image:PATH" (an image of partclone's, say), "store:STORE=FILE" (a manifest of the
 * file, captured when there is none), then "direct", "cached" or "nbd", and the directory or
 * socket.
 */
public final class Serving {

  private Serving() {}

  public static void main(String[] arguments) throws InterruptedException {
    try (Workspace workspace = Workspace.open(Path.of(arguments[0]))) {
      BlockSource source = open(workspace, arguments[1]);
      Path place = Path.of(arguments[3]);
      if (arguments[2].equals("nbd")) {
        workspace
            .mounts()
            .serve(MountSource.of(Map.of("disk", source)), ServeOptions.onSocket(place));
      } else {
        MountOptions options = MountOptions.defaults();
        MountEntry entry =
            workspace
                .mounts()
                .mount(
                    MountSource.of(source),
                    place,
                    arguments[2].equals("cached") ? options.withPageCache() : options);
        if (entry.pid() != ProcessHandle.current().pid()) {
          throw new IllegalStateException(entry.toString());
        }
      }
      workspace.mounts().awaitEnd();
    }
  }

  private static BlockSource open(Workspace workspace, String what) {
    String path = what.substring(what.indexOf(':') + 1);
    if (what.startsWith("image:")) {
      return workspace.image(Path.of(path), ImageOptions.defaults());
    }
    if (what.startsWith("file:")) {
      return BlockSources.open(Path.of(path));
    }
    String[] parts = path.split("=");
    Store store = workspace.store(Path.of(parts[0]));
    if (store.names().isEmpty()) {
      try (BlockSource file = BlockSources.open(Path.of(parts[1]))) {
        workspace.run(
            "capture",
            "disk",
            task -> store.capture(file, "disk", CaptureOptions.defaults(), task));
      }
    }
    return store.source(store.manifest("disk"));
  }
}
