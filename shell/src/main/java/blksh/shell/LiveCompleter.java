package blksh.shell;

import blksh.dsl.Keyed;
import blksh.dsl.Vocabulary;
import blksh.script.Repl;
import blksh.shell.view.Described;
import blksh.shell.view.Words;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.jline.reader.Candidate;
import org.jline.reader.Completer;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;

/**
 * Completes from the values that are there: it walks the path before the cursor over the real
 * objects, by properties and keys only, and offers what the last of them has. It calls no function.
 */
final class LiveCompleter implements Completer {

  private static final Set<String> HIDDEN =
      Set.of(
          "class",
          "fields",
          "title",
          "appendix",
          "declared",
          "declare",
          "arguments",
          "hashCode",
          "toString",
          "equals",
          "wait",
          "notify",
          "notifyAll",
          "copy",
          "compareTo",
          "find");
  private static final Set<String> COMMANDS = Set.of(":help", ":quit", ":why");
  private static final int LONGEST_DESCRIPTION = 48;

  private final Vocabulary vocabulary;
  private final Future<Repl> repl;

  LiveCompleter(Vocabulary vocabulary, Future<Repl> repl) {
    this.vocabulary = vocabulary;
    this.repl = repl;
  }

  @Override
  public void complete(LineReader reader, ParsedLine line, List<Candidate> candidates) {
    String before = line.line().substring(0, line.cursor());
    if (before.startsWith(":")) {
      COMMANDS.forEach(command -> candidates.add(plain(command.substring(1), null)));
      return;
    }
    LivePath path = LivePath.before(before);
    if (path.steps() == null) {
      return;
    }
    if (path.steps().isEmpty() && !path.key()) {
      members(vocabulary, candidates);
      variables().forEach(name -> candidates.add(plain(name, describe(variable(name)))));
      return;
    }
    Object value = walk(path.steps());
    if (value == null) {
      return;
    }
    if (path.key()) {
      keys(value, candidates);
    } else {
      members(value, candidates);
    }
  }

  private Object walk(List<LivePath.Step> steps) {
    Object value = null;
    for (int i = 0; i < steps.size(); i++) {
      LivePath.Step step = steps.get(i);
      value =
          switch (step.kind()) {
            case MEMBER -> i == 0 ? root(step.text()) : property(value, step.text());
            case KEY -> keyed(value, step.text());
            case INDEX -> indexed(value, Integer.parseInt(step.text()));
          };
      if (value == null) {
        return null;
      }
    }
    return value;
  }

  private Object root(String name) {
    Object variable = variable(name);
    return variable != null ? variable : property(vocabulary, name);
  }

  /** The compiler, when it is ready: TAB never waits for it. */
  private Repl ready() {
    if (!repl.isDone()) {
      return null;
    }
    try {
      return repl.get();
    } catch (InterruptedException hurry) {
      Thread.currentThread().interrupt();
      return null;
    } catch (java.util.concurrent.ExecutionException broken) {
      return null;
    }
  }

  private Object variable(String name) {
    Repl now = ready();
    return now == null ? null : now.variable(name);
  }

  private Set<String> variables() {
    Repl now = ready();
    return now == null ? Set.of() : now.variables();
  }

  private static Object keyed(Object value, String key) {
    if (value instanceof Keyed keyed) {
      return keyed.find(key);
    }
    return value instanceof Map<?, ?> map ? map.get(key) : null;
  }

  private static Object indexed(Object value, int index) {
    return value instanceof List<?> list && index < list.size() ? list.get(index) : null;
  }

  private static Object property(Object value, String name) {
    Method getter = properties(value).get(name);
    return getter == null ? null : read(getter, value);
  }

  private static Object read(Method getter, Object value) {
    try {
      return getter.invoke(value);
    } catch (IllegalAccessException | InvocationTargetException unreadable) {
      return null;
    }
  }

  private static void keys(Object value, List<Candidate> candidates) {
    if (value instanceof Keyed keyed) {
      keyed.getKeys().forEach(key -> candidates.add(key(key, keyed.find(key))));
    } else if (value instanceof Map<?, ?> map) {
      map.forEach((key, item) -> candidates.add(key(String.valueOf(key), item)));
    }
  }

  private static void members(Object value, List<Candidate> candidates) {
    properties(value)
        .forEach(
            (name, getter) -> candidates.add(plain(name, getter.getReturnType().getSimpleName())));
    Set<String> functions = new java.util.TreeSet<>();
    for (Method method : methods(value)) {
      if (propertyName(method) == null && !HIDDEN.contains(method.getName())) {
        functions.add(method.getName());
      }
    }
    functions.forEach(
        name ->
            candidates.add(new Candidate(name + "(", name + "(…)", null, null, null, null, false)));
  }

  private static Map<String, Method> properties(Object value) {
    Map<String, Method> properties = new TreeMap<>();
    for (Method method : methods(value)) {
      String name = propertyName(method);
      if (name != null && !HIDDEN.contains(name)) {
        properties.put(name, method);
      }
    }
    return properties;
  }

  /** The public methods worth showing, as declared by public classes and interfaces. */
  private static List<Method> methods(Object value) {
    List<Method> methods = new ArrayList<>();
    for (Method method : value.getClass().getMethods()) {
      Class<?> owner = method.getDeclaringClass();
      boolean shown =
          Modifier.isPublic(owner.getModifiers())
              && !Modifier.isStatic(method.getModifiers())
              && owner != Object.class
              && method.getName().indexOf('$') < 0
              && method.getName().indexOf('-') < 0
              && !method
                  .getName()
                  .matches(
                      "component\\d+|remove.*|add.*|set.*|replaceAll|sort|clear|retainAll|toArray");
      if (shown) {
        methods.add(method);
      }
    }
    return methods;
  }

  private static String propertyName(Method method) {
    if (method.getParameterCount() != 0 || method.getReturnType() == void.class) {
      return null;
    }
    String name = method.getName();
    if (method.getDeclaringClass().isRecord()) {
      return name;
    }
    if (name.length() > 3 && name.startsWith("get")) {
      return Character.toLowerCase(name.charAt(3)) + name.substring(4);
    }
    boolean truth = method.getReturnType() == boolean.class && name.startsWith("is");
    return truth || name.equals("size") ? name : null;
  }

  private static String describe(Object value) {
    if (value == null) {
      return null;
    }
    String text = value instanceof Described thing ? thing.title() : Words.of(value);
    text = text.lines().findFirst().orElse("");
    return text.length() <= LONGEST_DESCRIPTION
        ? text
        : text.substring(0, LONGEST_DESCRIPTION - 1) + "…";
  }

  private static Candidate plain(String name, String description) {
    return new Candidate(name, name, null, description, null, null, false);
  }

  private static Candidate key(String key, Object value) {
    return new Candidate(key, key, null, describe(value), "\"]", null, true);
  }
}
