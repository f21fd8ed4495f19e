package blksh.prompt.complete;

import blksh.BlkshException;
import blksh.dsl.Vocabulary;
import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The packages that entries can import from, and the classes in them: the JDK's, Kotlin's, ours.
 */
final class Packages {

  /** Each package with its classes; those of the JDK, which are in modules, are read on demand. */
  private final NavigableMap<String, List<String>> packages = new TreeMap<>();

  private Packages() {}

  private static final class Held {
    static final Packages ALL = read();
  }

  /** All packages; the first call reads jars and takes some tenths of a second. */
  static Packages get() {
    return Held.ALL;
  }

  private static Packages read() {
    Packages all = new Packages();
    ModuleFinder.ofSystem().findAll().stream()
        .flatMap(module -> module.descriptor().exports().stream())
        .filter(exported -> !exported.isQualified())
        .map(ModuleDescriptor.Exports::source)
        .forEach(name -> all.packages.put(name, null));
    for (Class<?> type : List.of(Vocabulary.class, BlkshException.class, kotlin.Unit.class)) {
      String jar = type.getProtectionDomain().getCodeSource().getLocation().getPath();
      try (ZipFile zip = new ZipFile(new File(jar))) {
        zip.stream().map(ZipEntry::getName).forEach(all::add);
      } catch (IOException unreadable) {
        // Then there is nothing to offer from it.
      }
    }
    return all;
  }

  private void add(String entry) {
    int slash = entry.lastIndexOf('/');
    String name = entry.substring(slash + 1);
    if (slash > 0 && name.matches("[A-Z]\\w*\\.class") && !name.endsWith("Kt.class")) {
      String simple = name.substring(0, name.length() - ".class".length());
      packages
          .computeIfAbsent(entry.substring(0, slash).replace('/', '.'), none -> new ArrayList<>())
          .add(simple);
    }
  }

  /** The names of the packages in a package, in order. */
  List<String> inside(String parent) {
    String prefix = parent.isEmpty() ? "" : parent + ".";
    TreeSet<String> found = new TreeSet<>();
    for (String name : packages.tailMap(prefix, true).keySet()) {
      if (!name.startsWith(prefix)) {
        break;
      }
      String rest = name.substring(prefix.length());
      found.add(rest.contains(".") ? rest.substring(0, rest.indexOf('.')) : rest);
    }
    return List.copyOf(found);
  }

  /** The public-looking top-level classes of a package, in order. */
  List<String> classes(String name) {
    if (!packages.containsKey(name)) {
      return List.of();
    }
    List<String> known = packages.get(name);
    return known != null ? known : ofTheJdk(name);
  }

  private static List<String> ofTheJdk(String name) {
    List<String> found = new ArrayList<>();
    Path modules = FileSystems.getFileSystem(URI.create("jrt:/")).getPath("/packages/" + name);
    try (Stream<Path> links = Files.list(modules)) {
      for (Path link : links.toList()) {
        try (Stream<Path> files = Files.list(link.resolve(name.replace('.', '/')))) {
          files
              .map(file -> file.getFileName().toString())
              .filter(file -> file.matches("[A-Z][A-Za-z0-9_]*\\.class"))
              .map(file -> file.substring(0, file.length() - ".class".length()))
              .sorted()
              .forEach(found::add);
        }
      }
    } catch (IOException none) {
      return List.of();
    }
    return found;
  }
}
