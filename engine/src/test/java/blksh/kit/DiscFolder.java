package blksh.kit;

import blksh.block.BlockSource;
import blksh.block.FileSource;
import blksh.io.PathBytes;
import blksh.iso.ContentDigest;
import blksh.iso.DiscAttributes;
import blksh.iso.DiscContent;
import blksh.iso.DiscContents;
import blksh.iso.DiscFault;
import blksh.iso.DiscTree;
import blksh.iso.DiscTreeBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A directory of this machine as what shall be on a disc: each content once, by its SHA-256. */
public final class DiscFolder implements DiscContents {

  private final Path root;
  private final DiscTree tree;
  private final List<Path> sources = new ArrayList<>();
  private final List<ContentDigest> digests = new ArrayList<>();
  private final List<DiscFault> faults = new ArrayList<>();
  private final Map<String, DiscContent> known = new HashMap<>();

  private DiscFolder(Path root) throws IOException {
    this.root = root;
    DiscTreeBuilder builder = new DiscTreeBuilder(attributes(root));
    add(builder, root);
    this.tree = builder.build();
  }

  public static DiscFolder of(Path root) throws IOException {
    return new DiscFolder(root);
  }

  public DiscTree tree() {
    return tree;
  }

  /** What went wrong when it was written. */
  public List<DiscFault> faults() {
    return faults;
  }

  private static DiscAttributes attributes(Path path) throws IOException {
    Map<String, Object> of =
        Files.readAttributes(path, "unix:mode,uid,gid,lastModifiedTime", LinkOption.NOFOLLOW_LINKS);
    var time = (java.nio.file.attribute.FileTime) of.get("lastModifiedTime");
    return new DiscAttributes(
        (int) of.get("mode") & 07777,
        (int) of.get("uid"),
        (int) of.get("gid"),
        time.to(TimeUnit.SECONDS),
        time.toInstant().getNano());
  }

  private void add(DiscTreeBuilder builder, Path directory) throws IOException {
    try (Stream<Path> inside = Files.list(directory)) {
      for (Path each : (Iterable<Path>) inside::iterator) {
        byte[] path = within(each);
        DiscAttributes attributes = attributes(each);
        if (Files.isSymbolicLink(each)) {
          String target = Files.readSymbolicLink(each).toString();
          builder.symlink(path, attributes, target.getBytes(StandardCharsets.UTF_8));
        } else if (Files.isDirectory(each)) {
          builder.directory(path, attributes);
          add(builder, each);
        } else if (Files.isRegularFile(each)) {
          DiscContent content = content(each);
          int links = (int) Files.getAttribute(each, "unix:nlink");
          if (links > 1) {
            builder.hardLink(
                path, attributes, content, (long) Files.getAttribute(each, "unix:ino"));
          } else {
            builder.file(path, attributes, content);
          }
        }
      }
    }
  }

  private byte[] within(Path path) {
    byte[] all = PathBytes.of(path);
    return Arrays.copyOfRange(all, PathBytes.of(root).length + 1, all.length);
  }

  private DiscContent content(Path file) throws IOException {
    byte[] digest = sha256(file);
    long size = Files.size(file);
    DiscContent content = known.get(HexFormat.of().formatHex(digest));
    if (content == null) {
      content = DiscContent.of(sources.size(), size);
      known.put(HexFormat.of().formatHex(digest), content);
      sources.add(file);
      digests.add(new ContentDigest("SHA-256", digest));
    }
    return content;
  }

  public static byte[] sha256(Path file) throws IOException {
    MessageDigest digest = begin();
    byte[] buffer = new byte[1 << 20];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        digest.update(buffer, 0, count);
      }
    }
    return digest.digest();
  }

  private static MessageDigest begin() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The SHA-256 of every regular file below a directory, by its path from there. */
  public static Map<String, String> digests(Path root) throws IOException {
    Map<String, String> digests = new LinkedHashMap<>();
    int start = PathBytes.of(root).length + 1;
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files.sorted()::iterator) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          byte[] all = PathBytes.of(file);
          String path = new String(all, start, all.length - start, StandardCharsets.ISO_8859_1);
          digests.put(path, HexFormat.of().formatHex(sha256(file)));
        }
      }
    }
    return digests;
  }

  @Override
  public BlockSource open(long content) {
    return FileSource.open(sources.get((int) content));
  }

  @Override
  public ContentDigest digest(long content) {
    return digests.get((int) content);
  }

  @Override
  public void written(long content, ContentDigest digest, DiscFault fault) {
    if (fault != null) {
      faults.add(fault);
    }
  }
}
