package blksh.mount;

import blksh.block.CacheFigures;

/**
 * What a mount or an export has done so far.
 *
 * @param readers files or connections open now
 * @param requests reads and writes served
 * @param bytesRead bytes handed out
 * @param bytesWritten bytes taken in
 * @param failures requests that failed
 * @param cache how often the source had at hand what was read
 * @param lastFailure why the last of them did, or null
 */
public record Traffic(
    long readers,
    long requests,
    long bytesRead,
    long bytesWritten,
    long failures,
    CacheFigures cache,
    String lastFailure) {

  /** The same, with what the sources below have counted. */
  public Traffic withCache(CacheFigures counted) {
    return new Traffic(readers, requests, bytesRead, bytesWritten, failures, counted, lastFailure);
  }
}
