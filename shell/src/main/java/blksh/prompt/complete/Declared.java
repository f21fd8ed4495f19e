package blksh.prompt.complete;

import blksh.dsl.Vocabulary;
import blksh.prompt.command.Reference;
import blksh.script.Members;
import blksh.script.Scope;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** What the types of the vocabulary declare, and what its reference says about them. */
final class Declared {

  /** For the name of a type, those it inherits from, as the reference calls them. */
  private final Map<String, List<String>> owners = new ConcurrentHashMap<>();

  /** What a class of the vocabulary declares. */
  void offer(Class<?> type, Choices all) {
    for (boolean properties : new boolean[] {true, false}) {
      for (Method method : type.getMethods()) {
        Members.Member member = Members.find(method);
        if (member != null
            && member.getProperty() == properties
            && (properties || !Members.PLUMBING.contains(member.getName()))) {
          String name = member.getName();
          String signature = member.getSignature();
          Scope.Kind kind =
              properties
                  ? Scope.Kind.VALUE
                  : signature.startsWith(name + "()") ? Scope.Kind.CALL : Scope.Kind.FUNCTION;
          String gives = gives(signature);
          Scope.Name found = new Scope.Name(name, kind, gives, gives, false);
          all.add(found, brief(member.getOwner(), name));
        }
      }
    }
  }

  /** What a member gives, of its signature. */
  private static String gives(String signature) {
    return signature.substring(signature.lastIndexOf("): ") + 1).replaceFirst("^.*?: ", "");
  }

  /** The first sentence about a member of a type of the vocabulary; empty for others. */
  String brief(String type, String name) {
    for (String owner : owners(type.replaceFirst("[<?].*", ""))) {
      for (Reference.Word word : Reference.get().members(owner, name)) {
        if (!word.brief().isEmpty()) {
          return word.brief().replace("`", "");
        }
      }
    }
    return "";
  }

  /** A type and those it inherits from, as the reference calls them. */
  private List<String> owners(String type) {
    return owners.computeIfAbsent(
        type,
        name -> {
          Class<?> loaded = Members.type(name);
          return loaded == null
              ? List.of(name)
              : kinds(loaded)
                  .map(kind -> kind == Vocabulary.class ? "" : kind.getSimpleName())
                  .distinct()
                  .toList();
        });
  }

  private static Stream<Class<?>> kinds(Class<?> type) {
    Stream<Class<?>> above =
        Stream.concat(Stream.ofNullable(type.getSuperclass()), Stream.of(type.getInterfaces()));
    return Stream.concat(Stream.of(type), above.flatMap(Declared::kinds));
  }

  /** The first sentence about a type of the vocabulary; empty for other names. */
  static String type(Scope.Name name) {
    Reference.Word type =
        name.getKind() == Scope.Kind.TYPE && !name.getCommon()
            ? Reference.get().type(name.getText())
            : null;
    return type == null ? "" : type.brief().replace("`", "");
  }

  /** What is said about a parameter of a function of the vocabulary; empty for others. */
  static String parameter(String function, String name) {
    return Reference.get().find(function).stream()
        .map(word -> word.parameter(name).replace("`", ""))
        .filter(said -> !said.isEmpty())
        .findFirst()
        .orElse("");
  }
}
