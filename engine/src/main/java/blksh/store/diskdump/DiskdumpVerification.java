package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.store.AffectedRange;
import blksh.store.Damage;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * One verification of a diskdump store: every file of a block is decoded and compared with the
 * digest that is its name; then every manifest is read, and what it names must be among those.
 */
final class DiskdumpVerification {

  private static final int LISTED = 1000;
  private static final int TOLD = 20;

  /** Ranges that are listed of one dump. */
  private static final int RANGES = 100;

  /** Digests of a manifest that are looked at at once. */
  private static final int CHUNK = 1024;

  private final DiskdumpPlace place;
  private final DiskdumpConfig config;
  private final Task task;

  /** Those that are sound; guarded by itself. */
  private final DigestSort sound = new DigestSort();

  // Guarded by this.
  private final List<Damage> damage = new ArrayList<>();
  private long damaged;
  private long blocks;
  private long bytes;

  private volatile boolean broken;

  DiskdumpVerification(DiskdumpPlace place, DiskdumpConfig config, Task task) {
    this.place = place;
    this.config = config;
    this.task = task;
  }

  DiskdumpReport run() throws IOException {
    long started = System.nanoTime();
    DumpListing listing = new DumpListing(place);
    List<DumpListing.Found> dumps = listing.found();
    for (Damage each : listing.passedOver()) {
      add(place.base().resolve(each.file()), each.problem(), each.affected());
    }
    if (config.problem() != null) {
      add(place.config(), configDamage(place, config).problem(), List.of());
    }
    task.phase("blocks");
    try (BlockTable table = BlockTable.look(place.table())) {
      if (table != null) {
        task.expect(table.totals().bytes());
      }
    } catch (BlkshException e) {
      add(place.table(), e.problem() + "; nothing is lost, reindex makes it again", List.of());
    }
    try (sound) {
      BlockWalk walk = new BlockWalk(place, this::unwalked);
      Workers.run(task, Workers.count(), () -> checkBlocks(walk), () -> broken = true);
      task.phase("manifests");
      try (DigestTable table = sound.finish()) {
        checkDumps(dumps, table);
      }
    }
    tell();
    return new DiskdumpReport(
        blocks,
        dumps.size(),
        bytes,
        List.copyOf(damage),
        damaged,
        Duration.ofNanos(System.nanoTime() - started));
  }

  private synchronized void add(Path file, String problem, List<AffectedRange> affected) {
    damaged++;
    if (damage.size() < LISTED) {
      damage.add(new Damage(place.shown(file), 0, 0, problem, affected));
    }
  }

  /** That config.json says nothing of use. */
  private static Damage configDamage(DiskdumpPlace place, DiskdumpConfig config) {
    String problem = config.problem() + "; no dump needs it";
    return new Damage(place.shown(place.config()), 0, 0, problem, List.of());
  }

  private void unwalked(Path directory, IOException e) {
    add(directory, "its blocks cannot be listed: " + IoFailure.reason(e), List.of());
  }

  private void tell() {
    damage.stream().limit(TOLD).forEach(d -> task.finding(d.file() + ": " + d.problem()));
    if (damaged > TOLD) {
      task.finding("%d more places are damaged".formatted(damaged - TOLD));
    }
  }

  private void checkBlocks(BlockWalk walk) throws IOException {
    while (!broken) {
      List<Path> files = walk.next();
      if (files.isEmpty()) {
        return;
      }
      for (Path file : files) {
        task.checkCancelled();
        try {
          checkBlock(file, DiskdumpPlace.digestOf(file));
        } catch (IOException e) {
          add(file, IoFailure.reason(e), List.of());
        }
      }
    }
  }

  private void checkBlock(Path file, String hex) throws IOException {
    if (hex == null) {
      add(file, "it is no block, or in the wrong directory; nothing is lost by it", List.of());
      return;
    }
    if (FileType.of(file, LinkOption.NOFOLLOW_LINKS) == null) {
      return; // removed meanwhile: who needs it is told with the manifests
    }
    BlockFile block = BlockFile.read(file, hex, DumpManifest.LARGEST_BLOCK);
    long length = Files.exists(file) ? Files.size(file) : 0;
    task.advance(length);
    if (!block.isSound()) {
      add(file, block.problem() + "; the next dump that has its bytes writes it anew", List.of());
      return;
    }
    synchronized (sound) {
      sound.add(HexFormat.of().parseHex(hex), 0);
    }
    synchronized (this) {
      blocks++;
      bytes += length;
    }
  }

  private void checkDumps(List<DumpListing.Found> dumps, DigestTable table) {
    Queue<DumpListing.Found> queue = new ConcurrentLinkedQueue<>(dumps);
    Workers.run(
        task,
        Workers.count(),
        () -> {
          for (DumpListing.Found each = queue.poll(); each != null; each = queue.poll()) {
            checkDump(each, table);
          }
        },
        queue::clear);
  }

  private void checkDump(DumpListing.Found found, DigestTable table) {
    try (DumpManifest manifest = DumpManifest.open(found.file())) {
      Dump dump = new DumpListing(place).dump(found, manifest);
      Ranges lost = new Ranges(dump);
      byte[] digests = new byte[CHUNK * DiskdumpPlace.DIGEST];
      for (long first = 0; first < manifest.blocks(); first += CHUNK) {
        task.checkCancelled();
        int count = (int) Math.min(CHUNK, manifest.blocks() - first);
        manifest.digests(first, count, digests);
        for (int i = 0; i < count; i++) {
          if (table.find(digests, i * DiskdumpPlace.DIGEST) < 0) {
            lost.add(first + i);
          }
        }
      }
      if (lost.count > 0) {
        add(
            found.file(),
            "%d of its blocks are missing or damaged".formatted(lost.count),
            lost.ranges);
      }
      if (dump.isTruncated()) {
        add(found.file(), truncated(dump), List.of(tail(dump)));
      }
    } catch (IOException e) {
      Damage all = new DumpListing(place).damaged(found, IoFailure.reason(e));
      add(found.file(), all.problem(), all.affected());
    }
  }

  private static String truncated(Dump dump) {
    return "the dump is truncated: it has %d of %d blocks"
        .formatted(dump.blocks(), dump.blocks() + dump.missing());
  }

  private static AffectedRange tail(Dump dump) {
    long start = Math.min(dump.size(), dump.blocks() * dump.blockSize());
    return new AffectedRange(dump.reference(), start, dump.size() - start);
  }

  /** The parts of a dump that cannot be restored. */
  private static final class Ranges {
    private final Dump dump;
    final List<AffectedRange> ranges = new ArrayList<>();
    long count;
    private long end = -1;

    Ranges(Dump dump) {
      this.dump = dump;
    }

    void add(long block) {
      count++;
      long start = block * dump.blockSize();
      long length = Math.max(0, Math.min(dump.blockSize(), dump.size() - start));
      int last = ranges.size() - 1;
      if (block == end && last >= 0 && last < RANGES) {
        AffectedRange before = ranges.get(last);
        if (before.start() + before.length() == start) {
          ranges.set(
              last, new AffectedRange(before.manifest(), before.start(), before.length() + length));
        }
      } else if (ranges.size() < RANGES) {
        ranges.add(new AffectedRange(dump.reference(), start, length));
      }
      end = block + 1;
    }
  }
}
