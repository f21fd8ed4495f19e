package blksh.store.bucket.aws;

import blksh.store.bucket.BucketAddress;
import blksh.store.bucket.BucketFailure;
import blksh.store.bucket.BucketFailure.Kind;
import blksh.store.bucket.BucketRequests;
import java.io.IOException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.MetadataDirective;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/** The requests, each made once. */
public final class AwsRequests implements BucketRequests {

  private static final String WRITE = "blksh-write";
  private static final String MD5 = "blksh-md5";

  /** RFC 9110, 14.4. */
  private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-(\\d+)/(\\d+)");

  private final S3Client client;
  private final AwsCredentialsProvider credentials;
  private final String server;
  private final String bucket;
  private final Failures failures;

  /**
   * @throws IOException when it cannot be told how to reach the server
   */
  public AwsRequests(BucketAddress address) throws IOException {
    Connection connection = Connection.to(address);
    this.client = connection.client();
    this.credentials = connection.credentials();
    this.server = connection.server();
    this.bucket = address.bucket();
    this.failures = new Failures(bucket, connection.server(), connection.credentials());
  }

  @Override
  public String server() {
    return server;
  }

  private interface Action<T> {
    T run() throws SdkException;
  }

  private <T> T told(Action<T> action) throws BucketFailure {
    try {
      T answer = action.run();
      failures.letIn();
      return answer;
    } catch (SdkException e) {
      throw failures.of(e);
    } catch (RuntimeException e) {
      throw new BucketFailure(Kind.DOUBTFUL, failures.words(e), e);
    }
  }

  @Override
  public void put(String key, Content content, boolean absent, String write) throws BucketFailure {
    byte[] md5 = content.md5();
    Map<String, String> with = Map.of(WRITE, write, MD5, HexFormat.of().formatHex(md5));
    told(
        () ->
            client.putObject(
                request ->
                    request
                        .bucket(bucket)
                        .key(key)
                        .ifNoneMatch(absent ? "*" : null)
                        .contentMD5(Base64.getEncoder().encodeToString(md5))
                        .metadata(with),
                RequestBody.fromContentProvider(
                    content::open, content.size(), "application/octet-stream")));
  }

  @Override
  public Found head(String key) throws BucketFailure {
    HeadObjectResponse found = told(() -> client.headObject(r -> r.bucket(bucket).key(key)));
    if (found.contentLength() == null) {
      throw new BucketFailure(Kind.REFUSED, server + " tells no size of " + key, null);
    }
    return new Found(
        found.contentLength(),
        found.eTag(),
        found.metadata().get(WRITE),
        found.metadata().get(MD5));
  }

  @Override
  public Range read(String key, long from, int length) throws BucketFailure {
    return get(key, "bytes=%d-%d".formatted(from, from + length - 1), from, length);
  }

  @Override
  public Range readEnd(String key, int length) throws BucketFailure {
    return get(key, "bytes=-" + length, -1, length);
  }

  /**
   * @param from the first byte; -1 for the end of the object
   */
  private Range get(String key, String range, long from, int most) throws BucketFailure {
    Came came =
        told(
            () ->
                client.getObject(
                    r -> r.bucket(bucket).key(key).range(range),
                    (said, body) -> bytes(said, body, from, most)));
    if (came.sent() == null) {
      throw new BucketFailure(
          Kind.REFUSED,
          "%s does not send the part of an object that it is asked for, but %s"
              .formatted(server, came.instead()),
          null);
    }
    GetObjectResponse said = came.said();
    Found found =
        new Found(
            came.sent().size(), said.eTag(), said.metadata().get(WRITE), said.metadata().get(MD5));
    return new Range(found, came.bytes());
  }

  /**
   * @param sent what of the object came; null when it is not what was asked for
   * @param instead what came then, for people
   */
  private record Came(GetObjectResponse said, Sent sent, String instead, byte[] bytes) {}

  /** What comes, and no more than was asked for; nothing of what was not asked for. */
  private static Came bytes(GetObjectResponse said, AbortableInputStream body, long from, int most)
      throws IOException {
    Sent sent = Sent.of(said.contentRange(), said.contentLength());
    long wantedFrom = sent == null || from >= 0 ? from : Math.max(0, sent.size() - most);
    if (sent == null || sent.from() != wantedFrom) {
      body.abort();
      String instead = said.contentRange() == null ? "all of it" : said.contentRange();
      return new Came(said, null, instead, null);
    }
    byte[] bytes = new byte[(int) Math.min(most, sent.length())];
    int came = body.readNBytes(bytes, 0, bytes.length);
    if (sent.length() > most) {
      body.abort();
    }
    return new Came(said, sent, null, came == bytes.length ? bytes : Arrays.copyOf(bytes, came));
  }

  /**
   * Part of an object.
   *
   * @param from its first byte
   * @param size of the whole object
   */
  private record Sent(long from, long length, long size) {

    /**
     * What the head of an answer says that its body is; null when it says nothing that can be.
     *
     * @param range as {@code bytes 0-9/100}; null where the whole object is sent
     */
    static Sent of(String range, Long length) {
      if (range == null) {
        return length == null || length < 0 ? null : new Sent(0, length, length);
      }
      Matcher said = RANGE.matcher(range);
      if (!said.matches()) {
        return null;
      }
      try {
        long from = Long.parseLong(said.group(1));
        long last = Long.parseLong(said.group(2));
        long size = Long.parseLong(said.group(3));
        return last < from || last >= size ? null : new Sent(from, last - from + 1, size);
      } catch (NumberFormatException e) {
        return null; // more than any object has
      }
    }
  }

  @Override
  public Page list(String prefix, String from, int most) throws BucketFailure {
    ListObjectsV2Response found =
        told(
            () ->
                client.listObjectsV2(
                    r -> r.bucket(bucket).prefix(prefix).continuationToken(from).maxKeys(most)));
    List<Listed> objects =
        found.contents().stream().map(each -> new Listed(each.key(), each.size())).toList();
    boolean more = Boolean.TRUE.equals(found.isTruncated());
    if (more && found.nextContinuationToken() == null) {
      throw new BucketFailure(Kind.REFUSED, "the server does not say how its list goes on", null);
    }
    return new Page(objects, more ? found.nextContinuationToken() : null);
  }

  @Override
  public void delete(String key) throws BucketFailure {
    told(() -> client.deleteObject(r -> r.bucket(bucket).key(key)));
  }

  @Override
  public void copy(String key, String to) throws BucketFailure {
    told(
        () ->
            client.copyObject(
                r ->
                    r.sourceBucket(bucket)
                        .sourceKey(key)
                        .destinationBucket(bucket)
                        .destinationKey(to)
                        .metadataDirective(MetadataDirective.COPY)));
  }

  @Override
  public void close() {
    client.close();
    if (credentials instanceof SdkAutoCloseable open) {
      open.close();
    }
  }
}
