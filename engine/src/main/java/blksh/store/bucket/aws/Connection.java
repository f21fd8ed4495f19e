package blksh.store.bucket.aws;

import blksh.store.bucket.BucketAddress;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.profiles.Profile;
import software.amazon.awssdk.profiles.ProfileFile;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/**
 * How a server is spoken to: where it is, who asks, and how long it is waited for. As the tools of
 * AWS have it: {@code AWS_PROFILE}, {@code AWS_REGION}, {@code AWS_ENDPOINT_URL_S3}, {@code
 * AWS_ENDPOINT_URL}, credentials in the environment, and in {@code ~/.aws} {@code region}, {@code
 * endpoint_url} and {@code addressing_style}.
 *
 * @param server its address, for people
 * @param credentials of who asks
 */
record Connection(S3Client client, String server, AwsCredentialsProvider credentials) {

  private static final int CONNECTIONS = 16;
  private static final Duration CONNECTING = Duration.ofSeconds(5);

  /** How long nothing may come. */
  private static final Duration SILENCE = Duration.ofSeconds(20);

  /** How long one request may take: a pack over a slow line. */
  private static final Duration WHOLE = Duration.ofMinutes(20);

  private static final String DEFAULT_REGION = "us-east-1";
  private static final Pattern STYLE = Pattern.compile("(?m)^\\s*addressing_style\\s*=\\s*(\\w+)");

  static Connection to(BucketAddress address) throws IOException {
    Map<String, String> environment = System.getenv();
    String name =
        Optional.ofNullable(address.profile())
            .or(() -> first(environment, "AWS_PROFILE", "AWS_DEFAULT_PROFILE"))
            .orElse("default");
    Optional<Profile> profile;
    try {
      profile = ProfileFile.defaultProfileFile().profile(name);
    } catch (RuntimeException e) {
      throw new IOException("~/.aws/config or ~/.aws/credentials cannot be read as such", e);
    }
    if (profile.isEmpty() && !name.equals("default")) {
      throw new IOException("there is no profile " + name + " in ~/.aws");
    }
    Optional<URI> endpoint = endpoint(address, environment, profile);
    String region =
        Optional.ofNullable(address.region())
            .or(() -> first(environment, "AWS_REGION", "AWS_DEFAULT_REGION"))
            .or(() -> profile.flatMap(found -> found.property("region")))
            .orElse(DEFAULT_REGION);
    AwsCredentialsProvider credentials =
        address.profile() != null // rather than those of the environment
            ? ProfileCredentialsProvider.create(name)
            : DefaultCredentialsProvider.builder().profileName(name).build();
    S3ClientBuilder builder =
        S3Client.builder()
            .region(Region.of(region))
            .credentialsProvider(credentials)
            .forcePathStyle(isPathStyle(address, profile, endpoint))
            // As it is, with its digest signed: servers differ in what else they take.
            .serviceConfiguration(with -> with.chunkedEncodingEnabled(false))
            .httpClientBuilder(
                Apache5HttpClient.builder()
                    .maxConnections(CONNECTIONS)
                    .connectionTimeout(CONNECTING)
                    .socketTimeout(SILENCE))
            .overrideConfiguration(
                with -> with.retryStrategy(AwsRetryStrategy.doNotRetry()).apiCallTimeout(WHOLE))
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED);
    endpoint.ifPresent(builder::endpointOverride);
    String server = endpoint.map(Connection::shown).orElse("S3 in " + region);
    return new Connection(builder.build(), server, credentials);
  }

  private static String shown(URI endpoint) {
    String path = endpoint.getRawPath() == null ? "" : endpoint.getRawPath();
    return endpoint.getScheme() + "://" + endpoint.getAuthority() + path.replaceFirst("/+$", "");
  }

  private static Optional<URI> endpoint(
      BucketAddress address, Map<String, String> environment, Optional<Profile> profile)
      throws IOException {
    if (address.endpoint() != null) {
      return Optional.of(address.endpoint());
    }
    Optional<String> text =
        first(environment, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
            .or(() -> profile.flatMap(found -> found.property("endpoint_url")));
    if (text.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(endpoint(text.get()));
  }

  /** What is wrong with it is not repeated: a password may be in it. */
  static URI endpoint(String text) throws IOException {
    URI uri = null;
    try {
      uri = new URI(text.strip());
    } catch (URISyntaxException e) {
      // as below, without what it says
    }
    if (uri == null
        || uri.getHost() == null
        || uri.getScheme() == null
        || uri.getUserInfo() != null) {
      throw new IOException(
          "the endpoint that AWS_ENDPOINT_URL or ~/.aws names is no address of a server:"
              + " write http://HOST:PORT");
    }
    return uri;
  }

  /** The bucket is in the path where a server is named, which seldom has a host for each. */
  private static boolean isPathStyle(
      BucketAddress address, Optional<Profile> profile, Optional<URI> endpoint) {
    if (address.pathStyle() != null) {
      return address.pathStyle();
    }
    Optional<String> style =
        profile
            .flatMap(found -> found.property("s3"))
            .map(STYLE::matcher)
            .filter(found -> found.find())
            .map(found -> found.group(1));
    return style.map("path"::equals).orElse(endpoint.isPresent());
  }

  private static Optional<String> first(Map<String, String> environment, String... names) {
    for (String name : names) {
      String value = environment.getOrDefault(name, "");
      if (!value.isEmpty()) {
        return Optional.of(value);
      }
    }
    return Optional.empty();
  }
}
