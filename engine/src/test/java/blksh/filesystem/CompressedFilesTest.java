package blksh.filesystem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.block.FileSource;
import blksh.io.UnreadableException;
import blksh.kit.Component;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.kit.WofSample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files whose content is compressed, or not in the file system at all. */
class CompressedFilesTest {

  @TempDir Path folder;

  /** Makes NTFS in {@code n.img} and fills it, mounted at {@code m}, by a script. */
  private FileTree ntfs(String options, String script) throws IOException {
    Component.needRoot();
    Tool.named("mkntfs");
    Tool.named("ntfs-3g");
    Volumes.blank(folder.resolve("n.img"), 40 << 20);
    FileTrees.script(
        folder,
        """
        mkntfs -q -F -Q %s n.img 2> /dev/null; mkdir m
        ntfs-3g -o no_detach,compression,streams_interface=windows n.img m & ntfs=$!
        for i in $(seq 100); do mountpoint -q m && break; sleep 0.05; done
        mountpoint -q m
        { %s
        } && done=1
        umount m; wait $ntfs; test "$done" = 1
        """
            .formatted(options, script));
    return blksh.filesystem.FileTrees.open(FileSource.open(folder.resolve("n.img")));
  }

  private static byte[] bytes(FileTree tree, String path) {
    try (BlockSource content = tree.open(tree.find(path).orElseThrow())) {
      ByteBuffer all = ByteBuffer.allocate((int) content.size());
      content.read(0, all);
      return all.array();
    }
  }

  /** Reads pieces at random, which must be those of the whole. */
  private static void assertReadsAnywhere(FileTree tree, String path, byte[] whole) {
    Random random = new Random(3);
    try (BlockSource content = tree.open(tree.find(path).orElseThrow())) {
      assertThat(content.size()).isEqualTo(whole.length);
      for (int i = 0; i < 50; i++) {
        int at = random.nextInt(whole.length);
        ByteBuffer piece = ByteBuffer.allocate(random.nextInt(70_000));
        int count = content.read(at, piece);
        assertThat(count).isEqualTo(Math.min(piece.capacity(), whole.length - at));
        assertThat(Arrays.copyOf(piece.array(), count))
            .isEqualTo(Arrays.copyOfRange(whole, at, at + count));
      }
    }
  }

  private static byte[] numbers(int to) {
    StringBuilder text = new StringBuilder();
    for (int i = 1; i <= to; i++) {
      text.append(i).append('\n');
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  @ParameterizedTest(name = "clusters of {0}")
  @CsvSource({"512", "4096"})
  void whatNtfsCompressesIsRead(int cluster) throws IOException {
    try (FileTree tree =
        ntfs(
            "-C -c " + cluster,
            """
            seq 60000 > m/text; printf small > m/small; : > m/empty
            head -c 300000 /dev/urandom > m/noise; cp m/noise noise
            seq 60000 | head -c 65536 > m/unit
            { seq 20000; head -c 200000 /dev/zero; seq 20000; } > m/zeros
            { seq 20000; head -c 70000 noise; seq 20000; } > m/mixed; cp m/mixed mixed
            python3 - <<'P'
            with open('m/sparse','wb') as f: f.write(b'begin'); f.seek(1<<20); f.write(b'end')
            P
            """)) {
      byte[] text = numbers(60_000);
      assertThat(bytes(tree, "/text")).isEqualTo(text);
      assertReadsAnywhere(tree, "/text", text);
      assertThat(bytes(tree, "/small")).isEqualTo("small".getBytes(StandardCharsets.US_ASCII));
      assertThat(bytes(tree, "/empty")).isEmpty();
      assertThat(bytes(tree, "/noise")).isEqualTo(Files.readAllBytes(folder.resolve("noise")));
      assertThat(bytes(tree, "/unit")).isEqualTo(Arrays.copyOf(text, 65536));
      byte[] mixed = Files.readAllBytes(folder.resolve("mixed"));
      assertReadsAnywhere(tree, "/mixed", mixed);
      byte[] zeros = bytes(tree, "/zeros");
      byte[] some = numbers(20_000);
      assertThat(zeros).hasSize(2 * some.length + 200_000).startsWith(some).endsWith(some);
      byte[] sparse = bytes(tree, "/sparse");
      assertThat(sparse).hasSize((1 << 20) + 3).startsWith('b', 'e').endsWith('n', 'd');
      long stored = Files.size(folder.resolve("n.img"));
      assertThat(stored).isEqualTo(40 << 20);
      assertThat(holes(tree, "/sparse")).isGreaterThan(900_000);
    }
  }

  private static long holes(FileTree tree, String path) {
    long holes = 0;
    try (BlockSource content = tree.open(tree.find(path).orElseThrow())) {
      for (Iterator<Extent> extents = content.extents(); extents.hasNext(); ) {
        Extent extent = extents.next();
        holes += extent.kind() == Extent.Kind.ZERO ? extent.length() : 0;
      }
    }
    return holes;
  }

  @Test
  void whatWindowsCompressesOfSystemFilesIsRead() throws IOException {
    byte[] content = WofSample.content();
    String[] formats = {"xpress4k", "lzx", "xpress8k", "xpress16k"};
    for (String format : formats) {
      Files.write(folder.resolve(format), WofSample.stored(format));
    }
    try (FileTree tree =
        ntfs(
            "",
            """
            python3 - <<'P'
            import os,struct
            for n,f in enumerate(('xpress4k','lzx','xpress8k','xpress16k')):
                p='m/'+f; open(p,'wb').truncate(%d)
                open(p+':WofCompressedData','wb').write(open(f,'rb').read())
                os.setxattr(p,'system.ntfs_reparse_data',
                    struct.pack('<IHHIIII',0x80000017,16,0,1,2,1,n))
            open('m/cut','wb').truncate(%d)
            open('m/cut:WofCompressedData','wb').write(open('lzx','rb').read()[:9000])
            os.setxattr('m/cut','system.ntfs_reparse_data',
                struct.pack('<IHHIIII',0x80000017,16,0,1,2,1,1))
            P
            """
                .formatted(content.length, content.length))) {
      for (String format : formats) {
        assertThat(bytes(tree, "/" + format)).as(format).isEqualTo(content);
        assertReadsAnywhere(tree, "/" + format, content);
      }
      assertThatThrownBy(() -> bytes(tree, "/cut")).isInstanceOf(UnreadableException.class);
    }
  }

  @Test
  void whatSomebodyElseKeepsIsRefusedByItsNameAndNeverZeros() throws IOException {
    try (FileTree tree =
        ntfs(
            "",
            """
            python3 - <<'P'
            import os,struct
            for name,tag in (('cloud',0x9000601a),('dedup',0x80000013),('hsm',0xc0000004),
                             ('other',0x80001234)):
                p='m/'+name; open(p,'wb').truncate(50000)
                os.setxattr(p,'system.ntfs_reparse_data',struct.pack('<IHH',tag,8,0)+b'12345678')
            open('m/here','wb').write(b'x'*50000)
            os.setxattr('m/here','system.ntfs_reparse_data',
                struct.pack('<IHH',0x9000101a,8,0)+b'12345678')
            for name,data in (('wim',(1,1,1,0)),('newer',(1,2,1,9))):
                p='m/'+name; open(p,'wb').truncate(50000)
                os.setxattr(p,'system.ntfs_reparse_data',
                    struct.pack('<IHHIIII',0x80000017,16,0,*data))
            P
            """)) {
      assertRefused(tree, "/cloud", "a cloud service (reparse point 0x9000601a)");
      assertRefused(tree, "/dedup", "data deduplication (reparse point 0x80000013)");
      assertRefused(tree, "/hsm", "hierarchical storage management");
      assertRefused(tree, "/other", "a service that is not known (reparse point 0x80001234)");
      assertRefused(tree, "/wim", "a WIM archive");
      assertRefused(tree, "/newer", "a compression of system files that is not known");
      byte[] here = new byte[50_000];
      Arrays.fill(here, (byte) 'x');
      assertThat(bytes(tree, "/here")).isEqualTo(here);
    }
  }

  private static void assertRefused(FileTree tree, String path, String by) {
    FileEntry file = tree.find(path).orElseThrow();
    assertThat(file.size()).isEqualTo(50_000);
    assertThatThrownBy(() -> tree.open(file))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining(by);
  }

  @ParameterizedTest(name = "zisofs {0}")
  @CsvSource({
    "'level=9'",
    "'level=9:block_size=128k'",
    "'level=1:version_2=on:block_size_v2=256k'",
    "'level=9:version_2=on:susp_z2=on'"
  })
  void whatZisofsCompressesIsRead(String parameters) throws IOException {
    Tool xorriso = Tool.named("xorriso");
    Path tree = Files.createDirectory(folder.resolve("t"));
    byte[] text = numbers(60_000);
    Files.write(tree.resolve("n.txt"), text);
    byte[] zeros = Arrays.copyOf(numbers(30_000), 400_000);
    Files.write(tree.resolve("zeros"), zeros);
    Path iso = folder.resolve("z.iso");
    xorriso.run(
        "-outdev",
        iso,
        "-zisofs",
        parameters,
        "-map",
        tree,
        "/",
        "-set_filter_r",
        "--zisofs",
        "/",
        "--",
        "-commit");
    try (FileTree files = blksh.filesystem.FileTrees.open(FileSource.open(iso))) {
      assertThat(files.find("/n.txt").orElseThrow().size()).isEqualTo(text.length);
      assertThat(bytes(files, "/n.txt")).isEqualTo(text);
      assertReadsAnywhere(files, "/n.txt", text);
      assertThat(bytes(files, "/zeros")).isEqualTo(zeros);
    }
    byte[] image = Files.readAllBytes(iso);
    int field = find(image, parameters.contains("z2") ? "Z2\u0010" : "ZF\u0010");
    image[field + 4] = 'x';
    Files.write(iso, image);
    try (FileTree files = blksh.filesystem.FileTrees.open(FileSource.open(iso))) {
      assertThatThrownBy(() -> bytes(files, "/n.txt"))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("compressed in a way that is not known (zisofs)");
    }
  }

  private static int find(byte[] bytes, String text) {
    int at = 0;
    while (!new String(bytes, at, text.length(), StandardCharsets.ISO_8859_1).equals(text)) {
      at++;
    }
    return at;
  }
}
