package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.ChildJvm;
import blksh.kit.Effort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TargetFileTest {

  private static final int KILLS = Effort.of("blksh.kills", 8, 100);
  private static final int SIZE = 4 << 20;

  @TempDir Path folder;

  private TargetFile open(Path path) {
    return TargetFile.open(path, "restore to " + path, SIZE, true, false);
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void aFileAppearsWhenItIsWholeAndReplacesWhatWasThere() throws IOException {
    Path path = Files.writeString(folder.resolve("disk"), "before");
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-r-----"));
    try (TargetFile target = open(path)) {
      target.setLength(SIZE);
      target.write(SIZE - 3, ByteBuffer.wrap(new byte[] {1, 2, 3}));
      assertThat(path).hasContent("before");
      target.finish();
    }
    byte[] bytes = Files.readAllBytes(path);
    assertThat(bytes).hasSize(SIZE).endsWith(1, 2, 3);
    assertThat(Files.getPosixFilePermissions(path))
        .isEqualTo(PosixFilePermissions.fromString("rw-r-----"));
    assertThat(files()).containsExactly("disk");
  }

  @Test
  void whatIsNotFinishedLeavesNothing() throws IOException {
    Path path = folder.resolve("disk");
    try (TargetFile target = open(path)) {
      target.setLength(SIZE);
      assertThat(files()).containsExactly(".disk.blksh.part");
    }
    assertThat(files()).isEmpty();
  }

  @Test
  void whatIsBeingWrittenIsLeftToItsWriter() throws IOException {
    Path path = folder.resolve("disk");
    try (TargetFile target = open(path)) {
      target.write(0, ByteBuffer.wrap(new byte[] {7, 8}));
      assertThatThrownBy(() -> open(path))
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("it is being written by another");
      target.finish();
    }
    assertThat(Files.readAllBytes(path)).containsExactly(7, 8);
    assertThat(files()).containsExactly("disk");
  }

  @Test
  void aWriterIsMetWhicheverWayThePathGoes() throws IOException {
    Path directory = Files.createDirectory(folder.resolve("directory"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), directory);
    try (TargetFile target = open(directory.resolve("disk"))) {
      for (Path way : List.of(link.resolve("disk"), directory.resolve("../directory/disk"))) {
        assertThatThrownBy(() -> open(way))
            .isInstanceOf(BlkshException.class)
            .hasMessageContaining("it is being written by another");
      }
      target.write(0, ByteBuffer.wrap(new byte[] {7}));
      target.finish();
    }
    assertThat(Files.readAllBytes(directory.resolve("disk"))).containsExactly(7);
  }

  @Test
  void whatWasMadeMeanwhileIsNotReplaced() throws IOException {
    Path path = folder.resolve("disk");
    try (TargetFile target = TargetFile.open(path, "write", 1, false, false)) {
      target.write(0, ByteBuffer.wrap(new byte[] {7}));
      Files.writeString(path, "mine");
      assertThatThrownBy(target::finish).hasMessageContaining("made meanwhile");
    }
    assertThat(path).hasContent("mine");
    assertThat(files()).containsExactly("disk");
  }

  @Test
  void aLinkIsFollowedAndStays() throws IOException {
    Path path = Files.writeString(folder.resolve("disk"), "before");
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("disk"));
    try (TargetFile target = open(link)) {
      target.write(0, ByteBuffer.wrap(new byte[] {7}));
      target.finish();
    }
    assertThat(Files.readAllBytes(path)).containsExactly(7);
    assertThat(link).isSymbolicLink();
  }

  /** Writes one generation after the other over a file, until it is killed. */
  static final class Writer {
    public static void main(String[] arguments) throws IOException {
      Path path = Path.of(arguments[0]);
      for (int generation = Integer.parseInt(arguments[1]); ; generation++) {
        byte[] piece = new byte[SIZE / 8];
        Arrays.fill(piece, (byte) generation);
        try (TargetFile target = TargetFile.open(path, "write", SIZE, true, false)) {
          target.setLength(SIZE);
          for (int at = SIZE - piece.length; at >= 0; at -= piece.length) {
            target.write(at, ByteBuffer.wrap(piece));
          }
          target.finish();
        }
        System.out.println(generation);
      }
    }
  }

  @Test
  void aWriterKilledAtAnyInstantLeavesAWholeFile() throws Exception {
    Path path = folder.resolve("disk");
    Path said = folder.resolve("said");
    Random random = new Random(11);
    int generation = 0;
    for (int kill = 0; kill < KILLS; kill++) {
      Process writer =
          ChildJvm.start(
              said, List.of("-Xmx32m"), Writer.class, path.toString(), "" + (generation + 1));
      ChildJvm.awaitOutput(writer, said);
      writer.waitFor(random.nextInt(60_000), TimeUnit.MICROSECONDS);
      writer.destroyForcibly().waitFor();
      String text = Files.readString(said);
      List<String> lines = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
      int reported = Integer.parseInt(lines.get(lines.size() - 1));
      byte[] bytes = Files.readAllBytes(path);
      assertThat(bytes).hasSize(SIZE);
      assertThat(bytes[0]).isIn((byte) reported, (byte) (reported + 1));
      byte[] whole = new byte[SIZE];
      Arrays.fill(whole, bytes[0]);
      assertThat(Arrays.equals(bytes, whole)).as("after kill %d", kill).isTrue();
      generation = reported + 1;
    }
    open(path).close(); // what the killed one left is taken over
    assertThat(files()).containsExactly("disk", "said");
  }
}
