package blksh.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Which file it is, whatever it is called.
 *
 * @param device number of the file system it lies on, {@code major:minor}
 * @param inode its number there
 */
record FileIdentity(String device, long inode) {

  /** Of what a path leads to. */
  static FileIdentity of(Path path) throws IOException {
    Map<String, Object> file = Files.readAttributes(path, "unix:dev,ino");
    return new FileIdentity(BlockDevice.numberText((Long) file.get("dev")), (Long) file.get("ino"));
  }
}
