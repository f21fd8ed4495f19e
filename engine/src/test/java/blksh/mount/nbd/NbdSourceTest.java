package blksh.mount.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.Place;
import blksh.block.BlockSources;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.io.UnreadableException;
import blksh.kit.Content;
import blksh.kit.NbdPeer;
import blksh.kit.Wire;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NbdSourceTest {

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

  private NbdSource source(String uri) {
    return keep(NbdSource.open((Place.Remote) Place.parse(uri), Optional.empty()));
  }

  /** Data, a hole of 36 MiB, data, and an end of no whole sector when asked for. */
  private Path disk(int end) throws IOException {
    Path disk = folder.resolve("disk.img");
    try (FileChannel channel =
        FileChannel.open(disk, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(Content.random(3 * MIB, 1)), 0);
      channel.write(ByteBuffer.wrap(Content.random(MIB + end, 2)), 39 * MIB);
    }
    return disk;
  }

  private static byte[] read(NbdSource source, long position, int length) {
    ByteBuffer target = ByteBuffer.allocate(length);
    int count = source.read(position, target);
    assertThat(target.position()).isEqualTo(count);
    return Arrays.copyOf(target.array(), count);
  }

  /** Reads all of it in order, and here and there from several threads. */
  private static void mustHold(NbdSource source, Path disk) throws Exception {
    byte[] bytes = Files.readAllBytes(disk);
    assertThat(source.size()).isEqualTo(bytes.length);
    assertThat(read(source, 0, bytes.length + 10)).isEqualTo(bytes);
    assertThat(read(source, bytes.length, 10)).isEmpty();
    List<Thread> readers = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Random random = new Random(i);
      Thread reader =
          new Thread(
              () -> {
                for (int n = 0; n < 50; n++) {
                  int length = 1 + random.nextInt(300_000);
                  int at = random.nextInt(bytes.length - length + 1);
                  assertThat(read(source, at, length))
                      .isEqualTo(Arrays.copyOfRange(bytes, at, at + length));
                }
              });
      reader.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
      readers.add(reader);
      reader.start();
    }
    for (Thread reader : readers) {
      reader.join();
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void qemuServesEveryByteAndItsHoles() throws Exception {
    Path disk = disk(0);
    NbdPeer server =
        keep(NbdPeer.qemu(folder.resolve("nbd.sock"), "-r", "-f", "raw", "-x", "my disk", disk));
    NbdSource source = source(server.uri("my%20disk"));
    mustHold(source, disk);
    List<Extent> extents = new ArrayList<>();
    source.extents().forEachRemaining(extents::add);
    assertThat(extents)
        .containsExactly(
            new Extent(0, 3 * MIB, Extent.Kind.DATA),
            new Extent(3 * MIB, 36 * MIB, Extent.Kind.ZERO),
            new Extent(39 * MIB, MIB, Extent.Kind.DATA));
    assertThat(source.describe().name()).isEqualTo("my disk");
    assertThatThrownBy(() -> source(server.uri("yours")))
        .hasMessageContaining("there is no such export")
        .hasMessageContaining("my disk");
  }

  private static NbdPeer nbdkit(String option, Path disk) throws Exception {
    return NbdPeer.nbdkit(NbdPeer.freePort(), "-r", option, "file", disk);
  }

  @Test
  void nbdkitServesAnOddSizeAndAsksForLargeBlocks() throws Exception {
    Path disk = disk(123);
    NbdPeer server = keep(NbdPeer.nbdkit(NbdPeer.freePort(), "-r", "file", disk));
    mustHold(source(server.uri("")), disk);
    mustHold(source(keep(nbdkit("--no-sr", disk)).uri("")), disk);
    assertThatThrownBy(() -> source(keep(nbdkit("-o", disk)).uri("")))
        .hasMessageContaining("only the old handshake");
    Path even = Files.copy(disk, folder.resolve("even.img"));
    try (FileChannel channel = FileChannel.open(even, StandardOpenOption.WRITE)) {
      channel.truncate(40 * MIB);
    }
    NbdPeer picky =
        keep(
            NbdPeer.nbdkit(
                NbdPeer.freePort(),
                "-r",
                "--filter=blocksize-policy",
                "file",
                even,
                "blocksize-minimum=4096",
                "blocksize-preferred=65536",
                "blocksize-maximum=131072",
                "blocksize-error-policy=error"));
    NbdSource source = source(picky.uri(""));
    assertThat(source.sectorSize()).isEqualTo(4096);
    mustHold(source, even);
  }

  @Test
  void ourOwnServerIsRead() throws Exception {
    Path disk = disk(7);
    NbdServer server =
        keep(
            NbdServer.listen(
                NbdExports.of(new NbdExport("disk", keep(BlockSources.open(disk)))),
                ServeOptions.onPort(0)));
    mustHold(source(server.uri() + "/disk"), disk);
  }

  @Test
  void whatCannotBeReadIsToldByItsRange() throws Exception {
    Path disk = disk(0);
    Path faults =
        Files.writeString(
            folder.resolve("faults"),
            "0x0 + 1\n0x0 0x100000 +\n0x100000 0x1000 -\n0x101000 0x26ff000 +\n");
    NbdPeer server =
        keep(
            NbdPeer.nbdkit(
                NbdPeer.freePort(),
                "-r",
                "--filter=ddrescue",
                "file",
                disk,
                "ddrescue-mapfile=" + faults));
    NbdSource source = source(server.uri(""));
    assertThatThrownBy(() -> read(source, MIB + 1024, 512))
        .isInstanceOfSatisfying(
            UnreadableException.class,
            e -> {
              assertThat(e.start()).isEqualTo(MIB + 1024);
              assertThat(e.length()).isEqualTo(512);
              assertThat(e.isGone()).isFalse();
            });
    byte[] bytes = Files.readAllBytes(disk);
    assertThat(read(source, 0, MIB)).isEqualTo(Arrays.copyOf(bytes, MIB));
    assertThat(read(source, MIB + 4096, 100))
        .isEqualTo(Arrays.copyOfRange(bytes, MIB + 4096, MIB + 4196));
  }

  @Test
  void aCutConnectionIsMadeAgainAndAsksForWhatIsMissing() throws Exception {
    Path disk = disk(0);
    NbdPeer server = keep(NbdPeer.qemu(NbdPeer.freePort(), "-r", "-f", "raw", disk));
    Wire wire = keep(Wire.to(server.port()).cut(700_000, 12));
    NbdSource source = source("nbd://127.0.0.1:" + wire.port() + "/");
    byte[] bytes = Files.readAllBytes(disk);
    for (int at = 0; at < bytes.length; at += 256 << 10) {
      assertThat(read(source, at, 256 << 10))
          .isEqualTo(Arrays.copyOfRange(bytes, at, at + (256 << 10)));
    }
    assertThat(wire.cuts()).isGreaterThanOrEqualTo(4);
    assertThat(source.cuts()).isGreaterThanOrEqualTo(4);
  }

  // ---- hostile servers -----------------------------------------------------------------------

  private ScriptedServer scripted(ScriptedServer.Script script) throws IOException {
    return keep(new ScriptedServer(script));
  }

  /** Answers only when sixteen requests have come, and then in the other order. */
  @Test
  void manyRequestsAreUnderWayAndAnswersComeInAnyOrder() throws IOException {
    List<ScriptedServer.Asked> waiting = new ArrayList<>();
    ScriptedServer server =
        scripted(
            (asked, out) -> {
              waiting.add(0, asked);
              if (waiting.size() == 16) {
                for (ScriptedServer.Asked each : waiting) {
                  ScriptedServer.bytes(out, each);
                }
                waiting.clear();
              }
            });
    NbdSource source = source(server.uri());
    for (int i = 0; i < 16; i++) {
      source.expect(i << 16, 1 << 16);
    }
    byte[] found = new byte[0];
    for (int i = 0; i < 16; i++) {
      found = read(source, i << 16, 1 << 16);
    }
    for (int i = 0; i < found.length; i++) {
      assertThat(found[i]).isEqualTo(ScriptedServer.at((15 << 16) + i));
    }
  }

  /** What a capture that failed had asked for is not given to the next one. */
  @Test
  void whoBeginsAnewGetsNothingThatWasAskedForBefore() throws IOException {
    AtomicInteger written = new AtomicInteger();
    ScriptedServer server =
        scripted(
            (asked, out) -> {
              if (asked.command() == NbdProtocol.CMD_BLOCK_STATUS) {
                ScriptedServer.data(out, asked);
                return;
              }
              ScriptedServer.chunk(
                  out, asked, true, NbdProtocol.REPLY_TYPE_OFFSET_DATA, 8 + asked.length());
              out.writeLong(asked.position());
              byte[] bytes = new byte[asked.length()];
              Arrays.fill(bytes, (byte) written.get());
              out.write(bytes);
            });
    NbdSource source = source(server.uri());
    source.expect(4096, 4096);
    assertThat(read(source, 65536, 1)).containsExactly((byte) 0); // so that has come by now
    written.set(1);
    source.extents().next();
    assertThat(read(source, 4096, 4096)).containsOnly((byte) 1);
  }

  @Test
  void aServerThatKnowsNothingNewIsReadAsWell() throws IOException {
    ScriptedServer server =
        scripted(
            new ScriptedServer.Script() {
              @Override
              public boolean option(int option, DataOutputStream out) throws IOException {
                ScriptedServer.reply(out, option, NbdProtocol.REP_ERR_UNSUP, 0);
                return true;
              }

              @Override
              public void answer(ScriptedServer.Asked asked, DataOutputStream out)
                  throws IOException {
                boolean bad = asked.position() >= 8192;
                out.writeInt(NbdProtocol.SIMPLE_REPLY_MAGIC);
                out.writeInt(bad ? NbdProtocol.EIO : 0);
                out.writeLong(asked.cookie());
                out.write(bad ? new byte[0] : ScriptedServer.content(asked));
              }
            });
    NbdSource source = source(server.uri());
    assertThat(source.size()).isEqualTo(ScriptedServer.SIZE);
    assertThat(read(source, 1000, 2))
        .containsExactly(ScriptedServer.at(1000), ScriptedServer.at(1001));
    assertThat(source.extents().next().kind()).isEqualTo(Extent.Kind.DATA);
    assertThatThrownBy(() -> read(source, 9000, 10)).isInstanceOf(UnreadableException.class);
  }

  @Test
  void whoOwesAnAnswerAndSendsNothingIsCutOffAndAskedAgain() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    ScriptedServer server =
        scripted(
            (request, out) -> {
              if (asked.incrementAndGet() > 1) {
                ScriptedServer.bytes(out, request);
              }
            });
    NbdSource source =
        keep(
            NbdSource.open(
                (Place.Remote) Place.parse(server.uri()),
                Optional.empty(),
                200_000_000,
                NbdDialogue.LONGEST_NANOS));
    assertThat(read(source, 512, 1)).containsExactly(ScriptedServer.at(512));
    assertThat(server.connections()).isEqualTo(2);
  }

  /** Of a server that falls over one place, while others are read all the time. */
  @Test
  void whatGetsEveryConnectionCutCannotBeRead() throws Exception {
    int bad = 64 << 10;
    ScriptedServer server =
        scripted(
            (asked, out) -> {
              if (asked.position() <= bad && asked.position() + asked.length() > bad) {
                throw new IOException("cut");
              }
              ScriptedServer.bytes(out, asked);
            });
    NbdSource source = source(server.uri());
    AtomicBoolean ended = new AtomicBoolean();
    Thread other =
        new Thread(
            () -> {
              for (int i = 0; !ended.get(); i++) {
                read(source, (512 << 10) + 512 * (i % 100), 512);
              }
            });
    other.start();
    try {
      assertThatThrownBy(() -> read(source, bad - 512, 2048))
          .isInstanceOfSatisfying(
              UnreadableException.class,
              e -> {
                assertThat(e.start()).isEqualTo(bad - 512);
                assertThat(e.length()).isEqualTo(2048);
                assertThat(e.isGone()).isFalse();
              })
          .hasMessageContaining("is cut whenever this is asked for");
      assertThatThrownBy(() -> read(source, bad, 512)).isInstanceOf(UnreadableException.class);
    } finally {
      ended.set(true);
      other.join();
    }
    assertThat(read(source, bad + 512, 1)).containsExactly(ScriptedServer.at(bad + 512));
    assertThat(server.connections()).isLessThan(20);
  }

  @Test
  void whatIsNeverAnsweredIsNotWaitedForWithoutEnd() throws IOException {
    ScriptedServer server =
        scripted(
            (asked, out) -> {
              if (asked.position() != 4096) {
                ScriptedServer.bytes(out, asked);
              }
            });
    NbdSource source =
        keep(
            NbdSource.open(
                (Place.Remote) Place.parse(server.uri()),
                Optional.empty(),
                NbdLink.SILENCE_NANOS,
                300_000_000));
    assertThat(read(source, 0, 1)).containsExactly(ScriptedServer.at(0));
    assertThatThrownBy(() -> read(source, 4096, 512))
        .hasMessageContaining("has not answered for")
        .isNotInstanceOf(UnreadableException.class);
    assertThat(read(source, 512, 1)).containsExactly(ScriptedServer.at(512));
  }

  /** After a cut the same name, size and description may be another instant, or another disk. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsReadOtherwiseAfterACutIsSaidToBeOfTwoInstants(boolean other) throws IOException {
    AtomicInteger asked = new AtomicInteger();
    ScriptedServer server =
        scripted(
            new ScriptedServer.Script() {
              @Override
              public void answer(ScriptedServer.Asked asked, DataOutputStream out) {
                throw new IllegalStateException();
              }

              @Override
              public void answer(int connection, ScriptedServer.Asked request, DataOutputStream out)
                  throws IOException {
                if (asked.getAndIncrement() == 20) {
                  throw new IOException("cut");
                }
                byte[] bytes = ScriptedServer.content(request);
                if (other && connection > 1) {
                  bytes[100]++;
                }
                ScriptedServer.chunk(
                    out, request, true, NbdProtocol.REPLY_TYPE_OFFSET_DATA, 8 + request.length());
                out.writeLong(request.position());
                out.write(bytes);
              }
            });
    NbdSource source = source(server.uri());
    for (int i = 0; i < 40; i++) {
      read(source, 4096 * ((i * 7) % 64), 4096);
    }
    assertThat(source.cuts()).isEqualTo(1);
    assertThat(source.twoInstants().isPresent()).isEqualTo(other);
    source.extents(0, 1);
    assertThat(source.twoInstants()).isEmpty();
  }

  /** A copy of the same disk, a little later: one of a thousand pieces was written meanwhile. */
  @Test
  void ofWhatWasReadBeforeACutSoMuchIsReadOnceMoreThatLittleIsFoundToo() throws IOException {
    int piece = 64 << 10;
    int size = 1024 * piece;
    ScriptedServer server =
        scripted(
            new ScriptedServer.Script() {
              @Override
              public long size(int connection) {
                return size;
              }

              @Override
              public void answer(ScriptedServer.Asked asked, DataOutputStream out) {
                throw new IllegalStateException();
              }

              @Override
              public void answer(int connection, ScriptedServer.Asked request, DataOutputStream out)
                  throws IOException {
                if (connection == 1 && request.position() >= size - piece) {
                  throw new IOException("cut");
                }
                byte[] bytes = ScriptedServer.content(request);
                for (int i = 0; connection > 1 && i < bytes.length; i++) {
                  bytes[i] += (byte) ((request.position() + i) / piece == 700 ? 1 : 0);
                }
                ScriptedServer.chunk(
                    out, request, true, NbdProtocol.REPLY_TYPE_OFFSET_DATA, 8 + request.length());
                out.writeLong(request.position());
                out.write(bytes);
              }
            });
    NbdSource source = source(server.uri());
    assertThat(source.describe().details()).doesNotContainKey("connection");
    for (int at = 0; at < size; at += piece) {
      assertThat(read(source, at, piece)).hasSize(piece);
    }
    assertThat(source.cuts()).isEqualTo(1);
    assertThat(source.describe().details()).containsEntry("connection", "was cut once");
    assertThat(source.twoInstants()).get().asString().contains("two instants, or of two disks");
  }

  @Test
  void anotherExportAfterACutIsRefused() throws IOException {
    ScriptedServer server =
        scripted(
            new ScriptedServer.Script() {
              @Override
              public long size(int connection) {
                return connection == 1 ? ScriptedServer.SIZE : 2 * ScriptedServer.SIZE;
              }

              @Override
              public void answer(ScriptedServer.Asked asked, DataOutputStream out)
                  throws IOException {
                throw new IOException("cut");
              }
            });
    NbdSource source = source(server.uri());
    assertThatThrownBy(() -> read(source, 0, 512))
        .hasMessageContaining("there is another export now")
        .hasMessageContaining("1048576 bytes and has 2097152");
  }

  /** All bytes come, and then an error that does not say where it is. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingIsBelievedOfAReadWhoseErrorHasNoPlace(boolean placedAsWell) throws IOException {
    ScriptedServer server =
        scripted(
            (asked, out) -> {
              ScriptedServer.chunk(
                  out, asked, false, NbdProtocol.REPLY_TYPE_OFFSET_DATA, 8 + asked.length());
              out.writeLong(asked.position());
              out.write(new byte[asked.length()]);
              ScriptedServer.chunk(out, asked, !placedAsWell, NbdProtocol.REPLY_TYPE_ERROR, 6 + 3);
              out.writeInt(NbdProtocol.EIO);
              out.writeShort(3);
              out.write("bad".getBytes());
              if (placedAsWell) {
                ScriptedServer.chunk(out, asked, true, NbdProtocol.REPLY_TYPE_ERROR_OFFSET, 6 + 8);
                out.writeInt(NbdProtocol.EIO);
                out.writeShort(0);
                out.writeLong(asked.position() + 4096);
              }
            });
    NbdSource source = source(server.uri());
    assertThatThrownBy(() -> read(source, 4096, 8192))
        .isInstanceOfSatisfying(
            UnreadableException.class,
            e -> {
              assertThat(e.start()).isEqualTo(4096);
              assertThat(e.length()).isEqualTo(8192);
              assertThat(e).hasMessageContaining("bad");
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cookie", "magic", "simple", "short", "twice", "outside", "long", "kind", "none", "huge",
        "endless", "words", "status"
      })
  void whoIsNoServerIsRefused(String lie) throws IOException {
    ScriptedServer server = scripted((asked, out) -> lie(lie, asked, out));
    NbdSource source = source(server.uri());
    assertThatThrownBy(
            () -> {
              if (lie.equals("status")) {
                source.extents().next();
              } else {
                read(source, 4096, 8192);
              }
            })
        .isInstanceOf(BlkshException.class)
        .isNotInstanceOf(UnreadableException.class)
        .hasMessageContaining("cannot read nbd://127.0.0.1")
        .hasMessageContaining("find out what answers");
    assertThat(server.connections()).isEqualTo(1);
  }

  private static void lie(String lie, ScriptedServer.Asked asked, DataOutputStream out)
      throws IOException {
    int data = NbdProtocol.REPLY_TYPE_OFFSET_DATA;
    switch (lie) {
      case "cookie" ->
          ScriptedServer.bytes(
              out, new ScriptedServer.Asked(0, asked.cookie() + 9, asked.position(), 10));
      case "magic" -> out.writeInt(0x12345678);
      case "simple" -> {
        out.writeInt(NbdProtocol.SIMPLE_REPLY_MAGIC);
        out.writeInt(0);
        out.writeLong(asked.cookie());
      }
      case "short" ->
          ScriptedServer.bytes(
              out,
              new ScriptedServer.Asked(0, asked.cookie(), asked.position(), asked.length() - 512));
      case "twice" -> {
        for (int i = 0; i < 2; i++) {
          ScriptedServer.chunk(out, asked, false, data, 8 + 512);
          out.writeLong(asked.position() + 100L * i);
          out.write(new byte[512]);
        }
      }
      case "outside" -> {
        ScriptedServer.chunk(out, asked, true, data, 8 + 512);
        out.writeLong(asked.position() + asked.length() - 511);
      }
      case "long" -> ScriptedServer.chunk(out, asked, true, data, 8 + asked.length() + 1);
      case "kind" -> ScriptedServer.chunk(out, asked, true, 77, 0);
      case "none" -> ScriptedServer.chunk(out, asked, true, NbdProtocol.REPLY_TYPE_NONE, 0);
      case "huge" ->
          ScriptedServer.chunk(out, asked, true, NbdProtocol.REPLY_TYPE_BLOCK_STATUS, -4);
      case "endless" -> {
        for (int i = 0; i < 200_000; i++) {
          ScriptedServer.chunk(out, asked, false, NbdProtocol.REPLY_TYPE_ERROR, 6);
          out.writeInt(NbdProtocol.EIO);
          out.writeShort(0);
        }
      }
      case "words" -> {
        ScriptedServer.chunk(out, asked, true, NbdProtocol.REPLY_TYPE_ERROR, 6);
        out.writeInt(NbdProtocol.EIO);
        out.writeShort(60_000);
      }
      default -> {
        ScriptedServer.chunk(out, asked, true, NbdProtocol.REPLY_TYPE_BLOCK_STATUS, 12);
        out.writeInt(7);
        out.writeInt(0); // bytes
        out.writeInt(0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {NbdProtocol.OPT_STRUCTURED_REPLY, NbdProtocol.OPT_SET_META_CONTEXT})
  void anEndlessOrHugeHandshakeIsRefused(int option) throws IOException {
    ScriptedServer server =
        scripted(
            new ScriptedServer.Script() {
              @Override
              public boolean option(int asked, DataOutputStream out) throws IOException {
                if (asked != option) {
                  return false;
                }
                if (option == NbdProtocol.OPT_STRUCTURED_REPLY) {
                  ScriptedServer.reply(out, asked, NbdProtocol.REP_ACK, Integer.MAX_VALUE);
                }
                for (int i = 0; i < 100_000; i++) {
                  ScriptedServer.reply(
                      out, asked, NbdProtocol.REP_META_CONTEXT, 4 + "base:allocation".length());
                  out.writeInt(i);
                  out.write("base:allocation".getBytes());
                }
                return true;
              }

              @Override
              public void answer(ScriptedServer.Asked asked, DataOutputStream out) {}
            });
    assertThatThrownBy(() -> source(server.uri()))
        .hasMessageContaining("find out what answers on 127.0.0.1");
  }

  @Test
  void whatIsNoServerAtAllIsSaidToBeNone() throws Exception {
    assertThatThrownBy(() -> source("nbd://127.0.0.1:" + NbdPeer.freePort() + "/x"))
        .hasMessageContaining("Connection refused");
    assertThatThrownBy(() -> source("nbd+unix:///x?socket=" + folder.resolve("none")))
        .hasMessageContaining("cannot open nbd+unix:///x?socket=");
    NbdServer server =
        keep(
            NbdServer.listen(
                NbdExports.of(new NbdExport("a", new ByteArraySource(new byte[512]))),
                ServeOptions.onPort(0)));
    assertThatThrownBy(() -> source(server.uri() + "/b")).hasMessageContaining("there is a");
  }
}
