package blksh.workspace;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.OwnerOnly;
import blksh.mount.Traffic;
import blksh.mount.fuse.LoopMount;
import blksh.mount.fuse.SystemMounts;
import blksh.mount.nbd.NbdServer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * What is known of mounts and servers: of this process what it serves, of all processes of this
 * home the records they keep in it, of those of other homes what the system knows.
 *
 * <p>A record lasts as long as what it tells of. A thread keeps those of this process up to date,
 * and ends what somebody removed the record of.
 */
final class MountRegistry {

  private static final String DIRECTORY = "mounts";

  /** How often what is served is noted, and wishes to end it are looked for. */
  private static final long NOTE_MILLIS = 1000;

  private final Path directory;
  private final Consumer<BlkshException> warnings;

  /** What this process serves, by the file of its record. */
  private final Map<Path, ServedMount> served = new ConcurrentHashMap<>();

  /** What is served no more, while its source is closed and its record deleted. */
  private final Set<ServedMount> ending = ConcurrentHashMap.newKeySet();

  private Thread scribe;
  private long count;
  private volatile boolean warned;

  MountRegistry(Path home, Consumer<BlkshException> warnings) {
    this.directory = home.resolve(DIRECTORY);
    this.warnings = warnings;
  }

  // ---- of this process -----------------------------------------------------------------------

  /** A name in the registry's directory that no other process takes. */
  synchronized Path freshName(String ending) {
    ProcessIdentity own = ProcessIdentity.own();
    return directory.resolve("%d-%d-%d%s".formatted(own.pid(), own.start(), ++count, ending));
  }

  /**
   * Notes that something is served.
   *
   * @return the file of its record
   */
  synchronized Path add(ServedMount mount) {
    Path file = freshName(MountRecord.ENDING);
    write(file, mount);
    served.put(file, mount);
    if (scribe == null) {
      scribe = new Thread(this::keepNotes, "mounts");
      scribe.setDaemon(true);
      scribe.start();
    }
    return file;
  }

  /**
   * Ends something that is served no more: others see that only when its source is closed.
   *
   * @param file of its record, which is written no more from here on
   */
  void end(Path file, ServedMount mount, Runnable close) {
    ending.add(mount);
    synchronized (mount) {
      served.remove(file);
    }
    close.run();
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // pruning will
    }
    mount.end();
    ending.remove(mount);
  }

  /** What this process serves now, and what has not yet wholly ended. */
  List<ServedMount> unfinished() {
    List<ServedMount> all = new ArrayList<>(served.values());
    all.addAll(ending);
    return all;
  }

  /** What this process serves at a place. */
  Optional<ServedMount> here(String place) {
    return served.values().stream().filter(own -> own.record().place().equals(place)).findFirst();
  }

  /** Writes a record again, unless it is about to be deleted. */
  private void rewrite(Path file, ServedMount mount) {
    synchronized (mount) {
      if (served.containsKey(file)) {
        write(file, mount);
      }
    }
  }

  private void write(Path file, ServedMount mount) {
    try {
      OwnerOnly.makeDirectories(directory);
      mount.record().write(file, mount.traffic());
    } catch (IOException e) {
      synchronized (this) {
        if (warned) {
          return;
        }
        warned = true;
      }
      warnings.accept(
          IoFailure.told("note what is mounted", e)
              .suggest("other processes do not see it; the mount itself is not affected"));
    }
  }

  private void keepNotes() {
    Map<Path, Traffic> noted = new HashMap<>();
    while (true) {
      try {
        Thread.sleep(NOTE_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      synchronized (this) {
        if (served.isEmpty()) {
          scribe = null;
          return;
        }
      }
      served.forEach(
          (file, mount) -> {
            Traffic traffic = mount.traffic();
            if (!Files.exists(file) && Files.isDirectory(directory) && !warned) {
              unmountQuietly(mount);
            } else if (!traffic.equals(noted.put(file, traffic))) {
              rewrite(file, mount);
            }
          });
    }
  }

  /** Ends something this process serves; a failure is told as a warning. */
  void unmountQuietly(ServedMount mount) {
    try {
      mount.unmount();
    } catch (BlkshException e) {
      warnings.accept(e);
    }
  }

  // ---- of all processes ----------------------------------------------------------------------

  /**
   * What is mounted and served now, oldest first.
   *
   * @throws BlkshException when the records cannot be listed
   */
  List<MountEntry> list() {
    List<MountEntry> found = new ArrayList<>();
    for (Path file : records()) {
      ServedMount own = served.get(file);
      Optional<MountRecord.Noted> noted = MountRecord.read(file);
      if (own != null) {
        found.add(own.entry());
      } else if (noted.isPresent()) {
        MountRecord record = noted.get().mount();
        found.add(record.entry(state(record.server().mayBeAlive()), noted.get().traffic()));
      }
    }
    served.forEach(
        (file, own) -> {
          if (!Files.exists(file)) {
            found.add(own.entry());
          }
        });
    found.sort(Comparator.comparing(MountEntry::since));
    addOfOtherHomes(found);
    return found;
  }

  private void addOfOtherHomes(List<MountEntry> found) {
    Set<String> places = new HashSet<>();
    found.forEach(entry -> places.add(entry.place()));
    for (SystemMounts.Mounted mounted : SystemMounts.all()) {
      boolean below = mounted.alive() && mounted.path().startsWith(directory);
      if (!below && !places.contains(mounted.path().toString())) {
        found.add(
            new MountEntry(
                MountEntry.Kind.FUSE,
                mounted.path().toString(),
                "",
                "",
                null,
                mounted.pid(),
                state(mounted.alive()),
                null));
      }
    }
  }

  private static MountEntry.State state(boolean alive) {
    return alive ? MountEntry.State.ELSEWHERE : MountEntry.State.DEAD;
  }

  private List<Path> records() {
    List<Path> files = new ArrayList<>();
    if (Files.isDirectory(directory)) {
      try (DirectoryStream<Path> entries =
          Files.newDirectoryStream(directory, "*" + MountRecord.ENDING)) {
        entries.forEach(files::add);
      } catch (DirectoryIteratorException e) {
        throw IoFailure.told("list mounts", e.getCause());
      } catch (IOException e) {
        throw IoFailure.told("list mounts", e);
      }
    }
    return files;
  }

  /**
   * Deletes the records of a place, which asks the process that serves it to end it.
   *
   * @throws BlkshException when one cannot be deleted
   */
  void askToEnd(String place) {
    for (Path file : records()) {
      if (MountRecord.read(file).filter(noted -> noted.mount().place().equals(place)).isPresent()) {
        delete(file, "end " + place);
      }
    }
  }

  /**
   * Cleans up after processes that were killed: takes their mounts away and forgets them.
   *
   * @return what was cleaned up
   * @throws BlkshException when something cannot be taken away
   */
  List<MountEntry> prune() {
    List<MountEntry> dead =
        list().stream().filter(entry -> entry.state() == MountEntry.State.DEAD).toList();
    for (MountEntry entry : dead) {
      if (entry.kind() == MountEntry.Kind.FILE_SYSTEM) {
        LoopMount.unmount(Path.of(entry.place()));
      }
    }
    SystemMounts.prune();
    for (Path file : records()) {
      Optional<MountRecord> record = MountRecord.read(file).map(MountRecord.Noted::mount);
      boolean alive =
          served.containsKey(file)
              || record.filter(mount -> mount.server().mayBeAlive()).isPresent();
      if (!alive) {
        record
            .filter(mount -> mount.kind() == MountEntry.Kind.NBD)
            .ifPresent(mount -> NbdServer.removeDead(URI.create(mount.place())));
        delete(file, "forget a mount");
      }
    }
    return dead;
  }

  private static void delete(Path file, String action) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }
}
