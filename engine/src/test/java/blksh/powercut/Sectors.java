package blksh.powercut;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a medium may hold: in each sector what was synced last, or anything that was to be written
 * there since.
 */
final class Sectors {

  private static final int SECTOR = 512;

  private final byte[] now;
  private byte[] synced;
  private final List<Scene.Change> since = new ArrayList<>();

  Sectors(byte[] first) {
    this.now = first.clone();
    this.synced = first;
  }

  int size() {
    return now.length;
  }

  void change(Scene.Change change) {
    since.add(change);
    change.to(now);
  }

  void sync() {
    synced = now.clone();
    since.clear();
  }

  void check(byte[] found) {
    assertThat(found).hasSameSizeAs(synced);
    for (int at = 0; at < found.length; at += SECTOR) {
      int end = Math.min(found.length, at + SECTOR);
      if (!Arrays.equals(found, at, end, synced, at, end)) {
        assertThat(isOf(found, at, end)).as("sector at byte %d was written so", at).isTrue();
      }
    }
  }

  private boolean isOf(byte[] found, int at, int end) {
    for (Scene.Change change : since) {
      int from = at - change.position();
      if (from >= 0 && from + end - at <= change.length()) {
        byte[] bytes = change.bytes() == null ? new byte[change.length()] : change.bytes();
        if (Arrays.equals(found, at, end, bytes, from, from + end - at)) {
          return true;
        }
      }
    }
    return false;
  }
}
