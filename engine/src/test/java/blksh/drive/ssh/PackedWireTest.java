package blksh.drive.ssh;

import static blksh.drive.ssh.Machines.assertHolds;
import static blksh.drive.ssh.Machines.capture;
import static blksh.drive.ssh.Machines.lying;
import static blksh.drive.ssh.Machines.reach;
import static blksh.drive.ssh.Machines.store;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.block.PageTarget;
import blksh.block.TargetTerms;
import blksh.kit.Content;
import blksh.store.CaptureResult;
import blksh.store.RestoreOptions;
import blksh.store.Store;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What bytes are packed by on the way: zstd where both sides have it, else zlib. */
class PackedWireTest {

  private static final int MIB = 1 << 20;

  /** Notes how pages are packed that come, and that go. */
  private static final String NOTED =
      """
      seen = open("%s", "a")
      def note(what, codec):
          seen.write("%%s%%d\\n" %% (what, codec))
          seen.flush()
      def noted(self, what, channel, number, payload=b""):
          if what in (68, 69):
              note("came" if what == 68 else "read", payload[0])
          return send(self, what, channel, number, payload)
      Output.send = noted
      unpack = agent["unpacked"]
      agent["unpacked"] = lambda codec, data, length: note("went", codec) or unpack(codec, data, length)
      """;

  /** The module of python 3.14, over the same library that has it there. */
  private static final String STANDARD =
      """
      import ctypes, types
      library = agent["LibraryZstd"]()
      agent["LibraryZstd"] = None
      class Decompressor:
          def decompress(self, data, most):
              return library.unpack(data, most)
      zstd = types.ModuleType("compression.zstd")
      zstd.compress, zstd.ZstdDecompressor = library.pack, Decompressor
      package = types.ModuleType("compression")
      package.zstd = zstd
      sys.modules.update({"compression": package, "compression.zstd": zstd})
      """;

  @TempDir Path folder;

  /** Captures a disk, reads some of it, restores it, and says what it was packed by. */
  private Set<String> packings(String change) throws IOException {
    Path seen = Files.createFile(folder.resolve("seen"));
    Path ssh = lying(folder, NOTED.formatted(seen) + change);
    Path disk = Files.write(folder.resolve("disk"), Content.compressible(2 * MIB + 4711, 1));
    Path copy = folder.resolve("copy");
    try (RemoteHost host = reach(ssh);
        Store store = store(folder)) {
      CaptureResult captured = capture(store, host, disk, "a");
      assertHolds(store, captured, disk);
      assertThat(captured.movedBytes()).isLessThan(disk.toFile().length() * 3 / 4);
      try (BlockSource source = host.open(disk.toString())) {
        ByteBuffer some = ByteBuffer.allocate(100_000);
        source.read(4711, some);
        byte[] expected = Arrays.copyOfRange(Files.readAllBytes(disk), 4711, 104_711);
        assertThat(some.array()).isEqualTo(expected);
      }
      TargetTerms terms = new TargetTerms(disk.toFile().length(), false, false, false);
      try (PageTarget target = host.target(copy.toString(), terms)) {
        store.restore(captured.manifest(), target, RestoreOptions.defaults(), Task.unwatched());
      }
      assertThat(Files.mismatch(copy, disk)).isEqualTo(-1);
    }
    return Files.readAllLines(seen).stream().collect(Collectors.toSet());
  }

  @Test
  void aMachineThatHasZstdPacksByItBothWays() throws IOException {
    assertThat(packings("")).contains("came2", "read2", "went2").doesNotContain("came1", "went1");
  }

  @Test
  void theModuleOfPythonWillDo() throws IOException {
    assertThat(packings(STANDARD)).contains("came2", "read2", "went2");
  }

  @Test
  void whereThereIsNoneZlibDoes() throws IOException {
    String none =
        """
        class Missing:
            def __init__(self):
                raise ImportError("no zstd")
        agent["Zstd"] = agent["LibraryZstd"] = Missing
        """;
    assertThat(packings(none)).contains("came1", "read1", "went1").doesNotContain("came2", "went2");
  }

  @Test
  void aZstdThatDoesNotWorkIsNotUsed() throws IOException {
    String broken =
        """
        class Broken(agent["LibraryZstd"]):
            def unpack(self, data, most):
                return b"something else"
        agent["LibraryZstd"] = Broken
        """;
    assertThat(packings(broken)).contains("came1", "went1").doesNotContain("came2", "went2");
  }

  @Test
  void aFasterLevelIsChosenForAFasterWire() {
    PackLevels levels = new PackLevels();
    levels.packBy(AgentFrame.ZSTD);
    byte[] raw = Content.compressible(128 << 10, 1);
    for (int i = 0; i < 200; i++) {
      levels.sent(1 << 20, 1L << 34); // 16 µs a byte: as slow as a modem
      levels.pack(raw);
    }
    int slow = levels.pack(raw).bytes().length;
    for (int i = 0; i < 200; i++) {
      levels.sent(1 << 20, 1 << 10); // no time at all
      levels.pack(raw);
    }
    assertThat(levels.pack(raw).codec()).isEqualTo(AgentFrame.RAW);
    assertThat(slow).isLessThan(raw.length * 3 / 4);
  }
}
