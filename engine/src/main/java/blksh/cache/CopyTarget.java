package blksh.cache;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.io.BlockDevice;
import blksh.io.DeviceDirectory;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.OpenFile;
import blksh.io.WriteClaim;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;

/**
 * Where a copy of a source is to be written, looked at before the first byte: it is not the source,
 * the map is neither of them, and nothing is written over that nobody said to. A copy that was
 * begun goes on unasked when it is a file. A drive is asked for every time, as ddrescue does: its
 * name may be another drive's by now.
 */
final class CopyTarget {

  /** The name of the note in a map. */
  static final String NOTE = "copy";

  private static final String OVERWRITE = "to write over it, say overwrite = true (--overwrite)";

  private final BlockSource source;
  private final Path copy;
  private final Path map;
  private final boolean overwrite;
  private final String action;

  CopyTarget(BlockSource source, FilePair files, boolean overwrite) {
    this.source = source;
    this.copy = files.data();
    this.map = files.map();
    this.overwrite = overwrite;
    this.action = "copy to " + copy;
  }

  /**
   * Returns when it may be written; a file that is to be written over is empty then.
   *
   * @throws BlkshException when it may not be
   */
  void prepare() {
    try {
      if (!Files.exists(copy)) {
        DeviceDirectory.requireElsewhere(copy, action, "`drives` shows what there is");
      }
      checkMap();
      String location = source.describe().location();
      WriteClaim.requireOther(copy, location, action);
      WriteClaim.requireOther(copy, action);
      if (BlockDevice.isAt(copy)) {
        checkDrive();
      } else if (Files.exists(copy)) {
        prepareFile();
      }
    } catch (IOException e) {
      throw IoFailure.told(action, e);
    }
  }

  private void checkMap() throws IOException {
    DeviceDirectory.requireElsewhere(
        map, "write the map " + map, "say where the map is to be: --map FILE");
    FileType.requireRegular(map);
    boolean one = map.toAbsolutePath().normalize().equals(copy.toAbsolutePath().normalize());
    if (one || WriteClaim.overlap(map, copy)) {
      throw new BlkshException(action, "its map would be the copy itself")
          .suggest("name another file for the map: --map FILE");
    }
    WriteClaim.requireOther(map, source.describe().location(), "write the map " + map);
  }

  private void checkDrive() {
    WriteClaim.check(copy, source.size(), action);
    if (!overwrite) {
      throw new BlkshException(action, "it is a drive")
          .suggest(OVERWRITE + ", also to go on with a copy that was begun");
    }
  }

  private void prepareFile() throws IOException {
    FileType.requireRegular(copy);
    if (isBegun() || isEmpty()) {
      return;
    }
    if (!overwrite) {
      throw new BlkshException(action, "it exists, and is no copy that was begun with this map")
          .suggest(OVERWRITE);
    }
    WriteClaim.check(copy, source.size(), action);
    try (OpenFile file = OpenFile.open(copy, OpenFile.Use.WRITE, OpenFile.WhenInterrupted.FINISH)) {
      file.truncate(0);
    }
  }

  /** Whether the map is one of this copy, or tells of bytes in it. */
  private boolean isBegun() throws IOException {
    if (!Files.exists(map)) {
      return false;
    }
    try (MapfileReader reader = new MapfileReader(map)) {
      return reader.hasNoteOrBytes(NOTE, noteOf(copy));
    }
  }

  /**
   * What a map notes of its copy: a copy whose process died may hold bytes before its map tells of
   * any. The two may be moved together, so it is no path.
   */
  static String noteOf(Path copy) {
    return URLEncoder.encode(copy.getFileName().toString(), StandardCharsets.UTF_8);
  }

  /** Whether nothing was written to it: its map is there before it gets its length. */
  private boolean isEmpty() {
    try (BlockSource there = FileSource.open(copy)) {
      for (Iterator<Extent> extents = there.extents(); extents.hasNext(); ) {
        if (extents.next().kind() != Extent.Kind.ZERO) {
          return false;
        }
      }
      return true;
    }
  }
}
