package blksh.store.bucket;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Finds what speaks to object stores: large libraries, which are looked at only when a bucket is
 * named. Where the program runs they are in a folder {@code s3-VERSION} beside its jars, and on no
 * class path; the room that stands on them is loaded with them.
 */
final class BucketLibrary {

  private static final String ROOM = "blksh.store.bucket.aws.";
  private static final String ENTRANCE = ROOM + "AwsRequests";
  private static final String LIBRARY = "software/amazon/awssdk/services/s3/S3Client.class";
  private static final String FOLDERS = "s3-*";

  /** Loaded once in a process; guarded by the class. */
  private static ClassLoader loader;

  private BucketLibrary() {}

  /**
   * Makes ready for requests to a bucket; none is made yet.
   *
   * @throws IOException when the libraries are not there, or it cannot be told how to reach it
   */
  static BucketRequests requests(BucketAddress address) throws IOException {
    try {
      return (BucketRequests)
          Class.forName(ENTRANCE, true, loader())
              .getConstructor(BucketAddress.class)
              .newInstance(address);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      // Not what it says, nor with it as a cause: it may repeat what it was told.
      String kind = e.getCause().getClass().getSimpleName();
      throw new IOException("the library for object stores failed to begin: " + kind);
    } catch (ReflectiveOperationException | LinkageError e) {
      throw new IOException("the library for object stores cannot be used: " + e, e);
    }
  }

  private static synchronized ClassLoader loader() throws IOException {
    if (loader == null) {
      ClassLoader own = BucketLibrary.class.getClassLoader();
      loader = own.getResource(LIBRARY) != null ? own : new Room(jars(), own);
    }
    return loader;
  }

  /** This program's own jar, for the room, and those of the libraries. */
  private static URL[] jars() throws IOException {
    try {
      URL own = BucketLibrary.class.getProtectionDomain().getCodeSource().getLocation();
      List<URL> found = new ArrayList<>(List.of(own));
      for (Path folder : entries(Path.of(own.toURI()).getParent(), FOLDERS)) {
        for (Path jar : entries(folder, "*.jar")) {
          found.add(jar.toUri().toURL());
        }
      }
      return found.toArray(URL[]::new);
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  private static List<Path> entries(Path folder, String which) throws IOException {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, which)) {
      entries.forEach(found::add);
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    Collections.sort(found);
    return found;
  }

  /** Loads the room itself, so that it finds the libraries; everything else it shares. */
  private static final class Room extends URLClassLoader {

    Room(URL[] jars, ClassLoader shared) {
      super("buckets", jars, shared);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(ROOM)) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> found = findLoadedClass(name);
        return found != null ? found : findClass(name);
      }
    }
  }
}
