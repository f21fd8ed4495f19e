package blksh.luks;

import blksh.io.MachineMemory;
import blksh.task.Task;

/** How a passphrase becomes a key: slowly, so that guessing takes long. */
sealed interface KeyDerivation {

  /** Iterations that a header may ask for: about an hour. */
  long MOST_ITERATIONS = 1L << 32;

  /**
   * @param length bytes of the key
   * @param task asked meanwhile whether to go on, where that can be asked
   */
  byte[] key(byte[] passphrase, int length, Task task) throws LuksProblem;

  /** PBKDF2 with a hash. */
  record Pbkdf2(String hash, long iterations, byte[] salt) implements KeyDerivation {

    public Pbkdf2 {
      if (iterations < 1 || iterations > MOST_ITERATIONS) {
        throw new IllegalArgumentException("%d iterations cannot be".formatted(iterations));
      }
    }

    @Override
    public byte[] key(byte[] passphrase, int length, Task task) throws LuksProblem {
      return Hash.pbkdf2(hash, passphrase, salt, iterations, length, task);
    }
  }

  /**
   * Argon2 (RFC 9106).
   *
   * @param mixed whether it is Argon2id, and not Argon2i
   * @param passes over the memory
   * @param kibibytes of memory
   * @param lanes that are computed at once
   */
  record Argon2(boolean mixed, long passes, long kibibytes, long lanes, byte[] salt)
      implements KeyDerivation {

    private static final long MOST_KIBIBYTES = 4L << 20;
    private static final long MOST_WORK = 64L << 20;

    public Argon2 {
      if (passes < 1
          || lanes < 1
          || lanes > 255
          || kibibytes < 8 * lanes
          || kibibytes > MOST_KIBIBYTES
          || passes > MOST_WORK / kibibytes) {
        throw new IllegalArgumentException(
            "Argon2 with %d passes over %d KiB cannot be".formatted(passes, kibibytes));
      }
    }

    @Override
    public byte[] key(byte[] passphrase, int length, Task task) throws LuksProblem {
      task.checkCancelled();
      LuksProblem.unless(
          kibibytes << 10 <= MachineMemory.available(),
          "its passphrase takes %d MiB of memory to try, and this machine has less to spare",
          kibibytes >> 10);
      LuksProblem.unless(
          NativeArgon2.isAvailable(),
          "its passphrase is tried with Argon2, for which libargon2 is not installed");
      return NativeArgon2.key(this, passphrase, length);
    }
  }
}
