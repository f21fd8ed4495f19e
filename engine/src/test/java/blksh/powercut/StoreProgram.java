package blksh.powercut;

import static blksh.powercut.Telling.tell;

import blksh.block.ByteArraySource;
import blksh.store.CaptureOptions;
import blksh.store.CompactOptions;
import blksh.store.Manifest;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.VerifyOptions;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/**
 * Makes a store and uses it in all ways, and tells of each what it is about to do and what is done.
 * Arguments: a directory, and a seed.
 */
final class StoreProgram {

  static final String STORE = "store";
  static final String RESTORED = "restored.img";

  private static final int OTHERS = 14;

  private final Path folder;
  private final Random random;
  private final Store store;
  private int images;

  private StoreProgram(Path folder, Random random) throws IOException {
    this.folder = folder;
    this.random = random;
    Store.create(folder.resolve(STORE), StoreOptions.defaults()).close();
    tell("made");
    this.store = Store.open(folder.resolve(STORE));
  }

  public static void main(String[] arguments) throws IOException {
    Random random = new Random(Long.parseLong(arguments[1]));
    StoreProgram program = new StoreProgram(Path.of(arguments[0]), random);
    program.everythingOnce();
    program.someOfIt();
    program.store.close();
  }

  private void everythingOnce() throws IOException {
    capture("a");
    capture("a");
    capture("a");
    capture("b");
    // As a mount does: the index stays open, and nobody brings its log to an end.
    try (Store other = Store.open(folder.resolve(STORE))) {
      other.manifests();
      capture("b");
      delete("a@3");
      capture("c");
      restore("a@1");
      delete("a@1");
      capture("a");
      restore("b@2");
    }
    capture("b");
    keepLast("b");
    protect();
    compact();
    reindex();
    capture("a");
    delete("a@4");
    undelete("a@4", 6);
    capture("c");
    delete("a@4");
    compact();
  }

  private void someOfIt() throws IOException {
    Store other = null;
    for (int i = 0; i < OTHERS; i++) {
      List<Manifest> all = store.manifests();
      switch (random.nextInt(9)) {
        case 0, 1, 2 -> capture(name());
        case 3 -> delete(all.get(random.nextInt(all.size())).reference());
        case 4 -> keepLast(name());
        case 8 -> compact();
        case 5 -> restore(all.get(random.nextInt(all.size())).reference());
        case 6 -> {
          if (other == null) {
            other = Store.open(folder.resolve(STORE));
            other.manifests();
          } else {
            other.close();
            other = null;
          }
        }
        default -> {
          if (other == null) {
            reindex();
          }
        }
      }
      if (store.manifests().size() < 3) {
        capture(name());
      }
    }
    store.verify(VerifyOptions.full(), Task.unwatched());
    if (other != null) {
      other.close();
    }
  }

  private String name() {
    return List.of("a", "b", "c").get(random.nextInt(3));
  }

  private void capture(String name) throws IOException {
    int image = images++;
    tell("capturing " + name + " " + image);
    ByteArraySource source = new ByteArraySource(Scene.image(image));
    Manifest manifest =
        store.capture(source, name, CaptureOptions.defaults(), Task.unwatched()).manifest();
    tell("captured " + manifest.reference() + " " + image);
  }

  private void delete(String reference) throws IOException {
    Manifest manifest = store.manifest(reference);
    tell("deleting " + reference);
    store.delete(manifest);
    tell("deleted " + reference);
  }

  private void keepLast(String name) throws IOException {
    for (Manifest manifest : store.expendable(name, 1)) {
      delete(manifest.reference());
    }
  }

  private void restore(String reference) throws IOException {
    tell("writing " + RESTORED + " " + reference);
    RestoreOptions options = RestoreOptions.defaults().withOverwrite(true);
    store.restore(store.manifest(reference), folder.resolve(RESTORED), options, Task.unwatched());
    tell("wrote " + RESTORED + " " + reference);
  }

  private void undelete(String reference, int image) throws IOException {
    tell("undeleting " + reference);
    store.upkeep().undelete(reference);
    tell("captured " + reference + " " + image);
  }

  private void compact() throws IOException {
    tell("compacting");
    CompactOptions options = CompactOptions.defaults().withThreshold(1);
    store.upkeep().compact(options, Task.unwatched());
    tell("compacted");
  }

  /** From here on with parity, which nothing tells of: it is of what is there, or is not there. */
  private void protect() {
    store.upkeep().protect(10, false, Task.unwatched());
  }

  private void reindex() throws IOException {
    tell("reindexing");
    store.reindex(Task.unwatched());
    tell("reindexed");
  }
}
