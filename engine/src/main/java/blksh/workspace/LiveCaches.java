package blksh.workspace;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.cache.Cache;
import blksh.cache.CacheOptions;
import blksh.cache.OtherMediumException;
import java.io.Closeable;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The caches of media: those used before, by name, and those open now, each once, until the
 * workspace is closed.
 */
public final class LiveCaches implements Closeable {

  private final Ledger ledger;
  private final Consumer<BlkshException> warnings;

  /** By data file. Guarded by itself. */
  private final Map<Path, Cache> open = new HashMap<>();

  LiveCaches(Ledger ledger, Consumer<BlkshException> warnings) {
    this.ledger = ledger;
    this.warnings = warnings;
  }

  /**
   * Opens or begins the cache of a medium, as {@link Cache#open(BlockSource, Path, CacheOptions)}
   * does, and remembers it. It belongs to the workspace, which gives the same one to everybody who
   * asks and closes it in the end.
   *
   * @param source closed with the cache; one that is open already goes on with it
   */
  public Cache open(BlockSource source, Path file, CacheOptions options) {
    Cache cache;
    synchronized (open) {
      for (Path data : Cache.dataFiles(source, file)) {
        Cache there = open.get(key(data));
        if (there != null && !there.isClosed()) {
          try {
            there.reinsert(source); // the medium may have been out meanwhile
            return there;
          } catch (OtherMediumException e) {
            // of a medium that begins alike
          }
        }
      }
      cache = Cache.open(source, file, options);
      open.put(key(cache.dataFile()), cache);
    }
    remember(cache);
    return cache;
  }

  private static Path key(Path data) {
    return data.toAbsolutePath().normalize();
  }

  /** As above, in two files of any name. */
  public Cache open(BlockSource source, Path data, Path map, CacheOptions options) {
    return open(source, data, map, options, false);
  }

  /**
   * As above.
   *
   * @param overwrite whether the first may be a drive, or a file with something else in it
   */
  public Cache open(
      BlockSource source, Path data, Path map, CacheOptions options, boolean overwrite) {
    return open(data, source, () -> Cache.open(source, data, map, options, overwrite));
  }

  /** Opens what is known of a medium that is not there. */
  public Cache open(KnownCache known) {
    return open(
        known.data(), null, () -> Cache.openAbsent(known.data(), known.map(), known.source()));
  }

  private Cache open(Path data, BlockSource source, Supplier<Cache> opener) {
    Cache cache;
    synchronized (open) {
      Path key = key(data);
      Cache there = open.get(key);
      if (there != null && !there.isClosed()) {
        if (source != null) {
          there.reinsert(source); // the medium may have been out meanwhile
        }
        return there;
      }
      cache = opener.get();
      open.put(key, cache);
    }
    remember(cache);
    return cache;
  }

  /** The cache as it is open now, to look at its map. */
  public Optional<Cache> opened(KnownCache known) {
    synchronized (open) {
      return Optional.ofNullable(open.get(known.data())).filter(cache -> !cache.isClosed());
    }
  }

  /** Closes a cache, whose files may get another name by that. */
  private void close(Path key, Cache cache) {
    try {
      cache.close();
    } catch (BlkshException e) {
      warnings.accept(e);
    }
    if (!cache.dataFile().toAbsolutePath().normalize().equals(key)) {
      KnownCache renamed = CacheTable.of(cache, Instant.now());
      ledger.note(
          connection -> {
            CacheTable.rename(connection, key, renamed);
            return null;
          });
    }
  }

  /** Remembers a cache that somebody else has opened and will close. */
  public void remember(Cache cache) {
    KnownCache known = CacheTable.of(cache, Instant.now());
    ledger.note(
        connection -> {
          CacheTable.remember(connection, known);
          return null;
        });
  }

  /**
   * The caches used before, by name.
   *
   * @throws BlkshException when the list cannot be read
   */
  public List<KnownCache> known() {
    return ledger.read(List.of(), CacheTable::list);
  }

  /** Takes a cache off the list; its files are left as they are. */
  public void drop(KnownCache cache) {
    ledger.change(
        connection -> {
          CacheTable.drop(connection, cache.data());
          return null;
        });
  }

  @Override
  public void close() {
    synchronized (open) {
      open.forEach(this::close);
      open.clear();
    }
  }
}
