package blksh.prompt.complete;

import blksh.dsl.Vocabulary;
import blksh.prompt.line.OpenCall;
import blksh.script.FastLane;
import blksh.script.Members;
import blksh.script.Sitting;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Which functions of the vocabulary a call being typed may mean, and what they take. */
final class CalledFunctions {

  private final FastLane fastLane;
  private final Sitting sitting;
  private final LiveValues values;

  CalledFunctions(FastLane fastLane, Sitting sitting, LiveValues values) {
    this.fastLane = fastLane;
    this.sitting = sitting;
    this.values = values;
  }

  /** The functions of the vocabulary that a call may mean; none for others. */
  List<Members.Member> functions(OpenCall call) {
    Class<?> owner = Vocabulary.class;
    if (!call.receiver().isEmpty()) {
      FastLane.Plain plain = fastLane.read(call.receiver());
      Object value = plain == null ? values.of(call.receiver()) : null;
      owner = plain != null ? FastLane.raw(plain.type()) : value == null ? null : value.getClass();
    } else if (sitting.declares(call.function())) {
      return List.of();
    }
    List<Members.Member> functions = new ArrayList<>();
    if (owner != null) {
      for (Method method : owner.getMethods()) {
        Members.Member member = Members.find(method);
        if (member != null && !member.getProperty() && member.getName().equals(call.function())) {
          functions.add(member);
        }
      }
    }
    return functions;
  }

  /** The parameters of a function as one writes them: {@code name: Type}. */
  static List<String> parameters(Members.Member member) {
    String signature = member.getSignature();
    int open = signature.indexOf('(');
    int close = signature.lastIndexOf(')');
    if (open < 0 || close <= open + 1) {
      return List.of();
    }
    return Stream.of(signature.substring(open + 1, close).split(", (?=\\w+: )")).toList();
  }
}
