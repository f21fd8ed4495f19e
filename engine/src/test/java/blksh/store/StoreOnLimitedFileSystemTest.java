package blksh.store;

import static blksh.store.Images.assertClean;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.BlockSources;
import blksh.block.BlockStream;
import blksh.block.SourceInfo;
import blksh.kit.Content;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Names of captures where the file system lacks some, or takes one for another. */
class StoreOnLimitedFileSystemTest {

  private static final List<String> NAMES =
      List.of("Server", "server", "srv:sda", "what?", "büro", "a.b");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"exfat | mkfs.exfat", "ntfs | mkntfs -Q -F", "ext4 | mkfs.ext4 -q -F"})
  void noNameBecomesAnother(String kind, String command) throws IOException {
    Path disk = Volumes.blank(folder.resolve("disk"), 96 << 20);
    List<String> words = new ArrayList<>(List.of(command.split(" ")));
    words.add(disk.toString());
    Tool.named(words.remove(0)).run(words.toArray());
    Volumes.mounted(disk, kind, folder.resolve("mounted"), this::captureAll);
  }

  private void captureAll(Path mounted) throws IOException {
    Path place = mounted.resolve("store");
    Map<String, Path> images = new LinkedHashMap<>();
    try (Store store = Store.openOrCreate(place)) {
      for (int i = 0; i < NAMES.size(); i++) {
        Path image = Images.write(folder.resolve("image" + i), Content.random(9000 + i, i));
        images.put(NAMES.get(i), image);
        for (int version = 1; version <= 2; version++) {
          try (BlockSource source = BlockSources.open(image)) {
            CaptureResult result =
                store.capture(source, NAMES.get(i), CaptureOptions.defaults(), Task.unwatched());
            assertThat(result.manifest().reference()).isEqualTo(NAMES.get(i) + "@" + version);
          }
        }
      }
    }
    try (Store store = Store.open(place)) {
      assertThat(store.names()).containsExactlyInAnyOrderElementsOf(NAMES);
      assertThatThrownBy(() -> store.manifest("SERVER@1")).isInstanceOf(BlkshException.class);
      assertThat(store.manifests("SERVER")).isEmpty();
      for (String name : NAMES) {
        Path back = folder.resolve("back");
        store.restore(
            store.manifest(name + "@1"),
            back,
            RestoreOptions.defaults().withOverwrite(true),
            Task.unwatched());
        assertThat(back).as(name).hasSameBinaryContentAs(images.get(name));
      }
      store.delete(store.manifest("server@2"));
      assertThat(store.manifests("Server")).hasSize(2);
      assertThat(store.manifests("server")).hasSize(1);
      assertClean(store);
      store.reindex(Task.unwatched());
      assertThat(store.manifests()).hasSize(2 * NAMES.size() - 1);
      assertClean(store);
      for (Manifest each : store.manifests()) {
        store.delete(each);
      }
    }
    try (Store store = Store.open(place)) {
      for (String name : NAMES) {
        store.upkeep().undelete(name + "@1");
      }
      assertThat(store.names()).containsExactlyInAnyOrderElementsOf(NAMES);
      store.upkeep().compact(CompactOptions.defaults().withThreshold(1), Task.unwatched());
      assertThat(store.upkeep().trash()).isEmpty();
      assertClean(store);
    }
  }

  /** A source that must not be read. */
  private static final class Untouched extends InputStream {
    @Override
    public int read() throws IOException {
      throw new IOException("it was read");
    }
  }

  @ParameterizedTest
  @CsvSource("exfat")
  void aNameThatCannotBeKeptIsRefusedBeforeAnythingIsRead(String kind) throws IOException {
    Path disk = Volumes.blank(folder.resolve("disk"), 96 << 20);
    Tool.named("mkfs.exfat").run(disk);
    Volumes.mounted(
        disk,
        kind,
        folder.resolve("mounted"),
        mounted -> {
          try (Store store = Store.openOrCreate(mounted.resolve("store"));
              BlockStream stream =
                  new BlockStream(new Untouched(), new SourceInfo("stream", "s", "-"))) {
            String name = "ü:".repeat(60);
            assertThatThrownBy(
                    () -> store.capture(stream, name, CaptureOptions.defaults(), Task.unwatched()))
                .isInstanceOf(BlkshException.class)
                .hasMessageContaining("cannot have a folder of that name");
            assertThat(Files.list(mounted.resolve("store/manifests"))).isEmpty();
          }
        });
  }
}
