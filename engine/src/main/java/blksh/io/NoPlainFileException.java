package blksh.io;

import java.nio.file.FileSystemException;
import java.nio.file.Path;

/** Something else than the file that was looked for has its name; it was not opened. */
public final class NoPlainFileException extends FileSystemException {

  private static final long serialVersionUID = 1;

  NoPlainFileException(Path path, FileType found) {
    super(path.toString(), null, "it is " + found.words() + ", no plain file");
  }
}
