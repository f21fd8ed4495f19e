package blksh.snapshot;

import blksh.io.EntryFile;
import blksh.io.FileStatus;
import blksh.tree.TreePart;

/**
 * An entry on its way into the table, which waits until what it says is final: that of a file whose
 * contents are being read, and those that come after it.
 */
final class NewEntry {

  final TreeRecord record = new TreeRecord();

  /** Of a file that is to be read: the directory it is in, held open until then. */
  TreePart part;

  byte[] name;

  /** As it was walked by. */
  FileStatus status;

  /** Where it was planned to be first: a page of the image. */
  long plannedFirst;

  /** Pages planned there. */
  long plannedPages;

  /** Whether what it says is final. */
  volatile boolean done;

  /** Whether it has vanished before it was read, so that there is no such entry. */
  volatile boolean gone;

  /** Whether it has to be planned anew, as it has grown, or has changed meanwhile. */
  volatile boolean again;

  /** How often it was read. */
  int tries;

  /** Of one that is read in several pieces, while it is open. */
  EntryFile file;

  /** Lets go of what is held open for it, once nobody reads it any more. */
  void release() {
    if (file != null) {
      file.close();
      file = null;
    }
    if (part != null) {
      part.release();
      part = null;
    }
  }

  /** Whether the entry before it in the queue does not come before it in order. */
  boolean jump;
}
