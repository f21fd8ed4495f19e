package blksh.tree;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.io.DirectoryHandle;
import blksh.kit.FileTrees;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeWriterTest {

  @TempDir Path folder;

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aDirectoryThatIsClosedTakesMoreAndIsClosedAgain() throws IOException {
    FileTrees.script(folder, "mkdir to to/d; chmod 555 to/d; mkdir like; chmod 555 like");
    TreeMetadata closed;
    try (DirectoryHandle in = DirectoryHandle.open(folder)) {
      closed = TreeMetadata.of(in.status(bytes("like")), in.attributes(bytes("like")));
    }
    Path there = folder.resolve("to/d");
    List<String> lost = new ArrayList<>();
    try (TreeWriter writer = new TreeWriter(folder.resolve("to"), lost::add)) {
      writer.directory(bytes("d"), closed);
      assertThat(Files.getAttribute(there, "unix:mode")).isEqualTo(040755);
      writer.wholeFile(bytes("d/f"), closed, file -> file.write(0, direct("contents")));
      writer.finish();
    }

    assertThat(lost).isEmpty();
    assertThat(there.resolve("f")).hasContent("contents");
    assertThat(Files.getAttribute(there, "unix:mode")).isEqualTo(040555);
  }

  private static ByteBuffer direct(String text) {
    byte[] bytes = bytes(text);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }
}
