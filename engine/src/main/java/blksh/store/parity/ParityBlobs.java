package blksh.store.parity;

import blksh.store.shelf.Blob;
import blksh.store.shelf.DamageAsZeros;
import blksh.store.shelf.Part;
import blksh.store.shelf.Shelf;
import blksh.store.shelf.Spool;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.HashSet;
import java.util.Set;

/**
 * The parity of the blobs of a shelf: that of {@code packs/3f/3f00c2.pack} is {@code
 * parity/packs/3f/3f00c2.pack}.
 *
 * <p>Parity is of what has the name of its blob, or is not there: it comes after its blob is
 * durable, and goes before another takes the name. It proves nothing: what is made by it has to be
 * proven by what it holds. All methods may be called from any thread.
 */
public final class ParityBlobs {

  /** What the names of all begin with. */
  public static final String PREFIX = "parity/";

  private static final String REBUILT = ".rebuilt";

  private final Shelf shelf;
  private final Spool spool;

  public ParityBlobs(Shelf shelf, Spool spool) {
    this.shelf = shelf;
    this.spool = spool;
  }

  /**
   * That there may be so much of it.
   *
   * @return the same
   * @throws IllegalArgumentException when not
   */
  public static int check(int percent) {
    if (percent < ParityPlan.LEAST || percent > ParityPlan.MOST) {
      throw new IllegalArgumentException(
          "parity is %d to %d percent, and not %d"
              .formatted(ParityPlan.LEAST, ParityPlan.MOST, percent));
    }
    return percent;
  }

  /** The name of the parity of a blob. */
  public static String nameOf(String blob) {
    return PREFIX + blob;
  }

  /**
   * The blobs that have parity, whole or not.
   *
   * @param prefix what their names begin with
   */
  public Set<String> protectedBlobs(String prefix) throws IOException {
    Set<String> blobs = new HashSet<>();
    for (String name : shelf.list(PREFIX + prefix)) {
      blobs.add(name.substring(PREFIX.length()));
    }
    return blobs;
  }

  /** Whether a blob has parity, whole or not. */
  public boolean isThere(String blob) throws IOException {
    return shelf.size(nameOf(blob)).isPresent();
  }

  /**
   * Makes the parity of a blob, in place of what it has; durable when this returns.
   *
   * @param percent of its blocks that may be lost, as {@link #check} allows
   * @param between called now and then; may throw to end it
   * @return false when somebody else is making it
   * @throws NoSuchFileException when there is no such blob
   * @throws IOException also when the blob cannot be read
   */
  public boolean make(String blob, int percent, Runnable between) throws IOException {
    return make(blob, blob, percent, Naming.ALWAYS, between);
  }

  /** Decides, when parity was made, whether it is still wanted. */
  public interface Naming {

    /** It is. */
    Naming ALWAYS =
        name -> {
          name.give();
          return true;
        };

    /** What gives parity its name. */
    interface Name {
      void give() throws IOException;
    }

    /**
     * Has it given, or not.
     *
     * @return whether it was
     */
    boolean decide(Name name) throws IOException;
  }

  /**
   * As above.
   *
   * @param of the blob whose parity it is
   * @param blob which has the contents by now, or the same
   * @param naming asked once all is durable but the name
   * @return false also when it was not wanted any more
   */
  public boolean make(String of, String blob, int percent, Naming naming, Runnable between)
      throws IOException {
    try (Blob contents = shelf.open(blob)) {
      Part part = begin(nameOf(of));
      if (part == null) {
        return false;
      }
      try (part) {
        boolean named = false;
        try {
          write(contents, percent, part, between);
          part.force();
          named = naming.decide(() -> part.publish(nameOf(of)));
          return named;
        } finally {
          if (!named) {
            part.discard();
          }
        }
      }
    }
  }

  private static void write(Blob contents, int percent, Part part, Runnable between)
      throws IOException {
    try {
      ParityMaking.write(contents, percent, part, between);
    } catch (IOException e) {
      if (!contents.forget()) {
        throw e;
      }
      part.truncate(0); // it may have come as another once
      ParityMaking.write(contents, percent, part, between);
    }
  }

  /** Null when a living writer has it. */
  private Part begin(String name) throws IOException {
    spool.discardDead(name);
    try {
      return spool.begin(name);
    } catch (FileAlreadyExistsException e) {
      return null;
    }
  }

  /** Removes the parity of a blob, if it has any. */
  public void remove(String blob) throws IOException {
    if (isThere(blob)) {
      shelf.delete(nameOf(blob));
    }
  }

  /** How the parity of a blob is. */
  public enum Condition {
    /** There is none. */
    NONE,
    /** All of it is as it was written, and of this blob as far as its length and its end tell. */
    WHOLE,
    /** Something of it is lost. */
    DAMAGED,
    /** It is of another blob that had the same name. */
    OTHER
  }

  /** Reads the parity of a blob, and of the blob only its end. */
  public Condition look(String blob, Runnable between) throws IOException {
    return look(blob, blob, between);
  }

  /**
   * As above.
   *
   * @param of the blob whose parity it is
   * @param blob which has the contents by now, or the same
   */
  public Condition look(String of, String blob, Runnable between) throws IOException {
    try (Blob contents = shelf.open(blob);
        ParityFile parity = open(of, between)) {
      if (parity == null) {
        return Condition.DAMAGED;
      }
      if (!parity.isWhole(between)) {
        return Condition.DAMAGED;
      }
      return isOf(contents, parity.plan()) ? Condition.WHOLE : Condition.OTHER;
    } catch (NoSuchFileException e) {
      return Condition.NONE;
    }
  }

  /**
   * How much there is of the parity of a blob.
   *
   * @return 0 when there is none, or it cannot be told
   */
  public int percent(String blob) {
    try (ParityFile parity = open(blob, () -> {})) {
      return parity == null ? 0 : parity.plan().percent();
    } catch (IOException e) {
      return 0;
    }
  }

  private ParityFile open(String blob, Runnable between) throws IOException {
    return ParityFile.open(new DamageAsZeros(shelf.open(nameOf(blob))), between);
  }

  /**
   * Whether the parity of a blob may be of what has its name now, by its length and its end; the
   * end must be sound for that to mean anything.
   */
  public boolean isOf(String blob) throws IOException {
    try (Blob of = shelf.open(blob);
        ParityFile parity = open(blob, () -> {})) {
      return parity != null && isOf(of, parity.plan());
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static boolean isOf(Blob blob, ParityPlan plan) throws IOException {
    // an end that is damaged is another's, as where nothing is refused
    return blob.size() == plan.length()
        && ParityMaking.tail(new DamageAsZeros(blob)) == plan.tail();
  }

  /**
   * Looks at what {@link #rebuild} would make; writes nothing.
   *
   * @param of the blob whose parity it is
   * @param blob which has the contents by now, or the same
   */
  public ParityOutlook outlook(String of, String blob, Runnable between) throws IOException {
    try (Blob damaged = new DamageAsZeros(shelf.open(blob));
        ParityFile parity = open(of, between)) {
      return parity == null ? new ParityOutlook(0, 0) : parity.outlook(damaged, between);
    } catch (NoSuchFileException e) {
      return new ParityOutlook(0, 0);
    }
  }

  /**
   * Makes a damaged blob again as far as its parity goes.
   *
   * @param of the blob whose parity it is
   * @param blob which has the contents by now, or the same
   * @param between called now and then; may throw to end it
   * @return null when there is no parity, too little of it is whole, or somebody else does the same
   */
  public Rebuilding rebuild(String of, String blob, Runnable between) throws IOException {
    ParityFile parity;
    try {
      parity = open(of, between);
    } catch (NoSuchFileException e) {
      return null;
    }
    Rebuilding rebuilt = null;
    try {
      rebuilt = parity == null ? null : rebuild(blob, parity, between);
      return rebuilt;
    } finally {
      if (rebuilt == null && parity != null) {
        parity.close();
      }
    }
  }

  private Rebuilding rebuild(String blob, ParityFile parity, Runnable between) throws IOException {
    try (Blob damaged = new DamageAsZeros(shelf.open(blob))) {
      Part part = begin(nameOf(blob) + REBUILT);
      return part == null ? null : Rebuilding.run(blob, damaged, parity, part, between);
    }
  }

  /** Removes what dead processes left unfinished. */
  public void removeDeadParts() throws IOException {
    for (String name : spool.parts(PREFIX)) {
      spool.discardDead(name);
    }
  }
}
