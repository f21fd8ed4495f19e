package blksh.mount.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.Tool;
import blksh.mount.FixedDirectory;
import blksh.mount.LazyFile;
import blksh.mount.MountFile;
import blksh.mount.MountLink;
import blksh.mount.MountNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeExportsTest {

  private static final Instant NOW = Instant.now();

  @TempDir Path folder;
  private final AtomicInteger opened = new AtomicInteger();
  private final AtomicInteger released = new AtomicInteger();
  private final byte[] first = Content.random(300_000, 1);
  private final byte[] second = Content.random(70_001, 2);
  private NbdServer server;

  @BeforeEach
  void serve() {
    Map<String, MountNode> versions = new LinkedHashMap<>();
    versions.put("1", new Counted(first));
    versions.put("2", new Counted(second));
    versions.put("latest", new MountLink("2", NOW));
    Map<String, MountNode> entries = new LinkedHashMap<>();
    entries.put("sda", new FixedDirectory(versions, NOW));
    entries.put("broken", new LazyFile(10, NOW, TreeExportsTest::cannotOpen));
    server =
        NbdServer.listen(
            new TreeExports(new FixedDirectory(entries, NOW)),
            ServeOptions.onSocket(folder.resolve("nbd.sock")));
  }

  @AfterEach
  void end() {
    server.close();
    assertThat(released).hasValue(opened.get());
  }

  private final class Counted implements MountFile {
    private final byte[] bytes;

    Counted(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public Instant modified() {
      return NOW;
    }

    @Override
    public BlockSource open() {
      opened.incrementAndGet();
      return new ByteArraySource("bytes", bytes);
    }

    @Override
    public void release(BlockSource source) {
      released.incrementAndGet();
      source.close();
    }
  }

  private static BlockSource cannotOpen() {
    throw new BlkshException("open it", "a part of it is missing");
  }

  private String uri(String name) {
    return "nbd+unix:///" + name + "?socket=" + folder.resolve("nbd.sock");
  }

  @Test
  void filesAreNamedByTheirPathsAndLinksAreNamesToo() throws IOException {
    Tool nbdinfo = Tool.named("nbdinfo");
    for (String name : new String[] {"sda/1", "sda/2", "sda/latest"}) {
      Path copy = folder.resolve("copy");
      Tool.named("nbdcopy").run(uri(name), copy.toString());
      assertThat(Files.readAllBytes(copy)).isEqualTo(name.endsWith("1") ? first : second);
    }
    assertThat(nbdinfo.attempt(uri("sda/3")).status()).isNotZero();
    assertThat(nbdinfo.attempt(uri("sda")).status()).isNotZero();
    assertThat(nbdinfo.attempt(uri("")).status()).isNotZero();
    assertThat(nbdinfo.attempt(uri("broken")).status()).isNotZero();
    assertThat(Tool.named("qemu-img").attempt("info", uri("broken")).output())
        .contains("a part of it is missing");
    assertThat(new TreeExports(tree()).names()).containsExactly("c", "a/b/x", "a/b/y");
  }

  private static FixedDirectory tree() {
    LazyFile file = new LazyFile(1, NOW, TreeExportsTest::cannotOpen);
    FixedDirectory deep = new FixedDirectory(Map.of("x", file), NOW);
    Map<String, MountNode> two = new LinkedHashMap<>(deep.entries());
    two.put("y", new MountLink("x", NOW));
    Map<String, MountNode> top = new LinkedHashMap<>();
    top.put("a", new FixedDirectory(Map.of("b", new FixedDirectory(two, NOW)), NOW));
    top.put("c", file);
    return new FixedDirectory(top, NOW);
  }

  @Test
  void aFileIsOpenedOnceForAllWhoReadItAtATime() throws IOException {
    Tool nbdcopy = Tool.named("nbdcopy");
    nbdcopy.run("--connections=4", uri("sda/1"), "null:");
    assertThat(opened.get()).isBetween(1, 2); // for the first look, and for the four
  }
}
