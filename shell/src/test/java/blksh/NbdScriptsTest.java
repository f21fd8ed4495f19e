package blksh;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Certificates;
import blksh.kit.Content;
import blksh.kit.NbdPeer;
import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The everyday scripts with disks of virtual machines, and serving to other machines. */
class NbdScriptsTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private Path home;
  private Path disk;
  private String store;

  @BeforeEach
  void make() throws Exception {
    home = folder.resolve("home");
    store = folder.resolve("store").toString();
    disk = Files.write(folder.resolve("disk.img"), Content.disk(8 * MIB, 1));
  }

  private Ended run(String... words) throws Exception {
    return new Program(home).run(words);
  }

  private String done(String... words) throws Exception {
    Ended ended = run(words);
    assertThat(ended.status()).as(ended.err()).isZero();
    return ended.out() + ended.err();
  }

  @Test
  void aGuestIsCapturedByItsBitmapAndRestored() throws Exception {
    Path guest = folder.resolve("guest.qcow2");
    Tool.named("qemu-img").run("convert", "-f", "raw", "-O", "qcow2", disk, guest);
    Tool.named("qemu-img").run("bitmap", "--add", guest, "b0");
    Path socket = folder.resolve("s");
    try (NbdPeer server = NbdPeer.qemu(socket, "-r", "-x", "vm1", "-B", "b0", guest)) {
      String first =
          done(
              "run",
              "capture",
              server.uri("vm1"),
              "--store",
              store,
              "--name",
              "vm1",
              "--bitmap",
              "b0");
      assertThat(first).contains("captured vm1@1", "all of it is read: there is no version");
    }
    Tool.named("qemu-io").run("-c", "write -P 0x33 1M 1M", guest);
    Path copy = folder.resolve("copy");
    try (NbdPeer server = NbdPeer.qemu(socket, "-r", "-x", "vm1", "-B", "b0", guest)) {
      assertThat(
              done(
                  "run",
                  "nightly",
                  "--drive",
                  server.uri("vm1"),
                  "--store",
                  store,
                  "--name",
                  "vm1",
                  "--bitmap",
                  "b0"))
          .contains("vm1@2", "was taken from vm1@1");
    }
    done("run", "restore", "vm1", "--store", store, "--to", copy.toString());
    assertThat(Tool.named("qemu-img").run("compare", "-f", "raw", "-F", "qcow2", copy, guest))
        .contains("Images are identical");
    Ended none =
        run("run", "capture", disk.toString(), "--store", store, "--name", "x", "--bitmap", "b0");
    assertThat(none.status()).isEqualTo(1);
    assertThat(none.err()).contains("it is no network block device");
  }

  @Test
  void otherMachinesAreServedByTlsOnly() throws Exception {
    Certificates ours = Certificates.in(folder.resolve("pki"));
    Ended open = run("run", "serve", disk.toString(), "--port", "0", "--listen", "0.0.0.0");
    assertThat(open.status()).isEqualTo(1);
    assertThat(open.err()).contains("--tls CERT KEY", "--insecure");
    String served =
        done(
            "run",
            "serve",
            disk.toString(),
            "--port",
            "0",
            "--listen",
            "127.0.0.1",
            "--background",
            "--tls",
            ours.file("server-cert.pem").toString(),
            ours.file("server-key.pem").toString(),
            "--clients",
            ours.file("ca-cert.pem").toString());
    String place = served.replaceAll("(?s).*(nbds://127\\.0\\.0\\.1:\\d+).*", "$1");
    try {
      String uri = place.replace("127.0.0.1", "localhost") + "/?tls-certificates=" + ours.folder();
      Path copy = folder.resolve("copy");
      Tool.named("nbdcopy").run(uri, copy);
      assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
      assertThat(done("run", "capture", uri, "--store", store))
          .contains("captured localhost-" + place.replaceAll(".*:", "") + ".localhost@1");
    } finally {
      done("run", "unmount", place);
      long process = Long.parseLong(served.replaceAll("(?s).*process +(\\d+).*", "$1"));
      await(() -> !ProcessHandle.of(process).map(ProcessHandle::isAlive).orElse(false));
    }
  }
}
