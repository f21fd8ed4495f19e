package blksh.drive.ssh;

import blksh.BlkshException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/**
 * The password for sudo on one host: asked for once, and kept in memory until the host is let go
 * of, because each connection needs it again. It goes nowhere but to the standard input of a
 * connection.
 */
final class SudoPassword {

  private final PasswordPrompt prompt;
  private char[] known;

  SudoPassword(PasswordPrompt prompt) {
    this.prompt = prompt;
  }

  /**
   * The line that answers sudo; who used it overwrites it.
   *
   * @param again whether sudo did not take what it was given last
   * @param stop asked while waiting whether nobody wants the answer any more
   * @throws BlkshException when there is nobody to ask
   */
  synchronized byte[] line(String host, boolean again, BooleanSupplier stop) {
    if (again) {
      forget();
    }
    if (known == null) {
      known =
          prompt
              .ask("password for sudo on " + host, stop)
              .orElseThrow(
                  () ->
                      new BlkshException(
                              "become root on " + host,
                              "sudo asks for a password (\"a password is required\"), and there is"
                                  + " no terminal to ask for it")
                          .suggest(
                              "run this at a terminal, not in the background, or allow python3 by"
                                  + " NOPASSWD in its sudoers file"));
    }
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(CharBuffer.wrap(known));
    byte[] line = Arrays.copyOf(bytes.array(), bytes.limit() + 1);
    line[line.length - 1] = '\n';
    Arrays.fill(bytes.array(), (byte) 0);
    return line;
  }

  synchronized void forget() {
    if (known != null) {
      Arrays.fill(known, '\0');
      known = null;
    }
  }
}
