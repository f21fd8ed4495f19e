package blksh.iso;

/**
 * What a file, directory or symbolic link on a disc has besides its name.
 *
 * @param mode permission bits as in {@code chmod}, 0 to 07777; who shall be able to read a disc is
 *     for the caller to say
 * @param uid owner, a 32-bit number without a sign
 * @param gid group, likewise
 * @param seconds when its content was changed last, since 1970-01-01 UTC. Rock Ridge holds the
 *     years 1900 to 2155, UDF 1 to 9999; what is outside is written as the nearest they have
 * @param nanos the rest of it, 0 to 999,999,999. Rock Ridge drops it, UDF keeps microseconds
 */
public record DiscAttributes(int mode, int uid, int gid, long seconds, int nanos) {

  /**
   * @throws IllegalArgumentException when the mode or the nanoseconds are out of range
   */
  public DiscAttributes {
    if ((mode & ~07777) != 0) {
      throw new IllegalArgumentException("mode %o".formatted(mode));
    }
    if (nanos < 0 || nanos > 999_999_999) {
      throw new IllegalArgumentException("nanoseconds " + nanos);
    }
  }
}
