package blksh.drive.ssh;

import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Asks the person at the terminal for a password, which is shown nowhere. */
public interface PasswordPrompt {

  /** For where there is no terminal. */
  PasswordPrompt NOBODY =
      new PasswordPrompt() {
        @Override
        public Optional<char[]> ask(String question, BooleanSupplier stop) {
          return Optional.empty();
        }
      };

  /**
   * Asks, and waits for the answer.
   *
   * @param question such as {@code "password for sudo on server01"}
   * @param stop asked while waiting whether nobody wants the answer any more
   * @return nothing when nobody answers
   */
  Optional<char[]> ask(String question, BooleanSupplier stop);
}
