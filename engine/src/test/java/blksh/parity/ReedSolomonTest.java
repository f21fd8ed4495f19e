package blksh.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The code, beside multiplication as schools teach it. */
class ReedSolomonTest {

  private static final int LENGTH = 64;

  /** Multiplies polynomials, and takes the modulus off. */
  private static int product(int a, int b) {
    int sum = 0;
    for (int i = 0; i < 8; i++) {
      sum ^= (b >> i & 1) * (a << i);
    }
    for (int i = 15; i >= 8; i--) {
      sum ^= (sum >> i & 1) * (0x11d << i - 8);
    }
    return sum;
  }

  private static byte[][] parity(ReedSolomon code, byte[][] data) {
    byte[][] parity = new byte[code.parity()][LENGTH];
    for (int row = 0; row < parity.length; row++) {
      for (int column = 0; column < data.length; column++) {
        for (int i = 0; i < LENGTH; i++) {
          parity[row][i] ^= (byte) product(code.coefficient(row, column), data[column][i] & 0xff);
        }
      }
    }
    return parity;
  }

  private static byte[][] random(int count, Random random) {
    byte[][] blocks = new byte[count][LENGTH];
    for (byte[] each : blocks) {
      random.nextBytes(each);
    }
    return blocks;
  }

  @Test
  void theFirstRowIsThePlainSum() {
    ReedSolomon code = new ReedSolomon(229, 26);
    for (int column = 0; column < 229; column++) {
      assertThat(code.coefficient(0, column)).isEqualTo(1);
    }
  }

  @Test
  void multiplesAreWhatTheFieldSays() {
    Random random = new Random(1);
    BlockMultiples multiples = new BlockMultiples(4);
    long[] block = random.longs(8).toArray();
    multiples.of(block, 4);
    for (int factor = 0; factor < 256; factor++) {
      long[] before = random.longs(6).toArray();
      long[] after = before.clone();
      multiples.add(factor, after, 1);
      for (int i = 0; i < 6; i++) {
        for (int shift = 0; shift < 64; shift += 8) {
          int byteThere = i == 0 || i == 5 ? 0 : (int) (block[3 + i] >>> shift & 0xff);
          assertThat((after[i] ^ before[i]) >>> shift & 0xff).isEqualTo(product(byteThere, factor));
        }
      }
    }
  }

  @ParameterizedTest(name = "{0} and {1}")
  @CsvSource({"1, 1", "5, 1", "4, 2", "10, 4", "3, 250", "229, 26", "125, 130", "254, 1"})
  void anyAsManyAsThereAreOfDataMakeAllOfThem(int columns, int rows) {
    Random random = new Random(columns * 1000L + rows);
    ReedSolomon code = new ReedSolomon(columns, rows);
    byte[][] data = random(columns, random);
    byte[][] parity = parity(code, data);
    List<Integer> places = new ArrayList<>();
    for (int i = 0; i < columns + rows; i++) {
      places.add(i);
    }
    for (int turn = 0; turn < 12; turn++) {
      Collections.shuffle(places, random);
      List<Integer> there = places.subList(0, columns);
      int[] lost = range(columns).filter(each -> !there.contains(each)).toArray();
      int[] used =
          there.stream().filter(each -> each >= columns).mapToInt(each -> each - columns).toArray();
      assertThat(used).hasSameSizeAs(lost);
      int[][] solution = code.solution(used, lost);
      for (int i = 0; i < lost.length; i++) {
        byte[] made = new byte[LENGTH];
        for (int j = 0; j < used.length; j++) {
          byte[] left = left(code, data, parity, used[j], lost);
          for (int at = 0; at < LENGTH; at++) {
            made[at] ^= (byte) product(solution[i][j], left[at] & 0xff);
          }
        }
        assertThat(made).isEqualTo(data[lost[i]]);
      }
    }
  }

  private static IntStream range(int end) {
    return IntStream.range(0, end);
  }

  /** What remains of a row without the data that are there. */
  private static byte[] left(
      ReedSolomon code, byte[][] data, byte[][] parity, int row, int[] lost) {
    byte[] left = parity[row].clone();
    for (int column = 0; column < data.length; column++) {
      if (Arrays.binarySearch(lost, column) < 0) {
        for (int i = 0; i < LENGTH; i++) {
          left[i] ^= (byte) product(code.coefficient(row, column), data[column][i] & 0xff);
        }
      }
    }
    return left;
  }

  @Test
  void moreBlocksThanTheFieldHasElementsAreRefused() {
    assertThatThrownBy(() -> new ReedSolomon(250, 6)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ReedSolomon(0, 6)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new ReedSolomon(3, 2).solution(new int[1], new int[2]))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
