package blksh.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.io.UnreadableException;
import blksh.kit.Child;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlayTest {

  private static final int BLOCK = Overlay.BLOCK;

  @TempDir Path folder;

  private Path file() {
    return folder.resolve("changes.cow");
  }

  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private Overlay over(byte[] base) {
    return Overlay.open(new ByteArraySource(base), file());
  }

  private static byte[] read(BlockSource source) {
    return read(source, 0, (int) source.size());
  }

  private static byte[] read(BlockSource source, long position, int length) {
    ByteBuffer target = ByteBuffer.allocate(length);
    assertThat(source.read(position, target)).isEqualTo(length);
    return target.array();
  }

  @Test
  void whatIsWrittenIsReadAndTheSourceStaysAsItIs() {
    byte[] base = random(10 * BLOCK + 100, 1);
    byte[] before = base.clone();
    try (Overlay overlay = over(base)) {
      byte[] bytes = random(2 * BLOCK, 2);
      overlay.write(BLOCK + 7, ByteBuffer.wrap(bytes));
      overlay.zero(8 * BLOCK - 1, BLOCK + 2);
      byte[] expected = base.clone();
      System.arraycopy(bytes, 0, expected, BLOCK + 7, bytes.length);
      Arrays.fill(expected, 8 * BLOCK - 1, 9 * BLOCK + 1, (byte) 0);
      assertThat(read(overlay)).isEqualTo(expected);
    }
    assertThat(base).isEqualTo(before);
  }

  @Test
  void itIsTheSameAsAnArrayThroughManyChangesAndReopenings() {
    // Longer than a group, and not a whole number of blocks.
    byte[] base = random(1100 * BLOCK + 517, 3);
    byte[] model = base.clone();
    Random random = new Random(4);
    for (int round = 0; round < 6; round++) {
      try (Overlay overlay = over(base)) {
        assertThat(read(overlay)).isEqualTo(model);
        for (int i = 0; i < 300; i++) {
          int at = random.nextInt(model.length);
          int length = random.nextInt(Math.min(model.length - at, 5 * BLOCK) + 1);
          if (random.nextInt(10) == 0) {
            at = (1024 - 3) * BLOCK + random.nextInt(BLOCK);
            length = 5 * BLOCK;
          }
          switch (random.nextInt(4)) {
            case 0 -> {
              overlay.zero(at, length);
              Arrays.fill(model, at, at + length, (byte) 0);
            }
            case 1 ->
                assertThat(read(overlay, at, length))
                    .isEqualTo(Arrays.copyOfRange(model, at, at + length));
            case 2 -> overlay.sync();
            default -> {
              byte[] bytes = random(length, random.nextLong());
              overlay.write(at, ByteBuffer.wrap(bytes));
              System.arraycopy(bytes, 0, model, at, length);
            }
          }
        }
        assertThat(read(overlay)).isEqualTo(model);
        assertExtentsCover(overlay, model);
      }
    }
  }

  private static void assertExtentsCover(Overlay overlay, byte[] model) {
    long at = 0;
    for (Iterator<Extent> extents = overlay.extents(); extents.hasNext(); ) {
      Extent extent = extents.next();
      assertThat(extent.start()).isEqualTo(at);
      at = extent.end();
      if (extent.kind().readsAsZeros()) {
        for (long i = extent.start(); i < extent.end(); i++) {
          assertThat(model[(int) i]).isZero();
        }
      }
    }
    assertThat(at).isEqualTo(overlay.size());
  }

  @Test
  void changesAreNamedAndCanBeDiscarded() {
    byte[] base = random(20 * BLOCK, 5);
    try (Overlay overlay = over(base)) {
      assertThat(overlay.changes()).isEmpty();
      overlay.write(3 * BLOCK + 1, ByteBuffer.wrap(new byte[] {1}));
      overlay.write(4 * BLOCK, ByteBuffer.wrap(new byte[BLOCK]));
      overlay.zero(5 * BLOCK, 2 * BLOCK);
      assertThat(overlay.changes())
          .containsExactly(
              new Extent(3 * BLOCK, 2 * BLOCK, Extent.Kind.DATA),
              new Extent(5 * BLOCK, 2 * BLOCK, Extent.Kind.ZERO));
      overlay.sync();
      overlay.discard();
      assertThat(overlay.changes()).isEmpty();
      assertThat(read(overlay)).isEqualTo(base);
    }
    try (Overlay overlay = over(base)) {
      assertThat(overlay.changes()).isEmpty();
      assertThat(read(overlay)).isEqualTo(base);
    }
  }

  @Test
  void anUnreadableBlockStaysUnreadableUntilItIsWrittenWhole() {
    byte[] base = random(4 * BLOCK, 6);
    FaultySource faulty = new FaultySource(new ByteArraySource(base)).unreadable(BLOCK + 100, 10);
    try (Overlay overlay = Overlay.open(faulty, file())) {
      assertThatThrownBy(() -> read(overlay)).isInstanceOf(UnreadableException.class);
      assertThatThrownBy(() -> overlay.write(BLOCK, ByteBuffer.wrap(new byte[5])))
          .isInstanceOf(UnreadableException.class);
      overlay.write(BLOCK, ByteBuffer.wrap(new byte[BLOCK]));
      byte[] expected = base.clone();
      Arrays.fill(expected, BLOCK, 2 * BLOCK, (byte) 0);
      assertThat(read(overlay)).isEqualTo(expected);
    }
  }

  @Test
  void anOverlayOfAnotherSourceIsRefused() throws IOException {
    over(random(5 * BLOCK, 7)).close();
    assertThatThrownBy(() -> over(random(5 * BLOCK, 8)))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("another source of the same size");
    assertThatThrownBy(() -> over(random(6 * BLOCK, 7)))
        .hasMessageContaining("it was made over a source of 20480 bytes");
    Files.writeString(Overlay.mapOf(file()), "# Mapfile. Created by GNU ddrescue");
    assertThatThrownBy(() -> over(random(5 * BLOCK, 7))).hasMessageContaining("no map");
  }

  @Test
  void aFileThatIsNoOverlayIsNeverWritten() throws IOException {
    byte[] content = random(3 * BLOCK, 9);
    Files.write(file(), content);
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(() -> over(random(3 * BLOCK, 10)))
          .hasMessageContaining("the file exists and is no overlay");
    }
    assertThat(file()).hasBinaryContent(content);
    Files.delete(file());
    Files.writeString(Overlay.mapOf(file()), "short");
    assertThatThrownBy(() -> over(random(3 * BLOCK, 10))).hasMessageContaining("no map");
    assertThat(Overlay.mapOf(file())).hasContent("short");
  }

  @Test
  void anOverlayThatLostItsFileIsRefused() throws IOException {
    byte[] base = random(5 * BLOCK, 11);
    try (Overlay overlay = over(base)) {
      overlay.write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    }
    Files.delete(file());
    for (int i = 0; i < 2; i++) { // trying it makes it no better
      assertThatThrownBy(() -> over(base)).hasMessageContaining("cut short");
    }
  }

  @Test
  void oneProcessUsesItAtATime() {
    byte[] base = random(5 * BLOCK, 12);
    Overlay overlay = over(base);
    assertThatThrownBy(() -> over(base)).hasMessageContaining("the overlay is in use");
    overlay.close();
    over(base).close();
  }

  @Test
  void aMapCutAnywhereKeepsEveryWholeBatch() throws IOException {
    byte[] base = random(64 * BLOCK, 13);
    byte[] one = random(BLOCK, 14);
    List<Long> ends = new ArrayList<>();
    Path map = Overlay.mapOf(file());
    try (Overlay overlay = over(base)) {
      for (int i = 0; i < 5; i++) {
        overlay.write((long) 7 * i * BLOCK, ByteBuffer.wrap(one));
        overlay.sync();
        ends.add(Files.size(map));
      }
    }
    byte[] whole = Files.readAllBytes(map);
    for (int length = 64; length <= whole.length; length++) {
      Files.write(map, Arrays.copyOf(whole, length));
      if (length % 3 == 0) {
        Files.write(map, new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
      }
      int cut = length;
      long batches = ends.stream().filter(end -> end <= cut).count();
      try (Overlay overlay = over(base)) {
        assertThat(overlay.changes()).hasSize((int) batches);
      }
    }
    byte[] damaged = whole.clone();
    damaged[(int) (ends.get(1) + 20)] ^= 1;
    Files.write(map, damaged);
    try (Overlay overlay = over(base)) {
      assertThat(overlay.changes()).hasSize(2);
    }
  }

  @Test
  void writersAndReadersDoNotDisturbEachOther() throws Exception {
    byte[] base = new byte[2048 * BLOCK];
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> threads = new ArrayList<>();
    try (Overlay overlay = over(base)) {
      for (int t = 0; t < 4; t++) {
        byte mark = (byte) (t + 1);
        Thread thread =
            new Thread(
                () -> {
                  try {
                    // Each writes its own quarter of every block.
                    byte[] quarter = new byte[BLOCK / 4];
                    Arrays.fill(quarter, mark);
                    for (int block = 0; block < 2048; block++) {
                      long at = (long) block * BLOCK + (mark - 1) * quarter.length;
                      overlay.write(at, ByteBuffer.wrap(quarter));
                      assertThat(read(overlay, at, quarter.length)).isEqualTo(quarter);
                      if (block % 500 == mark) {
                        overlay.sync();
                      }
                    }
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(failure.get()).isNull();
    }
    byte[] block = new byte[BLOCK];
    for (int t = 0; t < 4; t++) {
      Arrays.fill(block, t * BLOCK / 4, (t + 1) * BLOCK / 4, (byte) (t + 1));
    }
    try (Overlay overlay = over(base)) {
      for (int i = 0; i < 2048; i++) {
        assertThat(read(overlay, (long) i * BLOCK, BLOCK)).isEqualTo(block);
      }
    }
  }

  /**
   * Writes numbered blocks at random places for ever, and says which are durable. Arguments: base,
   * overlay, seed.
   */
  static final class EndlessWriter {
    public static void main(String[] arguments) {
      Random random = new Random(Long.parseLong(arguments[2]));
      Overlay overlay =
          Overlay.open(BlockSources.open(Path.of(arguments[0])), Path.of(arguments[1]));
      int blocks = (int) (overlay.size() / BLOCK);
      ByteBuffer content = ByteBuffer.allocate(BLOCK);
      for (int i = 1; ; i++) {
        StringBuilder line = new StringBuilder();
        for (int j = 0; j < 3; j++) {
          int block = random.nextInt(blocks);
          content.clear();
          while (content.hasRemaining()) {
            content.putInt(i);
          }
          overlay.write((long) block * BLOCK, content.flip());
          line.append(block).append(' ');
        }
        overlay.sync();
        System.out.println(line.append(i));
      }
    }
  }

  @Test
  void whatWasSyncedSurvivesBeingKilled() throws Exception {
    int blocks = 5000;
    Path base = Files.write(folder.resolve("base"), new byte[blocks * BLOCK]);
    int[] synced = new int[blocks];
    for (int round = 1; round <= 3; round++) {
      Arrays.fill(synced, 0);
      if (round > 1) {
        Files.delete(file());
        Files.delete(Overlay.mapOf(file()));
      }
      Process writer =
          Child.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  EndlessWriter.class.getName(),
                  base.toString(),
                  file().toString(),
                  Integer.toString(round))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      for (int lines = 0; ; lines++) {
        if (lines == 100 * round) {
          writer.toHandle().destroyForcibly();
        }
        String line = writer.inputReader().readLine();
        if (line == null || !line.matches("([0-9]+ ){3}[0-9]+")) {
          break;
        }
        String[] numbers = line.split(" ");
        for (int j = 0; j < 3; j++) {
          synced[Integer.parseInt(numbers[j])] = Integer.parseInt(numbers[3]);
        }
      }
      writer.waitFor();
      try (Overlay overlay = Overlay.open(BlockSources.open(base), file())) {
        for (int block = 0; block < blocks; block++) {
          ByteBuffer found = ByteBuffer.wrap(read(overlay, (long) block * BLOCK, BLOCK));
          int number = found.getInt(0);
          // A block written again after its last sync may hold the newer number.
          assertThat(number).as("block " + block).isGreaterThanOrEqualTo(synced[block]);
        }
      }
    }
  }

  @Test
  void theFileIsSparse() throws IOException {
    Path base = folder.resolve("base");
    try (FileChannel channel =
        FileChannel.open(base, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), (1L << 40) - 1);
    }
    try (Overlay overlay = Overlay.open(BlockSources.open(base), file())) {
      overlay.write((1L << 40) - 10, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      overlay.write(1L << 35, ByteBuffer.wrap(new byte[] {4}));
      overlay.sync();
      assertThat(read(overlay, (1L << 40) - 10, 10))
          .isEqualTo(new byte[] {1, 2, 3, 0, 0, 0, 0, 0, 0, 0});
      assertThat(overlay.changes()).hasSize(2);
      long blocks = (Long) Files.getAttribute(file(), "unix:size");
      assertThat(blocks).isEqualTo(1L << 40);
      assertThat(Files.size(Overlay.mapOf(file()))).isLessThan(1000);
    }
  }
}
