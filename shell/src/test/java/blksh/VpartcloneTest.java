package blksh;

import static org.assertj.core.api.Assertions.assertThat;

import blksh.kit.Program;
import blksh.kit.Program.Ended;
import blksh.kit.Tool;
import blksh.session.ExitStatus;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of the real tools through the bundled script and the words of scripts. */
class VpartcloneTest {

  private static final Path IMAGES = Program.root().resolve("engine/src/test/resources/images");

  /** 1536 KiB of ext4 with 83 used blocks of 1 KiB, in six checksum groups; packed by gzip. */
  private static final Path EXT4 = IMAGES.resolve("partclone-ext4-crc32.img.gz");

  private static final String EXT4_SHA256 =
      "bcb313bfa0ed158428600e6d22a14aaece19bf1caea858290c3c089dda3753f8";

  /** Header and map, then groups of 16 blocks and four bytes. */
  private static final int DATA = 110 + 192 + 4;

  private static final int GROUP = 16 * 1024 + 4;

  @TempDir Path home;
  private Path plain;

  @BeforeEach
  void unpack() throws Exception {
    plain = home.resolve("ext4.img");
    try (InputStream in = new GZIPInputStream(Files.newInputStream(EXT4))) {
      Files.copy(in, plain);
    }
  }

  private Ended run(Object... words) throws Exception {
    return script("vpartclone", words);
  }

  private Ended script(String name, Object... words) throws Exception {
    String[] all = new String[words.length + 2];
    all[0] = "run";
    all[1] = name;
    for (int i = 0; i < words.length; i++) {
      all[i + 2] = words[i].toString();
    }
    return new Program(home).run(all);
  }

  private Ended done(Object... words) throws Exception {
    Ended ended = run(words);
    assertThat(ended.status()).as(ended.err()).isZero();
    return ended;
  }

  private Path damaged(int at) throws Exception {
    byte[] bytes = Files.readAllBytes(plain);
    bytes[at] ^= 1;
    return Files.write(home.resolve("damaged.img"), bytes);
  }

  private static String sha256(Path path) throws Exception {
    return java.util.HexFormat.of()
        .formatHex(
            java.security.MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(path)));
  }

  @Test
  void describesAnImageAndProvesIt() throws Exception {
    assertThat(done(EXT4).out())
        .contains(
            "format", "partclone 0002", "compression", "gzip", "CRC32", "map of", "data 83 KiB");
    assertThat(done(EXT4, "--json").lastLine())
        .startsWith("{\"name\":\"partclone-ext4-crc32.img.gz\",")
        .contains("\"fileSystem\":\"EXTFS\"", "\"usedBlocks\":83", "\"blocksPerChecksum\":16");
    Ended proven = done("-c", "-i", "65536", "-q", plain);
    assertThat(proven.out()).startsWith("verified: clean\n").contains("groups      6");
    assertThat(proven.err()).isEmpty();
  }

  @Test
  void verboseShowsTheHeaderAndWhatLeadsToTheBlocks() throws Exception {
    Ended verbose = done("-v", plain);
    assertThat(verbose.out().lines().map(line -> line.strip().replaceAll(" {2,}", ": ")))
        .contains(
            "partclone header",
            "partclone version: 0.3.23",
            "fs type: EXTFS",
            "fs total size: 1572864 bytes, 1.5 MiB",
            "fs total blocks: 1536",
            "fs used blocks: 83 (83 KiB) by the super-block",
            "fs_used_bitmap: 83 (83 KiB) by the bitmap",
            "fs block size: 1024",
            "checksum mode: CRC32",
            "checksum blocks: 16",
            "header_crc32: 0x2270d884",
            "bitmap: 192 bytes",
            "bitmap_crc32: 0x754b482b",
            "blocks_section: at byte 306 of the image",
            "block_offset_size: 512");
    assertThat(done("-v", "-c", plain, "--json").lastLine())
        .contains("\"headerCrc32\":\"0x2270d884\"", "\"clean\":true");
    Path ntfs = IMAGES.resolve("ntfsclone-ntfs.img.gz");
    Ended other = script("vntfsclone", "--verbose", ntfs);
    assertThat(other.status()).as(other.err()).isZero();
    assertThat(other.out().lines().map(line -> line.strip().replaceAll(" {2,}", ": ")))
        .contains(
            "ntfsclone header",
            "major_ver: 10",
            "minor_ver: 1",
            "cluster_size: 1024",
            "device_size: 3145728 bytes, 3 MiB",
            "nr_clusters: 3071",
            "inuse: 950 (950 KiB)",
            "offset_to_image_data: 56");
  }

  @Test
  void theSizeOfTheIndexIsCheckedAsItWas() throws Exception {
    for (String size : new String[] {"992", "1001", "many"}) {
      Ended refused = run(plain, "-i", size);
      assertThat(refused.status()).as(size).isEqualTo(ExitStatus.USAGE);
      assertThat(refused.err()).contains(size);
      assertThat(refused.out()).isEmpty();
    }
    Ended unknown = script("vntfsclone", plain, "-i", "1024");
    assertThat(unknown.status()).isEqualTo(ExitStatus.USAGE);
    assertThat(unknown.err()).contains("unknown option -i");
  }

  @Test
  void restoresAndConvertsThereAndBack() throws Exception {
    Path raw = home.resolve("ext4.raw");
    done(EXT4, "--verify", "--restore", raw);
    assertThat(sha256(raw)).isEqualTo(EXT4_SHA256);
    Ended refused = run(EXT4, "--restore", raw, "--json");
    assertThat(refused.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(refused.lastLine()).startsWith("{\"error\":{\"kind\":\"Failure\"");
    assertThat(refused.err()).contains("it exists; to write over it, say overwrite = true");

    Path image = home.resolve("new.img");
    Ended converted =
        done(raw, "--convert", image, "--checksum", "xxh128", "--compression", "zstd", "--json");
    assertThat(converted.lastLine()).contains("\"used\":84992,", "\"size\":1572864,");
    assertThat(done(image, "-c", "--json").lastLine())
        .contains("\"clean\":true", "\"checksum\":\"XXH128\"");
    Path packed = home.resolve("raw.zst");
    done(image, "--convert", packed, "--format", "raw", "--compression", "zstd");
    Ended back = done(packed, "--restore", "-");
    assertThat(sha256(home.resolve("out"))).isEqualTo(EXT4_SHA256);
    assertThat(back.err()).contains("restored raw.zst");
    Ended same = run(image, "--convert", image, "--overwrite");
    assertThat(same.err()).contains("it is what is being read");
  }

  @Test
  void disksOfVirtualMachinesAreReadAndWritten() throws Exception {
    Path disk = home.resolve("disk.qcow2");
    done(EXT4, "--convert", disk, "--format", "qcow2", "--compression", "deflate");
    assertThat(Tool.named("qemu-img").run("check", disk)).contains("No errors were found");
    Tool.named("qemu-img").run("snapshot", "-c", "before", disk);
    Tool.named("qemu-io").run("-f", "qcow2", "-c", "write -P 7 0 1M", disk);
    assertThat(done(disk).out()).contains("qcow2 3", "before (1, ");
    Path raw = home.resolve("before.raw");
    done(disk, "--snapshot", "before", "-c", "--restore", raw);
    assertThat(sha256(raw)).isEqualTo(EXT4_SHA256);
    Ended none = run(disk, "--snapshot", "after", "--json");
    assertThat(none.lastLine()).startsWith("{\"error\":{\"kind\":\"MissingDisk\"");
    Ended other = run(EXT4, "--convert", home.resolve("x"), "--compression", "deflate");
    assertThat(other.err()).contains("deflate is for the clusters of qcow2; say ZSTD");
  }

  @Test
  void namesEveryDamagedGroupAndRestoresOnlyWhenTold() throws Exception {
    Path image = damaged(DATA + GROUP + 1000);
    Ended verify = run(image, "-c", "--json");
    assertThat(verify.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(verify.lastLine())
        .contains(
            "\"clean\":false",
            "\"badGroups\":1",
            "\"details\":[{\"image\":null,\"group\":1,\"firstByte\":",
            "\"findings\":[\"checksum group 1 (bytes ");
    Path point = home.resolve("point");
    Ended mount = run(image, "-c", "-m", point);
    assertThat(mount.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(mount.err()).contains("damaged and not mounted");
    assertThat(point).doesNotExist();
    Path raw = home.resolve("raw");
    Ended restore = run(image, "--restore", raw, "--json");
    assertThat(restore.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(restore.lastLine()).startsWith("{\"error\":{\"kind\":\"DataChecksum\"");
    assertThat(raw).doesNotExist();
    done(image, "--restore", raw, "--tolerant");
    assertThat(sha256(raw)).isNotEqualTo(EXT4_SHA256);
    assertThat(Files.size(raw)).isEqualTo(1536 * 1024);

    Ended header = run(damaged(60), "--json");
    assertThat(header.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(header.lastLine()).startsWith("{\"error\":{\"kind\":\"HeaderCrc\"");
    assertThat(header.err()).contains("its header is damaged");
  }

  @Test
  void opensADirectoryOfClonezillaAsItsPartitions() throws Exception {
    Path set = Files.createDirectory(home.resolve("set"));
    Files.writeString(set.resolve("clonezilla-img"), "");
    Files.writeString(set.resolve("parts"), "sda1 sda2 sda3\n");
    Files.writeString(set.resolve("disk"), "sda\n");
    Files.writeString(set.resolve("swappt-sda2.info"), "UUID=\n");
    byte[] ext4 = Files.readAllBytes(EXT4);
    Files.write(set.resolve("sda1.ext4-ptcl-img.gz.aa"), Arrays.copyOf(ext4, 40_000));
    Files.write(
        set.resolve("sda1.ext4-ptcl-img.gz.ab"), Arrays.copyOfRange(ext4, 40_000, ext4.length));
    Files.copy(IMAGES.resolve("ntfsclone-ntfs.img.gz"), set.resolve("sda3.ntfs-img"));

    assertThat(done(set).out())
        .contains("clonezilla", "sda1  partclone 0002", "sda3  ntfsclone 10.1");
    assertThat(done(set, "-c", "--json").lastLine()).contains("\"clean\":true", "sda3.ntfs-img");
    Path raw = home.resolve("raw");
    done(set, "--partition", "sda1", "--restore", raw);
    assertThat(sha256(raw)).isEqualTo(EXT4_SHA256);
    Ended all = run(set, "--restore", raw, "--overwrite");
    assertThat(all.err()).contains("restore its images one by one: sda1, sda3");
    assertThat(run(set, "--partition", "sda2", "--restore", raw, "--overwrite").err())
        .contains("the set keeps no image of it");
    Files.delete(set.resolve("sda1.ext4-ptcl-img.gz.ab"));
    Ended cut = run(set, "-c", "--partition", "sda1", "--json");
    assertThat(cut.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(cut.lastLine()).contains("CompressedTruncated");
    Files.write(set.resolve("sda1.ext4-ptcl-img.gz.aa"), new byte[5000]);
    Ended broken = run(set, "-c", "--json");
    assertThat(broken.status()).isEqualTo(ExitStatus.FINDINGS);
    assertThat(broken.lastLine()).contains("\"image\":\"sda1\"", "BadMagic");
    assertThat(run(set).out()).contains("sda1  damaged", "sda3  ntfsclone 10.1");
  }

  @Test
  void scriptsComposeImagesWithStoresPartitionsAndFiles() throws Exception {
    Path script =
        Files.writeString(
            home.resolve("compose.kts"),
            """
            val from = image("%s")
            from.restore("$home/ext4.raw")
            val backup = store("$home/store")
            val first = backup.capture(drive("$home/ext4.raw"), name = "raw", skipFree = true)
            val second = backup.capture(from, name = "image")
            println("new ${first.new.bytes > 0} ${second.new.bytes}")
            println("same ${first.manifest.compare(second.manifest).same}")
            println("inside ${second.manifest.files.keys}")
            println("parts ${image("%s").partitions.keys} ${image("%s").partitions["p2"].size}")
            val sample = sampleImage.files
            println("letters ${sample["/home/ada/letters"].kind} ${sample["/home/ada/letters"].list.size > 3}")
            sample["/home/ada/letters"].copy("$home/letters")
            sample.find("*.log").forEach { println("log ${it.path}") }
            sampleImage.map
            """
                .formatted(
                    EXT4, IMAGES.resolve("disk-mbr.img.gz"), IMAGES.resolve("disk-gpt.img.gz")));
    Ended ended = new Program(home).run("run", script.toString());
    assertThat(ended.status()).as(ended.err()).isZero();
    assertThat(ended.out())
        .contains("new true 0\n", "same true\n", "inside [lost+found", "parts [p1, p5, p6]")
        .contains("letters DIRECTORY true\n", "log /", "map of disk-1.pcl.zst, 24 MiB");
    try (var letters = Files.list(home.resolve("letters"))) {
      assertThat(letters).hasSizeGreaterThan(3);
    }
  }

  @Test
  void standardInputIsAnImageToo() throws Exception {
    Ended verify =
        new Program(home).readingFrom(EXT4).run("run", "vpartclone", "-", "-c", "--json");
    assertThat(verify.status()).as(verify.err()).isZero();
    assertThat(verify.lastLine()).contains("\"clean\":true");
    String point = home + "/point";
    Ended apart =
        new Program(home).readingFrom(EXT4).run("run", "vpartclone", "-", "--mountpoint", point);
    assertThat(apart.status()).isEqualTo(ExitStatus.FAILED);
    assertThat(apart.err()).contains("another process cannot open it; --foreground");
    Ended capture =
        new Program(home)
            .readingFrom(EXT4)
            .run("run", "capture", "-", "--image", "--store", home + "/store", "--name", "ext4");
    assertThat(capture.status()).as(capture.err()).isZero();
    Ended inside =
        new Program(home)
            .run(
                "eval",
                "source(\"ext4\", java.nio.file.Path.of(\"" + home + "/store\")).files.type");
    assertThat(inside.out()).contains("ext");
  }

  @Test
  void anImageIsOpenedWhoseNameIsNoText() throws Exception {
    String script =
        "cd '%s'; cp ext4.img $'l\\xe9.img'; exec %s run vpartclone $'l\\xe9.img' -c --json"
            .formatted(home, Program.quoted());
    Ended verify = new Program(home).by("bash").run("-c", script);
    assertThat(verify.status()).as(verify.err()).isZero();
    assertThat(verify.lastLine()).contains("\"clean\":true");
  }
}
