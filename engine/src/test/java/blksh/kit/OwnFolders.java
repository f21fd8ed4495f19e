package blksh.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * Temporary directories whose names tell whose they are: modules are tested by several processes at
 * once, and what one cleans up must be its own.
 */
public final class OwnFolders implements TempDirFactory {

  /** How the names of those of this process begin. */
  static final String PREFIX = "junit-" + ProcessHandle.current().pid() + "-";

  @Override
  public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext test)
      throws IOException {
    return Files.createTempDirectory(PREFIX);
  }
}
