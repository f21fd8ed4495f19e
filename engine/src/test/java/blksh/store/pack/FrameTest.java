package blksh.store.pack;

import static org.assertj.core.api.Assertions.assertThat;

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
  }
}
