package blksh.store;

import blksh.block.SourceInfo;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An image that is put together while it is captured, piece by piece in its order. All pieces are
 * of whole pages.
 */
public interface PiecedImage {

  /** What a piece is of, from its plan to its place in the store. */
  interface Part {

    /**
     * Fills all bytes of a piece that {@link ImagePiece#fill} planned; on any thread, several
     * pieces at a time.
     *
     * @param bytes a direct buffer from 0 to the bytes of the piece; it holds anything
     */
    default void fill(ByteBuffer bytes) {}

    /** Takes note that the piece has its place; in the order of the image, one at a time. */
    default void placed(ImagePiece piece) throws IOException {}
  }

  /**
   * Plans the next piece; false at the end. Called by one thread at a time, in the order of the
   * image, before earlier pieces have their places.
   */
  boolean next(ImagePiece piece);

  /** The capture has failed, or was cancelled: {@link #next} need not wait for anything. */
  void giveUp();

  /** What is captured, for people. */
  SourceInfo describe();

  /** What the tree in it holds; asked once all pieces have their places. */
  ManifestFigures.Tree figures();
}
