package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Tool;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentHashTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "blake2b",
        "blake2s",
        "sha512",
        "sha3_512",
        "sha256",
        "sha3_256",
        "sha384",
        "sha3_384",
        "sha224",
        "sha3_224",
        "sha1",
        "md5"
      })
  void eachIsThatOfPython(String name) throws Exception {
    StringBuilder digests = new StringBuilder();
    StringBuilder lengths = new StringBuilder();
    for (int length : new int[] {0, 1, 63, 64, 65, 127, 128, 129, 1000}) {
      MessageDigest digest = ContentHash.named(name).begin();
      byte[] bytes = new byte[length];
      for (int i = 0; i < length; i++) {
        bytes[i] = (byte) i;
      }
      digest.update(bytes, 0, length / 3);
      digest.update(bytes, length / 3, length - length / 3);
      digests.append(length).append(' ').append(hex(digest.digest())).append('\n');
      lengths.append(length).append(' ');
    }
    String script =
        """
        import hashlib, sys
        for n in map(int, sys.argv[2].split()):
            print(n, hashlib.new(sys.argv[1], bytes(i % 256 for i in range(n))).hexdigest())
        """;
    assertThat(digests.toString().lines())
        .containsExactlyElementsOf(
            Tool.named("python3").run("-c", script, name, lengths).lines().toList());
  }

  @Test
  void anUnknownNameIsRefused() {
    assertThatThrownBy(() -> ContentHash.named("crc32")).isInstanceOf(BlkshException.class);
  }

  private static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }
}
