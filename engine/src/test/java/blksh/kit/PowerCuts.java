package blksh.kit;

import blksh.kit.RecordedDisk.Event;
import blksh.kit.RecordedDisk.Flush;
import blksh.kit.RecordedDisk.Mark;
import blksh.kit.RecordedDisk.Write;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * States that a power cut may leave a recorded disk in: all that was written before a flush is
 * there, and of what was written since, anything: writes are lost while later ones are kept, or are
 * torn between sectors. No two states are the same. May be used by several threads.
 */
public final class PowerCuts {

  private static final int SECTOR = 512;
  private static final int BLOCK = 4096;
  private static final int CHUNK = 64 << 10;

  /** How often chance may give what was there before. */
  private static final int PATIENCE = 50;

  private final List<Event> events;

  /** What the disk holds for certain. */
  private final byte[] disk;

  private final List<Plan> plans = new ArrayList<>();
  private final Set<List<Object>> known = new HashSet<>();

  /** Events that {@link #disk} and {@link #told} are beyond. */
  private int passed;

  private final List<String> told = new ArrayList<>();
  private int given;

  /** What becomes of the writes after the last flush. */
  private enum Loss {
    ALL_LOST,
    NONE_LOST,
    SOME_LOST,
    TORN
  }

  /** A part of a write. */
  private record Piece(int event, int from, int to) {}

  /**
   * @param at events that happened
   * @param flushed events that are durable
   * @param kept of those in between, in order
   */
  private record Plan(int at, int flushed, Loss loss, List<Piece> kept) {}

  /**
   * A cut.
   *
   * @param number of those that were given before it
   * @param told the marks that came before it
   * @param name tells it from the others
   */
  public record Cut(int number, List<String> told, String name) {}

  /**
   * @param count how many states to give: half of them the instants after marks when nothing is
   *     there that was not flushed, the others by chance
   */
  public PowerCuts(RecordedDisk recorded, int count, long seed) {
    this.events = recorded.events();
    this.disk = recorded.first().clone();
    Random random = new Random(seed);
    List<Integer> marks = new ArrayList<>();
    List<Integer> flushes = new ArrayList<>();
    for (int i = 0; i < events.size(); i++) {
      if (events.get(i) instanceof Mark) {
        marks.add(i);
      } else if (events.get(i) instanceof Flush) {
        flushes.add(i);
      }
    }
    Collections.shuffle(marks, random);
    marks.stream().limit(count / 2).forEach(mark -> plan(mark + 1, Loss.ALL_LOST, random));
    // Some flushes follow many writes: half of the cuts are spread over these.
    for (int i = 0; plans.size() < count && i < count * PATIENCE; i++) {
      int at;
      if (i % 2 == 0 || flushes.isEmpty()) {
        at = 1 + random.nextInt(events.size());
      } else {
        int number = random.nextInt(flushes.size());
        int from = number == 0 ? 0 : flushes.get(number - 1) + 1;
        at = from + 1 + random.nextInt(flushes.get(number) - from + 1);
        at = Math.min(at, flushes.get(number));
      }
      plan(at, Loss.values()[random.nextInt(Loss.values().length)], random);
    }
    plans.sort(Comparator.comparingInt(Plan::at));
  }

  /** How many states there are. */
  public int count() {
    return plans.size();
  }

  private void plan(int at, Loss loss, Random random) {
    int flushed = at;
    while (flushed > 0 && !(events.get(flushed - 1) instanceof Flush)) {
      flushed--;
    }
    double share = new double[] {0.15, 0.5, 0.85}[random.nextInt(3)];
    int marks = 0;
    List<Piece> kept = new ArrayList<>();
    for (int i = flushed; i < at; i++) {
      if (events.get(i) instanceof Write write) {
        boolean keep = loss == Loss.NONE_LOST || random.nextDouble() < share;
        if (loss != Loss.ALL_LOST && keep) {
          keep(i, write, loss == Loss.TORN, random, kept);
        }
      } else {
        marks++;
      }
    }
    if (known.add(List.of(flushed, marks, kept))) {
      plans.add(new Plan(at, flushed, loss, kept));
    }
  }

  /**
   * Keeps a write, or some of it. The first block, where the superblock of a file system is, is not
   * torn: ext4 itself relies on that.
   */
  private static void keep(int event, Write write, boolean torn, Random random, List<Piece> kept) {
    int length = write.bytes().length;
    if (!torn || write.position() < BLOCK) {
      kept.add(new Piece(event, 0, length));
      return;
    }
    int border = random.nextBoolean() ? SECTOR : BLOCK;
    int middle = random.nextInt(length / border + 1) * border;
    switch (random.nextInt(3)) {
      case 0 -> add(event, 0, middle, kept);
      case 1 -> add(event, middle, length, kept);
      default -> {
        for (int from = 0; from < length; from += border) {
          if (random.nextBoolean()) {
            add(event, from, Math.min(length, from + border), kept);
          }
        }
      }
    }
  }

  private static void add(int event, int from, int to, List<Piece> kept) {
    if (from < to) {
      kept.add(new Piece(event, from, to));
    }
  }

  /**
   * Writes what the disk holds after the next cut to a file, in place of what is there.
   *
   * @return null when there are no more cuts
   */
  public synchronized Cut next(Path file) throws IOException {
    if (given == plans.size()) {
      return null;
    }
    int number = given++;
    Plan plan = plans.get(number);
    for (; passed < plan.flushed(); passed++) {
      if (events.get(passed) instanceof Write write) {
        System.arraycopy(write.bytes(), 0, disk, write.position(), write.bytes().length);
      } else if (events.get(passed) instanceof Mark mark) {
        told.add(mark.text());
      }
    }
    List<String> marks = new ArrayList<>(told);
    for (int i = plan.flushed(); i < plan.at(); i++) {
      if (events.get(i) instanceof Mark mark) {
        marks.add(mark.text());
      }
    }
    List<byte[]> before = new ArrayList<>();
    for (Piece piece : plan.kept()) {
      Write write = (Write) events.get(piece.event());
      int position = write.position() + piece.from();
      int length = piece.to() - piece.from();
      before.add(Arrays.copyOfRange(disk, position, position + length));
      System.arraycopy(write.bytes(), piece.from(), disk, position, length);
    }
    save(file);
    for (int i = before.size() - 1; i >= 0; i--) {
      Piece piece = plan.kept().get(i);
      int position = ((Write) events.get(piece.event())).position() + piece.from();
      System.arraycopy(before.get(i), 0, disk, position, before.get(i).length);
    }
    return new Cut(number, marks, name(plan, marks));
  }

  private String name(Plan plan, List<String> marks) {
    String last = marks.isEmpty() ? "nothing" : "\"" + marks.get(marks.size() - 1) + "\"";
    return "cut %d of %d, %s, after %s".formatted(plan.at(), events.size(), plan.loss(), last);
  }

  /** Zeros become holes. */
  private void save(Path file) throws IOException {
    byte[] zeros = new byte[CHUNK];
    Files.deleteIfExists(file);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.allocate(1), disk.length - 1);
      for (int at = 0; at < disk.length; at += CHUNK) {
        int end = Math.min(disk.length, at + CHUNK);
        if (!Arrays.equals(disk, at, end, zeros, 0, end - at)) {
          channel.write(ByteBuffer.wrap(disk, at, end - at), at);
        }
      }
    }
  }
}
