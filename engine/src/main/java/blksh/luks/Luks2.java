package blksh.luks;

import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * The header of LUKS2 (on-disk format specification 1.1): a binary one of 4096 bytes and JSON
 * behind it, both twice, each copy with its checksum. The one that was written last counts.
 */
final class Luks2 {

  private static final int BINARY = 4096;
  private static final int CHECKSUM = 448;
  private static final int CHECKSUM_BYTES = 64;
  static final int SMALLEST = 16 << 10;
  static final int LARGEST = 4 << 20;
  private static final int MOST_SLOTS = 64;

  /** Bytes of what proves a key: those of a hash. */
  private static final int LONGEST_DIGEST = 64;

  private static final int LONGEST_SALT = 4096;

  /** A copy whose checksum is right. */
  private record Copy(long sequence, ByteBuffer bytes) {}

  private Luks2() {}

  static LuksHeader read(BlockSource source) throws LuksProblem {
    List<String> warnings = new ArrayList<>();
    Copy first = copy(source, 0, LuksHeader.MAGIC, "first", warnings);
    Copy second = null;
    if (first != null) {
      second = copy(source, first.bytes.capacity(), LuksHeader.SECOND_MAGIC, "second", warnings);
    } else {
      List<String> tries = new ArrayList<>();
      for (int at = SMALLEST; at <= LARGEST && second == null; at *= 2) {
        second = copy(source, at, LuksHeader.SECOND_MAGIC, "second", tries);
      }
    }
    Copy used =
        first == null || second != null && second.sequence > first.sequence ? second : first;
    LuksProblem.unless(used != null, "both copies of its header are damaged");
    return new Luks2Json(used.bytes, warnings).header();
  }

  /** One copy, or null, with a warning, when it is damaged. */
  private static Copy copy(
      BlockSource source, long at, String magic, String which, List<String> warnings) {
    String damaged = "the %s copy of the LUKS2 header is damaged".formatted(which);
    try {
      ByteBuffer head = LuksHeader.bytes(source, at, BINARY);
      if (head == null || !LuksHeader.has(head, magic) || head.getShort(6) != 2) {
        warnings.add(damaged);
        return null;
      }
      long size = head.getLong(8);
      if (size < SMALLEST
          || size > LARGEST
          || Long.bitCount(size) != 1
          || head.getLong(256) != at) {
        warnings.add(damaged);
        return null;
      }
      ByteBuffer all = LuksHeader.bytes(source, at, (int) size);
      if (all == null || !isSound(all)) {
        warnings.add(damaged);
        return null;
      }
      return new Copy(all.getLong(16), all);
    } catch (UnreadableException e) {
      warnings.add("the %s copy of the LUKS2 header cannot be read".formatted(which));
      return null;
    }
  }

  private static boolean isSound(ByteBuffer all) {
    byte[] bytes = all.array().clone();
    byte[] sum = Arrays.copyOfRange(bytes, CHECKSUM, CHECKSUM + CHECKSUM_BYTES);
    Arrays.fill(bytes, CHECKSUM, CHECKSUM + CHECKSUM_BYTES, (byte) 0);
    try {
      MessageDigest digest = Hash.digest(LuksHeader.text(all, 72, 32));
      byte[] made = Arrays.copyOf(digest.digest(bytes), CHECKSUM_BYTES);
      return Arrays.equals(made, sum);
    } catch (LuksProblem e) {
      return false;
    }
  }

  /** What the JSON of a copy says. */
  private static final class Luks2Json {
    private final ByteBuffer bytes;
    private final List<String> warnings;
    private final List<String> skipped = new ArrayList<>();
    private final HeaderJson json;

    Luks2Json(ByteBuffer bytes, List<String> warnings) throws LuksProblem {
      this.bytes = bytes;
      this.warnings = warnings;
      int end = BINARY;
      while (end < bytes.capacity() && bytes.get(end) != 0) {
        end++;
      }
      json = HeaderJson.parse(bytes.array(), BINARY, end - BINARY);
    }

    LuksHeader header() throws LuksProblem {
      List<String> needed = json.object("config").object("requirements").texts("mandatory");
      LuksProblem.unless(
          needed.stream().noneMatch(each -> each.contains("reencrypt")),
          "it is being reencrypted: have cryptsetup end that");
      LuksProblem.unless(
          needed.isEmpty(), "it needs %s, which is not known", String.join(", ", needed));
      Map<String, HeaderJson> segments = json.object("segments").members();
      LuksProblem.unless(
          segments.size() == 1,
          "it has %d encrypted ranges, as while it is being reencrypted",
          segments.size());
      Map.Entry<String, HeaderJson> only = segments.entrySet().iterator().next();
      HeaderJson segment = only.getValue();
      LuksProblem.unless(
          segment.text("type").equals("crypt"),
          "what it holds is of type %s, which is not read",
          shown(segment.text("type")));
      LuksProblem.unless(
          !segment.has("integrity"), "it has integrity checks (dm-integrity), which are not read");
      try {
        return header(only.getKey(), segment);
      } catch (IllegalArgumentException e) {
        throw new LuksProblem("its header is damaged: " + e.getMessage());
      }
    }

    private LuksHeader header(String segmentName, HeaderJson segment) throws LuksProblem {
      HeaderJson digest = null;
      for (HeaderJson each : json.object("digests").members().values()) {
        if (each.texts("segments").contains(segmentName)) {
          digest = each;
        }
      }
      LuksProblem.unless(digest != null, "nothing proves its key");
      LuksProblem.unless(
          digest.text("type").equals("pbkdf2"),
          "its key is proven by %s, which is not known",
          shown(digest.text("type")));
      int sector = (int) segment.number("sector_size", 512, 4096);
      LuksProblem.unless(Integer.bitCount(sector) == 1, "its sectors have %d bytes", sector);
      String size = segment.text("size");
      return new LuksHeader(
          2,
          LuksHeader.text(bytes, 168, 40),
          LuksHeader.text(bytes, 24, 48),
          segment.number("offset", 0, Long.MAX_VALUE),
          size.equals("dynamic") ? -1 : segment.number("size", 0, Long.MAX_VALUE),
          CipherName.of(segment.text("encryption")),
          sector,
          segment.number("iv_tweak", 0, Long.MAX_VALUE),
          slots(digest.texts("keyslots")),
          bytes(digest, "digest", LONGEST_DIGEST),
          pbkdf2(digest),
          warnings,
          skipped);
    }

    /** Those that may be tried: some are kept for whoever names them. */
    private List<KeySlot> slots(List<String> names) throws LuksProblem {
      List<KeySlot> preferred = new ArrayList<>();
      List<KeySlot> slots = new ArrayList<>();
      for (Map.Entry<String, HeaderJson> each : json.object("keyslots").members().entrySet()) {
        HeaderJson slot = each.getValue();
        if (!names.contains(each.getKey())) {
          continue;
        }
        LuksProblem.unless(preferred.size() + slots.size() < MOST_SLOTS, "it has too many slots");
        try {
          long priority = slot.has("priority") ? slot.number("priority", 0, 2) : 1;
          LuksProblem.unless(priority > 0, "it is to be ignored");
          (priority == 2 ? preferred : slots).add(slot(each.getKey(), slot));
        } catch (LuksProblem | IllegalArgumentException e) {
          skipped.add(
              "key slot %s is not tried: %s".formatted(shown(each.getKey()), e.getMessage()));
        }
      }
      preferred.addAll(slots);
      return preferred;
    }

    private static String shown(String name) {
      return name.replaceAll("\\p{Cntrl}", "?");
    }

    private static KeySlot slot(String name, HeaderJson slot) throws LuksProblem {
      HeaderJson area = slot.object("area");
      HeaderJson split = slot.object("af");
      LuksProblem.unless(
          slot.text("type").equals("luks2")
              && area.text("type").equals("raw")
              && split.text("type").equals("luks1"),
          "it is of type %s, which is not known",
          shown(slot.text("type")));
      Hash.digestName(split.text("hash"));
      KeySlot made =
          new KeySlot(
              name.matches("\\d{1,4}") ? Integer.parseInt(name) : 0,
              (int) slot.number("key_size", 1, 512),
              derivation(slot.object("kdf")),
              area.number("offset", 0, Long.MAX_VALUE),
              CipherName.of(area.text("encryption")),
              (int) area.number("key_size", 1, 512),
              (int) split.number("stripes", 1, 1 << 14),
              split.text("hash"));
      LuksProblem.unless(
          made.areaBytes() <= area.number("size", 0, Long.MAX_VALUE), "its area is too small");
      return made;
    }

    private static KeyDerivation derivation(HeaderJson kdf) throws LuksProblem {
      String type = kdf.text("type");
      return switch (type) {
        case "pbkdf2" -> pbkdf2(kdf);
        case "argon2i", "argon2id" ->
            new KeyDerivation.Argon2(
                type.equals("argon2id"),
                kdf.number("time", 1, 0xffffffffL),
                kdf.number("memory", 1, 0xffffffffL),
                kdf.number("cpus", 1, 255),
                bytes(kdf, "salt", LONGEST_SALT));
        default ->
            throw new LuksProblem("it is opened by %s, which is not known".formatted(shown(type)));
      };
    }

    private static KeyDerivation.Pbkdf2 pbkdf2(HeaderJson kdf) throws LuksProblem {
      Hash.digestName(kdf.text("hash"));
      return new KeyDerivation.Pbkdf2(
          kdf.text("hash"),
          kdf.number("iterations", 1, 0xffffffffL),
          bytes(kdf, "salt", LONGEST_SALT));
    }

    private static byte[] bytes(HeaderJson object, String key, int most) throws LuksProblem {
      byte[] value = Base64.getDecoder().decode(object.text(key));
      LuksProblem.unless(value.length > 0, "its %s is empty", key);
      LuksProblem.unless(
          value.length <= most, "its %s has %d bytes, and %d at most", key, value.length, most);
      return value;
    }
  }
}
