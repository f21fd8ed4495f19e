package blksh.store.parity;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.io.LittleEndian;
import blksh.kit.Content;
import blksh.store.shelf.Blob;
import blksh.store.shelf.BufferedSpool;
import blksh.store.shelf.MemoryShelf;
import blksh.store.shelf.Shelf;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The parity of one blob: what it is to the byte, and what comes back by it. */
class ParityBlobsTest {

  private static final int BLOCK = 4096;
  private static final String NAME = "packs/00/some.pack";

  private final Shelf shelf = new MemoryShelf();
  private final ParityBlobs parity = new ParityBlobs(shelf, new BufferedSpool(shelf));
  private final Random random = new Random(1);

  private byte[] put(int length, int percent) throws IOException {
    byte[] bytes = Content.random(length, length);
    shelf.put(NAME, bytes);
    assertThat(parity.make(NAME, percent, () -> {})).isTrue();
    assertThat(parity.look(NAME, () -> {})).isEqualTo(ParityBlobs.Condition.WHOLE);
    return bytes;
  }

  private byte[] read(String name) throws IOException {
    try (Blob blob = shelf.open(name)) {
      return blob.read(0, (int) blob.size());
    }
  }

  private void damage(byte[] bytes, int block) {
    byte[] other = new byte[Math.min(BLOCK, bytes.length - block * BLOCK)];
    random.nextBytes(other);
    System.arraycopy(other, 0, bytes, block * BLOCK, other.length);
  }

  /** Multiplies in the field of the code, bit by bit. */
  private static int product(int a, int b) {
    int sum = 0;
    for (int bit = 7; bit >= 0; bit--) {
      sum = sum << 1 ^ (sum > 127 ? 0x11d : 0);
      sum ^= (b >> bit & 1) != 0 ? a : 0;
    }
    return sum;
  }

  private static int quotient(int a, int b) {
    for (int i = 0; i < 256; i++) {
      if (product(i, b) == a) {
        return i;
      }
    }
    throw new ArithmeticException();
  }

  /** By docs/store-format.md alone. */
  @ParameterizedTest
  @CsvSource({"1, 10", "4096, 1", "4097, 50", "100000, 10", "3000000, 3"})
  void aBlobHasTheParityThatTheFormatSays(int length, int percent) throws IOException {
    byte[] bytes = put(length, percent);
    byte[] found = read(ParityBlobs.nameOf(NAME));
    int most = 255 * percent / 100 + 1;
    int blocks = (length + BLOCK - 1) / BLOCK;
    int stripes = (blocks + 255 - most - 1) / (255 - most);
    int columns = (blocks + stripes - 1) / stripes;
    int rows = Math.max(2, (columns * most + 255 - most - 1) / (255 - most));
    int table = (blocks + rows * stripes + 989) / 990;
    assertThat(new String(found, 0, 8)).isEqualTo("BKPARITY");
    assertThat(LittleEndian.i64(found, 8)).isEqualTo(length);
    assertThat(LittleEndian.i32(found, 16)).isEqualTo(BLOCK);
    assertThat(LittleEndian.u16(found, 20)).isEqualTo(columns);
    assertThat(LittleEndian.u16(found, 22)).isEqualTo(rows);
    assertThat(LittleEndian.i32(found, 24)).isEqualTo(stripes);
    assertThat(LittleEndian.u16(found, 28)).isEqualTo(table);
    assertThat(found).hasSize((table + rows * stripes + table + 1) * BLOCK);
    byte[] padded = Arrays.copyOf(bytes, stripes * columns * BLOCK);
    for (int row = 0; row < rows; row += Math.max(1, rows - 1)) {
      for (int stripe = 0; stripe < stripes; stripe += Math.max(1, stripes - 1)) {
        for (int at : new int[] {0, 1, 777, 4095}) {
          int sum = 0;
          for (int column = 0; column < columns; column++) {
            int y = rows + column;
            int factor = quotient(y, row ^ y);
            sum ^= product(factor, padded[(column * stripes + stripe) * BLOCK + at] & 255);
          }
          int place = (table + row * stripes + stripe) * BLOCK + at;
          assertThat(found[place] & 255).as("row %d stripe %d", row, stripe).isEqualTo(sum);
        }
      }
    }
  }

  /** Each index block is whole, and says that it is of a TiB. */
  @Test
  void aLengthThatTheBytesCannotBeOfIsNotBelieved() throws IOException {
    ParityPlan plan = new ParityPlan(50, 1L << 40, 0, new byte[32]);
    byte[][] index = plan.index(new int[plan.entries()]);
    byte[] all = new byte[index.length * BLOCK];
    for (int i = 0; i < index.length; i++) {
      System.arraycopy(index[i], 0, all, i * BLOCK, BLOCK);
    }
    shelf.put(NAME, new byte[10_000]);
    shelf.put(ParityBlobs.nameOf(NAME), all);
    assertThat(parity.percent(NAME)).isZero();
    assertThat(parity.look(NAME, () -> {})).isEqualTo(ParityBlobs.Condition.DAMAGED);
    assertThat(parity.rebuild(NAME, NAME, () -> {})).isNull();
    assertThat(parity.outlook(NAME, NAME, () -> {}).made()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "5000, 10", "300000, 10", "6000000, 10", "6000000, 2", "500001, 50"})
  void asMuchAsIsSaidMayBeLostInOnePiece(int length, int percent) throws IOException {
    byte[] bytes = put(length, percent);
    int blocks = (length + BLOCK - 1) / BLOCK;
    int lost = Math.max(1, blocks * percent / 100);
    for (int round = 0; round < 3; round++) {
      byte[] damaged = bytes.clone();
      int first = random.nextInt(blocks - lost + 1);
      for (int i = 0; i < lost; i++) {
        damage(damaged, first + i);
      }
      shelf.put(NAME, damaged);
      assertThat(parity.outlook(NAME, NAME, () -> {})).isEqualTo(new ParityOutlook(lost, lost));
      try (Rebuilding made = parity.rebuild(NAME, NAME, () -> {})) {
        assertThat(made.isWhole()).isTrue();
        assertThat(made.lost()).isEqualTo(lost);
        made.publish();
      }
      assertThat(read(NAME)).isEqualTo(bytes);
    }
  }

  /** Of blob and parity together, its index included. */
  @Test
  void scatteredLossesOfBothComeBack() throws IOException {
    byte[] bytes = put(9_000_000, 10);
    byte[] own = read(ParityBlobs.nameOf(NAME));
    byte[] damaged = bytes.clone();
    byte[] damagedOwn = own.clone();
    for (int block = 0; block < bytes.length / BLOCK; block += 1 + random.nextInt(40)) {
      damage(damaged, block);
    }
    for (int block = 0; block < own.length / BLOCK; block += 1 + random.nextInt(20)) {
      damage(damagedOwn, block);
    }
    shelf.put(NAME, damaged);
    shelf.put(ParityBlobs.nameOf(NAME), damagedOwn);
    try (Rebuilding made = parity.rebuild(NAME, NAME, () -> {})) {
      assertThat(made.isWhole()).isTrue();
      made.publish();
    }
    assertThat(read(NAME)).isEqualTo(bytes);
    assertThat(parity.look(NAME, () -> {})).isEqualTo(ParityBlobs.Condition.DAMAGED);
    parity.make(NAME, 10, () -> {});
    assertThat(read(ParityBlobs.nameOf(NAME))).isEqualTo(own);
  }

  @Test
  void aBlobThatLostItsEndComesBack() throws IOException {
    byte[] bytes = put(400_000, 10);
    shelf.put(NAME, Arrays.copyOf(bytes, 380_000));
    try (Rebuilding made = parity.rebuild(NAME, NAME, () -> {})) {
      assertThat(made.isWhole()).isTrue();
      made.publish();
    }
    assertThat(read(NAME)).isEqualTo(bytes);
  }

  @Test
  void whatIsTooMuchIsSaidAndLeftAsItIs() throws IOException {
    byte[] bytes = put(300_000, 10);
    byte[] damaged = bytes.clone();
    for (int block = 0; block < 30; block++) {
      damage(damaged, block);
    }
    shelf.put(NAME, damaged);
    assertThat(parity.outlook(NAME, NAME, () -> {})).isEqualTo(new ParityOutlook(30, 0));
    try (Rebuilding made = parity.rebuild(NAME, NAME, () -> {})) {
      assertThat(made.isWhole()).isFalse();
      assertThat(made.made()).isZero();
      assertThat(made.result().read(0, bytes.length)).isEqualTo(damaged);
    }
  }

  @Test
  void parityOfAnotherBlobIsToldApart() throws IOException {
    put(300_000, 10);
    shelf.put(NAME, Content.random(300_000, 7));
    assertThat(parity.isOf(NAME)).isFalse();
    assertThat(parity.look(NAME, () -> {})).isEqualTo(ParityBlobs.Condition.OTHER);
  }

  @Test
  void nothingIsReadFromWhatIsNoParity() throws IOException {
    put(300_000, 10);
    shelf.put(ParityBlobs.nameOf(NAME), Content.random(50_000, 3));
    assertThat(parity.look(NAME, () -> {})).isEqualTo(ParityBlobs.Condition.DAMAGED);
    assertThat(parity.rebuild(NAME, NAME, () -> {})).isNull();
    shelf.put(ParityBlobs.nameOf(NAME), new byte[0]);
    assertThat(parity.look(NAME, () -> {})).isEqualTo(ParityBlobs.Condition.DAMAGED);
    parity.remove(NAME);
    assertThat(parity.look(NAME, () -> {})).isEqualTo(ParityBlobs.Condition.NONE);
    assertThat(parity.protectedBlobs("")).isEmpty();
  }
}
