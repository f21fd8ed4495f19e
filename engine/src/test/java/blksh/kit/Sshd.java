package blksh.kit;

import static blksh.kit.Await.await;

import java.io.Closeable;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * A real sshd on loopback with keys and a configuration of its own, over an {@code /etc} of its
 * own, in which there are the users {@code chief} (root) and {@code plain}. Nothing of the
 * machine's own configuration is used or changed.
 */
public final class Sshd implements Closeable {

  /** What starts it. The words after it: its folder, what is to be done before. */
  private static final String START =
      """
      set -e
      S=$1
      # file systems of tests that run beside this one would stay mounted here after their umount
      awk '$1 ~ "^/dev/loop" {print $2}' /proc/self/mounts |
        while read -r point; do umount -l "$(printf %b "$point")" || true; done
      mount -t overlay -o "lowerdir=/etc,upperdir=$S/upper,workdir=$S/work" overlay /etc
      mount -t tmpfs tmpfs /run
      mkdir -p /run/sshd /run/lock
      grep -q ^sshd: /etc/passwd || echo sshd:x:4712:65534::/run/sshd:/usr/sbin/nologin >> /etc/passwd
      echo "chief:x:0:0::$S/chief:/bin/bash" >> /etc/passwd
      echo 'chief:*:19000:0:99999:7:::' >> /etc/shadow
      echo "plain:x:4711:4711::$S/plain:/bin/bash" >> /etc/passwd
      echo 'plain:*:19000:0:99999:7:::' >> /etc/shadow
      echo plain:x:4711: >> /etc/group
      eval "$2"
      exec /usr/sbin/sshd -D -e -f "$S/sshd_config"
      """;

  private final Path folder;
  private final Process process;
  private final int port;

  private Sshd(Path folder, Process process, int port) {
    this.folder = folder;
    this.process = process;
    this.port = port;
  }

  /** Starts one; ends the test where that is not allowed. */
  public static Sshd in(Path folder) throws Exception {
    return in(folder, "", "");
  }

  /**
   * As above.
   *
   * @param before a shell script that is run in its own {@code /etc}; {@code $S} is its folder
   * @param lines more lines of its configuration
   */
  public static Sshd in(Path folder, String before, String... lines) throws Exception {
    Component.needRoot();
    Tool.named("sshd");
    Tool.named("ssh");
    Files.createDirectories(folder);
    for (String name : List.of("upper", "work", "chief", "plain")) {
      Files.createDirectories(folder.resolve(name));
    }
    for (String name : List.of("id", "host")) {
      Tool.named("ssh-keygen").run("-q", "-t", "ed25519", "-N", "", "-f", folder.resolve(name));
    }
    Tool.named("chown").run("4711:4711", folder.resolve("plain"));
    int port = freePort();
    String config =
        """
        Port %d
        ListenAddress 127.0.0.1
        HostKey %s/host
        AuthorizedKeysFile %s/id.pub
        StrictModes no
        UsePAM no
        PidFile none
        PermitRootLogin yes
        PasswordAuthentication no
        PrintMotd no
        %s
        """
            .formatted(port, folder, folder, String.join("\n", lines));
    Files.writeString(folder.resolve("sshd_config"), config);
    open(folder);
    Process process =
        Child.of(
                Tool.path("unshare"),
                "--mount",
                "--propagation",
                "private",
                "/bin/bash",
                "-c",
                START,
                "sshd",
                folder.toString(),
                before)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    Sshd sshd = new Sshd(folder, process, port);
    await(() -> !process.isAlive() || sshd.log().contains("Server listening"));
    if (!process.isAlive()) {
      return Component.missing("sshd does not start here: " + sshd.log());
    }
    return sshd;
  }

  /** Lets another user reach the folder, as far as it is the test's own. */
  private static void open(Path folder) throws IOException {
    for (Path each = folder; each != null; each = each.getParent()) {
      Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
      if (each.getFileName().toString().startsWith("junit")) {
        break;
      }
    }
    Files.setPosixFilePermissions(
        folder.resolve("id.pub"), PosixFilePermissions.fromString("rw-r--r--"));
  }

  /** Ends what is logged in in good order, as a server does that is shut down. */
  public void endSessions() {
    process.descendants().forEach(ProcessHandle::destroy);
  }

  /** A port nobody has. */
  public static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  public int port() {
    return port;
  }

  public String log() throws IOException {
    return Files.readString(folder.resolve("log"));
  }

  /** A program that works as ssh does, for which {@code srv} is this server. */
  public Path ssh(String user, String... lines) throws IOException {
    return ssh(user, port, lines);
  }

  /**
   * As above, by another port that leads to it.
   *
   * @param lines more lines of its configuration for {@code srv}
   */
  public Path ssh(String user, int by, String... lines) throws IOException {
    Path bin = Files.createDirectories(folder.resolve("bin-" + user + "-" + by));
    Path known = folder.resolve("known_hosts");
    String key = Files.readString(folder.resolve("host.pub"));
    Files.writeString(
        known,
        "[127.0.0.1]:%d %s\n".formatted(by, key.strip()),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    String config =
        """
        Host srv
          HostName 127.0.0.1
          Port %d
          User %s
          IdentityFile %s/id
          IdentitiesOnly yes
          UserKnownHostsFile %s
          GlobalKnownHostsFile /dev/null
          StrictHostKeyChecking yes
          %s
        """
            .formatted(by, user, folder, known, String.join("\n  ", lines));
    Files.writeString(bin.resolve("config"), config);
    Path ssh = bin.resolve("ssh");
    Files.writeString(ssh, "#!/bin/sh\nexec /usr/bin/ssh -F '%s/config' \"$@\"\n".formatted(bin));
    Files.setPosixFilePermissions(ssh, PosixFilePermissions.fromString("rwxr-xr-x"));
    return ssh;
  }

  @Override
  public void close() throws IOException {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
