package blksh.iso;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.EndedException;
import blksh.io.UnreadableException;
import blksh.iso.ContentBatch.Part;
import blksh.iso.DiscFault.Kind;
import blksh.task.CancelledException;
import java.nio.ByteBuffer;

/** Reads contents one after the other into batches, as they shall stand on the disc. */
final class ContentReader {

  /** Where batches come from and go to. */
  interface Batches {
    /** An empty one; null when no more is wanted. */
    ContentBatch next();

    /** Takes one that is filled. */
    void filled(ContentBatch batch);

    /** Returns when all that was taken is written and proven. */
    void settle();
  }

  private final DiscContents contents;
  private final Batches batches;
  private ContentBatch batch;

  ContentReader(DiscContents contents, Batches batches) {
    this.contents = contents;
    this.batches = batches;
  }

  /** Reads all contents of a disc, unless no more is wanted. */
  void read(DiscPlan.Contents planned) {
    while (planned.next()) {
      DiscContent content = planned.content();
      if (content.last()) {
        handOn();
        batches.settle();
      }
      ContentDigest expected = contents.digest(content.id());
      if (!copy(new ContentCopy(content, planned.path(), expected))) {
        return;
      }
    }
    handOn();
  }

  private void handOn() {
    if (batch != null) {
      batches.filled(batch);
      batch = null;
    }
  }

  /** Whether there is a batch with room. */
  private boolean hasRoom() {
    if (batch != null && batch.room() == 0) {
      handOn();
    }
    if (batch == null) {
      batch = batches.next();
    }
    return batch != null;
  }

  /** Copies one; false when no more is wanted. */
  private boolean copy(ContentCopy copy) {
    long at = 0;
    try (BlockSource source = contents.open(copy.id())) {
      if (source.size() > copy.size()) {
        copy.fault(Kind.LONGER, "it has %d bytes more".formatted(source.size() - copy.size()));
      }
      while (at < copy.size()) {
        if (!hasRoom()) {
          return false;
        }
        at += fill(copy, source, at);
      }
    } catch (CancelledException e) {
      throw e;
    } catch (BlkshException e) {
      copy.fault(Kind.UNREADABLE, e.getMessage());
    }
    while (at < copy.size()) {
      if (!hasRoom()) {
        return false;
      }
      int length = (int) Math.min(copy.size() - at, batch.room());
      int from = batch.bytes().position();
      batch.zeros(length);
      at += length;
      end(copy, from, at);
    }
    return true;
  }

  /** Puts a stretch into the batch, with zeros for what cannot be had. @return its bytes */
  private int fill(ContentCopy copy, BlockSource source, long at) {
    ByteBuffer bytes = batch.bytes();
    int from = bytes.position();
    int length = (int) Math.min(copy.size() - at, batch.room());
    int done = 0;
    while (done < length) {
      bytes.limit(from + length);
      int got;
      try {
        got = at + done >= source.size() ? 0 : source.read(at + done, bytes);
        if (got == 0) {
          copy.fault(Kind.SHORTER, "it has only %d bytes now".formatted(at + done));
          got = length - done;
        }
      } catch (EndedException e) {
        copy.fault(Kind.SHORTER, "it has only %d bytes now".formatted(e.start()));
        got = length - done;
      } catch (UnreadableException e) {
        copy.fault(Kind.UNREADABLE, e.getMessage());
        long end = Math.max(at + done + 1, e.start() + e.length());
        got = (int) Math.min(length, end - at) - done;
        // What was read before that range is right, and the buffer stands behind it.
        int good = (int) Math.max(0, Math.min(got, e.start() - at - done));
        bytes.position(from + done + good);
      } catch (RuntimeException e) {
        bytes.clear().position(from);
        throw e;
      }
      bytes.limit(bytes.capacity());
      batch.zeros(from + done + got - bytes.position());
      done += got;
    }
    end(copy, from, at + length);
    return length;
  }

  /** Notes a part that was put in, and fills the sector that a content ends in. */
  private void end(ContentCopy copy, int from, long at) {
    ByteBuffer bytes = batch.bytes();
    boolean isEnd = at == copy.size();
    batch.parts().add(new Part(copy, from, bytes.position() - from, isEnd));
    if (isEnd) {
      batch.zeros((DiscPlan.SECTOR - bytes.position() % DiscPlan.SECTOR) % DiscPlan.SECTOR);
    }
  }
}
