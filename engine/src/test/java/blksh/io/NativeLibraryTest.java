package blksh.io;

import static blksh.io.NativeType.INT32;
import static blksh.io.NativeType.INT64;
import static blksh.io.NativeType.POINTER;
import static blksh.io.NativeType.UINT32;
import static blksh.io.NativeType.UINT64;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class NativeLibraryTest {

  private static final int EBADF = 9;

  private static ByteBuffer text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    return ByteBuffer.allocateDirect(bytes.length + 1).put(bytes);
  }

  @Test
  void numbersAndAddressesArePassedAsTheyAre() {
    NativeLibrary system = NativeLibrary.ofSystem();
    ByteBuffer text = text("blocks");
    assertThat(system.function("strlen", UINT64, POINTER).call(NativeLibrary.address(text)))
        .isEqualTo(6);
    assertThat(system.function("labs", INT64, INT64).call(-5_000_000_000L))
        .isEqualTo(5_000_000_000L);
    Reference.reachabilityFence(text);
  }

  @Test
  void ofANarrowResultTheSignCounts() {
    NativeLibrary system = NativeLibrary.ofSystem();
    ByteBuffer text = text("-7");
    long address = NativeLibrary.address(text);
    assertThat(system.function("atoi", INT32, POINTER).call(address)).isEqualTo(-7);
    assertThat(system.function("atoi", UINT32, POINTER).call(address)).isEqualTo((1L << 32) - 7);
    Reference.reachabilityFence(text);
  }

  @Test
  void manyArgumentsKeepTheirOrder() {
    NativeFunction print =
        NativeLibrary.ofSystem()
            .function(
                "snprintf", INT32, POINTER, UINT64, POINTER, INT32, INT64, INT32, UINT32, POINTER);
    ByteBuffer out = ByteBuffer.allocateDirect(100);
    ByteBuffer format = text("%d %ld %d %u %s");
    ByteBuffer word = text("end");
    long length =
        print.call(
            NativeLibrary.address(out),
            100,
            NativeLibrary.address(format),
            -1,
            1L << 40,
            2,
            3,
            NativeLibrary.address(word));
    byte[] printed = new byte[(int) length];
    out.get(printed);
    assertThat(new String(printed, StandardCharsets.US_ASCII))
        .isEqualTo("-1 1099511627776 2 3 end");
    Reference.reachabilityFence(format);
    Reference.reachabilityFence(word);
  }

  @Test
  void whyASystemCallFailedIsKnown() {
    NativeFunction seek = NativeLibrary.ofSystem().systemCall("lseek", INT64, INT32, INT64, INT32);
    assertThat(NativeFunction.orError(seek.call(-1, 0, 0))).isEqualTo(-EBADF);
  }

  @Test
  void whatIsMissingIsNamed() {
    assertThatThrownBy(() -> NativeLibrary.open("libabsent.so.1", "libabsent.so"))
        .isInstanceOf(UnsatisfiedLinkError.class)
        .hasMessage("libabsent.so.1");
    assertThatThrownBy(() -> NativeLibrary.ofSystem().function("absent_function", INT32))
        .isInstanceOf(UnsatisfiedLinkError.class)
        .hasMessage("absent_function");
  }

  @Test
  void memoryOfOthersIsABuffer() {
    ByteBuffer own = text("bytes");
    ByteBuffer seen = NativeLibrary.memory(NativeLibrary.address(own), 5);
    assertThat(seen.get(4)).isEqualTo((byte) 's');
    Reference.reachabilityFence(own);
  }
}
