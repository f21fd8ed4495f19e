package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.block.ByteArraySource;
import blksh.io.ExtendedAttributes;
import blksh.store.pack.PageSize;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The table of a tree: what is written is read, and damage is refused in words. */
class TreeTableTest {

  private static final ExtendedAttributes SOME =
      new ExtendedAttributes(
          List.of(new ExtendedAttributes.Attribute("user.a".getBytes(), new byte[] {1, 0, 2})));

  private static List<byte[]> paths(int count, long seed) {
    Random random = new Random(seed);
    TreeSet<byte[]> paths = new TreeSet<>(PathOrder::compare);
    while (paths.size() < count) {
      StringBuilder path = new StringBuilder("r");
      for (int depth = random.nextInt(5); depth >= 0; depth--) {
        path.append('/').append((char) ('!' + random.nextInt(90))).append(random.nextInt(40));
      }
      String text = path.toString().replace("//", "/x");
      paths.add(text.getBytes(StandardCharsets.ISO_8859_1));
    }
    return new ArrayList<>(paths);
  }

  private static TreeRecord record(byte[] path, Random random) {
    TreeRecord r = new TreeRecord();
    r.plain();
    r.path(path, path.length);
    r.type = TreeRecord.Type.ofCode(1 + random.nextInt(7));
    ExtendedAttributes extended = random.nextInt(20) == 0 ? SOME : ExtendedAttributes.NONE;
    r.attributes = new EntryAttributes(random.nextInt(07777), random.nextInt(3), -2, 5, extended);
    r.modifiedSeconds = random.nextInt() * 4L;
    r.modifiedNanos = random.nextInt(1_000_000_000);
    r.changedSeconds = random.nextLong() >> 20;
    r.inode = random.nextLong();
    r.links = 1 + random.nextInt(3);
    switch (r.type) {
      case FILE -> r.size = random.nextInt(3) * random.nextInt(30_000);
      case LINK -> r.target = new byte[random.nextInt(30)];
      case CHARACTER_DEVICE, BLOCK_DEVICE -> r.size = random.nextInt();
      default -> {}
    }
    r.size &= 0xFFFFFFFFL;
    if (random.nextInt(50) == 0) {
      r.state = TreeRecord.State.UNREAD;
      r.problem = "nicht lesbar: ß";
    } else if (r.links > 2) {
      r.firstName = "r/other".getBytes();
    }
    random.nextBytes(r.digest);
    return r;
  }

  private static String told(TreeRecord r) {
    return String.join(
        " ",
        new String(r.path, 0, r.pathLength, StandardCharsets.ISO_8859_1),
        r.type + " " + r.attributes.mode() + " " + r.attributes.gid(),
        r.attributes.extended().all().size() + " " + r.modifiedSeconds + " " + r.modifiedNanos,
        r.changedSeconds + " " + r.inode + " " + r.links + " " + r.size,
        Arrays.toString(r.target) + Arrays.toString(r.firstName) + r.state + r.problem,
        r.hasContents() ? Arrays.toString(r.digest) + r.firstPage : "");
  }

  private static byte[] table(List<TreeRecord> records, long contents) {
    try (TreeTableWriter writer = new TreeTableWriter(PageSize.USUAL)) {
      for (TreeRecord each : records) {
        each.firstPage = writer.place();
        writer.add(each);
      }
      writer.finish(contents, Instant.EPOCH);
      ByteBuffer bytes = ByteBuffer.allocate((int) writer.pages() * 4096);
      writer.copy(0, bytes);
      return bytes.array();
    }
  }

  /** The table as if contents of so many pages were before it. */
  private static TreeTable open(byte[] table) {
    return new TreeTable(new ByteArraySource(table), "t");
  }

  @Test
  void whatIsWrittenIsReadFromTheBeginningAndFromAnyPath() {
    Random random = new Random(3);
    List<TreeRecord> records = new ArrayList<>();
    for (byte[] path : paths(3000, 1)) {
      TreeRecord r = record(path, random);
      if (r.type == TreeRecord.Type.FILE) {
        r.size = 0; // no contents before the table
      }
      records.add(r);
    }
    TreeTable table = open(table(records, 0));
    assertThat(table.entries()).isEqualTo(3000);
    TreeTable.Cursor cursor = table.cursor();
    for (TreeRecord each : records) {
      assertThat(cursor.next()).isTrue();
      assertThat(told(cursor.record())).isEqualTo(told(each));
    }
    assertThat(cursor.next()).isFalse();
    for (int i = 0; i < 500; i++) {
      TreeRecord wanted = records.get(random.nextInt(3000));
      assertThat(cursor.find(wanted.pathBytes())).isTrue();
      assertThat(told(cursor.record())).isEqualTo(told(wanted));
      byte[] none = Arrays.copyOf(wanted.pathBytes(), wanted.pathLength + 1);
      none[wanted.pathLength] = (byte) 0xFE;
      assertThat(cursor.find(none)).isFalse();
    }
  }

  @Test
  void aChangedEntryChangesFewPages() {
    List<TreeRecord> records = new ArrayList<>();
    Random random = new Random(5);
    for (byte[] path : paths(20_000, 2)) {
      TreeRecord r = record(path, random);
      r.size = 0;
      records.add(r);
    }
    byte[] before = table(records, 0);
    records.get(777).modifiedNanos ^= 1;
    records.remove(5000);
    byte[] after = table(records, 0);
    TreeSet<String> pages = new TreeSet<>();
    for (int at = 0; at < before.length; at += 4096) {
      pages.add(Arrays.toString(Arrays.copyOfRange(before, at, at + 4096)));
    }
    int fresh = 0;
    for (int at = 0; at < after.length; at += 4096) {
      fresh += pages.contains(Arrays.toString(Arrays.copyOfRange(after, at, at + 4096))) ? 0 : 1;
    }
    assertThat(fresh).isBetween(2, 30);
    assertThat(after.length / 4096).isGreaterThan(250);
  }

  @Test
  void anyDamageIsRefusedInWordsOrChangesNothingElse() {
    Random random = new Random(9);
    List<TreeRecord> records = new ArrayList<>();
    for (byte[] path : paths(400, 4)) {
      TreeRecord r = record(path, random);
      r.size = 0;
      records.add(r);
    }
    byte[] sound = table(records, 0);
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
      byte[] damaged = sound.clone();
      for (int n = random.nextInt(3); n >= 0; n--) {
        damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      }
      try {
        TreeTable.Cursor cursor = open(damaged).cursor();
        int count = 0;
        while (cursor.next()) {
          count++;
        }
        assertThat(count).isEqualTo(400);
        cursor.find("r/x1".getBytes());
      } catch (BlkshException e) {
        assertThat(e.problem()).isNotBlank();
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void theOrderOfPathsIsDirectoryByDirectory() {
    List<String> sorted =
        List.of("", "a", "a-b", "b", "z", "a/", "a/c", "a/x", "a/c/d", "a-b/a", "b/y", "b/y/a");
    List<String> shuffled = new ArrayList<>(sorted);
    java.util.Collections.shuffle(shuffled, new Random(1));
    shuffled.sort((a, b) -> PathOrder.compare(a.getBytes(), b.getBytes()));
    assertThat(shuffled).isEqualTo(sorted);
  }
}
