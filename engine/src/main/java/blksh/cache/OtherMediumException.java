package blksh.cache;

import blksh.BlkshException;

/** What is kept of a medium is not of the one that is in: the two never mix. */
public final class OtherMediumException extends BlkshException {

  OtherMediumException(String action, String problem, String suggestion) {
    super(action, problem);
    suggest(suggestion);
  }
}
