package blksh.store.bucket.aws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.store.bucket.BucketFailure;
import blksh.store.bucket.BucketFailure.Kind;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** What is known after answers that say no. */
class FailuresTest {

  private static BucketFailure after(int status, String code) {
    Failures failures =
        new Failures("disks", "http://there", AnonymousCredentialsProvider.create());
    return failures.of(
        S3Exception.builder()
            .statusCode(status)
            .awsErrorDetails(AwsErrorDetails.builder().errorCode(code).build())
            .build());
  }

  @ParameterizedTest
  @CsvSource({
    "301, PermanentRedirect, REFUSED",
    "301, '', REFUSED",
    "307, TemporaryRedirect, REFUSED",
    "400, BadDigest, DOUBTFUL",
    "400, XAmzContentSHA256Mismatch, DOUBTFUL",
    "400, InvalidArgument, REFUSED",
    "403, AccessDenied, DENIED",
    "403, ExpiredToken, DENIED",
    "403, RequestTimeTooSkewed, DENIED",
    "404, NoSuchKey, MISSING",
    "404, NoSuchBucket, REFUSED",
    "404, '', DOUBTFUL",
    "409, ConditionalRequestConflict, DOUBTFUL",
    "412, PreconditionFailed, TAKEN",
    "416, InvalidRange, PAST_END",
    "500, InternalError, DOUBTFUL",
    "501, NotImplemented, UNABLE",
    "503, SlowDown, DOUBTFUL"
  })
  void eachAnswerIsOfAKind(int status, String code, Kind kind) {
    assertThat(after(status, code).kind()).isEqualTo(kind);
  }

  /** To HEAD, which has no body. */
  @Test
  void anAnswerOfAServerOfObjectsIsToldByItsNumber() {
    Failures failures =
        new Failures("disks", "http://there", AnonymousCredentialsProvider.create());
    assertThat(failures.of(S3Exception.builder().statusCode(404).requestId("tx1").build()).kind())
        .isEqualTo(Kind.MISSING);
    assertThat(failures.of(S3Exception.builder().statusCode(404).build()).kind())
        .isEqualTo(Kind.DOUBTFUL);
  }

  @Test
  void whatCanBeDoneIsSaid() {
    assertThat(after(301, ""))
        .hasMessageContaining("another region")
        .hasMessageContaining("AWS_REGION");
    assertThat(after(403, "ExpiredToken")).hasMessageContaining("the credentials have expired");
    assertThat(after(403, "RequestTimeTooSkewed"))
        .hasMessageContaining("the clock of this machine");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://user:se^cret@host",
        "https://user:secret@host",
        "host:80",
        "https://",
        "not an address"
      })
  void anEndpointThatIsNoneIsRefusedAndNotRepeated(String endpoint) {
    assertThatThrownBy(() -> Connection.endpoint(endpoint))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("AWS_ENDPOINT_URL")
        .hasMessageNotContaining("cret")
        .hasMessageNotContaining("host:80")
        .hasNoCause();
  }

  @Test
  void anEndpointIsTakenAsItIs() throws IOException {
    assertThat(Connection.endpoint(" http://127.0.0.1:8080 ")).hasToString("http://127.0.0.1:8080");
  }
}
