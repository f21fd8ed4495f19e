package blksh.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.kit.Content;
import blksh.kit.Tool;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams as the tools write them that need more memory, or are older, than most. */
class LargeDictionariesTest {

  private static final byte[] DATA = Content.disk(5 << 20, 4);

  /** What a block header says of a dictionary of 192 MiB, three times that of level 9. */
  private static final int LARGE = 31;

  /** As large as there are. */
  private static final int LARGEST = 40;

  @TempDir Path folder;

  private byte[] packed(String command) throws IOException {
    Path data = folder.resolve("data");
    Files.write(data, DATA);
    Path out = folder.resolve("packed");
    Tool.named("bash").run("-c", command + " < \"$1\" > \"$2\"", "bash", data, out);
    return Files.readAllBytes(out);
  }

  private BlockSource open(byte[] packed) {
    return Compressed.open(new ByteArraySource(packed), folder.resolve("index")).orElseThrow();
  }

  private void assertReads(byte[] packed) {
    try (BlockSource source = open(packed)) {
      Random random = new Random(2);
      for (int i = 0; i < 20; i++) {
        int at = random.nextInt(DATA.length);
        ByteBuffer piece = ByteBuffer.allocate(random.nextInt(300_000));
        int count = source.read(at, piece);
        assertThat(count).isEqualTo(Math.min(piece.capacity(), DATA.length - at));
        assertThat(Arrays.copyOf(piece.array(), count))
            .isEqualTo(Arrays.copyOfRange(DATA, at, at + count));
      }
      assertThat(source.size()).isEqualTo(DATA.length);
    }
  }

  /** Gives each block another dictionary; all it takes is memory. */
  private static byte[] withDictionary(byte[] xz, int coded) {
    byte[] large = xz.clone();
    ByteBuffer bytes = ByteBuffer.wrap(large).order(ByteOrder.LITTLE_ENDIAN);
    int changed = 0;
    for (int at = 12; at + 12 < large.length; at += 4) {
      int length = (large[at] & 0xff) * 4 + 4;
      int filter = at + 2;
      if ((large[at + 1] & 0x40) != 0) {
        while (large[filter++] < 0) {}
      }
      if ((large[at + 1] & 0x80) != 0) {
        while (large[filter++] < 0) {}
      }
      CRC32 crc = new CRC32();
      if (length >= 12 && length <= 32 && at + length <= large.length) {
        crc.update(large, at, length - 4);
        if ((int) crc.getValue() == bytes.getInt(at + length - 4) && large[filter] == 0x21) {
          large[filter + 2] = (byte) coded;
          crc.reset();
          crc.update(large, at, length - 4);
          bytes.putInt(at + length - 4, (int) crc.getValue());
          changed++;
        }
      }
    }
    assertThat(changed).isPositive();
    return large;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "xz -0",
        "xz -0 -T2 --block-size=700KiB",
        "xz -0 --check=none",
        "xz -0 --check=sha256 --block-size=1MiB",
        "xz -0 --x86 --lzma2=preset=0"
      })
  void aDictionaryMayBeLargerThanTheHeap(String command) throws IOException {
    byte[] xz = packed(command);
    assertReads(command.contains("x86") ? xz : withDictionary(xz, LARGE));
  }

  @Test
  void streamsOfXzOneAfterTheOtherAreOne() throws IOException {
    Path data = folder.resolve("data");
    Files.write(data, DATA);
    byte[] xz =
        packedOf(data, "head -c 2000000 $1 | xz -0; tail -c +2000001 $1 | xz -0 --check=crc32");
    assertReads(xz);
  }

  private byte[] packedOf(Path data, String script) throws IOException {
    Path out = folder.resolve("several");
    Tool.named("bash").run("-c", "{ %s; } > $2".formatted(script), "bash", data, out);
    return Files.readAllBytes(out);
  }

  @Test
  void lzmaHasADictionaryOutsideTheHeapToo() throws IOException {
    byte[] lzma = packed("xz --format=lzma -0");
    ByteBuffer.wrap(lzma).order(ByteOrder.LITTLE_ENDIAN).putInt(1, 1 << 27);
    assertReads(lzma);
  }

  @Test
  void whatNeedsMoreThanAQuarterOfTheMachineIsUnsupported() throws IOException {
    if (LzmaLibrary.allowed() >= 4L << 30) {
      return; // on such a machine it is read
    }
    byte[] xz = withDictionary(packed("xz -0"), LARGEST);
    try (BlockSource source = open(xz)) {
      assertThatThrownBy(() -> source.read(0, ByteBuffer.allocate(10)))
          .isInstanceOf(CompressedUnsupportedException.class)
          .hasMessageContaining("MiB of memory");
    }
  }

  @Test
  void damageInABlockIsFoundByItsCheck() throws IOException {
    byte[] xz = withDictionary(packed("xz -0 --block-size=1MiB"), LARGE);
    xz[xz.length / 2] ^= 1;
    try (BlockSource source = open(xz)) {
      ByteBuffer first = ByteBuffer.allocate(100_000);
      source.read(0, first);
      assertThat(first.array()).isEqualTo(Arrays.copyOf(DATA, 100_000));
      assertThatThrownBy(() -> source.read(0, ByteBuffer.allocate(DATA.length)))
          .isInstanceOf(CompressedCorruptException.class);
    }
  }

  /** What cannot be packed is stored as it is: nothing but the check behind it vouches for it. */
  @ParameterizedTest
  @ValueSource(strings = {"xz -0", "xz -0 --block-size=256KiB", "xz -0 --check=crc32"})
  void theLastBytesOfABlockAreProvenBeforeTheyAreGivenAway(String command) throws IOException {
    byte[] noise = new byte[512 << 10];
    new Random(6).nextBytes(noise);
    Path data = folder.resolve("noise");
    Files.write(data, noise);
    byte[] xz = packedOf(data, command + " -c $1");
    try (BlockSource source = open(xz)) {
      ByteBuffer whole = ByteBuffer.allocate(noise.length);
      source.read(0, whole);
      assertThat(whole.array()).isEqualTo(noise);
    }
    byte[] second = xz.clone();
    xz[xz.length / 4] ^= 1;
    try (BlockSource source = open(xz)) {
      assertThatThrownBy(() -> source.read(0, ByteBuffer.allocate(noise.length)))
          .isInstanceOf(CompressedCorruptException.class);
    }
    if (command.contains("256KiB")) {
      second[second.length * 3 / 4] ^= 1;
      try (BlockSource source = open(second)) {
        assertThatThrownBy(() -> source.read(300 << 10, ByteBuffer.allocate(212 << 10)))
            .isInstanceOf(CompressedCorruptException.class);
      }
    }
  }

  /** What repeats what was 140 MiB before, which only a large window reaches. */
  @Test
  void aWindowOfZstdMayBeLargerThanTheHeap() throws IOException {
    byte[] noise = new byte[1 << 20];
    new Random(7).nextBytes(noise);
    Path data = folder.resolve("noise");
    Files.write(data, noise);
    int zeros = 140 << 20;
    byte[] packed =
        packedOf(
            data,
            "head -c 9 $1 | zstd -q -c; { cat $1; head -c %d /dev/zero; cat $1; } | zstd -q -1 -c"
                    .formatted(zeros)
                + " --ultra --long=28");
    assertThat(packed.length).isLessThan(3 << 19);
    try (BlockSource source = open(packed)) {
      ByteBuffer late = ByteBuffer.allocate(noise.length + 100);
      assertThat(source.read(9 + noise.length + zeros, late)).isEqualTo(noise.length);
      assertThat(Arrays.copyOf(late.array(), noise.length)).isEqualTo(noise);
      assertThat(source.size()).isEqualTo(9 + 2L * noise.length + zeros);
    }
  }

  @Test
  void theLargestWindowThereIsTakesAsMuchMemoryAsIsDecoded() throws IOException {
    byte[] packed = packed("zstd -q -1 -c --ultra --long=31");
    if (WindowMemory.ALLOWED >= 2L << 30) {
      assertReads(packed);
    } else {
      assertUnsupported(packed);
    }
  }

  @Test
  void aWindowLargerThanAnyIsUnsupported() throws IOException {
    byte[] packed = packed("zstd -q -1 -c --ultra --long=27");
    assertThat(packed[5]).isEqualTo((byte) (17 << 3));
    packed[5] = (byte) 0xff; // nearly 4 TiB
    assertUnsupported(packed);
  }

  @Test
  void whatWasPackedWithADictionaryIsUnsupported() throws IOException {
    Path samples = Files.createDirectory(folder.resolve("samples"));
    byte[] packed =
        packedOf(
            samples,
            "for i in {1..60}; do seq $i $((i + 700)) > $1/$i; done; zstd -q --train $1/* -o"
                + " $1.dict; zstd -q -c -D $1.dict $1/7");
    try (BlockSource source = open(packed)) {
      assertThatThrownBy(() -> source.read(0, ByteBuffer.allocate(10)))
          .isInstanceOf(CompressedUnsupportedException.class)
          .hasMessageContaining("with a dictionary");
    }
  }

  private void assertUnsupported(byte[] packed) {
    try (BlockSource source = open(packed)) {
      assertThatThrownBy(() -> source.read(0, ByteBuffer.allocate(10)))
          .isInstanceOf(CompressedUnsupportedException.class)
          .hasMessageContaining("MiB of memory");
    }
  }

  @Test
  void allWindowsTogetherTakeHalfOfTheMemory() throws IOException {
    WindowMemory first = new WindowMemory();
    WindowMemory second = new WindowMemory();
    WindowMemory third = new WindowMemory();
    first.take(WindowMemory.ALLOWED);
    second.take(WindowMemory.USUAL + 1);
    second.take(WindowMemory.ALLOWED);
    third.take(WindowMemory.USUAL);
    assertThatThrownBy(() -> third.take(WindowMemory.USUAL + 1)).hasMessageContaining("are taken");
    assertThatThrownBy(() -> first.take(WindowMemory.ALLOWED + 1))
        .hasMessageContaining("a quarter of this machine's");
    first.giveBack();
    third.take(WindowMemory.ALLOWED);
    second.giveBack();
    third.giveBack();
    first.take(WindowMemory.ALLOWED);
    first.giveBack();
  }

  @Test
  void theLegacyFormOfLz4IsRead() throws IOException {
    assertReads(packed("lz4 -q -l -c"));
    byte[] large = Content.disk(20 << 20, 5);
    Path data = folder.resolve("large");
    Files.write(data, large);
    byte[] packed =
        packedOf(data, "lz4 -q -l -c $1; head -c 1000 $1 | lz4 -q -l -c; head -c 9 $1 | lz4 -q -c");
    byte[] all = Arrays.copyOf(large, large.length + 1009);
    System.arraycopy(large, 0, all, large.length, 1000);
    System.arraycopy(large, 0, all, large.length + 1000, 9);
    try (BlockSource source = open(packed)) {
      assertThat(source.size()).isEqualTo(all.length);
      ByteBuffer whole = ByteBuffer.allocate(all.length);
      source.read(0, whole);
      assertThat(whole.array()).isEqualTo(all);
      ByteBuffer late = ByteBuffer.allocate(5000);
      source.read(17 << 20, late);
      assertThat(late.array()).isEqualTo(Arrays.copyOfRange(all, 17 << 20, (17 << 20) + 5000));
    }
  }
}
