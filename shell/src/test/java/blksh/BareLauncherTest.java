package blksh;

import blksh.kit.Program;
import java.nio.file.Path;

/** The launcher where nothing is set, as cron has it: neither PATH nor HOME nor a locale. */
class BareLauncherTest extends LauncherTest {

  @Override
  Program blksh(Path home) {
    return super.blksh(home).bare();
  }
}
