package blksh.store.sealed;

import blksh.store.shelf.Blob;
import blksh.store.shelf.Part;
import blksh.store.shelf.Spool;
import java.io.IOException;
import java.util.List;

/** Where the blobs of a sealed shelf grow: where those of the shelf below do. */
final class SealedSpool implements Spool {

  private final Spool spool;
  private final SealedShelf shelf;

  SealedSpool(Spool spool, SealedShelf shelf) {
    this.spool = spool;
    this.shelf = shelf;
  }

  @Override
  public Part begin(String name) throws IOException {
    return SealedPart.begun(spool.begin(shelf.stored(name)), shelf, name);
  }

  @Override
  public Part takeOver(String name) throws IOException {
    Part part = spool.takeOver(shelf.stored(name));
    return part == null ? null : SealedPart.takenOver(part, shelf, name);
  }

  @Override
  public void discardDead(String name) throws IOException {
    spool.discardDead(shelf.stored(name));
  }

  @Override
  public Blob look(String name) throws IOException {
    return SealedBlob.growing(() -> spool.look(shelf.stored(name)), name, shelf.key());
  }

  @Override
  public List<String> parts(String prefix) throws IOException {
    return shelf.clear(spool.parts(shelf.storedFolder(prefix)), prefix);
  }
}
