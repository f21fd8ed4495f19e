package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.ExtendedAttributes;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.task.Handoff;
import blksh.task.Task;
import blksh.task.Workers;
import blksh.tree.LeftOut;
import blksh.tree.ScanCache;
import blksh.tree.ScanRow;
import blksh.tree.TreeEntry;
import blksh.tree.TreePart;
import blksh.tree.TreeScan;
import blksh.tree.Unread;
import blksh.tree.WalkOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Takes a snapshot of the linked form, into a tree that has no name yet. One thread walks and makes
 * the directories, the others put the files there.
 */
final class LinkedTake {

  private static final Path SYSTEM_ROOT = Path.of("/");

  /** Parts of directories that wait for somebody to put their files there. */
  private static final int AHEAD = 16;

  private final LinkedDestination destination;
  private final TakeTargets targets;
  private final Task task;
  private final long id;
  private final WalkOptions options;

  /** What absolute links are to begin with; null when they stay as they are. */
  private final byte[] root;

  private final DirectoryHandle growing;
  private final PreviousTrees previous;
  private final ScanCache cache;
  private final Keeping keeping = Keeping.ofThisUser();
  private final Problems problems;
  private final HardLinks hardLinks = new HardLinks();
  private final Handoff<Job> jobs = new Handoff<>(AHEAD);

  /** The directories the walk is in. Of its thread alone. */
  private final Deque<LinkedDirectory> open = new ArrayDeque<>();

  final AtomicLong entries = new AtomicLong();
  final AtomicLong bytes = new AtomicLong();
  final AtomicLong unchanged = new AtomicLong();
  final AtomicLong read = new AtomicLong();
  final AtomicLong stored = new AtomicLong();
  final AtomicLong missing = new AtomicLong();
  final AtomicLong leftOut = new AtomicLong();

  LinkedTake(
      LinkedDestination destination,
      TakeTargets targets,
      WalkOptions options,
      byte[] root,
      long id,
      DirectoryHandle growing,
      PreviousTrees previous,
      ScanCache cache,
      Problems problems,
      Task task) {
    this.destination = destination;
    this.targets = targets;
    this.options = options;
    this.root = root;
    this.id = id;
    this.growing = growing;
    this.previous = previous;
    this.cache = cache;
    this.problems = problems;
    this.task = task;
  }

  /** A part whose files are to be put into a directory of the snapshot. */
  private record Job(TreePart part, LinkedDirectory directory, DirectoryHandle made)
      implements AutoCloseable {
    @Override
    public void close() {
      made.close();
      part.release();
    }
  }

  /** Makes the tree; it is not durable yet. */
  void run() throws IOException {
    AtomicBoolean walks = new AtomicBoolean();
    try {
      Workers.run(
          task,
          Workers.count() + 1,
          () -> {
            if (walks.compareAndSet(false, true)) {
              walk();
            } else {
              work();
            }
          },
          jobs::end);
    } finally {
      for (Job left = jobs.left(); left != null; left = jobs.left()) {
        left.close();
      }
      hardLinks.close();
    }
    task.checkCancelled();
  }

  private void walk() throws IOException {
    TreeScan.of(SYSTEM_ROOT, targets.starts(), options.without(List.of(destination.status())))
        .run(task, this::visit);
    while (!open.isEmpty()) {
      open.pop().done(this::finish);
    }
    jobs.close();
  }

  private void visit(TreePart part) throws IOException {
    LinkedDirectory directory = part.number() == 0 ? enter(part) : back(part.path());
    for (LeftOut each : part.leftOut()) {
      leftOut.incrementAndGet();
    }
    for (Unread each : part.unread()) {
      tell(TreeEntry.path(part.path(), each.name()), each.failure(), each.gone());
    }
    if (part.entries().isEmpty() && part.handle() == null) {
      note(part, List.of());
      return;
    }
    DirectoryHandle made = directory.open(growing);
    boolean given = false;
    try {
      for (TreeEntry each : part.entries()) {
        if (each.status().isDirectory()) {
          made.makeDirectory(each.name(), 0700);
        }
      }
      directory.add();
      part.retain();
      given = jobs.put(new Job(part, directory, made));
      if (!given) {
        part.release();
        throw new IOException("the files cannot be put there");
      }
    } finally {
      if (!given) {
        made.close();
      }
    }
  }

  private LinkedDirectory enter(TreePart part) throws IOException {
    LinkedDirectory above = part.path().length == 0 ? null : back(parent(part.path()));
    LinkedDirectory directory = new LinkedDirectory(part.path(), above);
    open.push(directory);
    ExtendedAttributes attributes = ExtendedAttributes.NONE;
    if (part.handle() != null) {
      try {
        attributes = part.handle().attributes();
      } catch (IOException e) {
        tell(part.path(), e, false);
      }
    }
    // As it is noted: the directory may have changed since its entry was read.
    directory.metadata = keeping.of(part.entryStatus(), attributes);
    return directory;
  }

  private static byte[] parent(byte[] path) {
    int at = path.length;
    while (at > 0 && path[at - 1] != '/') {
      at--;
    }
    return Arrays.copyOf(path, Math.max(0, at - 1));
  }

  /** Leaves directories until the walk is in one. */
  private LinkedDirectory back(byte[] path) throws IOException {
    while (!Arrays.equals(open.peek().path, path)) {
      open.pop().done(this::finish);
    }
    return open.peek();
  }

  private void finish(LinkedDirectory directory) throws IOException {
    try (DirectoryHandle made = directory.open(growing)) {
      for (String each : directory.metadata.giveTo(made)) {
        problems.add(NameText.of(directory.path) + ": " + each);
      }
    }
  }

  /** Tells that an entry is not in the snapshot. */
  void tell(byte[] path, IOException failure, boolean gone) {
    String sentence = "/%s: %s".formatted(NameText.of(path), IoFailure.reason(failure));
    if (gone) {
      task.note("/" + NameText.of(path) + " was gone before it could be read");
    } else {
      missing.incrementAndGet();
      problems.add(sentence);
    }
  }

  private void work() throws IOException {
    try (LinkedFiles files = new LinkedFiles(destination, keeping, task, problems::add)) {
      Job job;
      while ((job = jobs.take()) != null) {
        try (Job one = job) {
          put(one, files);
        }
        job.directory.done(this::finish);
      }
    }
  }

  private void put(Job job, LinkedFiles files) throws IOException {
    TreePart part = job.part;
    ScanRow known = cache.known(part.path(), part);
    try (PreviousTrees.Opened before = previous.open(part.path())) {
      LinkedPart putting = new LinkedPart(this, part, job.made, files, known, before);
      for (TreeEntry each : part.entries()) {
        task.checkCancelled();
        putting.put(each);
      }
      note(part, putting.noted());
      if (part.handle() != null && !part.isOnTheWay()) {
        cache.keep(part.path(), part, known, putting.kept());
      }
    }
  }

  private void note(TreePart part, List<RecordEntry> noted) {
    destination.record().add(id, part.path(), part.number(), RecordEntry.packed(noted));
  }

  long id() {
    return id;
  }

  /**
   * Where a link is to lead.
   *
   * @param target of the original; null of what is no link
   */
  byte[] leading(byte[] target) {
    if (root == null || target == null || target.length == 0 || target[0] != '/') {
      return target;
    }
    byte[] leading = Arrays.copyOf(root, root.length + target.length);
    System.arraycopy(target, 0, leading, root.length, target.length);
    return leading;
  }

  DirectoryHandle growing() {
    return growing;
  }

  Keeping keeping() {
    return keeping;
  }

  HardLinks hardLinks() {
    return hardLinks;
  }

  Problems problems() {
    return problems;
  }
}
