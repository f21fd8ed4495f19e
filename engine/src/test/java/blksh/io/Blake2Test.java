package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class Blake2Test {

  /** The examples of appendix A and B of RFC 7693, and a shorter digest by Python's hashlib. */
  @Test
  void isThatOfTheRfc() {
    assertThat(abc(Blake2.b(64)))
        .isEqualTo(
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                + "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
    assertThat(abc(Blake2.s(32)))
        .isEqualTo("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982");
    assertThat(abc(Blake2.b(32)))
        .isEqualTo("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
  }

  private static String abc(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest("abc".getBytes()));
  }
}
