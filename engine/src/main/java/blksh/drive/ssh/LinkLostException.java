package blksh.drive.ssh;

import java.io.IOException;

/** A connection is not there any more; another may be made. */
final class LinkLostException extends IOException {

  private static final long serialVersionUID = 1;

  LinkLostException(String why) {
    super(why);
  }
}
