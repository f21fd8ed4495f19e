package blksh.session;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.Program;
import blksh.store.sealed.KeySecret;
import blksh.store.sealed.Unlocking;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What opens encrypted stores, as the options name it, or the environment says, or else whoever
 * sits at the terminal. It is never an argument, which others of the machine can see.
 *
 * <p>The first of these that is there is used: {@code --key-file} and {@code --key-command}, which
 * are for the very store that is meant; {@code BLKSH_KEY_FILE}, a key file; {@code
 * BLKSH_PASSPHRASE_FILE}, whose contents are a passphrase; {@code BLKSH_PASSPHRASE_COMMAND}, whose
 * output is one, as a line for the shell, which reads nothing of what comes on standard input;
 * {@code BLKSH_PASSPHRASE}. A line feed at the end is not part of a passphrase. What is on a
 * recovery sheet may stand in the place of any passphrase that opens a store.
 */
public final class StoreSecrets implements Unlocking {

  private static final int ATTEMPTS = 3;

  /** What looks like a recovery sheet, and no passphrase is by accident. */
  private static final Pattern SHEET =
      Pattern.compile("\\s*([A-Za-z2-7]{4}[\\s-]+){15}[A-Za-z2-7]{4}\\s*");

  private final Options options;
  private final Map<String, String> environment;
  private final Secret secret;

  /** A key file or a command that prints a passphrase, whichever is named. */
  public record Named(Path keyFile, String command) {

    private boolean isAny() {
      return keyFile != null || command != null;
    }
  }

  /**
   * @param options which may name a key by the time when one is needed
   * @param secret who is asked when nothing else says one
   */
  public StoreSecrets(Options options, Map<String, String> environment, Secret secret) {
    this.options = options;
    this.environment = environment;
    this.secret = secret;
  }

  @Override
  public boolean isNamed() {
    return options.keyFile() != null || options.keyCommand() != null;
  }

  @Override
  public Unlocking unasked() {
    return (place, failed) -> failed == 0 ? said("open store " + place) : Optional.empty();
  }

  @Override
  public Optional<KeySecret> next(String place, int failed) {
    String action = "open store " + place;
    Optional<KeySecret> said = failed == 0 ? said(action) : Optional.empty();
    if (said.isPresent() || failed >= ATTEMPTS || failed > 0 && isSaid()) {
      return said;
    }
    Optional<char[]> typed = secret.ask("passphrase of " + place, () -> false);
    try {
      return typed.flatMap(StoreSecrets::of);
    } catch (IllegalArgumentException e) {
      throw new BlkshException(action, e.getMessage(), e);
    } finally {
      typed.ifPresent(text -> Arrays.fill(text, '\0'));
    }
  }

  /**
   * The first key of a store that is made: what opens stores is said, or else a new passphrase,
   * asked for twice at a terminal.
   *
   * @throws BlkshException when nobody says one, not the same, or a recovery sheet is named
   */
  public KeySecret forNew(String place) {
    String action = "make store " + place;
    Optional<KeySecret> said = said(action);
    return said.isPresent()
        ? own(action, said.get())
        : typed(
            action,
            place,
            "name a --key-file or a --key-command, set BLKSH_KEY_FILE, BLKSH_PASSPHRASE_FILE,"
                + " BLKSH_PASSPHRASE_COMMAND or BLKSH_PASSPHRASE, or run it at a terminal");
  }

  /**
   * Another key of a store that is there, which what opens it has no part in.
   *
   * @param named what it is; else a passphrase is asked for, twice
   * @throws BlkshException as {@link #forNew(String)}
   */
  public KeySecret forNew(String place, Named named) {
    String action = "change the keys of store " + place;
    return named.isAny()
        ? own(
            action,
            read(action, named.keyFile(), named.command())
                .orElseThrow(() -> new BlkshException(action, "what was printed is empty")))
        : typed(
            action, place, "name a --new-key-file or a --new-key-command, or run it at a terminal");
  }

  private static KeySecret own(String action, KeySecret said) {
    if (said.kind() == KeySecret.Kind.RECOVERY) {
      throw new BlkshException(action, "what was given is a recovery sheet, which cannot be a key")
          .suggest("give a passphrase or a key file");
    }
    return said;
  }

  private KeySecret typed(String action, String place, String instead) {
    char[] first = secret.ask("new passphrase of " + place, () -> false).orElse(new char[0]);
    if (first.length == 0) {
      throw new BlkshException(action, "no passphrase was given").suggest(instead);
    }
    char[] again = secret.ask("the same again", () -> false).orElse(new char[0]);
    try {
      if (!Arrays.equals(first, again)) {
        throw new BlkshException(action, "the two passphrases are not the same");
      }
      return own(action, of(first).orElseThrow());
    } catch (IllegalArgumentException e) {
      throw new BlkshException(action, e.getMessage(), e);
    } finally {
      Arrays.fill(first, '\0');
      Arrays.fill(again, '\0');
    }
  }

  private boolean isSaid() {
    return isNamed()
        || environment.containsKey("BLKSH_KEY_FILE")
        || environment.containsKey("BLKSH_PASSPHRASE_FILE")
        || environment.containsKey("BLKSH_PASSPHRASE_COMMAND")
        || environment.containsKey("BLKSH_PASSPHRASE");
  }

  private Optional<KeySecret> said(String action) {
    if (isNamed()) {
      return read(action, options.keyFile(), options.keyCommand());
    }
    String file = environment.get("BLKSH_KEY_FILE");
    if (file != null) {
      return read(action, Path.of(file), null);
    }
    String text = environment.get("BLKSH_PASSPHRASE_FILE");
    String command = environment.get("BLKSH_PASSPHRASE_COMMAND");
    String itself = environment.get("BLKSH_PASSPHRASE");
    return told(
        action,
        () ->
            text != null
                ? of(text(contents(Path.of(text))))
                : command != null
                    ? of(text(output(command)))
                    : itself == null ? Optional.empty() : of(itself.toCharArray()));
  }

  private static Optional<KeySecret> read(String action, Path keyFile, String command) {
    return told(
        action,
        () ->
            keyFile != null
                ? Optional.of(KeySecret.keyFile(contents(keyFile)))
                : of(text(output(command))));
  }

  private interface Reading {
    Optional<KeySecret> secret() throws IOException;
  }

  private static Optional<KeySecret> told(String action, Reading reading) {
    try {
      return reading.secret();
    } catch (IOException e) {
      throw new BlkshException(action, "its key cannot be read: " + IoFailure.reason(e), e);
    } catch (IllegalArgumentException e) {
      throw new BlkshException(action, e.getMessage(), e);
    }
  }

  /**
   * A recovery sheet, where it is one to the last checksum; else a passphrase.
   *
   * @throws IllegalArgumentException when it is a sheet that is mistyped, saying in which line
   */
  private static Optional<KeySecret> of(char[] text) {
    if (text.length == 0) {
      return Optional.empty();
    }
    String sheet = new String(text);
    try {
      return Optional.of(KeySecret.recovery(sheet));
    } catch (IllegalArgumentException e) {
      if (SHEET.matcher(sheet).matches()) {
        throw e;
      }
      return Optional.of(KeySecret.passphrase(text));
    }
  }

  private static char[] text(byte[] bytes) throws IOException {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      return text.replaceFirst("\r?\n\\z", "").toCharArray();
    } catch (CharacterCodingException e) {
      throw new IOException("it is no text in UTF-8: bytes as they are make a key file", e);
    }
  }

  private static byte[] contents(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(KeySecret.MOST + 1);
    }
  }

  private static byte[] output(String command) throws IOException {
    Process process =
        Program.shell(command, false).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    byte[] said;
    try (InputStream out = process.getInputStream()) {
      said = out.readNBytes(KeySecret.MOST);
    }
    try {
      int status = process.waitFor();
      if (status != 0) {
        throw new IOException("the command for it ended with status " + status);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
    return said;
  }
}
