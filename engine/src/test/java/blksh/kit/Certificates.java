package blksh.kit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Certificates and keys for TLS, made by openssl under the names QEMU and libnbd want: of an
 * authority, of a server called {@code localhost}, and of a client.
 */
public final class Certificates {

  private final Path folder;

  private Certificates(Path folder) {
    this.folder = folder;
  }

  public static Certificates in(Path folder) throws IOException {
    Files.createDirectories(folder);
    Certificates made = new Certificates(folder);
    Files.writeString(
        folder.resolve("ca.ext"), "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n");
    made.openssl("req", "-new", "-key", made.key("ca"), "-subj", "/CN=authority", "-out", "ca.csr");
    made.openssl(
        "x509",
        "-req",
        "-in",
        "ca.csr",
        "-signkey",
        "ca-key.pem",
        "-days",
        "2",
        "-extfile",
        "ca.ext",
        "-out",
        "ca-cert.pem");
    made.signed("server", "localhost");
    made.signed("client", "a client");
    return made;
  }

  private String key(String name) throws IOException {
    String file = name + "-key.pem";
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", file);
    return file;
  }

  private void signed(String name, String subject) throws IOException {
    Files.writeString(
        folder.resolve(name + ".ext"),
        "basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage="
            + (name.equals("server")
                ? "serverAuth\nsubjectAltName=DNS:localhost\n"
                : "clientAuth\n"));
    openssl("req", "-new", "-key", key(name), "-subj", "/CN=" + subject, "-out", name + ".csr");
    openssl(
        "x509",
        "-req",
        "-in",
        name + ".csr",
        "-CA",
        "ca-cert.pem",
        "-CAkey",
        "ca-key.pem",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        name + ".ext",
        "-out",
        name + "-cert.pem");
  }

  /** Runs openssl; words that end in one of its kinds of files are files of the folder. */
  private void openssl(String... words) throws IOException {
    Object[] all = new Object[words.length];
    for (int i = 0; i < words.length; i++) {
      all[i] = words[i].matches(".*\\.(pem|csr|ext)") ? folder.resolve(words[i]) : words[i];
    }
    Tool.named("openssl").run(all);
  }

  /** Writes a key in its older form. */
  public Path oldKey(String name) throws IOException {
    openssl("pkey", "-in", name + "-key.pem", "-traditional", "-out", name + "-old.pem");
    return folder.resolve(name + "-old.pem");
  }

  public Path folder() {
    return folder;
  }

  /** One of the files: {@code "server-cert.pem"}. */
  public Path file(String name) {
    return folder.resolve(name);
  }
}
