package blksh.store.shelf;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.util.List;

/**
 * Where the blobs of a shelf grow. What a part holds outlives its writer; a dead writer's part is
 * told from a living one's, in this process and in others.
 */
public interface Spool {

  /**
   * Begins an empty part.
   *
   * @param name of the part: that of the blob it is to be, or another beside it
   * @throws FileAlreadyExistsException when there is a part of that name
   */
  Part begin(String name) throws IOException;

  /** Takes over the part of a dead writer; null when its writer lives or there is none. */
  Part takeOver(String name) throws IOException;

  /** Gives back the space of a part whose writer is dead, if there is one. */
  default void discardDead(String name) throws IOException {
    Part dead = takeOver(name);
    if (dead != null) {
      dead.discard();
    }
  }

  /**
   * Reads a part that another may be writing.
   *
   * @throws java.nio.file.NoSuchFileException when there is none of that name
   */
  Blob look(String name) throws IOException;

  /** The names of all parts that begin with a prefix, living writers' too. */
  List<String> parts(String prefix) throws IOException;
}
