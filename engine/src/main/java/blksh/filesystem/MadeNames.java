package blksh.filesystem;

import blksh.io.Scratch;
import blksh.io.ScratchFile;
import java.io.Closeable;
import java.nio.ByteBuffer;

/**
 * Where the first name of each file was made that has more: numbers of files and paths. Both are in
 * files without a name where temporary files are, so that memory does not grow with them. For one
 * thread.
 */
final class MadeNames implements Closeable {

  /** A place in the table: a number, and where its path is, from 1 on; 0 when it is free. */
  private static final int PLACE = 2 * Long.BYTES;

  private static final int FIRST_PLACES = 1 << 12;
  private static final int MOST_PLACES = 1 << 26;

  /** Each path, after its length. */
  private ScratchFile paths;

  private ByteBuffer table;
  private int places;
  private int count;

  /** The path that was put for a number, or null. */
  byte[] get(long number) {
    if (table == null) {
      return null;
    }
    long at = table.getLong(place(number) + Long.BYTES);
    if (at == 0) {
      return null;
    }
    int length = ByteBuffer.wrap(paths.readBack(at - 1, Integer.BYTES)).getInt();
    return paths.readBack(at - 1 + Integer.BYTES, length);
  }

  /**
   * Puts the path of a number that has none yet; of more files than anybody has it is not kept.
   *
   * @throws blksh.BlkshException when there is no space for it
   */
  void put(long number, byte[] path) {
    if (table == null) {
      paths = new ScratchFile();
      places = FIRST_PLACES;
      table = Scratch.room(places * PLACE);
    } else if (count > places / 2) {
      if (places == MOST_PLACES) {
        return;
      }
      grow();
    }
    int place = place(number);
    table.putLong(place, number).putLong(place + Long.BYTES, paths.size() + 1);
    paths.append(ByteBuffer.allocate(Integer.BYTES).putInt(path.length).array(), 0, Integer.BYTES);
    paths.append(path, 0, path.length);
    count++;
  }

  /** The byte of the place a number has, or would have. */
  private int place(long number) {
    long mixed = number * 0x9e3779b97f4a7c15L;
    int place = (int) (mixed >>> 32) & (places - 1);
    while (table.getLong(place * PLACE + Long.BYTES) != 0
        && table.getLong(place * PLACE) != number) {
      place = (place + 1) & (places - 1);
    }
    return place * PLACE;
  }

  private void grow() {
    ByteBuffer before = table;
    int had = places;
    places *= 2;
    table = Scratch.room(places * PLACE);
    for (int i = 0; i < had; i++) {
      long number = before.getLong(i * PLACE);
      long at = before.getLong(i * PLACE + Long.BYTES);
      if (at != 0) {
        int place = place(number);
        table.putLong(place, number).putLong(place + Long.BYTES, at);
      }
    }
  }

  @Override
  public void close() {
    if (paths != null) {
      paths.close();
    }
  }
}
