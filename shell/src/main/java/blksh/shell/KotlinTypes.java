package blksh.shell;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import kotlin.collections.CollectionsKt;
import kotlin.collections.MapsKt;
import kotlin.sequences.Sequence;
import kotlin.sequences.SequencesKt;
import kotlin.text.StringsKt;

/** What types outside the vocabulary have, Kotlin's extensions of them included. */
final class KotlinTypes {

  private static final List<Class<?>> EXTENSIONS =
      List.of(CollectionsKt.class, MapsKt.class, SequencesKt.class, StringsKt.class);

  private static final Set<String> NO_EXTENSIONS =
      Set.of(
          "listOf", "setOf", "mapOf", "sequenceOf", "emptyList", "generateSequence", "buildString");

  private static final Map<String, Class<?>> NAMED =
      Map.ofEntries(
          Map.entry("kotlin.collections.List", List.class),
          Map.entry("kotlin.collections.MutableList", List.class),
          Map.entry("kotlin.collections.Collection", Collection.class),
          Map.entry("kotlin.collections.Set", Set.class),
          Map.entry("kotlin.collections.MutableSet", Set.class),
          Map.entry("kotlin.collections.Map", Map.class),
          Map.entry("kotlin.collections.MutableMap", Map.class),
          Map.entry("kotlin.sequences.Sequence", Sequence.class),
          Map.entry("kotlin.String", String.class),
          Map.entry("kotlin.CharSequence", CharSequence.class),
          Map.entry("kotlin.Int", Integer.class),
          Map.entry("kotlin.Long", Long.class),
          Map.entry("kotlin.Double", Double.class),
          Map.entry("kotlin.Boolean", Boolean.class),
          Map.entry("kotlin.Pair", kotlin.Pair.class));

  private static final Map<Class<?>, Map<String, String>> KNOWN = new ConcurrentHashMap<>();

  private KotlinTypes() {}

  /** The class behind a type as Kotlin writes it; null when it is not known here. */
  static Class<?> named(String type) {
    if (type == null) {
      return null;
    }
    String plain = type.replaceFirst("[<?].*", "");
    Class<?> known = NAMED.get(plain);
    if (known != null) {
      return known;
    }
    try {
      return Class.forName(plain, false, KotlinTypes.class.getClassLoader());
    } catch (ClassNotFoundException | LinkageError unknown) {
      return null;
    }
  }

  /** The members of a type as a menu shows them, each with a few words about it. */
  static Map<String, String> members(Class<?> type) {
    return KNOWN.computeIfAbsent(type, KotlinTypes::find);
  }

  private static Map<String, String> find(Class<?> type) {
    Map<String, String> members = new TreeMap<>();
    if (!type.getName().startsWith("blksh.dsl.")) {
      own(type, members);
    } else if (List.class.isAssignableFrom(type)) {
      own(List.class, members);
    }
    for (Class<?> facade : EXTENSIONS) {
      for (Method method : facade.getMethods()) {
        boolean usable =
            Modifier.isStatic(method.getModifiers())
                && method.getParameterCount() > 0
                && extended(method.getParameterTypes()[0])
                && method.getParameterTypes()[0].isAssignableFrom(type)
                && method.getName().matches("[a-z][A-Za-z]*")
                && !NO_EXTENSIONS.contains(method.getName());
        if (usable) {
          add(members, method, 1);
        }
      }
    }
    return members;
  }

  private static boolean extended(Class<?> receiver) {
    return receiver == Iterable.class
        || receiver == Collection.class
        || receiver == List.class
        || receiver == Map.class
        || receiver == Sequence.class
        || receiver == CharSequence.class
        || receiver == String.class;
  }

  private static void own(Class<?> type, Map<String, String> members) {
    for (Method method : type.getMethods()) {
      Class<?> owner = method.getDeclaringClass();
      boolean shown =
          Modifier.isPublic(owner.getModifiers())
              && !Modifier.isStatic(method.getModifiers())
              && owner != Object.class
              && method.getName().matches("[a-z][A-Za-z0-9]*")
              && !method.getName().matches("component\\d+|wait|notify.*|hashCode|equals|getClass");
      if (!shown) {
        continue;
      }
      String name = method.getName();
      boolean getter = method.getParameterCount() == 0 && method.getReturnType() != void.class;
      if (getter && (name.equals("size") || name.equals("length") || type.isRecord())) {
        members.put(name, method.getReturnType().getSimpleName());
      } else if (getter && name.matches("get[A-Z].*")) {
        String property = Character.toLowerCase(name.charAt(3)) + name.substring(4);
        members.put(property, method.getReturnType().getSimpleName());
      } else {
        add(members, method, 0);
      }
    }
  }

  private static void add(Map<String, String> members, Method method, int receivers) {
    int count = method.getParameterCount() - receivers;
    Class<?>[] types = method.getParameterTypes();
    boolean lambda =
        count > 0 && types[types.length - 1].getName().startsWith("kotlin.jvm.functions.");
    String shown = method.getName() + (count == 0 ? "()" : lambda && count == 1 ? " {…}" : "(…)");
    members.putIfAbsent(shown, method.getReturnType().getSimpleName());
  }
}
