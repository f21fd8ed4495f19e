package blksh.io;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.HeapInvocationBuffer;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;

/**
 * A function of a {@link NativeLibrary}. It is called with as many numbers as it has parameters,
 * addresses among them, and the numbers are not looked at: whoever calls it answers for them.
 */
public final class NativeFunction {

  private static final Invoker INVOKER = Invoker.getInstance();

  /** Kept so that it stays loaded; null for a function whose address was given by its owner. */
  private final Library library;

  private final long address;
  private final CallContext context;
  private final NativeType result;
  private final NativeType[] parameters;

  NativeFunction(
      Library library,
      long address,
      boolean keepsError,
      NativeType result,
      NativeType... parameters) {
    this.library = library;
    this.address = address;
    this.result = result;
    this.parameters = parameters.clone();
    Type[] types = new Type[parameters.length];
    for (int i = 0; i < types.length; i++) {
      types[i] = type(parameters[i]);
    }
    this.context =
        CallContext.getCallContext(type(result), types, CallingConvention.DEFAULT, keepsError);
  }

  /** The function at an address, as it was handed over by a library to be called. */
  public static NativeFunction at(long address, NativeType result, NativeType... parameters) {
    return new NativeFunction(null, address, false, result, parameters);
  }

  private static Type type(NativeType type) {
    return switch (type) {
      case VOID -> Type.VOID;
      case INT32 -> Type.SINT32;
      case UINT32 -> Type.UINT32;
      case INT64 -> Type.SINT64;
      case UINT64 -> Type.UINT64;
      case POINTER -> Type.POINTER;
    };
  }

  /** What it returns; nothing to rely on where it returns nothing. */
  public long call() {
    return value(INVOKER.invokeN0(context, address));
  }

  /** As above, of a function with one parameter. */
  public long call(long a) {
    return value(INVOKER.invokeN1(context, address, a));
  }

  /** As above, of one with two. */
  public long call(long a, long b) {
    return value(INVOKER.invokeN2(context, address, a, b));
  }

  /** As above, of one with three. */
  public long call(long a, long b, long c) {
    return value(INVOKER.invokeN3(context, address, a, b, c));
  }

  /** As above, of one with four. */
  public long call(long a, long b, long c, long d) {
    return value(INVOKER.invokeN4(context, address, a, b, c, d));
  }

  /** As above, of one with five. */
  public long call(long a, long b, long c, long d, long e) {
    return value(INVOKER.invokeN5(context, address, a, b, c, d, e));
  }

  /** As above, of one with any number of them. */
  public long call(long... arguments) {
    HeapInvocationBuffer buffer = new HeapInvocationBuffer(context);
    for (int i = 0; i < parameters.length; i++) {
      switch (parameters[i]) {
        case INT32, UINT32 -> buffer.putInt((int) arguments[i]);
        case POINTER -> buffer.putAddress(arguments[i]);
        default -> buffer.putLong(arguments[i]);
      }
    }
    return result == NativeType.INT32
        ? INVOKER.invokeInt(context, address, buffer)
        : INVOKER.invokeLong(context, address, buffer);
  }

  /** Of a narrow result only its own bits mean something. */
  private long value(long returned) {
    return switch (result) {
      case INT32 -> (int) returned;
      case UINT32 -> returned & 0xffffffffL;
      default -> returned;
    };
  }

  /**
   * What a system call returned; of one that failed, which returns less than zero, the negated
   * error number. To be asked right after the call, on the same thread.
   */
  public static long orError(long returned) {
    return returned < 0 ? -LastError.getInstance().get() : returned;
  }
}
