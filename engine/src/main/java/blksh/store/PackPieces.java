package blksh.store;

import blksh.store.pack.PackCheck;
import java.util.List;

/**
 * The contents of packs in pieces, for several workers at once. A pack is opened for its first
 * piece, and closed by whoever checks its last one, so that few are open at a time.
 */
final class PackPieces {

  /** A part of the contents of an open pack. */
  record Piece(PackCheck pack, int number) {}

  private final List<PackCheck> packs;
  private int pack;
  private int piece;
  private boolean stopped;

  PackPieces(List<PackCheck> packs) {
    this.packs = packs;
  }

  /** The piece to check next; null when there is none. */
  synchronized Piece next() {
    while (!stopped && pack < packs.size()) {
      PackCheck check = packs.get(pack);
      if (piece < check.pieces() && (piece > 0 || check.open())) {
        return new Piece(check, piece++);
      }
      pack++;
      piece = 0;
    }
    return null;
  }

  /** Hands out no more. */
  synchronized void stop() {
    stopped = true;
  }
}
