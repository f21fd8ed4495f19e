package blksh.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import blksh.filesystem.Structure;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class GroupDigestTest {

  private static String digest(GroupDigest digest, byte[] data) {
    byte[] trailer = new byte[digest.size()];
    digest.begin(null);
    digest.add(data, 0, data.length);
    digest.put(trailer, 0);
    return HexFormat.of().formatHex(trailer);
  }

  /** The values xxhash publishes for the empty input, in the order partclone stores them. */
  @Test
  void theHashesAreThoseOfXxhash() {
    assertThat(digest(GroupDigest.Xxh.of64Bits(false), new byte[0])).isEqualTo("99e9d85137db46ef");
    assertThat(digest(GroupDigest.Xxh.of128Bits(false), new byte[0]))
        .isEqualTo("7f498d4624c30160d8984701d306aa99");
    byte[] abc = "abc".getBytes(StandardCharsets.US_ASCII);
    assertThat(digest(GroupDigest.Xxh.of64Bits(false), abc)).isEqualTo("990977adf52cbc44");
  }

  @Test
  void aCrcThatGoesOnIsTheCrcOfEverything() {
    byte[] data = new byte[5000];
    new Random(1).nextBytes(data);
    GroupDigest.Crc crc = new GroupDigest.Crc(true);
    byte[] trailer = new byte[4];
    byte[] previous = null;
    int[] cuts = {0, 1, 1000, 1001, 5000};
    for (int i = 1; i < cuts.length; i++) {
      crc.begin(previous);
      crc.add(data, cuts[i - 1], cuts[i] - cuts[i - 1]);
      crc.put(trailer, 0);
      assertThat(Structure.of(trailer).i32(0)).isEqualTo(RawCrc.of(data, 0, cuts[i]));
      previous = trailer.clone();
    }
  }

  static Stream<Arguments> goingOnAndAtOnce() {
    return Stream.of(
        arguments(GroupDigest.Xxh.of64Bits(true), GroupDigest.Xxh.of64Bits(false)),
        arguments(GroupDigest.Xxh.of128Bits(true), GroupDigest.Xxh.of128Bits(false)));
  }

  @ParameterizedTest
  @MethodSource("goingOnAndAtOnce")
  void aHashThatGoesOnIsTheHashOfEverything(GroupDigest goingOn, GroupDigest atOnce) {
    byte[] data = new byte[3000];
    new Random(2).nextBytes(data);
    byte[] on = new byte[goingOn.size()];
    for (int at = 0; at < 3000; at += 1000) {
      goingOn.begin(on);
      goingOn.add(data, at, 1000);
      goingOn.put(on, 0);
      byte[] whole = Arrays.copyOf(data, at + 1000);
      assertThat(HexFormat.of().formatHex(on)).isEqualTo(digest(atOnce, whole));
    }
  }
}
