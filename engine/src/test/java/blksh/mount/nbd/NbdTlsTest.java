package blksh.mount.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.Place;
import blksh.block.BlockSources;
import blksh.kit.Certificates;
import blksh.kit.Content;
import blksh.kit.NbdPeer;
import blksh.kit.Tool;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NbdTlsTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();
  private Certificates ours;
  private Path disk;
  private byte[] bytes;

  @BeforeEach
  void make() throws Exception {
    ours = Certificates.in(folder.resolve("pki"));
    bytes = Content.random(5 * MIB, 1);
    disk = Files.write(folder.resolve("disk.img"), bytes);
  }

  @AfterEach
  void closeAll() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
  }

  private <T extends AutoCloseable> T keep(T closeable) {
    open.add(closeable);
    return closeable;
  }

  private NbdSource source(String uri) {
    return keep(NbdSource.open((Place.Remote) Place.parse(uri), Optional.empty()));
  }

  private void mustHold(NbdSource source) {
    ByteBuffer target = ByteBuffer.allocate(bytes.length);
    source.read(0, target);
    assertThat(target.array()).isEqualTo(bytes);
  }

  /** Certificates of the authority alone. */
  private Path anonymous() throws Exception {
    Path directory = Files.createDirectories(folder.resolve("anonymous"));
    Files.copy(ours.file("ca-cert.pem"), directory.resolve("ca-cert.pem"));
    return directory;
  }

  @Test
  void qemuIsReadByWhoShowsACertificate() throws Exception {
    NbdPeer server =
        keep(
            NbdPeer.qemu(
                NbdPeer.freePort(),
                "-r",
                "-f",
                "raw",
                "--object",
                "tls-creds-x509,id=tls0,endpoint=server,verify-peer=yes,dir=" + ours.folder(),
                "--tls-creds",
                "tls0",
                disk));
    String there = ":" + server.port() + "/";
    mustHold(source("nbds://localhost" + there + "?tls-certificates=" + ours.folder()));
    mustHold(
        source(
            "nbds://127.0.0.1"
                + there
                + "?tls-hostname=localhost&tls-certificates="
                + ours.folder()));
    assertThatThrownBy(
            () -> source("nbds://127.0.0.1" + there + "?tls-certificates=" + ours.folder()))
        .hasMessageContaining("the server is not believed")
        .hasMessageContaining("127.0.0.1");
    Path others = Certificates.in(folder.resolve("others")).folder();
    assertThatThrownBy(() -> source("nbds://localhost" + there + "?tls-certificates=" + others))
        .hasMessageContaining("the server is not believed");
    assertThatThrownBy(
            () -> source("nbds://localhost" + there + "?tls-certificates=" + anonymous()))
        .hasMessageContaining("cannot open nbds://localhost");
    assertThatThrownBy(() -> source("nbd://localhost" + there))
        .hasMessageContaining("the server wants TLS")
        .hasMessageContaining("nbds://");
  }

  /** TLS lets a piece be larger than what it usually has room for. */
  @Test
  void aPieceThatIsLargerThanMostIsTakenOrRefused() throws Exception {
    TlsKeys keys =
        TlsKeys.ofServer(
            ours.file("server-cert.pem"), ours.file("server-key.pem"), Optional.empty());
    ByteBuffer coming = ByteBuffer.allocate(5 + 20_000);
    coming.put(new byte[] {22, 3, 3, 20_000 >> 8, (byte) 20_000}).rewind();
    ByteChannel below =
        new ByteChannel() {
          @Override
          public int read(ByteBuffer target) {
            assertThat(target.hasRemaining()).as("room for what comes").isTrue();
            if (!coming.hasRemaining()) {
              return -1;
            }
            int count = Math.min(1000, Math.min(target.remaining(), coming.remaining()));
            target.put(coming.slice().limit(count));
            coming.position(coming.position() + count);
            return count;
          }

          @Override
          public int write(ByteBuffer source) {
            int count = source.remaining();
            source.position(source.limit());
            return count;
          }

          @Override
          public boolean isOpen() {
            return true;
          }

          @Override
          public void close() {}
        };
    assertThatThrownBy(() -> TlsChannel.server(below, keys)).isInstanceOf(IOException.class);
  }

  /** An authority that cannot be read is not replaced by those the JDK knows. */
  @Test
  void anAuthorityThatCannotBeReadIsRefused() throws Exception {
    Path directory = Files.createDirectories(folder.resolve("unreadable"));
    Path loop = directory.resolve("ca-cert.pem");
    Files.createSymbolicLink(loop, loop);
    assertThatThrownBy(() -> TlsKeys.ofClient(Optional.empty(), List.of(directory)))
        .hasMessageContaining("use " + loop + " for TLS");
    assertThat(TlsKeys.ofClient(Optional.empty(), List.of(folder.resolve("none")))).isNotNull();
  }

  @Test
  void tlsBeginsOnlyWhenTheServerAgreesToIt() throws Exception {
    ScriptedServer server =
        keep(
            new ScriptedServer(
                new ScriptedServer.Script() {
                  @Override
                  public boolean option(int option, DataOutputStream out) throws IOException {
                    ScriptedServer.reply(out, option, NbdProtocol.REP_INFO, 0);
                    return true;
                  }

                  @Override
                  public void answer(ScriptedServer.Asked asked, DataOutputStream out) {}
                }));
    assertThatThrownBy(() -> source(server.uri().replace("nbd://", "nbds://")))
        .hasMessageContaining("it answers something else than was asked");
  }

  private NbdServer serve(ServeOptions options) {
    return keep(
        NbdServer.listen(
            NbdExports.of(new NbdExport("disk", keep(BlockSources.open(disk)))), options));
  }

  private String local(NbdServer server, String query) {
    return server.uri().toString().replace("127.0.0.1", "localhost") + "/disk" + query;
  }

  @Test
  void othersReadOurServerByTlsAndOnlyByIt() throws Exception {
    TlsKeys keys =
        TlsKeys.ofServer(ours.file("server-cert.pem"), ours.oldKey("server"), Optional.empty());
    NbdServer server = serve(ServeOptions.onPort(0).withTls(keys));
    Path known = anonymous();
    String uri = local(server, "?tls-certificates=" + known);
    assertThat(uri).startsWith("nbds://localhost:");
    Path copy = folder.resolve("copy");
    Tool.named("nbdcopy").run(uri, copy);
    assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
    assertThat(Tool.named("nbdinfo").run(uri)).contains("with TLS").contains("base:allocation");
    int port = URI.create(uri).getPort();
    Files.delete(copy);
    Tool.named("qemu-img")
        .run(
            "convert",
            "--object",
            "tls-creds-x509,id=tls0,endpoint=client,dir=" + known,
            "--image-opts",
            "driver=nbd,host=localhost,port=" + port + ",export=disk,tls-creds=tls0",
            "-O",
            "raw",
            copy);
    assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
    mustHold(source(uri));
    assertThat(Tool.named("nbdinfo").attempt("nbd://localhost:" + port + "/disk").status())
        .isNotZero();
    assertThatThrownBy(() -> source("nbd://localhost:" + port + "/disk"))
        .hasMessageContaining("the server wants TLS");
    NbdServer plain = serve(ServeOptions.onPort(0));
    assertThatThrownBy(() -> source(local(plain, "").replace("nbd://", "nbds://")))
        .hasMessageContaining("it does not offer TLS");
  }

  @Test
  void whoShowsNoCertificateOfOursIsNotLetIn() throws Exception {
    TlsKeys keys =
        TlsKeys.ofServer(
            ours.file("server-cert.pem"),
            ours.file("server-key.pem"),
            Optional.of(ours.file("ca-cert.pem")));
    NbdServer server = serve(ServeOptions.onSocket(folder.resolve("nbd.sock")).withTls(keys));
    String uri = "nbds+unix:///disk?tls-hostname=localhost&socket=" + folder.resolve("nbd.sock");
    assertThat(server.uri().getScheme()).isEqualTo("nbds+unix");
    mustHold(source(uri + "&tls-certificates=" + ours.folder()));
    assertThatThrownBy(() -> source(uri + "&tls-certificates=" + anonymous()))
        .hasMessageContaining("the server refuses TLS with us");
    assertThatThrownBy(() -> source(uri.replace("tls-hostname=localhost&", "")))
        .hasMessageContaining("tls-hostname=NAME");
  }

  @Test
  void beyondThisMachineOnlyTlsIsServed() throws Exception {
    assertThatThrownBy(() -> ServeOptions.onPort(0).listening("0.0.0.0", false))
        .hasMessageContaining("--tls CERT KEY")
        .hasMessageContaining("--insecure");
    assertThat(ServeOptions.onPort(0).listening("127.0.0.1", false).tls()).isEmpty();
    NbdServer open = serve(ServeOptions.onPort(0).listening("0.0.0.0", true));
    mustHold(source("nbd://127.0.0.1:" + open.uri().getPort() + "/disk"));
    TlsKeys keys =
        TlsKeys.ofServer(
            ours.file("server-cert.pem"), ours.file("server-key.pem"), Optional.empty());
    assertThat(ServeOptions.onPort(0).withTls(keys).listening("::", false).tls()).isPresent();
  }

  @Test
  void filesThatAreNoneOfTheseAreRefusedByName() throws Exception {
    Path certificate = ours.file("server-cert.pem");
    assertThatThrownBy(() -> TlsKeys.ofServer(certificate, certificate, Optional.empty()))
        .hasMessageContaining("use " + certificate + " for TLS: there is no private key in it");
    assertThatThrownBy(
            () -> TlsKeys.ofServer(ours.file("ca-key.pem"), certificate, Optional.empty()))
        .hasMessageContaining("there is no certificate in it");
    assertThatThrownBy(
            () -> TlsKeys.ofServer(folder.resolve("none"), certificate, Optional.empty()))
        .hasMessageContaining("there is no such file");
    Path secret = folder.resolve("secret.pem");
    Tool.named("openssl")
        .run(
            "pkey",
            "-in",
            ours.file("server-key.pem"),
            "-aes256",
            "-passout",
            "pass:abcd",
            "-out",
            secret);
    assertThatThrownBy(() -> TlsKeys.ofServer(certificate, secret, Optional.empty()))
        .hasMessageContaining("the key has a password");
    Path rsa = folder.resolve("rsa.pem");
    Tool.named("openssl").run("genrsa", "-traditional", "-out", rsa, "2048");
    assertThat(new PemKey(rsa, Files.readString(rsa)).key().getAlgorithm()).isEqualTo("RSA");
  }
}
