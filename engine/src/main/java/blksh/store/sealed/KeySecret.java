package blksh.store.sealed;

import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.Arrays;

/**
 * What opens an encrypted store: a passphrase, the contents of a key file, or its recovery sheet.
 */
public final class KeySecret {

  /** What it is. */
  public enum Kind {
    PASSPHRASE("passphrase"),
    KEY_FILE("key file"),
    RECOVERY("recovery sheet");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** Bytes that a key file has at least: it is taken as it is, and not made hard to guess. */
  public static final int LEAST = 32;

  /** And at most. */
  public static final int MOST = 1 << 20;

  private final Kind kind;
  private final byte[] bytes;

  private KeySecret(Kind kind, byte[] bytes) {
    this.kind = kind;
    this.bytes = bytes;
  }

  /**
   * A passphrase: its text in the form NFC of Unicode, whatever keyboard it was typed on.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static KeySecret passphrase(char[] typed) {
    if (typed.length == 0) {
      throw new IllegalArgumentException("a passphrase cannot be empty");
    }
    String text = Normalizer.normalize(CharBuffer.wrap(typed), Normalizer.Form.NFC);
    return new KeySecret(Kind.PASSPHRASE, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * What a key file holds, all of it.
   *
   * @throws IllegalArgumentException when that is less than {@value #LEAST} bytes, or more than
   *     {@value #MOST}
   */
  public static KeySecret keyFile(byte[] contents) {
    if (contents.length < LEAST || contents.length > MOST) {
      throw new IllegalArgumentException(
          "a key file has %d to %d bytes, and this one %d".formatted(LEAST, MOST, contents.length));
    }
    return new KeySecret(Kind.KEY_FILE, contents.clone());
  }

  /**
   * What is on a recovery sheet.
   *
   * @throws IllegalArgumentException when it is mistyped, saying in which line
   */
  public static KeySecret recovery(String sheet) {
    return new KeySecret(Kind.RECOVERY, RecoverySheet.parse(sheet).secret());
  }

  public Kind kind() {
    return kind;
  }

  /** Its bytes themselves. */
  byte[] bytes() {
    return bytes;
  }

  /** Forgets it. */
  public void clear() {
    Arrays.fill(bytes, (byte) 0);
  }
}
