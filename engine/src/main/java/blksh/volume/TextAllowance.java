package blksh.volume;

import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The texts of groups that some sources have, each once, within what reading and keeping them may
 * take, however many say that they are there. A text that is left out may be the newest: when there
 * are more, none of them can be relied on.
 */
final class TextAllowance {

  /** Bytes that are read of texts, also of those that are there many times. */
  private static final long MOST_READ = 512L << 20;

  /** Bytes of all that differ: two texts of ten thousand volumes. */
  private static final long MOST_KEPT = 8 << 20;

  /** Names, values and members of lists that are kept of all of them: a hundred bytes each. */
  private static final int MOST_VALUES = 1 << 19;

  private final Set<ByteBuffer> texts = new LinkedHashSet<>();
  private final MemoryAllowance memory;
  private long read;
  private long kept;
  private int values;

  /** Of sources that are looked at alone. */
  TextAllowance() {
    this(new MemoryAllowance());
  }

  /**
   * @param memory what other metadata of the same sources may take
   */
  TextAllowance(MemoryAllowance memory) {
    this.memory = memory;
  }

  /** What is kept beside texts is taken from it. */
  MemoryAllowance memory() {
    return memory;
  }

  /** Called before a text is read. */
  void reading(long bytes) throws VolumeProblem {
    read += bytes;
    check();
  }

  /** Keeps a text that is another than all before. */
  void keep(byte[] text) throws VolumeProblem {
    if (texts.add(ByteBuffer.wrap(text))) {
      kept += text.length;
      if (isSpent()) {
        texts.clear();
      }
      check();
    }
  }

  /** Called for each value of a text that is read. */
  void value() throws VolumeProblem {
    values++;
    check();
  }

  /** Whether there is more than is read. */
  boolean isSpent() {
    return read > MOST_READ || kept > MOST_KEPT || values > MOST_VALUES;
  }

  private void check() throws VolumeProblem {
    VolumeProblem.unless(!isSpent(), "there are more texts of groups than are read");
  }

  /** Those that were kept, in order. */
  Iterable<ByteBuffer> texts() {
    return texts;
  }
}
