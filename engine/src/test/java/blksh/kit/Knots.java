package blksh.kit;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Knots of classes: those that all depend on each other, by whatever way. A nested class counts as
 * the outermost it is in.
 */
public final class Knots {

  private final Map<String, Set<String>> dependencies;

  /** When each class was first seen, by name; Tarjan's numbers. */
  private final Map<String, Integer> seen = new HashMap<>();

  private final Map<String, Integer> lowest = new HashMap<>();
  private final Deque<String> path = new ArrayDeque<>();
  private final List<Set<String>> found = new ArrayList<>();

  private Knots(Map<String, Set<String>> dependencies) {
    this.dependencies = dependencies;
  }

  /**
   * The knots inside a package and those below it.
   *
   * @param most classes that may depend on each other; only larger knots are given
   */
  public static List<Set<String>> above(int most, JavaClasses classes, String packageName) {
    Map<String, Set<String>> dependencies = new TreeMap<>();
    for (JavaClass type : classes) {
      if (!isIn(type, packageName)) {
        continue;
      }
      Set<String> own = dependencies.computeIfAbsent(outermost(type), name -> new TreeSet<>());
      for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
        JavaClass target = dependency.getTargetClass().getBaseComponentType();
        if (isIn(target, packageName)) {
          own.add(outermost(target));
        }
      }
    }
    Knots knots = new Knots(dependencies);
    dependencies.keySet().forEach(knots::visit);
    knots.found.removeIf(knot -> knot.size() <= most);
    return knots.found;
  }

  private static boolean isIn(JavaClass type, String packageName) {
    return (type.getPackageName() + ".").startsWith(packageName + ".");
  }

  private static String outermost(JavaClass type) {
    String name = type.getName();
    int nested = name.indexOf('$');
    return nested < 0 ? name : name.substring(0, nested);
  }

  private void visit(String name) {
    if (seen.containsKey(name)) {
      return;
    }
    seen.put(name, seen.size());
    lowest.put(name, seen.get(name));
    path.push(name);
    for (String target : dependencies.getOrDefault(name, Set.of())) {
      if (!seen.containsKey(target)) {
        visit(target);
        lowest.merge(name, lowest.get(target), Math::min);
      } else if (path.contains(target)) {
        lowest.merge(name, seen.get(target), Math::min);
      }
    }
    if (lowest.get(name).equals(seen.get(name))) {
      Set<String> knot = new TreeSet<>();
      String last;
      do {
        last = path.pop();
        knot.add(last);
      } while (!last.equals(name));
      found.add(knot);
    }
  }
}
