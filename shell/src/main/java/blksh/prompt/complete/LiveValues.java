package blksh.prompt.complete;

import blksh.dsl.Vocabulary;
import blksh.prompt.line.Quoted;
import blksh.script.Sitting;
import blksh.view.Keyed;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The values behind the paths one types: properties and keys are read, and nothing else is run.
 * What others declared is read only as far as it is stored.
 */
final class LiveValues {

  private final Vocabulary vocabulary;
  private final Sitting sitting;
  private final Function<String, Object> variable;

  /**
   * @param variable the value of a variable declared at the prompt, or null; runs nothing
   */
  LiveValues(Vocabulary vocabulary, Sitting sitting, Function<String, Object> variable) {
    this.vocabulary = vocabulary;
    this.sitting = sitting;
    this.variable = variable;
  }

  /** The value of a variable declared at the prompt, or null. */
  Object variable(String name) {
    return variable.apply(name);
  }

  /** The value an expression has, if it is a plain path to one; else null. */
  Object of(String expression) {
    List<LivePath.Step> steps = LivePath.of(expression);
    Object value = null;
    for (int i = 0; i < steps.size(); i++) {
      LivePath.Step step = steps.get(i);
      value =
          switch (step.kind()) {
            case MEMBER -> i == 0 ? root(step.text()) : property(value, step.text());
            case KEY -> keyed(value, Quoted.read(step.text()));
            case INDEX -> indexed(value, Integer.parseInt(step.text()));
          };
      if (value == null) {
        return null;
      }
    }
    return value;
  }

  private Object root(String name) {
    if (sitting.declares(name)) {
      return variable.apply(name);
    }
    Sitting.Result result = sitting.find(name);
    return result != null ? result.getValue() : property(vocabulary, name);
  }

  private static Object keyed(Object value, String key) {
    if (value instanceof Keyed keyed) {
      return keyed.member(key);
    }
    return value instanceof Map<?, ?> map ? map.get(key) : null;
  }

  private static Object indexed(Object value, int index) {
    return value instanceof List<?> list && index < list.size() ? list.get(index) : null;
  }

  /** A property's value; of what others declared only what is stored, their getters may do much. */
  private static Object property(Object value, String name) {
    try {
      if (!value.getClass().getName().startsWith("blksh.")) {
        return stored(value, name);
      }
      String getter = "get" + Character.toUpperCase(name.charAt(0)) + name.substring(1);
      for (Method method : value.getClass().getMethods()) {
        boolean reads =
            method.getName().equals(getter)
                || value.getClass().isRecord() && method.getName().equals(name);
        if (reads
            && method.getParameterCount() == 0
            && Modifier.isPublic(method.getDeclaringClass().getModifiers())) {
          return method.invoke(value);
        }
      }
    } catch (ReflectiveOperationException | RuntimeException unreadable) {
      return null;
    }
    return null;
  }

  private static Object stored(Object value, String name) throws ReflectiveOperationException {
    for (Class<?> type = value.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          return field.trySetAccessible() ? field.get(value) : null;
        }
      }
    }
    return null;
  }
}
