package blksh.luks;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.MIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.list;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.ByteArraySource;
import blksh.block.Extent;
import blksh.block.FaultySource;
import blksh.block.FileSource;
import blksh.block.SourceInfo;
import blksh.io.UnreadableException;
import blksh.kit.Effort;
import blksh.kit.Tool;
import blksh.kit.Volumes;
import blksh.task.Task;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Volumes that cryptsetup made, beside what cryptsetup encrypted and what QEMU decrypts. */
class LuksVolumeTest {

  /** Bytes that are no text, with a NUL among them. */
  private static final byte[] KEY = {'p', 'a', 0, 's', (byte) 0xff, '\n'};

  private static final String EMPTY_SHA256 =
      "62384466264DAADC4144018C6BD864648272B34DA8980D31521FFCCE92AE003BBF34CC19EC05E240";

  private static final int LUKS2_START = MIB;

  private static final Object[] OLD = {"--type", "luks1", "--pbkdf-force-iterations", 1000};

  private static final Object[] NEW = {
    "--type",
    "luks2",
    "--pbkdf",
    "pbkdf2",
    "--pbkdf-force-iterations",
    1000,
    "--luks2-keyslots-size",
    "512k",
    "--offset",
    LUKS2_START / 512,
    "--sector-size",
    4096
  };

  /** A volume of each version, which tests read or change copies of. */
  private static byte[] luks1;

  private static byte[] luks2;

  @TempDir Path folder;
  private Path key;

  @BeforeAll
  static void makeVolumes(@TempDir Path folder) throws IOException {
    Path key = Files.write(folder.resolve("key"), KEY);
    luks1 = Files.readAllBytes(formatted(folder.resolve("1"), 4 * MIB, key, OLD));
    luks2 = Files.readAllBytes(formatted(folder.resolve("2"), LUKS2_START + MIB, key, NEW));
  }

  @BeforeEach
  void writeKey() throws IOException {
    key = Files.write(folder.resolve("key"), KEY);
  }

  private static Path formatted(Path file, long size, Path key, Object... options)
      throws IOException {
    Volumes.blank(file, size);
    List<Object> arguments = new ArrayList<>(List.of("luksFormat", "--batch-mode"));
    arguments.addAll(List.of(options));
    arguments.addAll(List.of(file, key));
    Tool.named("cryptsetup").run(arguments.toArray());
    return file;
  }

  private static BlockSource opened(BlockSource source, byte[] passphrase) {
    LuksVolume volume = LuksVolume.on(source).orElseThrow();
    return volume.unlock(passphrase, Task.unwatched()).open(source);
  }

  /** Whatever lies there decrypts to something: QEMU says to what. */
  @ParameterizedTest
  @CsvSource({
    "aes-xts-plain64, 512, sha256",
    "aes-xts-plain, 256, sha1",
    "aes-cbc-essiv:sha256, 256, sha256",
    "aes-cbc-plain64, 128, sha512",
  })
  void luks1IsReadAsQemuReadsIt(String cipher, int bits, String hash) throws IOException {
    byte[] text = "a pass word, ü".getBytes(StandardCharsets.UTF_8); // as QEMU wants it
    Files.write(key, text);
    Path file =
        formatted(
            folder.resolve("luks"),
            4 * MIB,
            key,
            "--type",
            "luks1",
            "-c",
            cipher,
            "-s",
            bits,
            "--hash",
            hash,
            "--pbkdf-force-iterations",
            1000);
    Path raw = folder.resolve("raw");
    try (FileSource source = FileSource.open(file)) {
      LuksVolume volume = LuksVolume.on(source).orElseThrow();
      assertThat(volume.version()).isEqualTo(1);
      assertThat(volume.cipher()).isEqualTo(cipher);
      assertThat(volume.uuid()).isEqualTo(Tool.named("cryptsetup").answer("luksUUID", file));
    }
    try (RandomAccessFile to = new RandomAccessFile(file.toFile(), "rw")) {
      to.seek(3 * MIB);
      to.write(random(MIB, 1));
    }
    Tool.named("qemu-img")
        .run(
            "convert",
            "--object",
            "secret,id=key,file=" + key,
            "--image-opts",
            "driver=luks,key-secret=key,file.filename=" + file,
            "-O",
            "raw",
            raw);
    try (BlockSource plain = opened(FileSource.open(file), text)) {
      assertThat(read(plain, 0, 4 * MIB)).isEqualTo(Files.readAllBytes(raw));
    }
  }

  private Path encrypted(byte[] plain, Object... options) throws IOException {
    Path file = Files.write(folder.resolve("luks"), plain);
    try (RandomAccessFile to = new RandomAccessFile(file.toFile(), "rw")) {
      to.setLength(plain.length + 2L * LUKS2_START);
    }
    List<Object> arguments =
        new ArrayList<>(List.of("reencrypt", "--encrypt", "--batch-mode", "--type", "luks2"));
    arguments.addAll(List.of("--reduce-device-size", "2M", "--luks2-keyslots-size", "640k"));
    arguments.addAll(List.of("--resilience", "none"));
    arguments.addAll(List.of("--key-file", key));
    arguments.addAll(List.of(options));
    arguments.add(file);
    Tool.named("cryptsetup").run(arguments.toArray());
    return file;
  }

  @ParameterizedTest
  @CsvSource({
    "aes-xts-plain64, 512, 4096, argon2id",
    "aes-cbc-essiv:sha256, 256, 512, argon2i",
  })
  void luks2HoldsWhatCryptsetupEncrypted(String cipher, int bits, int sector, String derivation)
      throws IOException {
    byte[] plain = random(2 * MIB, 2);
    Path file =
        encrypted(
            plain,
            "-c",
            cipher,
            "-s",
            bits,
            "--sector-size",
            sector,
            "--pbkdf",
            derivation,
            "--pbkdf-force-iterations",
            4,
            "--pbkdf-memory",
            1024);
    try (BlockSource volume = opened(FileSource.open(file), KEY)) {
      assertThat(volume.size()).isEqualTo(plain.length + LUKS2_START);
      assertThat(read(volume, 0, plain.length)).isEqualTo(plain);
      assertThat(volume.sectorSize()).isEqualTo(sector);
      Random random = new Random(3);
      for (int i = 0; i < 30; i++) {
        int at = random.nextInt(plain.length);
        int length = random.nextInt(Math.min(300_000, plain.length - at) + 1);
        assertThat(read(volume, at, length)).isEqualTo(Arrays.copyOfRange(plain, at, at + length));
      }
      assertThat(volume.describe().details()).containsEntry("encryption", "LUKS2, " + cipher);
      assertThat(list(volume.extents()))
          .allMatch(extent -> extent.kind() == Extent.Kind.DATA); // noise, in the holes too
    }
  }

  @Test
  void anotherPassphraseOpensNothingAndSaysSo() {
    LuksVolume volume = LuksVolume.on(new ByteArraySource("disk", luks1)).orElseThrow();
    for (String wrong : List.of("", "pa", "password")) {
      assertThatThrownBy(
              () -> volume.unlock(wrong.getBytes(StandardCharsets.UTF_8), Task.unwatched()))
          .isInstanceOf(WrongPassphraseException.class)
          .hasMessage(
              "cannot unlock the LUKS volume on memory disk: no key slot opens with this"
                  + " passphrase");
    }
  }

  @Test
  void everySlotIsTried() throws IOException {
    Path file = Files.write(folder.resolve("luks"), luks1);
    Path second = Files.write(folder.resolve("second"), "a second one".getBytes());
    Tool.named("cryptsetup")
        .run(
            "luksAddKey",
            "--batch-mode",
            "--key-file",
            key,
            "--pbkdf-force-iterations",
            1000,
            "--key-slot",
            5,
            file,
            second);
    try (FileSource source = FileSource.open(file)) {
      LuksVolume volume = LuksVolume.on(source).orElseThrow();
      byte[] first = read(volume.unlock(KEY, Task.unwatched()).open(source), 0, 4096);
      byte[] other =
          read(volume.unlock("a second one".getBytes(), Task.unwatched()).open(source), 0, 4096);
      assertThat(other).isEqualTo(first);
    }
  }

  /** Of RFC 6070, and of Python's hashlib for an empty passphrase. */
  @Test
  void derivesKeysAsOthersDo() throws LuksProblem {
    byte[] salt = "salt".getBytes(StandardCharsets.US_ASCII);
    byte[] password = "password".getBytes(StandardCharsets.US_ASCII);
    assertThat(Hash.pbkdf2("sha1", password, salt, 4096, 20, Task.unwatched()))
        .asHexString()
        .isEqualTo("4B007901B765489ABEAD49D926F721D065A429C1");
    assertThat(Hash.pbkdf2("sha256", new byte[0], salt, 2, 40, Task.unwatched()))
        .asHexString()
        .isEqualTo(EMPTY_SHA256);
  }

  @Test
  void oneOfTwoHeadersIsEnoughAndTheDamageIsTold() {
    byte[] bytes = luks2.clone();
    byte[] plain = read(opened(new ByteArraySource(bytes), KEY), 0, MIB);
    for (int copy = 0; copy < 2; copy++) {
      byte[] damaged = bytes.clone();
      damaged[copy * 16 * KIB + 5000] ^= 1;
      ByteArraySource source = new ByteArraySource("disk", damaged);
      assertThat(LuksVolume.on(source).orElseThrow().warnings())
          .containsExactly(
              "the %s copy of the LUKS2 header is damaged"
                  .formatted(copy == 0 ? "first" : "second"));
      assertThat(read(opened(source, KEY), 0, MIB)).isEqualTo(plain);
    }
    byte[] wiped = bytes.clone();
    Arrays.fill(wiped, 0, 4096, (byte) 0);
    assertThat(read(opened(new ByteArraySource(wiped), KEY), 0, MIB)).isEqualTo(plain);
    bytes[5000] ^= 1;
    bytes[16 * KIB + 5000] ^= 1;
    assertThatThrownBy(() -> LuksVolume.on(new ByteArraySource("disk", bytes)))
        .hasMessage(
            "cannot open the LUKS volume on memory disk: both copies of its header are damaged");
  }

  /** Puts other words into both copies of a LUKS2 header, with the checksums that fit. */
  private static byte[] changed(byte[] bytes, String is, String instead) throws Exception {
    byte[] made = bytes.clone();
    for (int copy = 0; copy < 2; copy++) {
      int at = copy * 16 * KIB;
      int end = at + 4096;
      while (made[end] != 0) {
        end++;
      }
      String json = new String(made, at + 4096, end - at - 4096, StandardCharsets.UTF_8);
      assertThat(json).contains(is);
      byte[] other = json.replace(is, instead).getBytes(StandardCharsets.UTF_8);
      Arrays.fill(made, at + 4096, at + 16 * KIB, (byte) 0);
      System.arraycopy(other, 0, made, at + 4096, other.length);
      seal(made, at);
    }
    return made;
  }

  private static void seal(byte[] bytes, int at) throws Exception {
    Arrays.fill(bytes, at + 448, at + 512, (byte) 0);
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    digest.update(bytes, at, 16 * KIB);
    System.arraycopy(digest.digest(), 0, bytes, at + 448, 32);
  }

  @Test
  void theSecondHeaderServesWhereverItIsAndWhenTheFirstCannotBeRead() throws IOException {
    Path file =
        formatted(
            folder.resolve("luks2"),
            LUKS2_START + MIB,
            key,
            "--type",
            "luks2",
            "--luks2-metadata-size",
            "64k",
            "--luks2-keyslots-size",
            "512k",
            "--offset",
            LUKS2_START / 512,
            "--pbkdf",
            "pbkdf2",
            "--pbkdf-force-iterations",
            1000);
    byte[] bytes = Files.readAllBytes(file);
    byte[] plain = read(opened(new ByteArraySource(bytes), KEY), 0, MIB);
    FaultySource bad = new FaultySource(new ByteArraySource(bytes)).unreadable(0, 512);
    assertThat(read(opened(bad, KEY), 0, MIB)).isEqualTo(plain);
    Arrays.fill(bytes, 0, 4096, (byte) 0);
    assertThat(read(opened(new ByteArraySource(bytes), KEY), 0, MIB)).isEqualTo(plain);
  }

  @Test
  void aSlotThatMakesNoSenseKeepsNoOtherFromOpening() {
    byte[] bytes = luks1.clone();
    ByteBuffer slot = ByteBuffer.wrap(bytes, 208 + 48, 48).slice();
    slot.putInt(0, 0xac71f3).putInt(4, 1000).putInt(40, 8).putInt(44, 1 << 30);
    ByteArraySource source = new ByteArraySource(bytes);
    LuksVolume volume = LuksVolume.on(source).orElseThrow();
    assertThat(volume.warnings()).containsExactly("key slot 1 is not tried: its sizes cannot be");
    assertThat(volume.unlock(KEY, Task.unwatched()).size(source)).isPositive();
    assertThatThrownBy(() -> volume.unlock(new byte[] {1}, Task.unwatched()))
        .isNotInstanceOf(WrongPassphraseException.class) // it may be that of the other slot
        .hasMessageEndingWith(
            "no other key slot opens with this passphrase; key slot 1 is not tried: its sizes"
                + " cannot be");
  }

  /** XTS with other vectors than numbers would be read as noise. */
  @Test
  void vectorsThatDoNotFitTheModeAreRefused() {
    assertThatThrownBy(() -> CipherName.of("aes-xts-essiv:sha256"))
        .hasMessage("it is encrypted with aes-xts-essiv:sha256, which is not read");
  }

  @Test
  void whatIsNotUnderstoodIsRefusedByName() throws Exception {
    byte[] bytes = luks2.clone();
    String[][] refused = {
      {"aes-xts-plain64\",\"sector", "serpent-xts-plain64\",\"sector", "serpent-xts-plain64"},
      {"aes-xts-plain64\",\"sector", "aes-xts-random\",\"sector", "aes-xts-random"},
      {"aes-xts-plain64\",\"sector", "aes-adiantum-plain64\",\"sector", "aes-adiantum-plain64"},
      {
        "\"sector_size\":",
        "\"integrity\":{\"type\":\"hmac(sha256)\"},\"sector_size\":",
        "integrity"
      },
      {
        "\"config\":{",
        "\"config\":{\"requirements\":{\"mandatory\":[\"online-reencrypt-v2\"]},",
        "it is being reencrypted"
      },
      {
        "\"config\":{",
        "\"config\":{\"requirements\":{\"mandatory\":[\"new-thing\"]},",
        "it needs new-thing"
      },
      {"\"type\":\"crypt\"", "\"type\":\"linear\"", "of type linear"},
      {"\"sector_size\":", "\"sector_size\":1", "sector_size is"},
      {
        "\"offset\":\"1048576\",\"size\":\"dynamic\"",
        "\"offset\":\"0\",\"size\":\"dynamic\"",
        "detached"
      },
      {"\"size\":\"dynamic\"", "\"size\":\"9000000000\"", "what is encrypted has 9000000000 bytes"},
      {"\"stripes\":4000", "\"stripes\":400000", "none of its key slots can be tried here"},
    };
    for (String[] each : refused) {
      byte[] other = changed(bytes, each[0], each[1]);
      assertThatThrownBy(() -> LuksVolume.on(new ByteArraySource(other)))
          .as(each[1])
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining(each[2]);
    }
    byte[] newer = bytes.clone();
    newer[7] = 3;
    assertThatThrownBy(() -> LuksVolume.on(new ByteArraySource(newer)))
        .hasMessageEndingWith("it is of version 3");
  }

  @Test
  void ofLuks1WhatIsNotUnderstoodIsRefusedByName() {
    byte[] bytes = luks1.clone();
    byte[] cipher = bytes.clone();
    System.arraycopy("twofish\0".getBytes(), 0, cipher, 8, 8);
    assertThatThrownBy(() -> LuksVolume.on(new ByteArraySource(cipher)))
        .hasMessageEndingWith("it is encrypted with twofish-xts-plain64, which is not read");
    byte[] hash = bytes.clone();
    System.arraycopy("ripemd160\0".getBytes(), 0, hash, 72, 10);
    assertThatThrownBy(() -> LuksVolume.on(new ByteArraySource(hash)))
        .hasMessageEndingWith("it needs the hash ripemd160, which is not known");
    ByteBuffer.wrap(bytes).putInt(104, 0);
    assertThatThrownBy(() -> LuksVolume.on(new ByteArraySource(bytes)))
        .hasMessageContaining("detached");
    assertThat(LuksVolume.on(new ByteArraySource(new byte[MIB]))).isEmpty();
  }

  @Test
  void whatCannotBeReadIsNamedAndWhatIsBeforeItIsGiven() {
    byte[] bytes = luks2.clone();
    byte[] plain = read(opened(new ByteArraySource(bytes), KEY), 0, MIB);
    FaultySource source =
        new FaultySource(new ByteArraySource(bytes)).unreadable(LUKS2_START + 10_000, 512);
    BlockSource volume = opened(source, KEY);
    ByteBuffer target = ByteBuffer.allocate(64 * KIB);
    assertThatThrownBy(() -> volume.read(1000, target))
        .isInstanceOfSatisfying(
            UnreadableException.class,
            bad -> {
              assertThat(bad.start()).isEqualTo(8192);
              assertThat(bad.length()).isBetween(4096L, 8192L);
            });
    assertThat(Arrays.copyOf(target.array(), target.position()))
        .isEqualTo(Arrays.copyOfRange(plain, 1000, 8192));
  }

  @Test
  void theKeyOpensNoOtherVolume() throws IOException {
    byte[] one = luks2;
    byte[] other =
        Files.readAllBytes(formatted(folder.resolve("luks"), LUKS2_START + MIB, key, NEW));
    LuksKey held =
        LuksVolume.on(new ByteArraySource(one)).orElseThrow().unlock(KEY, Task.unwatched());
    assertThatThrownBy(() -> held.open(new ByteArraySource("disk", other)))
        .hasMessage(
            "cannot open the LUKS volume on memory disk: another one is there than was unlocked");
  }

  /** Whatever a header says, it ends in a reason, and soon. */
  @Test
  void anyHeaderEndsInAReasonOrAVolume() throws Exception {
    byte[] second = Arrays.copyOf(luks2, 32 * KIB);
    Random random = new Random(4);
    int fine = 0;
    for (int round = 0; round < Effort.of("blksh.headers", 300, 1_000_000); round++) {
      boolean old = round % 2 == 0;
      byte[] bytes = old ? Arrays.copyOf(luks1, 8 * KIB) : second.clone();
      for (int i = random.nextInt(3); i >= 0; i--) {
        int at = old ? 6 + random.nextInt(586) : 4096 + random.nextInt(1200);
        bytes[at] = (byte) (random.nextBoolean() ? random.nextInt(256) : bytes[at] ^ 1);
      }
      if (!old) {
        seal(bytes, 0);
      }
      try {
        LuksVolume.on(new LargeSource(bytes));
        fine++;
      } catch (BlkshException e) {
        assertThat(e.getMessage()).startsWith("cannot open the LUKS volume on");
      }
    }
    assertThat(fine).isPositive();
  }

  /** A header with nothing behind it, which is not kept. */
  private static final class LargeSource implements BlockSource {
    private final ByteArraySource head;

    LargeSource(byte[] head) {
      this.head = new ByteArraySource(head);
    }

    @Override
    public long size() {
      return 64L * MIB;
    }

    @Override
    public int read(long position, ByteBuffer target) {
      int count = head.read(position, target);
      int all = (int) Math.max(count, Math.min(count + target.remaining(), size() - position));
      target.position(target.position() + all - count);
      return all;
    }

    @Override
    public SourceInfo describe() {
      return head.describe();
    }

    @Override
    public void close() {}
  }
}
