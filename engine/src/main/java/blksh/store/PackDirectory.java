package blksh.store;

import blksh.BlkshException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The packs of a store: {@code packs/xx/ID.pack}, ID being 16 hex digits and xx the first two.
 * Keeps the packs used last open, at most {@value #OPEN}.
 */
final class PackDirectory implements Closeable {

  private static final int OPEN = 64;
  private static final Pattern NAME = Pattern.compile("([0-9a-f]{16})\\.pack(\\.part)?");
  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path root;
  private final Map<Long, Pack> open = new LinkedHashMap<>(16, 0.75f, true);

  PackDirectory(Path root) {
    this.root = root;
  }

  static String idText(long id) {
    return "%016x".formatted(id);
  }

  Path pathOf(long id) {
    String text = idText(id);
    return root.resolve(text.substring(0, 2)).resolve(text + ".pack");
  }

  /** An id no pack of the store has. */
  long newId() {
    while (true) {
      long id = RANDOM.nextLong();
      if (id != 0 && !Files.exists(pathOf(id)) && !Files.exists(PackWriter.partOf(pathOf(id)))) {
        return id;
      }
    }
  }

  /** The pack files there are. */
  record Listing(List<Long> sealed, List<Long> parts, List<Path> strangers) {}

  Listing list() {
    Listing listing = new Listing(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    if (!Files.isDirectory(root)) {
      return listing;
    }
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(root)) {
      for (Path folder : folders) {
        if (!Files.isDirectory(folder)) {
          listing.strangers.add(folder);
          continue;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
          files.forEach(file -> sort(file, listing));
        }
      }
    } catch (IOException e) {
      throw new BlkshException("list packs in " + root, Bytes.reason(e), e);
    }
    listing.sealed.sort(Long::compareUnsigned);
    return listing;
  }

  private void sort(Path file, Listing listing) {
    Matcher name = NAME.matcher(file.getFileName().toString());
    if (!name.matches()) {
      listing.strangers.add(file);
      return;
    }
    long id = Long.parseUnsignedLong(name.group(1), 16);
    if (name.group(2) != null) {
      listing.parts.add(id);
    } else {
      listing.sealed.add(id);
    }
  }

  /**
   * A pack, open, counted as used by the caller, who closes it.
   *
   * @throws BlkshException when it is missing or cannot be opened
   */
  synchronized Pack acquire(long id) {
    Pack pack = open.get(id);
    if (pack == null) {
      pack = Pack.open(id, pathOf(id));
      open.put(id, pack);
      if (open.size() > OPEN) {
        var eldest = open.entrySet().iterator();
        Pack evicted = eldest.next().getValue();
        eldest.remove();
        evicted.close();
      }
    }
    pack.acquire();
    return pack;
  }

  @Override
  public synchronized void close() {
    open.values().forEach(Pack::close);
    open.clear();
  }
}
