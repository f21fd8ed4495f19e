package blksh.store.bucket.aws;

import blksh.store.bucket.BucketFailure;
import blksh.store.bucket.BucketFailure.Kind;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Set;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;

/** What is known after a request that failed, and how that is said. */
final class Failures {

  private static final Set<String> ON_THE_WAY =
      Set.of("RequestTimeout", "BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch");

  private final String bucket;
  private final String server;
  private final AwsCredentialsProvider credentials;

  /** Whether the server has let this user in before. */
  private volatile boolean known;

  /**
   * @param server its address, for people
   */
  Failures(String bucket, String server, AwsCredentialsProvider credentials) {
    this.bucket = bucket;
    this.server = server;
    this.credentials = credentials;
  }

  /** Notes that the server took a signature. */
  void letIn() {
    known = true;
  }

  BucketFailure of(SdkException failure) {
    return failure instanceof AwsServiceException answer ? answered(answer) : unanswered(failure);
  }

  private BucketFailure answered(AwsServiceException answer) {
    String code = code(answer);
    Kind kind =
        switch (answer.statusCode()) {
          case 412 -> Kind.TAKEN;
          case 416 -> Kind.PAST_END;
          case 404 -> missing(code, answer);
          case 401, 403 ->
              // The body is signed too, and may have come as another.
              known && code.equals("SignatureDoesNotMatch") ? Kind.DOUBTFUL : Kind.DENIED;
          case 501 -> Kind.UNABLE;
          case 408, 409, 425, 429 -> Kind.DOUBTFUL;
          default ->
              answer.statusCode() >= 500 || answer.statusCode() < 300 || isOnTheWay(code)
                  ? Kind.DOUBTFUL
                  : Kind.REFUSED;
        };
    return new BucketFailure(kind, said(code, answer), answer);
  }

  /**
   * What a "404" says: that there is no such object only where a server of S3 says it, and not what
   * stands before one. An answer to HEAD has no body, but a number of the request.
   */
  private static Kind missing(String code, AwsServiceException answer) {
    if (code.equals("NoSuchBucket")) {
      return Kind.REFUSED;
    }
    boolean numbered = answer.requestId() != null && !answer.requestId().isEmpty();
    return code.equals("NoSuchKey") || numbered ? Kind.MISSING : Kind.DOUBTFUL;
  }

  /** What the server says when a request, or its body, did not come to it as it was sent. */
  private static boolean isOnTheWay(String code) {
    return ON_THE_WAY.contains(code);
  }

  private static String code(AwsServiceException answer) {
    String code = answer.awsErrorDetails() == null ? null : answer.awsErrorDetails().errorCode();
    return code == null ? "" : code;
  }

  private String said(String code, AwsServiceException answer) {
    return switch (code) {
      case "NoSuchBucket" -> "there is no bucket " + bucket + " at " + server;
      case "ExpiredToken", "TokenRefreshRequired" ->
          "the credentials have expired; get new ones and try again";
      case "InvalidAccessKeyId" -> server + " does not know the access key";
      case "SignatureDoesNotMatch" ->
          server + " does not take the signature: is the secret key right, and the region?";
      case "RequestTimeTooSkewed" ->
          "the clock of this machine differs from that of " + server + " too much";
      case "PermanentRedirect", "AuthorizationHeaderMalformed" -> elsewhere();
      default ->
          answer.statusCode() / 100 == 3
              ? elsewhere()
              : "%s answered %d%s"
                  .formatted(server, answer.statusCode(), code.isEmpty() ? "" : " " + code);
    };
  }

  private String elsewhere() {
    return "bucket %s is in another region than %s: say which in AWS_REGION or ~/.aws/config"
        .formatted(bucket, server);
  }

  private BucketFailure unanswered(SdkException failure) {
    if (!known && !hasCredentials()) {
      return new BucketFailure(
          Kind.DENIED,
          ("there are no credentials for %s: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
                  + " write them to ~/.aws/credentials")
              .formatted(server),
          failure);
    }
    return new BucketFailure(Kind.DOUBTFUL, words(failure), failure);
  }

  /** The library has no type for the failure of a request for want of them. */
  private boolean hasCredentials() {
    try {
      credentials.resolveCredentials();
      return true;
    } catch (SdkException e) {
      return false;
    }
  }

  /** Why nothing is known, in few words: what the library says is long. */
  String words(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnknownHostException) {
        return "there is no host of the name in " + server;
      }
      if (cause instanceof SocketTimeoutException) {
        return server + " does not answer";
      }
      if (cause instanceof ConnectException) {
        return server + " cannot be reached";
      }
    }
    return "the connection to " + server + " broke";
  }
}
