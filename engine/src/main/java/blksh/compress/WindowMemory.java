package blksh.compress;

import blksh.io.MachineMemory;

/**
 * Memory outside the heap that one decoder holds for what it may refer back to, where that is more
 * than usual. All decoders of this process together get half of what the machine has, so that no
 * file makes it swap. For one thread.
 */
final class WindowMemory {

  /** Windows up to this size are not counted, in bytes: what the zstd tool takes unless told. */
  static final long USUAL = 128L << 20;

  /** Largest window of one decoder, in bytes: a quarter of the machine's memory. */
  static final long ALLOWED = Math.max(USUAL, MachineMemory.total() / 4);

  private static final long ALL = 2 * ALLOWED;

  private static long taken;

  private long held;

  /**
   * Takes what a window needs, in place of what was taken before when that was less.
   *
   * @param window bytes
   * @throws StreamDamage of the unsupported kind when that is too much
   */
  void take(long window) throws StreamDamage {
    if (window > ALLOWED) {
      throw StreamDamage.unsupported(
          "decoding it takes %d MiB of memory, and %d are allowed, a quarter of this machine's"
              .formatted(window >> 20, ALLOWED >> 20));
    }
    if (window > USUAL && window > held) {
      synchronized (WindowMemory.class) {
        if (window - held > ALL - taken) {
          throw StreamDamage.unsupported(
              "decoding it takes %d MiB of memory, and of %d for all that is decoded %d are taken"
                  .formatted(window >> 20, ALL >> 20, taken >> 20));
        }
        taken += window - held;
        held = window;
      }
    }
  }

  /** Gives all of it back. */
  void giveBack() {
    synchronized (WindowMemory.class) {
      taken -= held;
      held = 0;
    }
  }
}
