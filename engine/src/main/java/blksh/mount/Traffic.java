package blksh.mount;

/**
 * What a mount or an export has done so far.
 *
 * @param readers files or connections open now
 * @param requests reads and writes served
 * @param bytesRead bytes handed out
 * @param bytesWritten bytes taken in
 * @param failures requests that failed
 * @param lastFailure why the last of them did, or null
 */
public record Traffic(
    long readers,
    long requests,
    long bytesRead,
    long bytesWritten,
    long failures,
    String lastFailure) {}
