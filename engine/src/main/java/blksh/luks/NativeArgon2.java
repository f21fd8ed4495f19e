package blksh.luks;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.POINTER;
import static blksh.io.NativeType.UINT32;
import static blksh.io.NativeType.UINT64;

import blksh.io.NativeFunction;
import blksh.io.NativeLibrary;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * Argon2 by the library of its authors (libargon2; RFC 9106), which cryptsetup brings. What LUKS2
 * asks for, a gigabyte of memory as a rule, is taken outside the heap and on several cores.
 */
final class NativeArgon2 {

  /** The library and its functions, loaded on first use. */
  private static final class Calls {
    static final Calls INSTANCE = new Calls();

    private final NativeLibrary argon2 =
        NativeLibrary.open("libargon2.so.1", "libargon2.so.0", "libargon2.dylib");
    final NativeFunction mixed = function("argon2id_hash_raw");
    final NativeFunction independent = function("argon2i_hash_raw");

    private NativeFunction function(String name) {
      return argon2.function(
          name, INT32, UINT32, UINT32, UINT32, POINTER, UINT64, POINTER, UINT64, POINTER, UINT64);
    }
  }

  private NativeArgon2() {}

  /** Whether the system has the library. */
  static boolean isAvailable() {
    try {
      return Calls.INSTANCE != null;
    } catch (LinkageError e) {
      return false;
    }
  }

  static byte[] key(KeyDerivation.Argon2 terms, byte[] passphrase, int length) throws LuksProblem {
    ByteBuffer given = direct(passphrase);
    ByteBuffer salt = direct(terms.salt());
    ByteBuffer made = ByteBuffer.allocateDirect(length);
    NativeFunction function = terms.mixed() ? Calls.INSTANCE.mixed : Calls.INSTANCE.independent;
    try {
      long result =
          function.call(
              new long[] {
                terms.passes(),
                terms.kibibytes(),
                terms.lanes(),
                NativeLibrary.address(given),
                passphrase.length,
                NativeLibrary.address(salt),
                terms.salt().length,
                NativeLibrary.address(made),
                length
              });
      Reference.reachabilityFence(salt);
      LuksProblem.unless(
          result == 0, "Argon2 with %d MiB of memory failed (%d)", terms.kibibytes() >> 10, result);
      byte[] key = new byte[length];
      made.get(key);
      return key;
    } finally {
      zero(made);
      zero(given);
    }
  }

  private static ByteBuffer direct(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(Math.max(1, bytes.length));
    buffer.put(0, bytes);
    return buffer;
  }

  private static void zero(ByteBuffer buffer) {
    for (int i = 0; i < buffer.capacity(); i++) {
      buffer.put(i, (byte) 0);
    }
  }
}
