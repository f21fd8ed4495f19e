package blksh.kit;

import static blksh.kit.Await.await;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A disk as a running virtual machine has it: qemu-storage-daemon with a qcow2 image as the node
 * {@code disk0}, which is told by QMP what to do. The guest writes by {@link #guest}.
 */
public final class StorageDaemon implements Closeable {

  private final Process process;
  private final Path socket;
  private final SocketChannel control;
  private final BufferedReader answers;

  private StorageDaemon(Process process, Path socket, SocketChannel control) {
    this.process = process;
    this.socket = socket;
    this.control = control;
    this.answers = new BufferedReader(Channels.newReader(control, StandardCharsets.UTF_8));
  }

  /**
   * @param folder for sockets, with a short name
   */
  public static StorageDaemon of(Path disk, Path folder) throws Exception {
    Path socket = folder.resolve("nbd.sock");
    Path qmp = folder.resolve("qmp.sock");
    Process process =
        Tool.named("qemu-storage-daemon")
            .start(
                "--blockdev",
                "driver=file,node-name=file0,filename=" + disk,
                "--blockdev",
                "driver=qcow2,node-name=disk0,file=file0",
                "--nbd-server",
                "addr.type=unix,addr.path=" + socket + ",max-connections=0",
                "--chardev",
                "socket,id=qmp,server=on,wait=off,path=" + qmp,
                "--monitor",
                "chardev=qmp",
                "--export",
                "nbd,id=guest,node-name=disk0,name=guest,writable=on");
    // The file of a socket is there a moment before anybody listens.
    SocketChannel control = await(() -> connected(qmp), Objects::nonNull);
    await(() -> Files.exists(socket));
    StorageDaemon daemon = new StorageDaemon(process, socket, control);
    daemon.answers.readLine(); // its greeting
    daemon.qmp("{'execute': 'qmp_capabilities'}");
    return daemon;
  }

  /** A connection; null when nobody listens. */
  private static SocketChannel connected(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return channel;
    } catch (IOException notYet) {
      channel.close();
      return null;
    }
  }

  /** Has it do something. @param command JSON, with ' for " */
  public void qmp(String command) throws IOException {
    ByteBuffer bytes = StandardCharsets.UTF_8.encode(command.replace('\'', '"') + "\n");
    while (bytes.hasRemaining()) {
      control.write(bytes);
    }
    String answer = answers.readLine();
    while (answer != null && answer.contains("\"event\"")) {
      answer = answers.readLine();
    }
    if (answer == null || answer.contains("\"error\"")) {
      throw new IOException(command + ": " + answer);
    }
  }

  /** Has the guest write. @param commands of qemu-io */
  public void guest(String... commands) throws IOException {
    Object[] words = new Object[2 * commands.length + 3];
    words[0] = "-f";
    words[1] = "raw";
    for (int i = 0; i < commands.length; i++) {
      words[2 * i + 2] = "-c";
      words[2 * i + 3] = commands[i];
    }
    words[words.length - 1] = uri("guest");
    Tool.named("qemu-io").run(words);
  }

  /** What an export of it is reached by. */
  public String uri(String export) {
    return "nbd+unix:///" + export + "?socket=" + socket;
  }

  @Override
  public void close() throws IOException {
    control.close();
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
