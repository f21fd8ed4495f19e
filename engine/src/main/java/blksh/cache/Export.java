package blksh.cache;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.TargetFile;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Writes what a cache holds as an image of its source. What it does not hold becomes zeros: holes
 * of a file, written on a drive. A file appears, or takes the place of another, only when it is
 * whole.
 */
final class Export {

  private static final int CHUNK = 1 << 20;
  private static final int PAGE = 4096;
  private static final byte[] ZEROS = new byte[PAGE];

  private final Cache cache;
  private final Path path;
  private final boolean overwrite;
  private final Task task;
  private final ByteBuffer buffer = ByteBuffer.allocate(CHUNK);

  Export(Cache cache, Path path, boolean overwrite, Task task) {
    this.cache = cache;
    this.path = path;
    this.overwrite = overwrite;
    this.task = task;
  }

  RescueReport run() {
    String action = "export " + cache.dataFile() + " to " + path;
    RescueMap map = cache.map();
    checkOther(action);
    try (TargetFile target = TargetFile.open(path, action, map.size(), overwrite, true)) {
      task.expect(map.size());
      target.setLength(map.size());
      long written = 0;
      long missing = 0;
      long first = -1;
      for (RescueRange range : map.ranges()) {
        if (range.status() == RescueStatus.FINISHED) {
          copy(range, target);
          written += range.length();
        } else {
          first = missing++ == 0 ? range.start() : first;
          leaveOut(range, target);
        }
      }
      if (missing > 0) {
        task.finding(
            RescueReport.told(missing, map.size() - written, first, "were not read and are zeros"));
      }
      task.phase("flushing");
      target.finish();
      target.lost().forEach(task::note);
      return RescueReport.of(map, written, false);
    } catch (FileAlreadyExistsException e) {
      throw exists(action);
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  private void checkOther(String action) {
    if (!overwrite && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw exists(action);
    }
    if (isAt(cache.dataFile()) || isAt(cache.mapFile())) {
      throw new BlkshException(action, "it is the cache itself");
    }
  }

  private boolean isAt(Path file) {
    try {
      return Files.exists(path) && Files.exists(file) && Files.isSameFile(path, file);
    } catch (IOException e) {
      return false; // one of them is gone meanwhile
    }
  }

  private static BlkshException exists(String action) {
    return new BlkshException(action, "it exists already").suggest("say overwrite = true");
  }

  /** Copies a range; in a file, pages of zeros stay holes. */
  private void copy(RescueRange range, TargetFile target) throws IOException {
    for (long at = range.start(); at < range.end(); at += buffer.limit()) {
      task.checkCancelled();
      buffer.clear().limit((int) Math.min(CHUNK, range.end() - at));
      cache.read(at, buffer);
      int end = buffer.limit();
      int from = 0;
      while (from < end) {
        int to = from;
        while (to < end && (target.isDevice() || !isZero(to, end))) {
          to = Math.min(end, to + PAGE);
        }
        target.write(at + from, buffer.duplicate().position(from).limit(to));
        from = Math.min(end, to + PAGE);
      }
      task.advance(end);
    }
  }

  /** Whether the page of the buffer that begins at an index is zeros. */
  private boolean isZero(int from, int end) {
    int to = Math.min(end, from + PAGE);
    return Arrays.equals(buffer.array(), from, to, ZEROS, 0, to - from);
  }

  /** A file has a hole there; a drive must be written. */
  private void leaveOut(RescueRange range, TargetFile target) throws IOException {
    if (!target.isDevice()) {
      task.advance(range.length());
      return;
    }
    Arrays.fill(buffer.array(), (byte) 0);
    for (long at = range.start(); at < range.end(); at += buffer.limit()) {
      task.checkCancelled();
      buffer.clear().limit((int) Math.min(CHUNK, range.end() - at));
      target.write(at, buffer.duplicate());
      task.advance(buffer.limit());
    }
  }
}
