package blksh.cache;

import blksh.BlkshException;
import blksh.io.DeviceGuard;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/** Writes what a cache holds as an image of the medium. What it does not hold becomes zeros. */
final class Export {

  private static final int CHUNK = 1 << 20;
  private static final int PAGE = 4096;

  private final Cache cache;
  private final Path target;
  private final boolean overwrite;
  private final Task task;
  private final boolean device;

  Export(Cache cache, Path target, boolean overwrite, Task task) {
    this.cache = cache;
    this.target = target;
    this.overwrite = overwrite;
    this.task = task;
    this.device = Files.exists(target) && !Files.isRegularFile(target);
  }

  RescueReport run() {
    String action = "export " + cache.dataFile() + " to " + target;
    RescueMap map = cache.map();
    if (device) {
      if (!overwrite) {
        throw exists(action);
      }
      DeviceGuard.check(target, map.size(), action);
    }
    task.expect(map.size());
    long written = 0;
    try (FileChannel channel = open(action)) {
      for (RescueRange range : map.ranges()) {
        if (range.status() == RescueStatus.FINISHED) {
          copy(range, channel);
          written += range.length();
        } else {
          task.finding(
              "%d bytes at byte %d were not read and are zeros"
                  .formatted(range.length(), range.start()));
          if (device) {
            zero(range, channel);
          } else {
            task.advance(range.length());
          }
        }
      }
      if (!device && channel.size() < map.size()) {
        channel.write(ByteBuffer.allocate(1), map.size() - 1);
      }
      task.phase("flushing");
      channel.force(true);
    } catch (FileAlreadyExistsException e) {
      throw exists(action);
    } catch (IOException e) {
      throw new BlkshException(action, String.valueOf(e.getMessage()), e);
    }
    return RescueReport.of(map, written, false);
  }

  private static BlkshException exists(String action) {
    return new BlkshException(action, "it exists already").suggest("say overwrite = true");
  }

  private FileChannel open(String action) throws IOException {
    Set<OpenOption> how = new HashSet<>(Set.of(StandardOpenOption.WRITE));
    if (!device) {
      if (overwrite && Files.exists(target) && Files.isSameFile(target, cache.dataFile())) {
        throw new BlkshException(action, "it is the cache itself");
      }
      how.add(overwrite ? StandardOpenOption.CREATE : StandardOpenOption.CREATE_NEW);
      if (overwrite) {
        how.add(StandardOpenOption.TRUNCATE_EXISTING);
      }
    }
    return FileChannel.open(target, how);
  }

  /** Copies a range; on a file, pages of zeros stay holes. */
  private void copy(RescueRange range, FileChannel channel) throws IOException {
    byte[] zeros = new byte[PAGE];
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
    for (long at = range.start(); at < range.end(); at += buffer.limit()) {
      task.checkCancelled();
      buffer.clear().limit((int) Math.min(CHUNK, range.end() - at));
      cache.read(at, buffer);
      int end = buffer.limit();
      int from = 0;
      while (from < end) {
        int to = from;
        while (to < end && (device || !isZero(buffer.array(), to, end, zeros))) {
          to = Math.min(end, to + PAGE);
        }
        write(buffer.duplicate().position(from).limit(to), channel, at + from);
        from = Math.min(end, to + PAGE);
      }
      task.advance(end);
    }
  }

  private static boolean isZero(byte[] bytes, int from, int end, byte[] zeros) {
    int to = Math.min(end, from + PAGE);
    return java.util.Arrays.equals(bytes, from, to, zeros, 0, to - from);
  }

  private void zero(RescueRange range, FileChannel channel) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate(CHUNK);
    for (long at = range.start(); at < range.end(); at += zeros.limit()) {
      task.checkCancelled();
      zeros.clear().limit((int) Math.min(CHUNK, range.end() - at));
      write(zeros.duplicate(), channel, at);
      task.advance(zeros.limit());
    }
  }

  private static void write(ByteBuffer bytes, FileChannel channel, long at) throws IOException {
    long position = at;
    while (bytes.hasRemaining()) {
      position += channel.write(bytes, position);
    }
  }
}
