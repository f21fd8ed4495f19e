package blksh.store.sealed;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * How hard a passphrase is made to guess: Argon2id, version 1.3 (RFC 9106).
 *
 * @param memory KiB
 * @param passes over the memory
 * @param lanes parts of it that could be computed at once
 */
record Argon2(int memory, int passes, int lanes) {

  /** The second recommended choice of RFC 9106, 4. */
  static final Argon2 USUAL = new Argon2(64 << 10, 3, 4);

  private static final int MOST_MEMORY = 1 << 20;
  private static final int MOST_PASSES = 64;
  private static final int MOST_LANES = 16;

  /** KiB that are gone through at most, passes counted. */
  static final long MOST_WORK = 8 << 20;

  private static final int LEAST_A_LANE = 8;
  private static final Pattern TEXT =
      Pattern.compile("m=([1-9][0-9]{0,8}),t=([1-9][0-9]{0,8}),p=([1-9][0-9]{0,8})");

  /**
   * @throws IllegalArgumentException when it is out of bounds: who writes a key does not say how
   *     long it takes to try it, nor how much memory
   */
  Argon2 {
    if (memory > MOST_MEMORY
        || passes > MOST_PASSES
        || lanes > MOST_LANES
        || passes < 1
        || lanes < 1
        || memory < LEAST_A_LANE * lanes
        || (long) memory * passes > MOST_WORK) {
      throw new IllegalArgumentException(
          "Argon2 with %d KiB, %d passes and %d lanes is not used by blksh"
              .formatted(memory, passes, lanes));
    }
  }

  /**
   * As {@link #toString} gives it.
   *
   * @throws IllegalArgumentException when it is not that, or out of bounds
   */
  static Argon2 parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("it does not say how Argon2 is to be computed");
    }
    return new Argon2(
        Integer.parseInt(matcher.group(1)),
        Integer.parseInt(matcher.group(2)),
        Integer.parseInt(matcher.group(3)));
  }

  /** KiB that are gone through, passes counted. */
  long work() {
    return (long) memory * passes;
  }

  /** 32 bytes. @throws IllegalStateException when there is not so much memory */
  byte[] key(byte[] passphrase, byte[] salt) {
    long free = Runtime.getRuntime().maxMemory() / 1024 * 3 / 4;
    if (memory > free) {
      throw new IllegalStateException(
          "the key needs %d MiB of memory, and this process may have %d"
              .formatted(memory >> 10, free >> 10));
    }
    Argon2BytesGenerator generator = new Argon2BytesGenerator();
    generator.init(
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
            .withVersion(Argon2Parameters.ARGON2_VERSION_13)
            .withMemoryAsKB(memory)
            .withIterations(passes)
            .withParallelism(lanes)
            .withSalt(salt)
            .build());
    byte[] key = new byte[MasterKey.LENGTH];
    generator.generateBytes(passphrase, key);
    return key;
  }

  @Override
  public String toString() {
    return "m=%d,t=%d,p=%d".formatted(memory, passes, lanes);
  }
}
