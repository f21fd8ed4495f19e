package blksh.store.sealed;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The names that blobs have on the shelf below. Below {@code manifests/}, and so of the parity of
 * manifests, each word between two {@code /} is encrypted; all others are fixed or random and tell
 * nothing.
 *
 * <p>A word is hidden by itself, the same way each time, so that a blob is found and a folder
 * listed without asking for another: it is filled up with zeros to a multiple of {@value #FILL}
 * bytes, which are encrypted by AES-256-CTR with the first 16 bytes of an HMAC-SHA-256 of the
 * folder and the word as counter (as SIV does it, RFC 5297); both are spelled in small letters. Who
 * sees two of them learns whether folder and word are the same, how many times {@value #FILL} bytes
 * the word has, and nothing else; one that was changed is none.
 *
 * <p>What is longer than {@value #LONGEST} characters goes on in a folder of its own: no file
 * system has names of more than 255 bytes, and those of parts are longer.
 */
final class HiddenNames {

  private static final List<String> HIDDEN = List.of("manifests/", "parity/manifests/");
  private static final int LONGEST = 200;

  /** At the end of a word that goes on in the next. */
  private static final String MORE = "-";

  private static final int FILL = 32;
  private static final int TAG = 16;

  private static final ThreadLocal<Cipher> CIPHER =
      ThreadLocal.withInitial(
          () -> {
            try {
              return Cipher.getInstance("AES/CTR/NoPadding");
            } catch (GeneralSecurityException e) {
              throw new IllegalStateException("every Java platform has AES-CTR", e);
            }
          });

  private final byte[] tagKey;
  private final SecretKeySpec key;

  HiddenNames(MasterKey master) {
    tagKey = master.derive("blksh name tag 1");
    key = new SecretKeySpec(master.derive("blksh name 1"), "AES");
  }

  private static String fixed(String name) {
    for (String folder : HIDDEN) {
      if (name.startsWith(folder)) {
        return folder;
      }
    }
    return name;
  }

  /** What a blob, or a folder with {@code /} at its end, is called below. */
  String hide(String name) {
    String folder = fixed(name);
    StringBuilder hidden = new StringBuilder(folder);
    for (int at = folder.length(); at < name.length(); ) {
      int slash = name.indexOf('/', at);
      int end = slash < 0 ? name.length() : slash;
      String word = Base32.encode(seal(name.substring(0, at), name.substring(at, end)));
      for (; word.length() > LONGEST; word = word.substring(LONGEST)) {
        hidden.append(word, 0, LONGEST).append(MORE).append('/');
      }
      hidden.append(word);
      if (slash >= 0) {
        hidden.append('/');
      }
      at = end + 1;
    }
    return hidden.toString();
  }

  /** What a blob is called here; as it is below where nothing was hidden so. */
  String show(String stored) {
    String folder = fixed(stored);
    if (folder.length() == stored.length()) {
      return stored;
    }
    StringBuilder shown = new StringBuilder(folder);
    StringBuilder word = new StringBuilder();
    if (stored.endsWith("/")) {
      return stored; // a folder
    }
    String[] pieces = stored.substring(folder.length()).split("/", -1);
    for (int i = 0; i < pieces.length; i++) {
      if (pieces[i].endsWith(MORE) && pieces[i].length() == LONGEST + MORE.length()) {
        word.append(pieces[i], 0, pieces[i].length() - MORE.length());
        continue;
      }
      boolean fits = pieces[i].length() <= LONGEST;
      String opened = fits ? open(shown.toString(), word.append(pieces[i]).toString()) : null;
      if (opened == null) {
        return stored;
      }
      shown.append(opened).append(i < pieces.length - 1 ? "/" : "");
      word.setLength(0);
    }
    return word.isEmpty() ? shown.toString() : stored;
  }

  /** Another name for what is used, of which nobody else can tell what it is. */
  String token(String what) {
    return Base32.encode(Hmac.of(tagKey, new byte[] {0}, what.getBytes(StandardCharsets.UTF_8)));
  }

  private byte[] tag(String folder, byte[] filled) {
    byte[] in = folder.getBytes(StandardCharsets.UTF_8);
    return Arrays.copyOf(Hmac.of(tagKey, in, new byte[] {0}, filled), TAG);
  }

  private byte[] seal(String folder, String word) {
    byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
    byte[] filled = Arrays.copyOf(bytes, Math.max(1, (bytes.length + FILL - 1) / FILL) * FILL);
    byte[] tag = tag(folder, filled);
    byte[] sealed = Arrays.copyOf(tag, TAG + filled.length);
    System.arraycopy(crypt(tag, filled), 0, sealed, TAG, filled.length);
    return sealed;
  }

  private String open(String folder, String word) {
    byte[] sealed = Base32.decode(word);
    if (sealed == null || sealed.length <= TAG) {
      return null;
    }
    byte[] tag = Arrays.copyOf(sealed, TAG);
    byte[] filled = crypt(tag, Arrays.copyOfRange(sealed, TAG, sealed.length));
    if (!Arrays.equals(tag, tag(folder, filled))) {
      return null;
    }
    int length = filled.length;
    while (length > 0 && filled[length - 1] == 0) {
      length--;
    }
    return new String(filled, 0, length, StandardCharsets.UTF_8);
  }

  private byte[] crypt(byte[] counter, byte[] bytes) {
    try {
      Cipher cipher = CIPHER.get();
      cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(counter));
      return cipher.doFinal(bytes);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("encrypt a name", e);
    }
  }
}
