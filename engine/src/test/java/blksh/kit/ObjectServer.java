package blksh.kit;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/** A server that speaks S3, with one bucket, and who may use it. */
public final class ObjectServer implements Closeable {

  public static final String BUCKET = "disks";

  private final int port;
  private final String key;
  private final String secret;
  private final End end;

  private interface End {
    void run() throws Exception;
  }

  private ObjectServer(int port, String key, String secret, End end) {
    this.port = port;
    this.key = key;
    this.secret = secret;
    this.end = end;
  }

  /**
   * Starts a small one, in this process.
   *
   * @param objects a directory for them
   */
  public static ObjectServer start(Path objects) throws Exception {
    BlobStore kept = new FilesystemNio2BlobStore(objects.toString());
    kept.createContainer(BUCKET);
    String key = "blksh-test";
    String secret = "blksh-test-secret";
    S3Proxy server =
        S3Proxy.builder()
            .blobStore(kept)
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, key, secret)
            .build();
    server.start();
    Await.await(() -> server.getState().equals("STARTED"));
    return new ObjectServer(
        server.getPort(),
        key,
        secret,
        () -> {
          server.stop();
          kept.close();
        });
  }

  /**
   * Starts a gateway of Ceph and a cluster of one node; skips the test where it is not installed.
   *
   * @param folder for its objects, on a disk
   */
  public static ObjectServer ceph(Path folder) throws Exception {
    for (String program : new String[] {"radosgw", "ceph-mon", "ceph-osd", "ceph"}) {
      Component.need(Tool.isThere(program), program + " is not installed");
    }
    Component.needRoot();
    String script = Path.of("../tools/rgw.sh").toAbsolutePath().normalize().toString();
    Path told = Files.createTempFile(folder, "told", "");
    Process started =
        Child.of(script, "start", folder.resolve("rgw").toString())
            .redirectError(folder.resolve("rgw.err").toFile())
            .redirectOutput(told.toFile())
            .start();
    if (started.waitFor() != 0) {
      throw new AssertionError("rgw.sh: " + Files.readString(folder.resolve("rgw.err")));
    }
    String[] words = Files.readString(told).strip().split("[ =]");
    int port = URI.create(words[2]).getPort();
    ObjectServer server =
        new ObjectServer(
            port,
            words[4],
            words[6],
            () -> Child.of(script, "stop", folder.resolve("rgw").toString()).start().waitFor());
    server.makeBucket();
    return server;
  }

  private void makeBucket() {
    try (S3Client client =
        S3Client.builder()
            .endpointOverride(endpoint())
            .forcePathStyle(true)
            .region(Region.US_EAST_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create(key, secret)))
            .build()) {
      client.createBucket(bucket -> bucket.bucket(BUCKET));
    }
  }

  public int port() {
    return port;
  }

  public URI endpoint() {
    return URI.create("http://127.0.0.1:" + port);
  }

  /** What programs need in their environment to be let in. */
  public Map<String, String> credentials() {
    return Map.of("AWS_ACCESS_KEY_ID", key, "AWS_SECRET_ACCESS_KEY", secret);
  }

  /** As above, for this process. */
  public void letIn() {
    System.setProperty("aws.accessKeyId", key);
    System.setProperty("aws.secretAccessKey", secret);
  }

  @Override
  public void close() throws IOException {
    try {
      end.run();
    } catch (Exception e) {
      throw new IOException("the server does not end", e);
    }
  }
}
