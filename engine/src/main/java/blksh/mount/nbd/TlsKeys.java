package blksh.mount.nbd;

import blksh.BlkshException;
import blksh.io.IoFailure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;

/**
 * Who we are to the other side of TLS, and whom we believe: certificates and a key in files as
 * OpenSSL and GnuTLS write them (PEM, RFC 7468). TLS itself is the JDK's.
 *
 * @param context what connections are made by
 * @param asksClients whether a client must show a certificate, which one of ours has signed
 */
public record TlsKeys(SSLContext context, boolean asksClients) {

  /** Bytes of a file of certificates or of a key. */
  private static final int LONGEST = 1 << 20;

  /** Where libnbd looks for certificates as well. */
  private static final Path USERS = Path.of(System.getProperty("user.home"), ".pki", "libnbd");

  private static final Path SYSTEMS = Path.of("/etc/pki/libnbd");

  private static final String CA = "ca-cert.pem";

  /**
   * What a server shows, and whom it lets in.
   *
   * @param certificate the server's, followed by those that signed it
   * @param key the private key of it
   * @param clients certificates of those who sign clients'; without them any client is let in
   * @throws BlkshException when a file cannot be read, or is none of these
   */
  public static TlsKeys ofServer(Path certificate, Path key, Optional<Path> clients) {
    return new TlsKeys(
        context(Optional.of(certificate), Optional.of(key), clients), clients.isPresent());
  }

  /**
   * What a client shows, and which servers it believes.
   *
   * @param directory has {@code ca-cert.pem}, who signs servers, and where the server asks for them
   *     {@code client-cert.pem} and {@code client-key.pem}; nothing for where libnbd looks too, and
   *     else who is trusted by the JDK
   */
  static TlsKeys ofClient(Optional<Path> directory) {
    return ofClient(directory, List.of(USERS, SYSTEMS));
  }

  /** As above. @param usual where to look when no directory is said */
  static TlsKeys ofClient(Optional<Path> directory, List<Path> usual) {
    Optional<Path> found = directory.or(() -> usual.stream().filter(TlsKeys::hasCa).findFirst());
    if (found.isEmpty()) {
      return new TlsKeys(context(Optional.empty(), Optional.empty(), Optional.empty()), false);
    }
    Path in = found.get();
    Optional<Path> certificate = Optional.of(in.resolve("client-cert.pem")).filter(Files::exists);
    Optional<Path> key = certificate.map(shown -> in.resolve("client-key.pem"));
    return new TlsKeys(context(certificate, key, Optional.of(in.resolve(CA))), false);
  }

  /** One that cannot be read is refused later: others must not be believed in its place. */
  private static boolean hasCa(Path directory) {
    return !Files.notExists(directory.resolve(CA));
  }

  private static SSLContext context(
      Optional<Path> certificate, Optional<Path> key, Optional<Path> trusted) {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          certificate.isEmpty() ? null : shown(certificate.get(), key.orElseThrow()),
          trusted.isEmpty() ? null : believed(trusted.get()),
          null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new BlkshException("prepare TLS", String.valueOf(e.getMessage()), e);
    }
  }

  private static KeyManager[] shown(Path certificate, Path key) throws GeneralSecurityException {
    List<Certificate> chain = certificates(certificate);
    PrivateKey secret = new PemKey(key, read(key)).key();
    KeyStore store = empty();
    char[] none = new char[0];
    try {
      store.setKeyEntry("own", secret, none, chain.toArray(Certificate[]::new));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw wrong(key, "it is not the key of " + certificate, e);
    }
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, none);
    return factory.getKeyManagers();
  }

  private static TrustManager[] believed(Path file) throws GeneralSecurityException {
    KeyStore store = empty();
    int number = 0;
    for (Certificate certificate : certificates(file)) {
      store.setCertificateEntry("ca" + number++, certificate);
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return factory.getTrustManagers();
  }

  private static KeyStore empty() throws GeneralSecurityException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      return store;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<Certificate> certificates(Path file) throws GeneralSecurityException {
    List<Certificate> all = new ArrayList<>();
    for (byte[] bytes : PemKey.blocks(read(file), "CERTIFICATE")) {
      try {
        all.add(
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(bytes)));
      } catch (GeneralSecurityException e) {
        throw wrong(file, "a certificate in it cannot be understood", e);
      }
    }
    if (all.isEmpty()) {
      throw wrong(file, "there is no certificate in it", null);
    }
    return all;
  }

  private static String read(Path file) {
    try {
      if (Files.size(file) > LONGEST) {
        throw wrong(file, "it is too large for certificates or a key", null);
      }
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw IoFailure.told("use " + file + " for TLS", e);
    }
  }

  static BlkshException wrong(Path file, String problem, Exception cause) {
    return new BlkshException("use " + file + " for TLS", problem, cause)
        .suggest("it must be PEM, as openssl and certtool write it");
  }
}
