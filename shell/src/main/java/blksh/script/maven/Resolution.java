package blksh.script.maven;

import blksh.BlkshException;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;
import org.eclipse.aether.ConfigurationProperties;
import org.eclipse.aether.RepositoryException;
import org.eclipse.aether.RepositorySystem;
import org.eclipse.aether.RepositorySystemSession.CloseableSession;
import org.eclipse.aether.artifact.Artifact;
import org.eclipse.aether.artifact.DefaultArtifact;
import org.eclipse.aether.collection.CollectRequest;
import org.eclipse.aether.collection.DependencyCollectionException;
import org.eclipse.aether.graph.Dependency;
import org.eclipse.aether.graph.DependencyNode;
import org.eclipse.aether.repository.RemoteRepository;
import org.eclipse.aether.repository.RepositoryPolicy;
import org.eclipse.aether.resolution.ArtifactDescriptorException;
import org.eclipse.aether.resolution.ArtifactResult;
import org.eclipse.aether.resolution.DependencyRequest;
import org.eclipse.aether.resolution.DependencyResolutionException;
import org.eclipse.aether.supplier.RepositorySystemSupplier;
import org.eclipse.aether.supplier.SessionBuilderSupplier;
import org.eclipse.aether.transfer.ArtifactTransferException;
import org.eclipse.aether.util.artifact.JavaScopes;
import org.eclipse.aether.util.filter.DependencyFilterUtils;
import org.eclipse.aether.util.repository.SimpleArtifactDescriptorPolicy;
import org.eclipse.aether.util.repository.SimpleResolutionErrorPolicy;

/**
 * Fetches the jars that coordinates name, with those that they need, from Maven repositories into a
 * directory. It runs in a process of its own, as no other has these libraries. A file whose
 * checksum the repository does not tell, or tells otherwise, is refused.
 */
public final class Resolution {

  /** What precedes the answer when it is the place of the coordinate that failed. */
  public static final int FAILED = -1;

  private static final int CONNECT_MILLIS = 10_000;
  private static final int ANSWER_MILLIS = 60_000;

  private static final String CENTRAL = "https://repo.maven.apache.org/maven2";

  /** What blksh has itself, and newer than most. */
  private static final String OWN_GROUP = "org.jetbrains.kotlin";

  private static final String OWN_PREFIX = "kotlin-stdlib";

  private final Path directory;
  private final List<RemoteRepository> repositories;
  private final List<Artifact> wanted;

  private Resolution(Path directory, List<String> repositories, List<String> coordinates) {
    this.directory = directory;
    this.repositories = repositories(repositories);
    this.wanted = coordinates.stream().map(it -> (Artifact) new DefaultArtifact(it)).toList();
  }

  /**
   * Reads a directory, the URLs of repositories (none means Maven Central) and coordinates, each
   * {@code group:artifact[:extension[:classifier]]:version}; answers with the number of jars and
   * their paths, or with {@link #FAILED}, the place of a coordinate, from 0, and why.
   */
  public static void answer(InputStream in, OutputStream out) throws IOException {
    DataInputStream asked = new DataInputStream(in);
    Path directory = Path.of(asked.readUTF());
    Resolution resolution = new Resolution(directory, texts(asked), texts(asked));
    try (DataOutputStream answer = new DataOutputStream(out)) {
      resolution.answer(answer);
    }
  }

  private static List<String> texts(DataInputStream in) throws IOException {
    List<String> texts = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      texts.add(in.readUTF());
    }
    return texts;
  }

  private void answer(DataOutputStream answer) throws IOException {
    RepositorySystem system = new RepositorySystemSupplier().get();
    try {
      List<Path> jars = soundJars(system);
      answer.writeInt(jars.size());
      for (Path jar : jars) {
        answer.writeUTF(jar.toString());
      }
    } catch (DependencyResolutionException failure) {
      DependencyNode root = failure.getResult().getRoot();
      if (root == null && failure.getCause() instanceof DependencyCollectionException collection) {
        root = collection.getResult().getRoot();
      }
      fail(answer, failure, root);
    } catch (BlkshException refused) {
      fail(answer, 0, refused.getMessage());
    } finally {
      system.shutdown();
    }
  }

  private List<Path> soundJars(RepositorySystem system)
      throws IOException, DependencyResolutionException {
    try {
      List<Path> jars = jars(system);
      return dropDamaged(jars) ? jars(system) : jars;
    } catch (DependencyResolutionException failure) {
      List<Path> kept;
      try (Stream<Path> all = Files.walk(directory)) {
        kept = all.filter(it -> it.toString().matches(".*\\.(pom|jar)")).toList();
      }
      if (dropDamaged(kept)) {
        return jars(system);
      }
      throw failure;
    }
  }

  /**
   * Removes files that are not what the repository said when they were fetched: a power cut may
   * have left them so.
   *
   * @return whether there was one
   */
  private static boolean dropDamaged(List<Path> files) throws IOException {
    boolean damaged = false;
    for (Path file : files) {
      Path told = file.resolveSibling(file.getFileName() + ".sha1");
      if (Files.exists(told) && !Files.readString(told).startsWith(sha1(file))) {
        Files.delete(file);
        damaged = true;
      }
    }
    return damaged;
  }

  private static String sha1(Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private List<Path> jars(RepositorySystem system) throws DependencyResolutionException {
    try (CloseableSession session = session(system)) {
      return jars(system, session);
    }
  }

  private List<Path> jars(RepositorySystem system, CloseableSession session)
      throws DependencyResolutionException {
    CollectRequest collected = new CollectRequest();
    collected.setRepositories(system.newResolutionRepositories(session, repositories));
    wanted.forEach(it -> collected.addDependency(new Dependency(it, JavaScopes.RUNTIME)));
    DependencyRequest request =
        new DependencyRequest(collected, DependencyFilterUtils.classpathFilter(JavaScopes.RUNTIME));
    return system.resolveDependencies(session, request).getArtifactResults().stream()
        .map(ArtifactResult::getArtifact)
        .filter(it -> !isOwn(it))
        .map(Artifact::getPath)
        .toList();
  }

  private static boolean isOwn(Artifact artifact) {
    return artifact.getGroupId().equals(OWN_GROUP)
        && artifact.getArtifactId().startsWith(OWN_PREFIX);
  }

  private CloseableSession session(RepositorySystem system) {
    var builder =
        new SessionBuilderSupplier(system)
            .get()
            .withLocalRepositoryBaseDirectories(directory)
            .setSystemProperties(System.getProperties())
            .setConfigProperty(ConfigurationProperties.CONNECT_TIMEOUT, CONNECT_MILLIS)
            .setConfigProperty(ConfigurationProperties.REQUEST_TIMEOUT, ANSWER_MILLIS)
            .setChecksumPolicy(RepositoryPolicy.CHECKSUM_POLICY_FAIL)
            .setUpdatePolicy(RepositoryPolicy.UPDATE_POLICY_NEVER)
            // A POM names no further place to take code from.
            .setIgnoreArtifactDescriptorRepositories(true)
            .setArtifactDescriptorPolicy(new SimpleArtifactDescriptorPolicy(true, false))
            // What was not there a moment ago may be there now.
            .setResolutionErrorPolicy(new SimpleResolutionErrorPolicy(false, false));
    MavenSettings.ofUser().apply(builder);
    return builder.build();
  }

  private static List<RemoteRepository> repositories(List<String> urls) {
    List<RemoteRepository> repositories = new ArrayList<>();
    for (String url : urls) {
      // What is kept is known by the repository it is from, and that by its name.
      String id = "at-" + UUID.nameUUIDFromBytes(url.getBytes(StandardCharsets.UTF_8));
      repositories.add(new RemoteRepository.Builder(id, "default", url).build());
    }
    if (repositories.isEmpty()) {
      repositories.add(new RemoteRepository.Builder("central", "default", CENTRAL).build());
    }
    return repositories;
  }

  private void fail(DataOutputStream answer, RepositoryException failure, DependencyNode root)
      throws IOException {
    Throwable told = failure;
    Artifact lacking = null;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ArtifactDescriptorException descriptor) {
        lacking = descriptor.getResult().getArtifact();
        told = cause;
      } else if (cause instanceof ArtifactTransferException transfer) {
        lacking = transfer.getArtifact();
        told = cause;
        break;
      }
    }
    String why = String.valueOf(told.getMessage());
    String lower = why.substring(0, 1).toLowerCase(Locale.ROOT) + why.substring(1);
    fail(answer, lacking == null ? 0 : place(lacking, root), lower);
  }

  private static void fail(DataOutputStream answer, int place, String why) throws IOException {
    answer.writeInt(FAILED);
    answer.writeInt(place);
    answer.writeUTF(why);
  }

  /** Which of the coordinates something was wanted by; the first when that is unknown. */
  private int place(Artifact lacking, DependencyNode root) {
    for (int i = 0; i < wanted.size(); i++) {
      if (sameThing(wanted.get(i), lacking)) {
        return i;
      }
    }
    if (root != null) {
      for (DependencyNode child : root.getChildren()) {
        for (int i = 0; i < wanted.size(); i++) {
          if (sameThing(wanted.get(i), child.getArtifact()) && needs(child, lacking)) {
            return i;
          }
        }
      }
    }
    return 0;
  }

  private static boolean needs(DependencyNode node, Artifact lacking) {
    return sameThing(node.getArtifact(), lacking)
        || node.getChildren().stream().anyMatch(child -> needs(child, lacking));
  }

  private static boolean sameThing(Artifact one, Artifact other) {
    return one.getGroupId().equals(other.getGroupId())
        && one.getArtifactId().equals(other.getArtifactId());
  }
}
