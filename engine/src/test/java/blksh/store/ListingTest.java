package blksh.store;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.Exclusion;
import blksh.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What versions there are, the files say; an index of before, or of elsewhere, decides nothing. */
class ListingTest {

  @TempDir Path folder;
  private Path path;

  @BeforeEach
  void storeOfFourVersions() {
    path = folder.resolve("store");
    for (int version = 1; version <= 4; version++) {
      capture("disk", version);
    }
  }

  private Manifest capture(String name, int seed) {
    try (Store store = Store.openOrCreate(path)) {
      ByteArraySource source = new ByteArraySource(Content.random(5000 + seed, seed));
      return store.capture(source, name, CaptureOptions.defaults(), Task.unwatched()).manifest();
    }
  }

  private void delete(String reference) {
    try (Store store = Store.open(path)) {
      store.delete(reference);
    }
  }

  private List<String> listed() {
    try (Store store = Store.open(path)) {
      assertThat(Images.verify(store).damage())
          .allMatch(damage -> damage.problem().contains("nothing is lost"));
      List<String> listed = store.manifests().stream().map(Manifest::reference).toList();
      assertThat(store.names().stream().flatMap(name -> store.manifests(name).stream()))
          .extracting(Manifest::reference)
          .containsExactlyElementsOf(listed);
      assertThat(store.info().manifests()).isEqualTo(listed.size());
      return listed;
    }
  }

  private Path index() {
    return path.resolve("index.db");
  }

  /** Puts back an index as it was, as a power cut does, or whoever copies it. */
  private void putBack(Path before) throws IOException {
    Files.copy(before, index(), StandardCopyOption.REPLACE_EXISTING);
    Files.deleteIfExists(path.resolve("index.db-wal"));
    Files.deleteIfExists(path.resolve("index.db-shm"));
  }

  @Test
  void anIndexOfBeforeNeitherListsWhatIsGoneNorHidesWhatCame() throws IOException {
    Path before = Files.copy(index(), folder.resolve("before"));
    delete("disk@4");
    capture("other", 9);
    putBack(before);
    assertThat(listed()).containsExactly("disk@1", "disk@2", "disk@3", "other@1");
  }

  @Test
  void whatIsGoneIsNotCountedAsKept() throws IOException {
    Path before = Files.copy(index(), folder.resolve("before"));
    delete("disk@4");
    putBack(before);
    try (Store store = Store.open(path)) {
      store.expendable("disk", 1).forEach(store::delete);
    }
    assertThat(listed()).containsExactly("disk@3");
  }

  @Test
  void anIndexOfAnotherStoreIsNotBelieved() throws IOException {
    Path mine = path;
    path = folder.resolve("another");
    capture("disk", 21);
    capture("theirs", 22);
    Path theirs = Files.copy(index(), folder.resolve("theirs"));
    path = mine;
    putBack(theirs);
    assertThat(listed()).containsExactly("disk@1", "disk@2", "disk@3", "disk@4");
    try (Store store = Store.open(path)) {
      assertThat(store.manifest("disk@1").size()).isEqualTo(5001);
      assertThat(store.manifests().get(0)).isEqualTo(store.manifest("disk@1"));
    }
  }

  @Test
  void aNumberIsNotGivenAgainThoughItsVersionIsGone() throws IOException {
    delete("disk@4");
    assertThat(capture("disk", 5).version()).isEqualTo(5);
    delete("disk@5");
    try (Store store = Store.open(path)) {
      store.reindex(Task.unwatched());
    }
    assertThat(capture("disk", 6).version()).isEqualTo(6);
  }

  @Test
  void aVersionRemovedByHandIsGone() throws IOException {
    Files.delete(path.resolve("manifests/disk/2.manifest"));
    assertThat(listed()).containsExactly("disk@1", "disk@3", "disk@4");
  }

  @Test
  void nobodyIsWaitedForToList() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    try (Exclusion publisher = new DirectoryShelf(path).exclusion().orElseThrow()) {
      Future<?> publishing =
          threads.submit(
              () ->
                  publisher.publishing(
                      () -> {
                        held.countDown();
                        return await(done);
                      }));
      held.await();
      Files.delete(index()); // it is made again meanwhile
      Future<List<String>> listing = threads.submit(this::listed);
      assertThat(listing.get(30, TimeUnit.SECONDS)).hasSize(4);
      done.countDown();
      publishing.get(30, TimeUnit.SECONDS);
    } finally {
      done.countDown();
      threads.shutdown();
    }
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      return false;
    }
  }
}
