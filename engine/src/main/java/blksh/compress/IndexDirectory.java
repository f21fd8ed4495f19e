package blksh.compress;

import blksh.block.BlockSource;
import blksh.block.ConcatSource;
import blksh.block.FileSource;
import blksh.io.OwnerOnly;
import blksh.io.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where the indexes of compressed sources are kept. One belongs to a file by its device and inode
 * number, size, modification time, and first and last KiB; of a split file, by those of all parts.
 * Sources that are no files have theirs only while they are open.
 */
final class IndexDirectory {

  /** Most bytes of all indexes together; at an opening, those not used for longest make room. */
  static final long MOST_BYTES = 32L << 30;

  /** Most bytes of one index, and never more than half of the free space. */
  static final long MOST_BYTES_EACH = 16L << 30;

  private static final int PROOF = 1024;

  private final Path directory;

  IndexDirectory(Path directory) {
    this.directory = directory;
  }

  /** The index of a source under one compression. */
  IndexFile open(BlockSource raw, String compression) throws IOException {
    OwnerOnly.makeDirectories(directory);
    makeRoom();
    long most = Math.min(MOST_BYTES_EACH, Files.getFileStore(directory).getUsableSpace() / 2);
    StringBuilder facts = new StringBuilder(compression);
    if (identify(raw, facts)) {
      byte[] identity = Sha256.begin().digest(facts.toString().getBytes(StandardCharsets.UTF_8));
      String key = HexFormat.of().formatHex(identity, 0, 16);
      IndexFile file = IndexFile.open(directory.resolve(key + ".index"), identity, most);
      if (file != null) {
        return file;
      }
    }
    return IndexFile.temporary(directory, most);
  }

  private static boolean identify(BlockSource source, StringBuilder facts) throws IOException {
    if (source instanceof ConcatSource concat) {
      for (BlockSource part : concat.parts()) {
        if (!identify(part, facts)) {
          return false;
        }
      }
      return true;
    }
    if (!(source instanceof FileSource)) {
      return false;
    }
    Path path = Path.of(source.describe().location());
    Map<String, Object> attributes = Files.readAttributes(path, "fileKey,lastModifiedTime");
    long size = source.size();
    facts.append('\n').append(attributes.get("fileKey"));
    facts.append(' ').append(size).append(' ');
    facts.append(((FileTime) attributes.get("lastModifiedTime")).toInstant()).append(' ');
    ByteBuffer proof = ByteBuffer.allocate(2 * PROOF);
    source.read(0, proof.limit(PROOF));
    source.read(Math.max(0, size - PROOF), proof.limit(proof.position() + PROOF));
    facts.append(HexFormat.of().formatHex(Sha256.begin().digest(proof.array())));
    return true;
  }

  /** An index that is there, with its data. */
  private record Found(Path log, Path body, long bytes, FileTime used) {
    static Optional<Found> at(Path log) {
      try {
        Path body = IndexFile.bodyOf(log);
        long bytes = Files.size(log) + (Files.exists(body) ? Files.size(body) : 0);
        return Optional.of(new Found(log, body, bytes, Files.getLastModifiedTime(log)));
      } catch (IOException gone) {
        return Optional.empty();
      }
    }
  }

  private void makeRoom() throws IOException {
    List<Found> all = new ArrayList<>();
    try (Stream<Path> paths = Files.list(directory)) {
      paths
          .filter(path -> path.toString().endsWith(".index"))
          .forEach(path -> Found.at(path).ifPresent(all::add));
    }
    long total = all.stream().mapToLong(Found::bytes).sum();
    all.sort(Comparator.comparing(Found::used));
    FileTime stale = FileTime.from(Instant.now().minusSeconds(60));
    for (Found oldest : all) {
      boolean abandoned =
          oldest.log.getFileName().toString().startsWith(IndexFile.TEMPORARY)
              && oldest.used.compareTo(stale) < 0;
      if ((abandoned || total > MOST_BYTES) && IndexFile.deleteUnlessOpen(oldest.log)) {
        total -= oldest.bytes;
      }
    }
  }
}
