package blksh.mount.nbd;

import static blksh.kit.Await.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.ByteArraySource;
import blksh.block.FaultySource;
import blksh.block.Overlay;
import blksh.block.SourceInfo;
import blksh.kit.Child;
import blksh.kit.Component;
import blksh.kit.Content;
import blksh.kit.Tool;
import blksh.mount.fuse.Fuse;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NbdServerTest {

  private static final int MIB = 1 << 20;

  @TempDir Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();

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

  /** A disk with data, a large hole, and an odd end. */
  private Path disk() throws IOException {
    Path disk = folder.resolve("disk.img");
    try (FileChannel channel =
        FileChannel.open(disk, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(Content.random(3 * MIB, 1)), 0);
      channel.write(ByteBuffer.wrap(Content.random(2 * MIB + 512, 2)), 40 * MIB);
    }
    return disk;
  }

  private Path socket() {
    return folder.resolve("nbd.sock");
  }

  private NbdServer serve(NbdExport... exports) {
    return keep(NbdServer.listen(NbdExports.of(exports), ServeOptions.onSocket(socket())));
  }

  private String uri(String export) {
    return "nbd+unix:///" + export + "?socket=" + socket();
  }

  /** Runs Python that talks to a server through libnbd; with the Python libnbd was packaged for. */
  private static void nbdsh(String... arguments) throws IOException {
    if (Tool.named("python3").attempt("-c", "import nbd").status() != 0) {
      Component.missing("python3-libnbd is not installed");
    }
    List<String> words = new ArrayList<>(List.of("-m", "nbd"));
    words.addAll(List.of(arguments));
    Tool.named("python3").run(words.toArray());
  }

  @Test
  void clientsReadEveryByte() throws IOException {
    Path disk = disk();
    serve(new NbdExport("disk", keep(BlockSources.open(disk))));
    Path copy = folder.resolve("copy");
    Tool.named("nbdcopy").run(uri("disk"), copy.toString());
    assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
    Tool.named("qemu-img").run("convert", "-f", "raw", "-O", "raw", uri("disk"), copy.toString());
    assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
    assertThat(
            Tool.named("qemu-img")
                .run("compare", "-f", "raw", "-F", "raw", uri(""), disk.toString()))
        .contains("Images are identical");
    Files.delete(copy);
    // Without structured replies.
    nbdsh(
        "-c",
        "h.set_request_structured_replies(False); h.connect_uri('" + uri("disk") + "')",
        "-c",
        "f = open('" + copy + "', 'wb')",
        "-c",
        "[f.write(h.pread(min(7 * 1000 * 1000, h.get_size() - at), at))"
            + " for at in range(0, h.get_size(), 7 * 1000 * 1000)]",
        "-c",
        "f.close()");
    assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
  }

  @Test
  void aSourceIsAFileThroughNbdfuse() throws Exception {
    Path disk = disk();
    serve(new NbdExport("disk", keep(BlockSources.open(disk))));
    Path point = Files.createDirectory(folder.resolve("point"));
    Fuse.need();
    Process nbdfuse = Child.of(Tool.path("nbdfuse"), point.toString(), uri("disk")).start();
    try {
      await(() -> Files.exists(point.resolve("nbd")));
      Tool.named("cmp").run(point.resolve("nbd").toString(), disk.toString());
    } finally {
      Tool.named("fusermount").attempt("-u", point.toString());
      nbdfuse.waitFor();
    }
  }

  @Test
  void holesAndDescriptionsShow() throws IOException {
    Path disk = disk();
    serve(
        new NbdExport("disk", keep(BlockSources.open(disk))),
        new NbdExport("other one", new ByteArraySource(new byte[1000])));
    String info = Tool.named("nbdinfo").run(uri("disk"));
    assertThat(info).contains("export-size: " + Files.size(disk)).contains("is_read_only: true");
    assertThat(info).contains("base:allocation").contains("can_multi_conn: true");
    assertThat(info).contains("content: ").contains("file " + disk);
    assertThat(Tool.named("nbdinfo").run("--list", uri(""))).contains("other one", "disk");
    assertThat(Tool.named("nbdinfo").run("--size", uri("other%20one"))).isEqualTo("1000");
    assertThat(Tool.named("nbdinfo").run("--map", uri("disk")).lines().map(String::strip))
        .containsExactly(
            "0     3145728    0  data",
            "3145728    38797312    3  hole,zero",
            "41943040     2097664    0  data");
    assertThat(Tool.named("nbdinfo").attempt(uri("absent")).status()).isNotZero();
  }

  /** Bytes of a sector, and of all; and what is told of the least and of the best request. */
  @ParameterizedTest
  @CsvSource({"512, 8192, 1, 4096", "4096, 8192, 4096, 4096", "4096, 8704, 1, 4096"})
  void theSectorsOfADriveOfLargeOnesAreTheLeastBlock(int sector, int size, int least, int best)
      throws IOException {
    serve(new NbdExport("disk", new Sectors(Content.random(size, 4), sector)));
    assertThat(Tool.named("nbdinfo").run(uri("disk")))
        .containsPattern("block_size_minimum: %d\\b".formatted(least))
        .containsPattern("block_size_preferred: %d\\b".formatted(best));
    Path copy = folder.resolve("copy");
    Tool.named("qemu-img").run("convert", "-f", "raw", "-O", "raw", uri("disk"), copy);
    assertThat(Arrays.copyOf(Files.readAllBytes(copy), size)).isEqualTo(Content.random(size, 4));
  }

  /** A source of some sectors. */
  private static final class Sectors implements BlockSource {
    private final BlockSource bytes;
    private final int sector;

    Sectors(byte[] bytes, int sector) {
      this.bytes = new ByteArraySource(bytes);
      this.sector = sector;
    }

    @Override
    public long size() {
      return bytes.size();
    }

    @Override
    public int sectorSize() {
      return sector;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return bytes.read(position, target);
    }

    @Override
    public SourceInfo describe() {
      return bytes.describe();
    }

    @Override
    public void close() {}
  }

  @Test
  void whatIsUnreadableIsAnErrorAndNothingElseIs() throws IOException {
    byte[] bytes = Content.random(8 * MIB, 3);
    BlockSource faulty =
        new FaultySource(new ByteArraySource(bytes)).unreadable(5 * MIB + 1000, 512);
    NbdServer server = serve(new NbdExport("disk", faulty));
    assertThat(Tool.named("nbdcopy").attempt(uri("disk"), "null:").output())
        .containsIgnoringCase("input/output error");
    Path plain = Files.write(folder.resolve("plain"), bytes);
    String read = "open('%s','rb').read()".formatted(plain);
    nbdsh(
        "-u",
        uri("disk"),
        "-c",
        "d = " + read,
        "-c",
        "assert h.pread(5 * 1024 * 1024 + 1000, 0) == d[:5 * 1024 * 1024 + 1000]",
        "-c",
        "rest = 5 * 1024 * 1024 + 1512",
        "-c",
        "assert h.pread(h.get_size() - rest, rest) == d[rest:]",
        "-c",
        """
        for at in (5 * 1024 * 1024 + 1000, 5 * 1024 * 1024, 0):
            try:
                h.pread(6 * 1024 * 1024 - 100 - at, at)
                assert False
            except nbd.Error as e:
                assert e.errnum == 5, e.errnum
        assert h.pread(100, 0) == d[:100]
        """);
    assertThat(server.traffic().failures()).isPositive();
  }

  @Test
  void anOverlayTakesWritesTrimsAndFlushes() throws IOException {
    Path disk = disk();
    byte[] before = Files.readAllBytes(disk);
    Path file = folder.resolve("changes.cow");
    Overlay overlay = keep(Overlay.open(BlockSources.open(disk), file));
    serve(new NbdExport("disk", overlay));
    Tool qemuIo = Tool.named("qemu-io");
    for (String command :
        List.of(
            "write -P 0xab 1000 3000000",
            "read -P 0xab 1000 3000000",
            "write -f -P 0xcd 41000000 70000",
            "read -P 0xcd 41000000 70000",
            "write -z 2000000 500000",
            "read -P 0 2000000 500000",
            "discard 0 1048576",
            "flush")) {
      assertThat(qemuIo.run("-f", "raw", "-c", command, uri("disk")))
          .as(command)
          .doesNotContain("failed", "error");
    }
    byte[] expected = before.clone();
    java.util.Arrays.fill(expected, 1000, 3001000, (byte) 0xab);
    java.util.Arrays.fill(expected, 41000000, 41070000, (byte) 0xcd);
    java.util.Arrays.fill(expected, 2000000, 2500000, (byte) 0);
    java.util.Arrays.fill(expected, 0, MIB, (byte) 0);
    Path wanted = Files.write(folder.resolve("wanted"), expected);
    Path copy = folder.resolve("copy");
    Tool.named("nbdcopy").run(uri("disk"), copy.toString());
    assertThat(Files.mismatch(copy, wanted)).isEqualTo(-1);
    assertThat(Files.readAllBytes(disk)).isEqualTo(before);
    Path other = Files.write(folder.resolve("other"), Content.random((int) Files.size(disk), 7));
    Tool.named("nbdcopy").run("--flush", other.toString(), uri("disk"));
    Tool.named("nbdcopy").run(uri("disk"), copy.toString());
    assertThat(Files.mismatch(copy, other)).isEqualTo(-1);
  }

  @Test
  void readOnlyAndImpossibleRequestsAreRefusedAndTheClientGoesOn() throws IOException {
    byte[] bytes = Content.random(MIB, 8);
    serve(new NbdExport("disk", new ByteArraySource(bytes)));
    Path plain = Files.write(folder.resolve("plain"), bytes);
    nbdsh(
        "-c",
        "h.set_strict_mode(0); h.connect_uri('" + uri("disk") + "')",
        "-c",
        """
        def refused(errnum, call):
            try:
                call()
                assert False
            except nbd.Error as e:
                assert e.errnum == errnum, e
        size = h.get_size()
        refused(1, lambda: h.pwrite(b'x' * 100000, 0))
        refused(1, lambda: h.trim(512, 0))
        refused(1, lambda: h.zero(512, 0))
        refused(22, lambda: h.pread(1, size))
        refused(22, lambda: h.pread(2, size - 1))
        refused(22, lambda: h.pread(512, 1 << 62))
        refused(22, lambda: h.cache(512, 0))
        assert h.pread(size, 0) == open('%s', 'rb').read()
        """
            .formatted(plain));
  }

  @Test
  void manyClientsReadAtTheSameTimeOverAPort() throws Exception {
    byte[] bytes = Content.random(5 * MIB + 11, 9);
    Path plain = Files.write(folder.resolve("plain"), bytes);
    NbdServer server =
        keep(
            NbdServer.listen(
                NbdExports.of(new NbdExport("", new ByteArraySource(bytes))),
                ServeOptions.onPort(0)));
    URI uri = server.uri();
    assertThat(uri.getHost()).isEqualTo("127.0.0.1");
    List<Process> clients = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      clients.add(
          Child.of(Tool.path("nbdcopy"), uri.toString(), folder.resolve("copy" + i).toString())
              .redirectErrorStream(true)
              .start());
    }
    for (int i = 0; i < clients.size(); i++) {
      assertThat(clients.get(i).waitFor()).isZero();
      assertThat(Files.mismatch(folder.resolve("copy" + i), plain)).isEqualTo(-1);
    }
    assertThat(server.traffic().bytesRead()).isGreaterThanOrEqualTo(6L * bytes.length);
  }

  @Test
  void aClientThatNeverSaysWhatItWantsIsCutOff() throws Exception {
    NbdExports exports = NbdExports.of(new NbdExport("", new ByteArraySource(new byte[4096])));
    NbdServer server = keep(NbdServer.listen(exports, ServeOptions.onPort(0), 200));
    try (Socket silent = new Socket("127.0.0.1", server.uri().getPort());
        Socket slow = new Socket("127.0.0.1", server.uri().getPort())) {
      for (Socket socket : List.of(silent, slow)) {
        socket.setSoTimeout(20_000);
        socket.getInputStream().readNBytes(18);
      }
      slow.getOutputStream().write(0);
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
      assertThat(slow.getInputStream().read()).isEqualTo(-1);
    }
    // One that said what it wants may be silent for as long as it likes.
    nbdsh(
        "-u",
        server.uri().toString(),
        "-c",
        "import time; time.sleep(1); assert h.pread(4096, 0) == bytearray(4096)");
  }

  @Test
  void clientsThatKeepItWaitingKeepNobodyOut() throws Exception {
    NbdExports exports = NbdExports.of(new NbdExport("", new ByteArraySource(new byte[4096])));
    NbdServer server = keep(NbdServer.listen(exports, ServeOptions.onPort(0), 600_000));
    for (int i = 0; i < 64; i++) {
      Socket silent = keep(new Socket("127.0.0.1", server.uri().getPort()));
      silent.setSoTimeout(20_000);
      DataInputStream in = new DataInputStream(silent.getInputStream());
      DataOutputStream out = new DataOutputStream(silent.getOutputStream());
      in.readNBytes(18);
      out.writeInt(NbdProtocol.FLAG_FIXED_NEWSTYLE);
      out.writeLong(NbdProtocol.IHAVEOPT);
      out.writeInt(NbdProtocol.OPT_INFO);
      out.writeInt(6);
      out.write(new byte[6]);
      assertThat(in.readLong()).isEqualTo(NbdProtocol.OPTION_REPLY_MAGIC);
    }
    Tool nbdinfo = Tool.named("nbdinfo");
    await(() -> nbdinfo.attempt("--size", server.uri().toString()).output().equals("4096"));
  }

  @Test
  void clientsThatOnlyHaveAPlaceGiveItToOneWhoComes() throws Exception {
    NbdServer server = listen();
    Process holder = hold(List.of(), server, "");
    Tool nbdinfo = Tool.named("nbdinfo");
    await(() -> nbdinfo.attempt("--size", server.uri().toString()).output().equals("4096"));
    holder.destroy();
  }

  @Test
  void clientsThatReadKeepTheirPlacesFromTheirOwnUser() throws Exception {
    NbdServer server = listen();
    Process holder = hold(List.of(), server, READ);
    Tool nbdinfo = Tool.named("nbdinfo");
    assertThat(nbdinfo.attempt("--size", server.uri().toString()).status()).isNotZero();
    holder.getOutputStream().write('\n');
    holder.getOutputStream().flush();
    assertThat(holder.inputReader().readLine()).isEqualTo("all read");
    holder.destroy();
  }

  @Test
  void anotherUserCanNotKeepOutTheUserOfTheServer() throws Exception {
    Component.needRoot();
    NbdServer server = listen();
    Process holder =
        hold(
            List.of(Tool.path("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"),
            server,
            READ);
    Tool nbdinfo = Tool.named("nbdinfo");
    for (int i = 0; i < 3; i++) {
      assertThat(nbdinfo.attempt("--size", server.uri().toString()).output()).isEqualTo("4096");
    }
    holder.destroy();
  }

  private static final String READ = "[h.pread(512, 0) for h in all]; ";

  private NbdServer listen() {
    NbdExports exports = NbdExports.of(new NbdExport("", new ByteArraySource(new byte[4096])));
    return keep(NbdServer.listen(exports, ServeOptions.onPort(0), 600_000));
  }

  /** Takes all 64 places, does something with each, and waits for a line to read from all. */
  private static Process hold(List<String> as, NbdServer server, String then) throws Exception {
    Path python = Path.of(Tool.path("python3"));
    if (Tool.named("python3").attempt("-c", "import nbd").status() != 0) {
      Component.missing("python3-libnbd is not installed");
    }
    List<String> command = new ArrayList<>(as);
    command.addAll(
        List.of(
            python.toString(),
            "-c",
            "import nbd; all = [nbd.NBD() for i in range(64)]; [h.connect_uri('"
                + server.uri()
                + "') for h in all]; "
                + then
                + "print('held', flush=True); input(); [h.pread(512, 0) for h in all];"
                + " print('all read', flush=True); input()"));
    Process holder = Child.of(command).start();
    assertThat(holder.inputReader().readLine()).isEqualTo("held");
    return holder;
  }

  @Test
  void whatAClientWaitsInAllOfTheHandshakeIsCounted() throws Exception {
    NbdExports exports = NbdExports.of(new NbdExport("", new ByteArraySource(new byte[4096])));
    NbdServer server = keep(NbdServer.listen(exports, ServeOptions.onPort(0), 300));
    try (Socket slow = new Socket("127.0.0.1", server.uri().getPort())) {
      slow.setSoTimeout(20_000);
      DataOutputStream out = new DataOutputStream(slow.getOutputStream());
      slow.getInputStream().readNBytes(18);
      out.writeInt(NbdProtocol.FLAG_FIXED_NEWSTYLE);
      await(
          () -> {
            try {
              out.writeLong(NbdProtocol.IHAVEOPT);
              out.writeInt(NbdProtocol.OPT_INFO);
              out.writeInt(6);
              out.write(new byte[6]);
              return false;
            } catch (IOException cutOff) {
              return true;
            }
          });
    }
  }

  @Test
  void nonsenseEndsTheConnectionAndNothingElse() throws Exception {
    byte[] bytes = Content.random(10_000, 10);
    NbdServer server =
        keep(
            NbdServer.listen(
                NbdExports.of(new NbdExport("", new ByteArraySource(bytes))),
                ServeOptions.onPort(0)));
    int port = server.uri().getPort();
    java.util.Random random = new java.util.Random(11);
    for (int i = 0; i < 60; i++) {
      try (Socket socket = new Socket("127.0.0.1", port)) {
        socket.setSoTimeout(5000);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        in.readNBytes(18);
        out.writeInt(i % 4 == 0 ? random.nextInt() : NbdProtocol.FLAG_FIXED_NEWSTYLE);
        for (int option = 0; option < 3; option++) {
          out.writeLong(NbdProtocol.IHAVEOPT);
          out.writeInt(random.nextInt(14));
          byte[] content = new byte[random.nextInt(40)];
          random.nextBytes(content);
          out.writeInt(i % 5 == 0 ? random.nextInt(200_000) : content.length);
          out.write(content);
        }
        out.write(Content.random(200, i));
        socket.shutdownOutput();
        in.readAllBytes();
      } catch (IOException e) {
        // hung up by the server, as it may
      }
    }
    assertThat(Tool.named("nbdinfo").run("--size", server.uri().toString())).isEqualTo("10000");
    await(() -> server.traffic().readers() == 0);
  }

  @Test
  void theSocketIsPrivateGoneAfterwardsAndReplacedWhenItsServerDied() throws Exception {
    NbdServer server = serve(new NbdExport("a", new ByteArraySource(new byte[10])));
    assertThat(Files.getPosixFilePermissions(socket())).hasSize(2);
    assertThatThrownBy(() -> NbdServer.listen(NbdExports.of(), ServeOptions.onSocket(socket())))
        .hasMessageContaining("another server listens there");
    server.close();
    assertThat(socket()).doesNotExist();
    try (java.nio.channels.ServerSocketChannel dead =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      dead.bind(java.net.UnixDomainSocketAddress.of(socket()));
    }
    assertThat(socket()).exists();
    serve(new NbdExport("b", new ByteArraySource(new byte[20])));
    assertThat(Tool.named("nbdinfo").run("--size", uri("b"))).isEqualTo("20");
    Path file = Files.writeString(folder.resolve("file"), "precious");
    assertThatThrownBy(() -> NbdServer.listen(NbdExports.of(), ServeOptions.onSocket(file)))
        .hasMessageContaining("something else has that name");
    assertThat(file).hasContent("precious");
  }
}
