package blksh.store.diskdump;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.Extent;
import blksh.compress.Lz4Frame;
import blksh.io.IoFailure;
import blksh.io.PartFile;
import blksh.io.ScratchFile;
import blksh.io.Sha256;
import blksh.io.UnreadableException;
import blksh.io.WholeFile;
import blksh.task.OrderedStep;
import blksh.task.Task;
import blksh.task.Workers;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Records a source as the next dump of a name. Workers read, hash and store blocks; in the order of
 * the image their digests are gathered on the disk. The manifest appears last, when all that it
 * names is durable: what is killed before leaves blocks that nothing names.
 */
final class DumpRecording {

  private static final int DIGEST = DiskdumpPlace.DIGEST;

  /** Bytes one worker takes at once, unless a single block has more. */
  private static final int PIECE = 1 << 20;

  /** Bytes of all pieces that are worked on, and of what is made of them. */
  private static final int MOST_BYTES = 32 << 20;

  /** The bytes of a piece, a frame of them, and both once more to prove what is there. */
  private static final int BUFFERS = 4;

  private static final int AHEAD = 64;

  /** Lines of a manifest that are written at once. */
  private static final int LINES = 1024;

  private static final Pattern NUMBERED = Pattern.compile("0*([0-9]+)\\.manifest");
  private static final int MOST_DIGITS = 9;
  private static final long LAST = 999_999_999;

  private final DiskdumpPlace place;
  private final DumpRequest request;
  private final BlockSource source;
  private final Task task;
  private final int blockSize;
  private final int pieceBlocks;
  private final long blocks;
  private final byte[] zeroBlock;

  private final OrderedStep<Piece> inOrder = new OrderedStep<>(AHEAD, this::gather);
  private final ScratchFile digests = new ScratchFile();
  private BlockStorage storage;

  // Guarded by this.
  private final Iterator<Extent> extents;
  private Extent extent;
  private long planned;
  private long tickets;

  private volatile boolean broken;

  DumpRecording(DiskdumpPlace place, DumpRequest request, BlockSource source, Task task) {
    this.place = place;
    this.request = request;
    this.source = source;
    this.task = task;
    this.blockSize = request.blockSize();
    this.pieceBlocks = Math.max(1, PIECE / blockSize);
    this.blocks = (source.size() + blockSize - 1) / blockSize;
    this.extents = source.extents();
    this.zeroBlock = Digests.ofZeros(blockSize);
  }

  /** Blocks one worker takes at once. */
  private static final class Piece {
    final long ticket;
    final long first;
    final byte[] digests;
    final List<BlockTable.Row> rows = new ArrayList<>();

    /** Whether it reads as zeros, as is known without reading it. */
    final boolean zeros;

    Piece(long ticket, long first, int count, boolean zeros) {
      this.ticket = ticket;
      this.first = first;
      this.digests = new byte[count * DIGEST];
      this.zeros = zeros;
    }

    int count() {
      return digests.length / DIGEST;
    }
  }

  /** That a request makes sense, before anything is written. */
  static void check(DumpRequest request) {
    DumpName.check(request.name());
    String action = "record the dump " + request.name();
    checkBlockSize(request.blockSize(), action);
    if (request.source().chars().anyMatch(Character::isISOControl)) {
      throw new BlkshException(action, "what it is of has control characters in its name");
    }
    if (request.date() != null && DumpDate.parse(request.date()).isEmpty()) {
      throw new BlkshException(action, "\"" + request.date() + "\" is no date")
          .suggest("write it as ISO 8601 has it: 2026-04-24T02:00:00+00:00");
    }
  }

  /** That blocks may have so many bytes. */
  static void checkBlockSize(int size, String action) {
    if (size < DumpManifest.SMALLEST_BLOCK || size > DumpManifest.LARGEST_BLOCK) {
      throw new BlkshException(
              action,
              "blocks of %d bytes are not from %d to %d"
                  .formatted(size, DumpManifest.SMALLEST_BLOCK, DumpManifest.LARGEST_BLOCK))
          .suggest("leave the size out: diskdump has 131072 by itself");
    }
  }

  /** Whoever calls keeps others from writing. */
  RecordedDump run() throws IOException {
    try (digests) {
      return recorded();
    }
  }

  private RecordedDump recorded() throws IOException {
    long started = System.nanoTime();
    for (Path directory : directories()) {
      DiskdumpPlace.requireOwnDirectory(directory);
    }
    mustHaveNext();
    try (BlockTable table = BlockTable.open(place.table())) {
      storage = new BlockStorage(place, table);
      int pieceBytes = pieceBlocks * blockSize;
      int workers = Math.max(1, Math.min(Workers.count(), MOST_BYTES / (BUFFERS * pieceBytes)));
      Workers.run(task, workers, this::work, this::giveUp);
      task.checkCancelled();
      digests.finish();
      Path directory = makeDirectory();
      storage.commit();
      Path manifest = publish(directory);
      return new RecordedDump(
          read(manifest),
          storage.stored(),
          blocks - storage.stored(),
          storage.storedBytes(),
          Duration.ofNanos(System.nanoTime() - started));
    }
  }

  /** The directories of its name below the manifests, the outer first. */
  private List<Path> directories() {
    List<Path> all = new ArrayList<>();
    Path directory = place.manifests();
    for (Path part : directory.relativize(DumpName.directory(place, request.name()))) {
      directory = directory.resolve(part);
      all.add(directory);
    }
    return all;
  }

  /** The directory of its manifests, durable. */
  private Path makeDirectory() throws IOException {
    Path directory = place.manifests();
    if (!Files.exists(directory) && DiskdumpPlace.makeDirectory(directory)) {
      PartFile.syncDirectory(directory.getParent());
    }
    for (Path each : directories()) {
      directory = each;
      if (DiskdumpPlace.makeDirectory(directory)) {
        PartFile.syncDirectory(directory.getParent());
      }
    }
    return directory;
  }

  private void giveUp() {
    broken = true;
    inOrder.end();
  }

  private synchronized Piece claim() {
    if (broken || planned >= blocks) {
      return null;
    }
    int count = (int) Math.min(pieceBlocks, blocks - planned);
    long start = planned * blockSize;
    long end = Math.min(source.size(), start + (long) count * blockSize);
    Piece piece = new Piece(tickets++, planned, count, readAsZeros(start, end));
    planned += count;
    return piece;
  }

  private boolean readAsZeros(long start, long end) {
    boolean zeros = true;
    for (long at = start; at < end; at = extent.end()) {
      while (extent == null || extent.end() <= at) {
        if (!extents.hasNext()) {
          return false;
        }
        extent = extents.next();
      }
      zeros &= extent.kind().readsAsZeros();
    }
    return zeros;
  }

  private void work() throws IOException {
    byte[] bytes = new byte[(int) Math.min((long) pieceBlocks * blockSize, source.size())];
    byte[] frame = new byte[Lz4Frame.room(Math.min(blockSize, bytes.length))];
    MessageDigest sha = Sha256.begin();
    for (Piece piece = claim(); piece != null; piece = claim()) {
      task.checkCancelled();
      long start = piece.first * blockSize;
      int length = (int) Math.min((long) piece.count() * blockSize, source.size() - start);
      if (piece.zeros) {
        Arrays.fill(bytes, 0, length, (byte) 0);
      } else {
        read(start, bytes, length);
      }
      for (int i = 0; i < piece.count(); i++) {
        int from = i * blockSize;
        int count = Math.min(blockSize, length - from);
        if (piece.zeros && count == blockSize) {
          System.arraycopy(zeroBlock, 0, piece.digests, i * DIGEST, DIGEST);
          if (i > 0) {
            continue; // the same as the first
          }
        } else {
          Digests.of(sha, bytes, from, count, piece.digests, i * DIGEST);
        }
        String hex = DiskdumpPlace.hex(piece.digests, i * DIGEST);
        BlockTable.Row row = storage.put(hex, bytes, from, count, frame);
        if (row != null) {
          piece.rows.add(row);
        }
      }
      inOrder.bring(piece.ticket, piece);
      task.advance(length);
    }
  }

  /** What cannot be read has no place in a dump: there is no way to say so. */
  private void read(long start, byte[] bytes, int length) {
    try {
      int count = source.read(start, ByteBuffer.wrap(bytes, 0, length));
      if (count < length) {
        throw new UnreadableException(
            source.describe().location(), start + count, length - count, "it ended early", null);
      }
    } catch (UnreadableException e) {
      throw new BlkshException(
              "record the dump " + request.name(),
              "%d bytes of %s cannot be read: %s"
                  .formatted(e.length(), source.describe().location(), e.problem()),
              e)
          .at(e.start())
          .suggest("capture it into a store of blksh, which keeps what can be read");
    }
  }

  /** In the order of the image. */
  private void gather(Piece piece) throws IOException {
    digests.append(piece.digests, 0, piece.digests.length);
    for (BlockTable.Row row : piece.rows) {
      storage.note(row);
    }
  }

  // ---- the manifest --------------------------------------------------------------------------

  private Path publish(Path directory) throws IOException {
    for (long number = next(directory), before = -1; ; before = number, number = next(directory)) {
      Path manifest = directory.resolve(number + DiskdumpPlace.MANIFEST_ENDING);
      if (number <= before) {
        throw new IOException(manifest + " is in the way of a new dump");
      }
      try {
        WholeFile.create(manifest, PartFile.Durability.DURABLE, this::write);
        return manifest;
      } catch (FileAlreadyExistsException e) {
        // a diskdump was faster: the next number
      }
    }
  }

  /** That there will be a number for the dump, before all of the source is read. */
  private void mustHaveNext() throws IOException {
    Path directory = DumpName.directory(place, request.name());
    if (Files.isDirectory(directory)) {
      next(directory);
    }
  }

  /** The number after the highest that anything there has, as diskdump counts. */
  private static long next(Path directory) throws IOException {
    long highest = -1;
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        Matcher number = NUMBERED.matcher(entry.getFileName().toString());
        if (number.matches() && number.group(1).length() > MOST_DIGITS) {
          throw new IOException(entry + " has a number after which there is none for a new dump");
        }
        highest = number.matches() ? Math.max(highest, Long.parseLong(number.group(1))) : highest;
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    if (highest == LAST) {
      throw new IOException(
          directory + " has a dump " + LAST + ", after which there is no number for a new one");
    }
    return highest + 1;
  }

  private void write(OutputStream out) throws IOException {
    String date = request.date() == null ? DumpDate.text(Instant.now()) : request.date();
    StringBuilder head = new StringBuilder();
    head.append(DumpManifest.MAGIC).append(DumpManifest.VERSION).append('\n');
    head.append(DumpManifest.SOURCE).append(request.source()).append('\n');
    head.append(DumpManifest.DATE).append(date).append('\n');
    head.append(DumpManifest.BLOCK_SIZE).append(blockSize).append('\n');
    head.append(DumpManifest.TOTAL_BLOCKS).append(blocks).append('\n');
    head.append(DumpManifest.TOTAL_SIZE).append(source.size()).append('\n');
    if (!request.origin().isEmpty()) {
      head.append(DumpManifest.ORIGIN).append(request.origin()).append('\n');
    }
    out.write(head.toString().getBytes(StandardCharsets.UTF_8));
    byte[] some = new byte[LINES * DIGEST];
    for (long first = 0; first < blocks; first += LINES) {
      int count = (int) Math.min(LINES, blocks - first);
      digests.read(first * DIGEST, ByteBuffer.wrap(some, 0, count * DIGEST));
      StringBuilder lines = new StringBuilder();
      for (int i = 0; i < count; i++) {
        lines.append(DiskdumpPlace.hex(some, i * DIGEST)).append('\n');
      }
      out.write(lines.toString().getBytes(StandardCharsets.US_ASCII));
    }
  }

  private Dump read(Path file) throws IOException {
    String number = file.getFileName().toString().replace(DiskdumpPlace.MANIFEST_ENDING, "");
    try (DumpManifest manifest = DumpManifest.open(file)) {
      return new DumpListing(place)
          .dump(new DumpListing.Found(request.name(), number, 0, file), manifest);
    } catch (IOException e) {
      throw IoFailure.told("read manifest " + file, e);
    }
  }
}
