package blksh.store.pack;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.io.Checksum;
import blksh.io.LittleEndian;
import blksh.kit.Content;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** What the header of a frame says of its pages. */
class FrameTest {

  /** A whole page of 65,536 bytes has the same 16 bits as one that was dropped. */
  @Test
  void aDroppedPageOfTheLargestKeepsItsDigestBesideAWholeOne() {
    byte[] page = Content.random(65536, 1);
    ByteBuffer raw = ByteBuffer.allocateDirect(65536).put(page).flip();
    byte[] digests = Content.random(2 * Page.DIGEST, 2);
    Page.digest(Page.sha256(), page, 0, page.length, digests, Page.DIGEST);
    ByteBuffer to = ByteBuffer.allocateDirect(Frame.MAX_HEADER + Frame.MAX_RAW);
    try (CodecChoice.Compressor compressor = CodecChoice.RAW.compressor()) {
      int[] starts = {0, 0, 65536};
      Frame.write(compressor, PageSize.LARGEST, 7, starts, raw, 0, digests, 0, to);
    }
    byte[] bytes = new byte[to.flip().remaining()];
    to.get(bytes);
    Frame read = Frame.parse(bytes, 0, bytes.length);
    assertThat(read.pageSize).isEqualTo(PageSize.LARGEST);
    assertThat(read.pageLength(0)).isZero();
    assertThat(read.pageLength(1)).isEqualTo(65536);
    assertThat(read.digests).isEqualTo(digests);
    assertThat(Arrays.copyOfRange(bytes, bytes.length - 65536, bytes.length)).isEqualTo(page);
    // Byte 11 says nothing else: of a page that is there, or of one there is not.
    assertThat(saying(bytes, 0x14)).isNotNull();
    for (int form : new int[] {0x34, 0x54, 0x94, 0x13, 0x10}) {
      assertThat(saying(bytes, form)).as("%02x", form).isNull();
    }
    bytes[24] = 100; // bytes of the first page, which byte 11 calls dropped
    assertThat(saying(bytes, 0x14)).isNull();
  }

  /** The frame with another byte 11, sealed again. */
  private static Frame saying(byte[] frame, int form) {
    byte[] bytes = frame.clone();
    bytes[11] = (byte) form;
    LittleEndian.putI32(bytes, 12, LittleEndian.u16(bytes, 24) + 65536);
    int sealed = Frame.headerLength(2) - 4;
    LittleEndian.putI32(bytes, sealed, Checksum.of(bytes, 0, sealed));
    return Frame.parse(bytes, 0, bytes.length);
  }
}
