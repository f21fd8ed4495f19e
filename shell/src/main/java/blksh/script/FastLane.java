package blksh.script;

import blksh.dsl.Vocabulary;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.WildcardType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Evaluates plain paths without the compiler: properties, keys, indexes, and calls whose arguments
 * are plain themselves, such as {@code store("/srv/b").manifests["sda"].last}. It follows the
 * declared types, not what the values happen to be, and leaves everything it is not sure about to
 * the compiler, so that an entry means the same by either way.
 */
public final class FastLane {

  /** Something that can be evaluated. */
  public interface Step {

    /** Its value; {@code kotlin.Unit} when it is called for its effect. */
    Object value() throws Throwable;
  }

  /**
   * A path that was understood.
   *
   * @param text the path from a word of the vocabulary on, whatever result it began with
   * @param type what its value is declared to be
   * @param nullable whether its value is declared to be perhaps null
   */
  public record Plain(String text, Type type, boolean nullable, Step step) {}

  private final Vocabulary vocabulary;
  private final Sitting sitting;

  public FastLane(Vocabulary vocabulary, Sitting sitting) {
    this.vocabulary = vocabulary;
    this.sitting = sitting;
  }

  /** Understands an entry; null when that takes the compiler. */
  public Plain read(String entry) {
    Reader reader = new Reader(entry.strip());
    Plain plain = reader.path();
    return plain == null || !reader.atEnd() ? null : plain;
  }

  /** Reads a text from the left; every method gives null when it does not understand. */
  private final class Reader {

    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    boolean atEnd() {
      return at == text.length();
    }

    private boolean take(String token) {
      if (text.startsWith(token, at)) {
        at += token.length();
        return true;
      }
      return false;
    }

    private void skipSpace() {
      while (at < text.length() && text.charAt(at) == ' ') {
        at++;
      }
    }

    private String name() {
      int start = at;
      if (at < text.length() && Character.isJavaIdentifierStart(text.charAt(at))) {
        while (at < text.length() && Character.isJavaIdentifierPart(text.charAt(at))) {
          at++;
        }
      }
      String name = text.substring(start, at);
      return name.isEmpty() || name.indexOf('$') >= 0 ? null : name;
    }

    /** A path; null when what stands here is something else. */
    Plain path() {
      String name = name();
      int start = at;
      Plain plain = root(name);
      String head = plain == null || plain.text().isEmpty() ? name : plain.text();
      while (plain != null && at < text.length()) {
        boolean safe = take("?.");
        if (safe || take(".")) {
          plain = plain.nullable() && !safe ? null : member(plain, name(), safe);
        } else if (take("[")) {
          plain = plain.nullable() ? null : element(plain, literal());
          if (!take("]")) {
            return null;
          }
        } else {
          break;
        }
      }
      return plain == null
          ? null
          : new Plain(
              head + text.substring(start, at), plain.type(), plain.nullable(), plain.step());
    }

    private Plain root(String name) {
      if (name == null) {
        return null;
      }
      if (sitting.declares(name)) {
        return null;
      }
      Sitting.Result shown = sitting.find(name);
      if (shown != null) {
        Type type = shown.getType();
        return type == null
            ? null
            : new Plain(shown.getPath(), type, shown.getNullable(), shown::getValue);
      }
      return member(new Plain("", Vocabulary.class, false, () -> vocabulary), name, false);
    }

    private Plain member(Plain receiver, String name, boolean safe) {
      if (name == null) {
        return null;
      }
      Class<?> type = raw(receiver.type());
      if (take("(")) {
        return ours(type) ? call(receiver, type, name, safe) : null;
      }
      Method getter = getter(type, name);
      if (getter == null) {
        return null;
      }
      boolean nullable = receiver.nullable() || nullable(getter);
      return new Plain(
          "", getter.getGenericReturnType(), nullable, () -> invoke(receiver, getter, safe));
    }

    private Plain element(Plain receiver, Literal key) {
      if (key == null) {
        return null;
      }
      Class<?> type = raw(receiver.type());
      if (type == Map.class && key.value() instanceof String) {
        Type value = argument(receiver.type(), 1);
        return new Plain(
            "", value, true, () -> ((Map<?, ?>) receiver.step().value()).get(key.value()));
      }
      if (type == List.class && key.value() instanceof Integer index) {
        Type item = argument(receiver.type(), 0);
        return new Plain("", item, false, () -> ((List<?>) receiver.step().value()).get(index));
      }
      if (!ours(type)) {
        return null;
      }
      List<Method> fitting = new ArrayList<>();
      for (Method method : type.getMethods()) {
        if (method.getName().equals("get")
            && Members.find(method) != null
            && !method.isBridge()
            && method.getParameterCount() == 1
            && fits(key.type(), method.getParameterTypes()[0])) {
          fitting.add(method);
        }
      }
      if (fitting.size() != 1) {
        return null;
      }
      Method get = fitting.get(0);
      return new Plain(
          "",
          get.getGenericReturnType(),
          nullable(get),
          () -> invoke(get, receiver.step().value(), key.value()));
    }

    private Plain call(Plain receiver, Class<?> type, String name, boolean safe) {
      List<Plain> values = new ArrayList<>();
      List<String> names = new ArrayList<>();
      skipSpace();
      while (!take(")")) {
        if (!values.isEmpty() && !take(",")) {
          return null;
        }
        skipSpace();
        int before = at;
        String label = name();
        skipSpace();
        if (label == null || text.startsWith("==", at) || !take("=")) {
          label = null;
          at = before;
        }
        skipSpace();
        Literal literal = literal();
        Plain value =
            literal == null ? path() : new Plain("", literal.type(), false, literal::value);
        if (value == null || value.nullable()) {
          return null;
        }
        values.add(value);
        names.add(label);
        skipSpace();
      }
      List<Call> fitting = new ArrayList<>();
      for (Method method : type.getMethods()) {
        boolean spoken = Members.find(method) != null && !method.isBridge();
        if (spoken && method.getName().equals(name) && !Modifier.isStatic(method.getModifiers())) {
          Call call = fit(type, method, values, names);
          if (call != null) {
            fitting.add(call);
          }
        }
      }
      if (fitting.size() != 1) {
        return null;
      }
      Call call = fitting.get(0);
      boolean nullable = receiver.nullable() || nullable(call.method());
      return new Plain(
          "",
          call.method().getGenericReturnType(),
          nullable,
          () -> {
            Object self = receiver.step().value();
            return self == null && safe ? null : call.on(self);
          });
    }

    /** A string without escapes and templates, a whole number, or a truth; else null. */
    private Literal literal() {
      if (take("\"")) {
        int end = text.indexOf('"', at);
        if (end < 0 || text.startsWith("\"\"", at)) {
          return null;
        }
        String inside = text.substring(at, end);
        at = end + 1;
        return inside.matches("[^\\\\$\\n]*") ? new Literal(inside, String.class) : null;
      }
      int start = at;
      while (at < text.length() && Character.isDigit(text.charAt(at))) {
        at++;
      }
      String digits = text.substring(start, at);
      if (digits.matches("0|[1-9][0-9]{0,8}")) {
        return new Literal(Integer.valueOf(digits), int.class);
      }
      for (boolean truth : new boolean[] {true, false}) {
        if (text.startsWith(Boolean.toString(truth), at)) {
          int end = at + Boolean.toString(truth).length();
          if (end == text.length() || !Character.isJavaIdentifierPart(text.charAt(end))) {
            at = end;
            return new Literal(truth, boolean.class);
          }
        }
      }
      return null;
    }
  }

  private record Literal(Object value, Class<?> type) {}

  /**
   * A call whose arguments fit.
   *
   * @param values one a parameter; null where the default stands
   */
  private record Call(Method method, Method withDefaults, List<Plain> values) {

    Object on(Object self) throws Throwable {
      List<Object> given = new ArrayList<>();
      int missing = 0;
      for (int i = 0; i < values.size(); i++) {
        Plain value = values.get(i);
        missing |= value == null ? 1 << i : 0;
        given.add(value == null ? zero(method.getParameterTypes()[i]) : value.step().value());
      }
      if (missing == 0) {
        return invoke(method, self, given.toArray());
      }
      given.add(0, self);
      given.add(missing);
      given.add(null);
      return invoke(withDefaults, null, given.toArray());
    }
  }

  private static Call fit(Class<?> type, Method method, List<Plain> given, List<String> names) {
    Parameter[] parameters = method.getParameters();
    Plain[] values = new Plain[parameters.length];
    for (int i = 0; i < given.size(); i++) {
      int place = i;
      if (names.get(i) != null) {
        String label = names.get(i);
        place = 0;
        while (place < parameters.length && !parameters[place].getName().equals(label)) {
          place++;
        }
      }
      if (place >= parameters.length
          || values[place] != null
          || !fits(raw(given.get(i).type()), parameters[place].getType())) {
        return null;
      }
      values[place] = given.get(i);
    }
    List<Plain> all = Arrays.asList(values);
    if (!all.contains(null)) {
      return new Call(method, null, all);
    }
    // With more parameters the defaults' mask takes more than one word.
    if (values.length > 31) {
      return null;
    }
    Method withDefaults = null;
    for (Method other : type.getMethods()) {
      if (other.getName().equals(method.getName() + "$default")
          && other.getParameterCount() == values.length + 3
          && Arrays.equals(
              Arrays.copyOfRange(other.getParameterTypes(), 1, values.length + 1),
              method.getParameterTypes())) {
        withDefaults = other;
      }
    }
    Members.Member member = Members.find(method);
    Set<Integer> optional =
        withDefaults == null || member == null ? Set.of() : member.getOptional();
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null && !optional.contains(i)) {
        return null;
      }
    }
    return new Call(method, withDefaults, all);
  }

  private static boolean fits(Class<?> given, Class<?> wanted) {
    return wanted.isAssignableFrom(given) || given == int.class && wanted == long.class;
  }

  private static Object zero(Class<?> type) {
    if (type == boolean.class) {
      return false;
    }
    if (type == long.class) {
      return 0L;
    }
    return type == int.class ? 0 : null;
  }

  private static boolean nullable(Method method) {
    Members.Member member = Members.find(method);
    return member != null && member.getNullable();
  }

  private static boolean ours(Class<?> type) {
    return Members.ours(type);
  }

  /** The getter behind a property of Kotlin, where that is certain. */
  private static Method getter(Class<?> type, String name) {
    try {
      if (type == List.class || type == Map.class) {
        return name.equals("size") ? type.getMethod("size") : null;
      }
      if (!ours(type)) {
        return null;
      }
      String getter = "get" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
      Method method = type.getMethod(getter);
      return Members.find(method) == null ? null : method;
    } catch (NoSuchMethodException none) {
      return null;
    }
  }

  private static Object invoke(Plain receiver, Method method, boolean safe) throws Throwable {
    Object self = receiver.step().value();
    return self == null && safe ? null : invoke(method, self);
  }

  private static Object invoke(Method method, Object self, Object... arguments) throws Throwable {
    try {
      Object value = method.invoke(self, arguments);
      return method.getReturnType() == void.class ? kotlin.Unit.INSTANCE : value;
    } catch (InvocationTargetException thrown) {
      throw thrown.getTargetException();
    }
  }

  /** The class of a type, its arguments left out. */
  public static Class<?> raw(Type type) {
    if (type instanceof Class<?> plain) {
      return plain;
    }
    if (type instanceof ParameterizedType generic) {
      return (Class<?>) generic.getRawType();
    }
    return type instanceof WildcardType wild ? raw(wild.getUpperBounds()[0]) : Object.class;
  }

  private static Type argument(Type type, int index) {
    return type instanceof ParameterizedType generic
        ? generic.getActualTypeArguments()[index]
        : Object.class;
  }
}
