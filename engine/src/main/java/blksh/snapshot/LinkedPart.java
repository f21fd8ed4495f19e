package blksh.snapshot;

import blksh.io.DirectoryHandle;
import blksh.io.ExtendedAttributes;
import blksh.io.FileStatus;
import blksh.io.FileType;
import blksh.io.IoFailure;
import blksh.io.NameText;
import blksh.tree.ScanCache;
import blksh.tree.ScanRow;
import blksh.tree.TreeEntry;
import blksh.tree.TreePart;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A part of a directory on its way into a snapshot of the linked form. For one thread. */
final class LinkedPart {

  private static final byte[] NONE = {};

  /** What is no fault of a single entry: nothing more can be written, or opened. */
  private static final Set<IoFailure> FATAL =
      EnumSet.of(
          IoFailure.NO_SPACE,
          IoFailure.READ_ONLY,
          IoFailure.UNREADABLE,
          IoFailure.NO_DEVICE,
          IoFailure.TOO_MANY_OPEN);

  private final LinkedTake take;
  private final TreePart part;
  private final DirectoryHandle made;
  private final LinkedFiles files;
  private final ScanRow known;
  private final PreviousTrees.Opened before;
  private final List<RecordEntry> noted;
  private final List<ScanCache.Kept> kept;

  /**
   * @param made where the entries go
   * @param before the same directory in an earlier snapshot; null when there is none
   */
  LinkedPart(
      LinkedTake take,
      TreePart part,
      DirectoryHandle made,
      LinkedFiles files,
      ScanRow known,
      PreviousTrees.Opened before) {
    this.take = take;
    this.part = part;
    this.made = made;
    this.files = files;
    this.known = known;
    this.before = before;
    this.noted = new ArrayList<>(part.entries().size());
    this.kept = new ArrayList<>(part.entries().size());
  }

  List<RecordEntry> noted() {
    return noted;
  }

  List<ScanCache.Kept> kept() {
    return kept;
  }

  /** Puts an entry there. Directories are there already. */
  void put(TreeEntry entry) throws IOException {
    if (entry.status().isRegular()) {
      putFile(entry);
      return;
    }
    byte[] attributes = NONE;
    try {
      ExtendedAttributes all = UnreadSource.call(() -> part.handle().attributes(entry.name()));
      attributes = RecordEntry.digestOf(all);
      if (!entry.status().isDirectory()) {
        putOther(entry, all);
      }
    } catch (IOException e) {
      fail(entry, e);
      if (!entry.status().isDirectory()) {
        note(entry, RecordEntry.MISSING, NONE, NONE, null);
        return;
      }
    }
    note(entry, 0, NONE, attributes, null);
  }

  private byte[] path(TreeEntry entry) {
    return entry.path(part.path());
  }

  private void fail(TreeEntry entry, IOException e) throws IOException {
    if (e instanceof UnreadSource source) {
      take.tell(path(entry), source.why(), source.isGone());
    } else if (FATAL.contains(IoFailure.of(e))) {
      throw e;
    } else {
      take.tell(path(entry), e, false);
    }
  }

  private void putOther(TreeEntry entry, ExtendedAttributes attributes) throws IOException {
    FileStatus status = entry.status();
    HardLinks.Made other = status.links() > 1 ? take.hardLinks().first(status) : null;
    if (other != null && link(other, entry)) {
      return;
    }
    boolean done = false;
    try {
      if (status.type() == FileType.LINK) {
        made.makeLink(entry.name(), take.leading(entry.target()));
      } else {
        made.makeNode(entry.name(), status.type(), 0600, status.special());
      }
      for (String each : take.keeping().of(status, attributes).giveTo(made, entry.name())) {
        take.problems().add("/" + NameText.of(path(entry)) + ": " + each);
      }
      done = true;
    } finally {
      if (status.links() > 1 && other == null) {
        take.hardLinks().made(status, done ? new HardLinks.Made(path(entry), null) : null);
      }
    }
  }

  private void putFile(TreeEntry entry) throws IOException {
    LinkedToken last = LinkedToken.of(known.lastToken(entry));
    boolean linkable = before != null && last != null && before.id() >= last.snapshot();
    LinkedFiles.Way way =
        new LinkedFiles.Way(
            part.handle(), entry.name(), made, linkable ? before.directory() : null, path(entry));
    try {
      if (last != null
          && known.token(entry) != null
          && files.linkUnchanged(way, entry.status(), last.digest())) {
        take.unchanged.incrementAndGet();
        note(entry, 0, last.digest(), last.attributes(), last);
      } else if (entry.status().links() > 1) {
        putOneOfSeveral(entry, way, linkable ? last.digest() : null);
      } else {
        putAlone(entry, way, linkable ? last.digest() : null);
      }
    } catch (IOException e) {
      fail(entry, e);
      if (!(e instanceof UnreadSource source && source.isGone())) {
        note(entry, RecordEntry.MISSING, NONE, NONE, null);
      }
    }
  }

  private void putOneOfSeveral(TreeEntry entry, LinkedFiles.Way way, byte[] last)
      throws IOException {
    HardLinks.Made other = take.hardLinks().first(entry.status());
    if (other != null) {
      RecordEntry first = other.entry();
      if (link(other, entry)) {
        boolean same = !first.isTorn() && first.isOf(entry.status());
        note(
            entry,
            first.flags(),
            first.digest(),
            first.attributes(),
            same ? new LinkedToken(first.digest(), first.attributes(), take.id()) : null);
        return;
      }
      // As many names as the destination allows; the next go with this one.
      putAlone(entry, way, last);
      take.hardLinks().made(entry.status(), new HardLinks.Made(way.path(), lastNoted()));
      return;
    }
    boolean done = false;
    try {
      putAlone(entry, way, last);
      done = true;
    } finally {
      take.hardLinks()
          .made(entry.status(), done ? new HardLinks.Made(way.path(), lastNoted()) : null);
    }
  }

  private RecordEntry lastNoted() {
    return noted.get(noted.size() - 1);
  }

  /** Makes a name of what has one in the snapshot; false where that cannot be. */
  private boolean link(HardLinks.Made other, TreeEntry entry) throws IOException {
    byte[] path = other.path();
    int slash = path.length;
    while (slash > 0 && path[slash - 1] != '/') {
      slash--;
    }
    byte[] above = Arrays.copyOf(path, Math.max(0, slash - 1));
    try (DirectoryHandle from = take.growing().directory(above)) {
      return made.link(entry.name(), from, Arrays.copyOfRange(path, slash, path.length)) == 0;
    }
  }

  private void putAlone(TreeEntry entry, LinkedFiles.Way way, byte[] last) throws IOException {
    LinkedFiles.Put put = files.put(way, last);
    take.read.incrementAndGet();
    take.stored.addAndGet(put.written());
    byte[] attributes = RecordEntry.digestOf(put.attributes());
    if (put.torn()) {
      take.problems().add("/" + NameText.of(way.path()) + ": it changed each time it was read");
    }
    note(
        new TreeEntry(entry.name(), put.status(), null),
        (put.torn() ? RecordEntry.TORN : 0) | (put.lost() ? RecordEntry.LOST : 0),
        put.digest(),
        attributes,
        put.torn() ? null : new LinkedToken(put.digest(), attributes, take.id()));
  }

  private void note(
      TreeEntry entry, int flags, byte[] digest, byte[] attributes, LinkedToken token) {
    FileStatus status = entry.status();
    byte[] target = take.leading(entry.target());
    noted.add(RecordEntry.of(entry.name(), status, flags, digest, target, attributes));
    kept.add(new ScanCache.Kept(entry, token == null ? null : token.bytes()));
    if ((flags & RecordEntry.MISSING) == 0) {
      take.entries.incrementAndGet();
      take.bytes.addAndGet(status.isRegular() ? status.size() : 0);
    }
  }
}
