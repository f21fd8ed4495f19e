package blksh.workspace;

import blksh.BlkshException;
import blksh.Place;
import blksh.store.bucket.BucketPlace;
import java.util.EnumMap;
import java.util.Map;

/** By which server places in buckets are reached: that is part of a place once it is said. */
public final class BucketServer {

  private BucketServer() {}

  /**
   * A place in a bucket with how its server is reached.
   *
   * @param endpoint the server's address, {@code http://HOST:PORT}; null, as everything here, for
   *     what is said elsewhere
   * @param profile of {@code ~/.aws}
   * @param pathStyle whether the bucket stands in the path of a request, and not in the host
   * @throws BlkshException when the place is in no bucket, or this cannot be said of one
   */
  public static Place reach(
      Place place, String endpoint, String region, String profile, Boolean pathStyle) {
    if (!isInBucket(place)) {
      throw new BlkshException("reach " + place + " by a server", "it is in no bucket")
          .suggest("write s3://BUCKET/PREFIX");
    }
    Map<BucketPlace.Word, String> words = new EnumMap<>(BucketPlace.Word.class);
    words.put(BucketPlace.Word.ENDPOINT, endpoint);
    words.put(BucketPlace.Word.REGION, region);
    words.put(BucketPlace.Word.PROFILE, profile);
    words.put(BucketPlace.Word.STYLE, pathStyle == null ? null : pathStyle ? "path" : "host");
    return BucketPlace.with((Place.Remote) place, words);
  }

  /**
   * As above, where a place is in a bucket and does not say itself by which server; as all write
   * it. Any other is as it was.
   *
   * @param endpoint null for none
   * @throws BlkshException when what a place in a bucket says of its server cannot be; it may hold
   *     a password, and is told before anything is noted of it
   */
  public static Place reach(Place place, String endpoint) {
    if (!isInBucket(place)) {
      return place;
    }
    Place.Remote said = BucketPlace.plain((Place.Remote) place);
    return endpoint == null || BucketPlace.namesServer(said)
        ? said
        : reach(said, endpoint, null, null, null);
  }

  private static boolean isInBucket(Place place) {
    return place instanceof Place.Remote remote && remote.scheme() == Place.Scheme.S3;
  }
}
