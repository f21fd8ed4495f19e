package blksh.store;

import blksh.BlkshException;
import blksh.Nearest;
import blksh.io.IoFailure;
import blksh.store.pack.PageSize;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.Spool;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The manifests of a store: the blobs {@code manifests/NAME/N.manifest}, NAME being spelled out
 * ({@link SpelledName}) where the place cannot keep it as it is. What versions exist is what is
 * here, whatever an index says.
 */
final class ManifestDirectory {

  /** What the names of all manifests begin with. */
  static final String PREFIX = "manifests/";

  /** What the names of manifests' parts begin with; no NAME begins so. */
  private static final String PART_PREFIX = PREFIX + ".";

  /** What the name of a manifest ends with. */
  static final String ENDING = ".manifest";

  /** Folder and number of what belongs to a version; what follows is its kind. */
  static final String OF_VERSION = PREFIX + "([^/]+)/([1-9][0-9]{0,8})";

  /** The name of a manifest's blob. */
  static final Pattern BLOB = Pattern.compile(OF_VERSION + "\\.manifest");

  private static final Pattern ANY = Pattern.compile(OF_VERSION + "\\..*");

  /** For bytes that a list does not tell. */
  static final long UNTOLD = -1;

  /** Versions that are told when another is asked for. */
  private static final int MOST_TOLD = 8;

  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,8}");
  static final Comparator<Version> ORDER =
      Comparator.comparing(Version::name).thenComparing(Version::number);
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A version that exists, by its blob; whether that is whole is not known. */
  record Version(String name, int number) {

    static Version of(Manifest manifest) {
      return new Version(ManifestName.check(manifest.name()), manifest.version());
    }

    /** {@code NAME@VERSION}. */
    String reference() {
      return name + "@" + number;
    }

    // Written out: what the compiler gives a record is made at run time, when a command starts.

    @Override
    public boolean equals(Object other) {
      return other instanceof Version version
          && version.number == number
          && Objects.equals(version.name, name); // a damaged row has none
    }

    @Override
    public int hashCode() {
      return 31 * Objects.hashCode(name) + number;
    }
  }

  /** The folders of names that are spelled out, by name, as far as they were seen. */
  private final Map<String, String> spelled = new ConcurrentHashMap<>();

  private final Shelf shelf;
  private final Spool spool;

  /** Of the store they must belong to; null while that is not known. */
  private volatile byte[] storeId;

  /** Of the store they must belong to; null while that is not known. */
  private volatile PageSize pageSize;

  ManifestDirectory(Shelf shelf, Spool spool) {
    this.shelf = shelf;
    this.spool = spool;
  }

  /** Says how large their pages are: others are refused from now on. */
  void have(PageSize size) {
    pageSize = size;
  }

  /** Says which store they belong to, too: those of others are refused from now on. */
  void belongTo(byte[] id, PageSize size) {
    storeId = id;
    pageSize = size;
  }

  // ---- what there is -------------------------------------------------------------------------

  /** All versions there are, by name, oldest first. */
  List<Version> versions() {
    return List.copyOf(below(PREFIX).keySet());
  }

  /** The versions of a name, oldest first. */
  List<Version> versions(String name) {
    return List.copyOf(sizes(name).keySet());
  }

  /**
   * The versions of a name or (null) of all, by name, oldest first, with bytes of their blobs as
   * far as the list tells them; else {@link #UNTOLD}.
   */
  Map<Version, Long> sizes(String name) {
    if (name == null) {
      return below(PREFIX);
    }
    Map<Version, Long> plain = below(PREFIX + ManifestName.check(name) + "/");
    if (!plain.isEmpty()) {
      spelled.remove(name);
      return plain;
    }
    return SpelledName.fits(name) ? below(PREFIX + SpelledName.of(name) + "/") : Map.of();
  }

  /** The name of the blob a version has. */
  String blob(Version version) {
    String folder = spelled.getOrDefault(version.name(), version.name());
    return PREFIX + folder + "/" + version.number() + ENDING;
  }

  /** The name of a blob beside that of a version, which belongs to it. */
  String beside(Version version, String ending) {
    String blob = blob(version);
    return blob.substring(0, blob.length() - ENDING.length()) + ending;
  }

  /** The version that a folder and a number name; remembers how its name is spelled. */
  Version versionOf(String folder, String number) {
    String name = SpelledName.name(folder);
    if (name != null) {
      spelled.put(name, folder);
    }
    return new Version(name == null ? folder : name, Integer.parseInt(number));
  }

  /**
   * What blobs beginning with a prefix belong to, as far as a pattern fits them.
   *
   * @param pattern whose first two groups are the folder and the number
   */
  void each(String prefix, Pattern pattern, BiConsumer<Version, Matcher> visitor) {
    try {
      for (String blob : shelf.list(prefix)) {
        Matcher matcher = pattern.matcher(blob);
        if (matcher.matches()) {
          visitor.accept(versionOf(matcher.group(1), matcher.group(2)), matcher);
        }
      }
    } catch (IOException e) {
      throw unlisted(prefix, e);
    }
  }

  private BlkshException unlisted(String prefix, IOException e) {
    String place = shelf.locate(prefix.substring(0, prefix.length() - 1));
    return new BlkshException("list manifests in " + place, IoFailure.reason(e), e);
  }

  private Map<Version, Long> below(String prefix) {
    try {
      Map<Version, Long> versions = new TreeMap<>(ORDER);
      Optional<Map<String, Long>> sizes = shelf.sizes(prefix);
      Collection<String> blobs = sizes.isPresent() ? sizes.get().keySet() : shelf.list(prefix);
      for (String blob : blobs) {
        Matcher matcher = BLOB.matcher(blob);
        if (matcher.matches()) {
          long bytes = sizes.isPresent() ? sizes.get().get(blob) : UNTOLD;
          versions.put(versionOf(matcher.group(1), matcher.group(2)), bytes);
        }
      }
      return versions;
    } catch (IOException e) {
      throw unlisted(prefix, e);
    }
  }

  /**
   * The names of all blobs there are, of manifests and of what belongs to them.
   *
   * @throws BlkshException when they cannot be listed, or have no place at all
   */
  List<String> blobs() {
    String place = shelf.locate(PREFIX.substring(0, PREFIX.length() - 1));
    try {
      if (!shelf.isPrepared(PREFIX)) {
        throw new BlkshException("list manifests in " + place, "it is not there");
      }
      return shelf.list(PREFIX);
    } catch (IOException e) {
      throw new BlkshException("list manifests in " + place, IoFailure.reason(e), e);
    }
  }

  /** What the blobs of a name begin with, as it is and spelled out. */
  List<String> foldersOf(String name) {
    String plain = PREFIX + name + "/";
    return SpelledName.fits(name)
        ? List.of(plain, PREFIX + SpelledName.of(name) + "/")
        : List.of(plain);
  }

  /** The highest number that anything of a name has, 0 when there is nothing. */
  int highest(String name) {
    int[] highest = {0};
    for (String folder : foldersOf(name)) {
      each(folder, ANY, (version, matcher) -> highest[0] = Math.max(highest[0], version.number()));
    }
    return highest[0];
  }

  /** The newest version of a name, if it has any. */
  OptionalInt newest(String name) {
    return versions(name).stream().mapToInt(Version::number).max();
  }

  boolean exists(Version version) throws IOException {
    boolean plain = shelf.size(blob(version)).isPresent();
    if (plain || !SpelledName.fits(version.name())) {
      return plain;
    }
    String folder = SpelledName.of(version.name());
    boolean found = shelf.size(PREFIX + folder + "/" + version.number() + ENDING).isPresent();
    if (found) {
      spelled.put(version.name(), folder);
    }
    return found;
  }

  /**
   * Finds a version.
   *
   * @param reference {@code NAME} or {@code NAME@latest} for the newest, or {@code NAME@VERSION}
   * @throws BlkshException when there is none, or it is damaged
   */
  Manifest find(String reference) {
    try (ManifestFile file = open(version(reference))) {
      return file.manifest();
    }
  }

  /**
   * The version a reference means, whether or not there is one; only the newest is looked for.
   *
   * @param reference as of {@link #find}
   * @throws BlkshException when it is none
   */
  Version version(String reference) {
    int at = reference.lastIndexOf('@');
    String name = ManifestName.check(at < 0 ? reference : reference.substring(0, at));
    String version = at < 0 ? "latest" : reference.substring(at + 1);
    int wanted;
    if (version.equals("latest")) {
      wanted = newest(name).orElseThrow(() -> noSuch(reference));
    } else if (NUMBER.matcher(version).matches()) {
      wanted = Integer.parseInt(version);
    } else {
      throw new BlkshException("find " + reference, "\"" + version + "\" is no version")
          .suggest("use NAME, NAME@latest or NAME@NUMBER");
    }
    return new Version(name, wanted);
  }

  /**
   * The version a reference means, which is there, whole or not.
   *
   * @throws BlkshException when there is none
   */
  Version existing(String reference) {
    Version version = version(reference);
    mustExist(version);
    return version;
  }

  private void mustExist(Version version) {
    boolean exists;
    try {
      exists = exists(version);
    } catch (IOException e) {
      throw new BlkshException(
          "read manifest " + shelf.locate(blob(version)), IoFailure.reason(e), e);
    }
    if (!exists) {
      throw noSuch(version.reference());
    }
  }

  /** That there is no such version. */
  BlkshException noSuch(String reference) {
    return new BlkshException(
            "find " + reference, "store " + shelf.place() + " has no such manifest")
        .suggest(instead(reference));
  }

  /** What somebody may have meant who asked for a version that is not there. */
  private String instead(String reference) {
    int at = reference.lastIndexOf('@');
    String name = at < 0 ? reference : reference.substring(0, at);
    List<Version> all = versions();
    List<String> numbers =
        all.stream().filter(it -> it.name().equals(name)).map(Version::reference).toList();
    if (!numbers.isEmpty()) {
      return "it has "
          + String.join(
              ", ", numbers.subList(Math.max(0, numbers.size() - MOST_TOLD), numbers.size()));
    }
    String question = Nearest.question(name, all.stream().map(Version::name).distinct().toList());
    return question.isEmpty() ? "list the store to see what it has" : question;
  }

  /** Opens the manifest of a version that was found before. */
  ManifestFile open(Manifest manifest) {
    return open(Version.of(manifest));
  }

  /**
   * Opens a manifest.
   *
   * @throws BlkshException when there is none, or it is damaged
   */
  ManifestFile open(Version version) {
    mustExist(version);
    return open(version, blob(version));
  }

  /**
   * Opens a manifest that lies elsewhere.
   *
   * @throws BlkshException as {@link #open(Version)}
   */
  ManifestFile open(Version version, String blob) {
    return ManifestFile.open(shelf, blob, version, storeId, pageSize);
  }

  /**
   * What could be read of all manifests.
   *
   * @param manifests what those that are whole say of themselves
   * @param damage of the others
   */
  record Readable(List<Manifest> manifests, List<Damage> damage) {}

  /** Reads all manifests. */
  Readable readable() {
    List<Manifest> found = new ArrayList<>();
    List<Damage> damage = new ArrayList<>();
    for (Version version : versions()) {
      try (ManifestFile file =
          ManifestFile.read(shelf, blob(version), version, storeId, pageSize)) {
        found.add(file.manifest());
      } catch (IOException e) {
        damage.add(
            new Damage(
                blob(version),
                0,
                0,
                IoFailure.reason(e),
                List.of(new AffectedRange(version.reference(), 0, 0))));
      }
    }
    return new Readable(found, damage);
  }

  /** Bytes of a manifest's blob, 0 when they cannot be told. */
  long bytes(Version version) {
    try {
      return shelf.size(blob(version)).orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  // ---- writing -------------------------------------------------------------------------------

  /**
   * Makes sure that versions of a name can be kept: as it is, or spelled out.
   *
   * @throws BlkshException when neither can be
   */
  void mustKeep(String name) throws IOException {
    if (!versions(name).isEmpty() || shelf.prepareIfKept(PREFIX + name + "/")) {
      return;
    }
    String folder = SpelledName.of(name);
    if (!SpelledName.fits(name) || !shelf.prepareIfKept(PREFIX + folder + "/")) {
      throw new BlkshException(
              "keep the name " + name + " in " + shelf.place(),
              "its file system cannot have a folder of that name")
          .suggest("use a shorter name of letters, digits, '.', '_' and '-'");
    }
    spelled.put(name, folder);
  }

  /** Begins a manifest, as a part that has no version yet. */
  ManifestWriter begin(PageSize size) throws IOException {
    return new ManifestWriter(
        size, spool.begin(PART_PREFIX + "%016x".formatted(RANDOM.nextLong())));
  }

  /**
   * Makes a complete manifest appear under its number, durable, unless another has that. Whoever
   * calls keeps others from publishing, as far as the shelf can.
   *
   * @return false when another has it
   */
  boolean publish(ManifestWriter writer, Manifest numbered) throws IOException {
    return writer.publish(blob(Version.of(numbered)));
  }

  /**
   * As {@link #publish}; the writer has it still, and may publish it under another number.
   *
   * @return false when another has the number
   */
  boolean putAside(ManifestWriter writer, Manifest numbered) throws IOException {
    return writer.put(shelf, blob(Version.of(numbered)));
  }

  /** Removes a manifest that was just put, and nobody may want. */
  void remove(Version version) throws IOException {
    shelf.delete(blob(version));
  }

  /** Removes the parts of manifests whose writers died. */
  void removeDeadParts() throws IOException {
    for (String name : spool.parts(PART_PREFIX)) {
      spool.discardDead(name);
    }
  }
}
