package blksh.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.filesystem.FileEntry;
import blksh.filesystem.FileTree;
import blksh.kit.FileTrees;
import blksh.kit.Tool;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Snapshots looked into without restoring them, in both forms. */
class SnapshotFilesTest {

  @TempDir Path folder;

  private Path source;
  private SnapshotSet snapshots;
  private FileTree files;

  private void take(boolean stored) throws IOException {
    take(stored, "true");
  }

  private void take(boolean stored, String script) throws IOException {
    source = Files.createDirectory(folder.resolve("src")).toRealPath();
    FileTrees.makeEveryKind(source);
    FileTrees.script(source, script);
    snapshots =
        stored
            ? new StoredSnapshots(
                Store.create(folder.resolve("kept"), StoreOptions.defaults()), true)
            : LinkedSnapshots.in(folder.resolve("kept"));
    Snapshot taken =
        snapshots.take(SnapshotRequest.of(source).named("s"), Task.unwatched()).snapshot();
    files = snapshots.files(taken.name());
  }

  @AfterEach
  void close() throws IOException {
    if (files != null) {
      files.close();
      snapshots.close();
    }
    Tool.named("find").run(folder, "-mindepth", "1", "-delete"); // paths may be too long for Java
  }

  private FileEntry entry(String path) {
    return files.find(source + "/" + path).orElseThrow();
  }

  private String text(FileEntry entry) {
    try (BlockSource contents = files.open(entry)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) contents.size());
      contents.read(0, bytes);
      return new String(bytes.array(), StandardCharsets.ISO_8859_1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyEntryIsFoundUnderItsName(boolean stored) throws IOException {
    take(stored);
    List<FileEntry> walked = new ArrayList<>();
    files.walk(entry(""), Task.unwatched(), walked::add);
    long there = Long.parseLong(FileTrees.script(source, "find . -mindepth 1 -printf x | wc -c"));
    assertThat(walked).hasSize((int) there);
    for (FileEntry each : walked) {
      assertThat(files.find(each.path())).as(each.path()).isPresent();
    }
    assertThat(text(entry("names/\\xfe"))).isEqualTo("a");
    assertThat(text(entry("names/new\\x0aline"))).isEqualTo("e");
    assertThat(entry("sparse/hole").size()).isEqualTo(3L << 30);
    assertThat(entry("dangling").link()).isEqualTo("/nowhere/at/all");
    assertThat(entry("pipe").kind()).isEqualTo(FileEntry.Kind.SPECIAL);
    assertThat(entry("modes/suid").mode()).isEqualTo(06751);
    assertThat(entry("links/A").id()).isEqualTo(entry("links/a").id());
    assertThat(entry("links/A").id()).isNotEqualTo(entry("C").id());
    assertThat(files.find(source + "/one/below")).isEmpty();
    assertThat(files.find(source + "/there/below")).isEmpty();
    assertThat(files.find(source + "/none/at/all")).isEmpty();
    assertThatThrownBy(() -> files.open(entry("pipe"))).isInstanceOf(BlkshException.class);
  }

  /** As root: owners, set-id bits, attributes, access lists and hard links, of empty files too. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsCopiedOutIsWhatWasTaken(boolean stored) throws IOException {
    take(
        stored,
        """
        touch empty1 empty3; chown 12:34 empty1; ln empty1 links/empty2; rm pipe null disc
        python3 - <<'P'
        import os,struct
        none=0xffffffff
        entries=((1,6,none),(2,6,1234),(4,4,none),(16,6,none),(32,4,none))
        acl=struct.pack('<I',2)+b''.join(struct.pack('<HHI',*e) for e in entries)
        os.setxattr('one','user.note',b'hi')
        os.setxattr('links','trusted.mark',b'x')
        os.setxattr('C','system.posix_acl_access',acl)
        P
        """);
    String before = FileTrees.listing(source);
    Path to = folder.resolve("out");
    Task task = new Task("copy", "it");
    files.copyOut(entry(""), to, task);
    assertThat(task.findings()).isEmpty();
    assertThat(FileTrees.listing(to)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatIsCopiedOutHasItsNameByteForByte(boolean stored) throws IOException {
    take(stored);
    Path to = folder.resolve("out");
    files.copyOut(entry("names"), to, Task.unwatched());
    assertThat(Tool.named("diff").run("-r", source.resolve("names"), to)).isEmpty();
    files.copyOut(entry("dangling"), folder.resolve("link"), Task.unwatched());
    assertThat(Files.readSymbolicLink(folder.resolve("link"))).hasToString("/nowhere/at/all");
  }
}
