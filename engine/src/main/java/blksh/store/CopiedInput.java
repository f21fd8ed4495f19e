package blksh.store;

import java.io.Closeable;

/** A version of another store, to be made again. */
interface CopiedInput extends CaptureInput, Closeable {

  /** Lets go of the version, and of the store it is in. */
  @Override
  void close();
}
