package blksh.iso;

import blksh.BlkshException;
import blksh.iso.ContentBatch.Part;
import blksh.task.Handoff;
import blksh.task.Task;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The way of contents to a disc: read by one thread, written by another, proven by a third, a few
 * batches ahead of each other.
 */
final class ContentPipeline implements ContentReader.Batches {

  private static final int BATCHES = 12;
  private static final int USERS = 2;
  private static final int MOST_FAULTS = 1000;

  private final DiscContents contents;
  private final Task task;
  private final Handoff<ContentBatch> free = new Handoff<>(BATCHES);
  private final Handoff<ContentBatch> toWrite = new Handoff<>(BATCHES);
  private final Handoff<ContentBatch> toProve = new Handoff<>(BATCHES);
  private final Map<String, MessageDigest> digests = new HashMap<>();
  private final List<DiscFault> faults = new ArrayList<>();
  private long faultCount;
  private long proven;

  ContentPipeline(DiscContents contents, Task task) {
    this.contents = contents;
    this.task = task;
    for (int i = 0; i < BATCHES; i++) {
      free.put(new ContentBatch());
    }
    task.whenCancelled(this::end);
  }

  /** Lets nobody wait any more. */
  void end() {
    free.end();
    toWrite.end();
    toProve.end();
  }

  /** What the thread that reads does. */
  void read(DiscPlan plan) {
    new ContentReader(contents, this).read(plan.new Contents());
    toWrite.close();
    toProve.close();
  }

  @Override
  public ContentBatch next() {
    task.checkCancelled();
    ContentBatch batch = free.take();
    if (batch != null) {
      batch.begin(USERS);
    }
    return batch;
  }

  @Override
  public void filled(ContentBatch batch) {
    toWrite.put(batch);
    toProve.put(batch);
  }

  @Override
  public void settle() {
    List<ContentBatch> all = new ArrayList<>();
    ContentBatch batch = free.take();
    while (batch != null) {
      all.add(batch);
      batch = all.size() < BATCHES ? free.take() : null;
    }
    all.forEach(free::put);
  }

  private void done(ContentBatch batch) {
    if (batch.isDone()) {
      free.put(batch);
    }
  }

  /** What the thread that writes does, when contents are due. */
  void write(ImageOutput out) throws IOException {
    for (ContentBatch batch = toWrite.take(); batch != null; batch = toWrite.take()) {
      out.put(batch.all());
      done(batch);
    }
    task.checkCancelled();
  }

  /** What the thread that proves does. */
  void prove() {
    for (ContentBatch batch = toProve.take(); batch != null; batch = toProve.take()) {
      for (Part part : batch.parts()) {
        MessageDigest digest = digest(part.copy().algorithm());
        if (digest != null) {
          digest.update(batch.part(part.from(), part.length()));
        }
        if (part.isEnd()) {
          judge(part.copy(), digest == null ? null : digest.digest());
        }
      }
      done(batch);
    }
  }

  /** A digest, which is new again once it was told: contents come one after the other. */
  private MessageDigest digest(String algorithm) {
    return algorithm == null ? null : digests.computeIfAbsent(algorithm, ContentPipeline::begin);
  }

  private static MessageDigest begin(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new BlkshException("prove contents by " + algorithm, "it is not known here", e);
    }
  }

  private void judge(ContentCopy copy, byte[] digest) {
    DiscFault fault = copy.tell(contents, digest);
    proven++;
    if (fault != null) {
      faultCount++;
      if (faults.size() < MOST_FAULTS) {
        faults.add(fault);
      }
    }
  }

  /** What it came to, once all threads have ended. */
  DiscReport report(long bytes) {
    return new DiscReport(bytes, proven, List.copyOf(faults), faultCount);
  }
}
