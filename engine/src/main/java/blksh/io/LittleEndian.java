package blksh.io;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Numbers in byte arrays, least significant byte first, as stores and most file systems have them.
 */
public final class LittleEndian {

  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private LittleEndian() {}

  public static int u16(byte[] from, int at) {
    return (short) SHORT.get(from, at) & 0xFFFF;
  }

  public static int i32(byte[] from, int at) {
    return (int) INT.get(from, at);
  }

  public static long i64(byte[] from, int at) {
    return (long) LONG.get(from, at);
  }

  public static void putU16(byte[] to, int at, int value) {
    SHORT.set(to, at, (short) value);
  }

  public static void putI32(byte[] to, int at, int value) {
    INT.set(to, at, value);
  }

  public static void putI64(byte[] to, int at, long value) {
    LONG.set(to, at, value);
  }
}
