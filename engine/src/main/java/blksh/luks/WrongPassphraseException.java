package blksh.luks;

import blksh.BlkshException;

/** No key slot of a volume opens with what was given. */
public final class WrongPassphraseException extends BlkshException {

  WrongPassphraseException(String action, String problem) {
    super(action, problem);
  }
}
