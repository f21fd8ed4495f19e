package blksh.store;

import blksh.BlkshException;
import blksh.io.DirectBuffer;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes everything derived again from packs and manifests. What a pack says twice and has lost once
 * (its header, its footer, a frame's header) is written anew from the other place, into a new file
 * that replaces the pack once it is durable; page numbers stay.
 */
final class Reindex {

  private final Store store;
  private final Task task;
  private final List<String> repaired = new ArrayList<>();
  private final List<Damage> damage = new ArrayList<>();

  Reindex(Store store, Task task) {
    this.store = store;
    this.task = task;
  }

  ReindexReport run() throws IOException {
    long started = System.nanoTime();
    if (store.repairDescriptor()) {
      repaired.add(StoreDescriptor.FILE);
    }
    task.phase("packs");
    List<Long> ids = store.packs().list().sealed();
    for (long id : ids) {
      task.checkCancelled();
      repair(id);
    }
    task.phase("indexing");
    store.remake(damage);
    damage.forEach(d -> task.finding(d.file() + ": " + d.problem()));
    List<StoreIndex.PackRow> rows = store.index().packs();
    return new ReindexReport(
        rows.size(),
        rows.stream().mapToLong(StoreIndex.PackRow::pages).sum(),
        store.manifests().size(),
        List.copyOf(repaired),
        List.copyOf(damage),
        Duration.ofNanos(System.nanoTime() - started));
  }

  /** Looks for the same and changes nothing. */
  ReindexReport dryRun() {
    long started = System.nanoTime();
    if (store.descriptorProblem() != null) {
      repaired.add(StoreDescriptor.FILE);
    }
    task.phase("packs");
    List<Long> ids = store.packs().list().sealed();
    long pages = 0;
    for (long id : ids) {
      task.checkCancelled();
      pages += inspect(id);
    }
    int manifests = store.readableManifests(damage).size();
    damage.forEach(d -> task.finding(d.file() + ": " + d.problem()));
    return new ReindexReport(
        ids.size(),
        pages,
        manifests,
        List.copyOf(repaired),
        List.copyOf(damage),
        Duration.ofNanos(System.nanoTime() - started));
  }

  /** Notes what a pack lacks and gives its pages. */
  private long inspect(long id) {
    String name = store.path().relativize(store.packs().pathOf(id)).toString();
    try (Pack pack = store.packs().acquire(id)) {
      if (!sound(pack, id)) {
        repaired.add(name);
      }
      return pack.footer().pages();
    } catch (BlkshException e) {
      damage.add(new Damage(name, 0, 0, e.problem(), List.of()));
    } catch (IOException e) {
      damage.add(new Damage(name, 0, 0, Bytes.reason(e), List.of()));
    }
    return 0;
  }

  private boolean sound(Pack pack, long id) throws IOException {
    byte[] header = pack.file().read(0, Pack.HEADER);
    boolean headerSound = java.util.Arrays.equals(header, Pack.header(id, store.idBytes()));
    return headerSound && pack.footerSound() && digestsSound(pack) && framesSound(pack);
  }

  private void repair(long id) {
    Path path = store.packs().pathOf(id);
    String name = store.path().relativize(path).toString();
    try (Pack pack = store.packs().acquire(id)) {
      if (sound(pack, id)) {
        return;
      }
      rewrite(pack, path);
      repaired.add(name);
    } catch (BlkshException e) {
      damage.add(new Damage(name, 0, 0, e.problem(), List.of()));
    } catch (IOException e) {
      damage.add(new Damage(name, 0, 0, Bytes.reason(e), List.of()));
    }
  }

  private static boolean digestsSound(Pack pack) throws IOException {
    for (int block = 0; block < pack.footer().digestBlocks(); block++) {
      if (pack.footer().digestBlock(pack.file(), block) == null) {
        return false;
      }
    }
    return true;
  }

  private static boolean framesSound(Pack pack) throws IOException {
    for (int frame = 0; frame < pack.footer().frames(); frame++) {
      if (headerOf(pack, frame) == null) {
        return false;
      }
    }
    return true;
  }

  private static Frame headerOf(Pack pack, int frame) throws IOException {
    int length = Frame.headerLength(pack.footer().pagesIn(frame));
    return Frame.parse(pack.file().read(pack.footer().offset(frame), length), 0, length);
  }

  /**
   * Copies the frames that can be read as they are, and makes anew the header of those that cannot.
   * A frame whose pages are damaged is copied too: nothing is thrown away.
   */
  private void rewrite(Pack pack, Path path) throws IOException {
    PackFooter footer = pack.footer();
    Path part = PackWriter.partOf(path);
    Files.deleteIfExists(part);
    PackWriter writer = PackWriter.create(pack.id(), path, store.idBytes());
    boolean sealed = false;
    try (Codec.Compressor compressor = store.codec().compressor();
        DirectBuffer rawMemory = DirectBuffer.borrow(Frame.MAX_RAW);
        DirectBuffer outMemory = DirectBuffer.borrow(Frame.MAX_HEADER + Frame.MAX_RAW)) {
      Pack.Reader reader = new Pack.Reader();
      Pack.Loaded loaded = new Pack.Loaded(Frame.MAX_PAGES);
      ByteBuffer raw = rawMemory.bytes();
      ByteBuffer out = outMemory.bytes();
      for (int frame = 0; frame < footer.frames(); frame++) {
        int stored = footer.storedLength(frame);
        int header = Frame.headerLength(footer.pagesIn(frame));
        if (headerOf(pack, frame) != null) {
          writer.append(ByteBuffer.wrap(pack.file().read(footer.offset(frame), header + stored)));
          continue;
        }
        pack.load(frame, -1, reader, loaded);
        int all = loaded.pages == 32 ? -1 : (1 << loaded.pages) - 1;
        if (loaded.proven() != all) {
          throw new IOException("a frame has lost its header and pages; the pack stays as it is");
        }
        int rawLength = loaded.starts[loaded.pages];
        raw.put(0, loaded.raw, 0, rawLength);
        Frame.write(
            store.codec(),
            compressor,
            loaded.firstPage,
            loaded.pages,
            raw,
            0,
            rawLength,
            loaded.digests,
            0,
            out.clear());
        writer.append(out.flip());
      }
      writer.seal();
      sealed = true;
    } finally {
      if (!sealed) {
        writer.discard();
      }
    }
  }
}
