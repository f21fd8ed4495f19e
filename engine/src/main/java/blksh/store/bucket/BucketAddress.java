package blksh.store.bucket;

import java.net.URI;

/**
 * How a bucket is reached, as far as it is said here; the rest is as the tools of AWS know it, by
 * the environment and {@code ~/.aws}.
 *
 * @param bucket its name
 * @param endpoint of the server; null for that of the environment, of {@code ~/.aws}, or of AWS
 * @param region null for that of the environment or of {@code ~/.aws}
 * @param profile of {@code ~/.aws}; null for the one the environment names, or the default
 * @param pathStyle whether the bucket stands in the path of a request, and not in the host; null
 *     for as {@code ~/.aws} has it, or in the path where an endpoint is named
 */
public record BucketAddress(
    String bucket, URI endpoint, String region, String profile, Boolean pathStyle) {

  /** As far as an endpoint says it. */
  public BucketAddress(String bucket, URI endpoint) {
    this(bucket, endpoint, null, null, null);
  }
}
