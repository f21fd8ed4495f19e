package blksh.store.sealed;

import blksh.store.shelf.Blob;
import blksh.store.shelf.Exclusion;
import blksh.store.shelf.LocalSpool;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.Spool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A shelf whose blobs lie encrypted on another. It is what that is: blobs grow where they can grow
 * there, others are kept away where they can be kept away there, and what is durable there is
 * durable here. What was changed there is refused here, see {@link SealedBlob}.
 *
 * <p>All of it lies below {@code sealed/} there, so that who does not know of encryption finds no
 * store. {@code store.json} and {@code keys/} of the shelf below are not its own: they say that and
 * how it is encrypted.
 */
public final class SealedShelf implements Shelf {

  /** What is in the clear below: that a shelf is encrypted. */
  static final String OPEN = "store.json";

  /** What the names of all that is encrypted begin with there. */
  static final String FOLDER = "sealed/";

  /** What lies there as the {@code store.json} of here. */
  static final String SEALED = FOLDER + OPEN;

  /** What the names of the keys below begin with. */
  static final String KEYS = "keys/";

  private final Shelf shelf;
  private final MasterKey key;
  private final HiddenNames names;

  /** A shelf on another, which is closed with it. */
  public SealedShelf(Shelf shelf, MasterKey key) {
    this.shelf = shelf;
    this.key = key;
    this.names = new HiddenNames(key);
  }

  MasterKey key() {
    return key;
  }

  // ---- names ---------------------------------------------------------------------------------

  /** What a blob is called below. */
  String stored(String name) {
    return FOLDER + names.hide(name);
  }

  /** What the folder in which all names with a prefix lie is called below. */
  String storedFolder(String prefix) {
    return stored(prefix.substring(0, prefix.lastIndexOf('/') + 1));
  }

  /** The names of blobs below as they are here, as far as they begin with a prefix. */
  List<String> clear(List<String> stored, String prefix) {
    List<String> clear = new ArrayList<>();
    for (String each : stored) {
      String name = each.startsWith(FOLDER) ? names.show(each.substring(FOLDER.length())) : "";
      if (!name.isEmpty() && name.startsWith(prefix)) {
        clear.add(name);
      }
    }
    return clear;
  }

  @Override
  public String place() {
    return shelf.place();
  }

  @Override
  public String address() {
    return shelf.address();
  }

  /** Where it lies below; and what it is, where that does not tell. */
  @Override
  public String locate(String name) {
    String stored = stored(name);
    return stored.equals(FOLDER + name)
        ? shelf.locate(stored)
        : shelf.locate(stored) + " (" + name + ")";
  }

  @Override
  public boolean writable() {
    return shelf.writable();
  }

  @Override
  public void prepare(String prefix) throws IOException {
    shelf.prepare(stored(prefix));
  }

  @Override
  public boolean prepareIfKept(String prefix) throws IOException {
    return shelf.prepareIfKept(stored(prefix));
  }

  @Override
  public boolean isPrepared(String prefix) throws IOException {
    return shelf.isPrepared(stored(prefix));
  }

  // ---- blobs ---------------------------------------------------------------------------------

  @Override
  public Blob open(String name) throws IOException {
    return SealedBlob.of(shelf.open(stored(name)), name, key);
  }

  @Override
  public OptionalLong size(String name) throws IOException {
    OptionalLong stored = shelf.size(stored(name));
    return stored.isPresent()
        ? OptionalLong.of(BlobSeal.plainSize(stored.getAsLong()))
        : OptionalLong.empty();
  }

  /** One below that has no name of here is listed as it is: that it is there has to be seen. */
  @Override
  public List<String> list(String prefix) throws IOException {
    return clear(shelf.list(storedFolder(prefix)), prefix);
  }

  @Override
  public Optional<Map<String, Long>> sizes(String prefix) throws IOException {
    return shelf
        .sizes(storedFolder(prefix))
        .map(
            stored -> {
              Map<String, Long> sizes = new HashMap<>();
              stored.forEach(
                  (name, size) ->
                      clear(List.of(name), prefix)
                          .forEach(each -> sizes.put(each, BlobSeal.plainSize(size))));
              return sizes;
            });
  }

  @Override
  public void put(String name, byte[] content) throws IOException {
    shelf.put(stored(name), BlobSeal.fresh(key).sealAll(content));
  }

  @Override
  public boolean putIfAbsent(String name, byte[] content) throws IOException {
    return shelf.putIfAbsent(stored(name), BlobSeal.fresh(key).sealAll(content));
  }

  @Override
  public boolean putWhole(String name, Blob content, boolean replace) throws IOException {
    return shelf.putWhole(stored(name), new SealingBlob(content, key), replace);
  }

  /** As it lies there: it is not sealed anew, and needs not be opened. */
  @Override
  public boolean copyIfAbsent(String name, String to) throws IOException {
    return shelf.copyIfAbsent(stored(name), stored(to));
  }

  @Override
  public void move(String name, String to) throws IOException {
    shelf.move(stored(name), stored(to));
  }

  @Override
  public void moveWithin(Map<String, String> moves) throws IOException {
    Map<String, String> stored = new LinkedHashMap<>();
    moves.forEach((name, to) -> stored.put(stored(name), stored(to)));
    shelf.moveWithin(stored);
  }

  @Override
  public void delete(String name) throws IOException {
    shelf.delete(stored(name));
  }

  @Override
  public long bytes() throws IOException {
    return shelf.bytes();
  }

  @Override
  public Map<String, Long> traffic() {
    return shelf.traffic();
  }

  @Override
  public Optional<Spool> spool() {
    return shelf.spool().map(spool -> new SealedSpool(spool, this));
  }

  /**
   * Where they grow instead when they can only be put whole: sealed as well, as what a process that
   * dies leaves there lies longer than it.
   *
   * @param local a directory that is there, for parts of this shelf alone
   */
  public Spool spoolIn(Path local) {
    return new SealedSpool(new LocalSpool(shelf, local), this);
  }

  @Override
  public Optional<Exclusion> exclusion() {
    return shelf.exclusion().map(exclusion -> new SealedExclusion(exclusion, names::token));
  }

  @Override
  public void close() {
    shelf.close();
  }
}
