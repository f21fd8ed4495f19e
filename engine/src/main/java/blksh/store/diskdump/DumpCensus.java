package blksh.store.diskdump;

import blksh.task.Task;
import java.io.IOException;

/**
 * The blocks of a dump, counted.
 *
 * @param unique how many different ones it has
 * @param missing how many of those have no file, or an empty one
 */
public record DumpCensus(long unique, long missing) {

  private static final int CHUNK = 1024;

  static DumpCensus of(DiskdumpPlace place, DumpManifest manifest, Task task) throws IOException {
    byte[] digests = new byte[CHUNK * DiskdumpPlace.DIGEST];
    try (DigestSort sort = new DigestSort()) {
      for (long first = 0; first < manifest.blocks(); first += CHUNK) {
        task.checkCancelled();
        int count = (int) Math.min(CHUNK, manifest.blocks() - first);
        manifest.digests(first, count, digests);
        for (int i = 0; i < count; i++) {
          sort.add(digests, i * DiskdumpPlace.DIGEST);
        }
      }
      try (DigestTable table = sort.finish()) {
        return new DumpCensus(table.size(), missing(place, table, task));
      }
    }
  }

  private static long missing(DiskdumpPlace place, DigestTable table, Task task) {
    byte[] digests = new byte[CHUNK * DiskdumpPlace.DIGEST];
    long missing = 0;
    for (long first = 0; first < table.size(); first += CHUNK) {
      task.checkCancelled();
      int count = (int) Math.min(CHUNK, table.size() - first);
      table.read(first, digests, count);
      for (int i = 0; i < count; i++) {
        String hex = DiskdumpPlace.hex(digests, i * DiskdumpPlace.DIGEST);
        missing += place.isLost(hex) ? 1 : 0;
      }
    }
    return missing;
  }
}
