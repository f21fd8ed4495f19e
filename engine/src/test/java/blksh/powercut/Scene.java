package blksh.powercut;

import blksh.kit.Content;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * What the programs whose power is cut store and write, by number, so that it is known afterwards.
 */
final class Scene {

  static final int PAGE = 4096;

  /** Bytes of what lies under an overlay. */
  static final int BASE = 192 * PAGE;

  /** Bytes of a medium that is written through a cache: more than one region of its map. */
  static final int MEDIUM = (4 << 20) + 64 * PAGE;

  private static final int IMAGE_PAGES = 96;

  private static final Map<List<Object>, Object> MADE = new ConcurrentHashMap<>();

  private Scene() {}

  /** Makes something once; nobody may change it. */
  @SuppressWarnings("unchecked")
  private static <T> T once(Supplier<T> making, Object... key) {
    Object made = MADE.get(List.of(key));
    if (made == null) {
      made = making.get(); // which may need others
      MADE.put(List.of(key), made);
    }
    return (T) made;
  }

  /** An image: most of its pages are those of others. */
  static byte[] image(int number) {
    return once(() -> makeImage(number), "image", number);
  }

  private static byte[] makeImage(int number) {
    byte[] bytes = Content.compressible(IMAGE_PAGES * PAGE + 100, 1);
    Random random = new Random(number);
    for (int i = 0; i < 3; i++) {
      int pages = 4 + random.nextInt(12);
      byte[] own = Content.compressible(pages * PAGE, random.nextInt(40));
      int at = random.nextInt(IMAGE_PAGES - pages) * PAGE;
      System.arraycopy(own, 0, bytes, at, own.length);
    }
    byte[] own = Content.random(PAGE, 1000 + number);
    System.arraycopy(own, 0, bytes, 7 * PAGE, PAGE);
    return bytes;
  }

  /** A disc that is read through a cache. */
  static byte[] disc(int number) {
    return once(() -> Content.disk(300 * PAGE + 512, 50 + number), "disc", number);
  }

  static byte[] base() {
    return once(() -> Content.compressible(BASE, 2), "base");
  }

  static byte[] medium() {
    return once(() -> Content.disk(MEDIUM, 3), "medium");
  }

  /**
   * A change of a medium.
   *
   * @param bytes null for zeros
   */
  record Change(int position, int length, byte[] bytes) {

    /** The change of a number, to a medium of a size. */
    static Change of(int number, int size) {
      return once(() -> make(number, size), "change", number, size);
    }

    private static Change make(int number, int size) {
      Random random = new Random(77L * number);
      if (number % 5 == 4) {
        int pages = 1 + random.nextInt(6);
        int at = random.nextInt(size / PAGE - pages) * PAGE;
        return new Change(at, pages * PAGE, null);
      }
      int length = 512 * (1 + random.nextInt(number % 3 == 0 ? 100 : 9));
      int at = random.nextInt((size - length) / 512) * 512;
      return new Change(at, length, Content.random(length, number));
    }

    ByteBuffer buffer() {
      return ByteBuffer.wrap(bytes);
    }

    void to(byte[] medium) {
      byte[] now = bytes == null ? new byte[length] : bytes;
      System.arraycopy(now, 0, medium, position, length);
    }
  }

  /** What is seen through an overlay after so many changes. */
  static byte[] overlaid(int changes) {
    return once(() -> makeOverlaid(changes), "overlaid", changes);
  }

  private static byte[] makeOverlaid(int changes) {
    byte[] bytes = base().clone();
    for (int i = 0; i < changes; i++) {
      Change.of(i, BASE).to(bytes);
    }
    return bytes;
  }
}
