package blksh.view;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The named values of things that do not say how they print: entries, records, data classes. */
final class Parts {

  private Parts() {}

  /** What a value is made of, in order; null when it does not say. */
  static List<Field> of(Object value) {
    if (value instanceof Map.Entry<?, ?> entry) {
      return List.of(Field.of("key", entry.getKey()), Field.of("value", entry.getValue()));
    }
    if (value instanceof Record record) {
      return ofRecord(record);
    }
    boolean plain = value == null || value instanceof Size || value instanceof Percent;
    return plain || value.getClass().getName().startsWith("java.") ? null : ofDataClass(value);
  }

  private static List<Field> ofRecord(Record record) {
    List<Field> parts = new ArrayList<>();
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      if (!add(parts, component.getName(), component.getAccessor(), record)) {
        return null;
      }
    }
    return parts;
  }

  /**
   * Kotlin gives a data class a method {@code component1}, {@code component2} … for each property
   * of its constructor; their fields come first and in the same order.
   */
  private static List<Field> ofDataClass(Object value) {
    Class<?> type = value.getClass();
    List<Field> parts = new ArrayList<>();
    for (java.lang.reflect.Field field : type.getDeclaredFields()) {
      if (Modifier.isStatic(field.getModifiers())) {
        continue;
      }
      Method component = component(type, parts.size() + 1);
      if (component == null) {
        break;
      }
      if (!add(parts, field.getName(), component, value)) {
        return null;
      }
    }
    return parts.isEmpty() ? null : parts;
  }

  private static Method component(Class<?> type, int number) {
    String name = "component" + number;
    for (Method method : type.getDeclaredMethods()) {
      // Of a property whose type is a value class the name has an appendix.
      boolean named = method.getName().equals(name) || method.getName().startsWith(name + "-");
      if (named && method.getParameterCount() == 0 && !Modifier.isStatic(method.getModifiers())) {
        return method;
      }
    }
    return null;
  }

  private static boolean add(List<Field> parts, String label, Method getter, Object of) {
    if (!getter.trySetAccessible()) {
      return false;
    }
    try {
      return parts.add(Field.of(label, getter.invoke(of)));
    } catch (ReflectiveOperationException unreadable) {
      throw new IllegalStateException(of.getClass().getName() + "." + label, unreadable);
    }
  }
}
