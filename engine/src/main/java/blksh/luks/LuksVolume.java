package blksh.luks;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.io.UnreadableException;
import blksh.task.Task;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** An encrypted volume, as its header tells of it. */
public final class LuksVolume {

  private final String called;
  private final LuksHeader header;
  private final BlockSource source;

  private LuksVolume(BlockSource source, String called, LuksHeader header) {
    this.source = source;
    this.called = called;
    this.header = header;
  }

  /**
   * Looks at a source.
   *
   * @return nothing where no LUKS header is
   * @throws BlkshException when there is one, and it is damaged or asks for what is not known
   */
  public static Optional<LuksVolume> on(BlockSource source) {
    String called = source.describe().toString();
    ByteBuffer head = head(source, 0);
    try {
      LuksHeader header;
      if (LuksHeader.has(head, LuksHeader.MAGIC)) {
        header =
            switch (head.getShort(6)) {
              case 1 -> Luks1.read(source);
              case 2 -> Luks2.read(source);
              default -> throw new LuksProblem("it is of version %d".formatted(head.getShort(6)));
            };
      } else if (hasSecond(source)) {
        header = Luks2.read(source);
      } else {
        return Optional.empty();
      }
      return Optional.of(new LuksVolume(source, called, header.checked(source)));
    } catch (LuksProblem e) {
      throw new BlkshException("open the LUKS volume on " + called, e.getMessage());
    }
  }

  /** The beginning of a header; null where it cannot be read, as its copy may be. */
  private static ByteBuffer head(BlockSource source, long position) {
    try {
      return LuksHeader.bytes(source, position, 8);
    } catch (UnreadableException e) {
      return null;
    }
  }

  private static boolean hasSecond(BlockSource source) {
    for (long at = Luks2.SMALLEST; at <= Luks2.LARGEST; at *= 2) {
      if (LuksHeader.has(head(source, at), LuksHeader.SECOND_MAGIC)) {
        return true;
      }
    }
    return false;
  }

  LuksHeader header() {
    return header;
  }

  /** 1 or 2. */
  public int version() {
    return header.version();
  }

  /** Its UUID, as cryptsetup shows it. */
  public String uuid() {
    return header.uuid();
  }

  /** Its label, or empty. */
  public String label() {
    return header.label();
  }

  /** What it is encrypted with: {@code aes-xts-plain64}. */
  public String cipher() {
    return header.cipher().toString();
  }

  /** What is damaged, and which key slots are not tried, as sentences. */
  public List<String> warnings() {
    List<String> all = new ArrayList<>(header.warnings());
    all.addAll(header.skipped());
    return List.copyOf(all);
  }

  /**
   * Tries a passphrase at each key slot.
   *
   * @param passphrase bytes as they are, such as a whole key file
   * @throws WrongPassphraseException when no slot opens with it
   * @throws BlkshException when a slot cannot be tried or is left out, and none of the others opens
   */
  public LuksKey unlock(byte[] passphrase, Task task) {
    List<String> problems = new ArrayList<>(header.skipped());
    for (KeySlot slot : header.slots()) {
      try {
        byte[] key = key(slot, passphrase, task);
        if (key != null) {
          return new LuksKey(header, key);
        }
      } catch (LuksProblem e) {
        problems.add("key slot %d: %s".formatted(slot.number(), e.getMessage()));
      }
    }
    String action = "unlock the LUKS volume on " + called;
    if (!problems.isEmpty()) {
      throw new BlkshException(
          action, "no other key slot opens with this passphrase; " + String.join("; ", problems));
    }
    throw new WrongPassphraseException(action, "no key slot opens with this passphrase");
  }

  /** The volume's key from one slot; null when the passphrase is not that of the slot. */
  private byte[] key(KeySlot slot, byte[] passphrase, Task task) throws LuksProblem {
    byte[] slotKey = slot.derivation().key(passphrase, slot.areaKeyBytes(), task);
    byte[] material = new byte[0];
    byte[] key = null;
    boolean right = false;
    try {
      ByteBuffer area = LuksHeader.bytes(source, slot.areaStart(), slot.areaBytes());
      LuksProblem.unless(area != null, "it lies outside");
      material = area.array();
      new SectorCipher(slot.areaCipher(), slotKey, SectorCipher.COUNTED)
          .decrypt(material, 0, material.length, 0);
      key = Hash.merge(material, slot.keyBytes(), slot.stripes(), slot.splitHash());
      right = MessageDigest.isEqual(digest(key, task), header.digest());
      return right ? key : null;
    } finally {
      Arrays.fill(material, (byte) 0);
      Arrays.fill(slotKey, (byte) 0);
      if (key != null && !right) {
        Arrays.fill(key, (byte) 0);
      }
    }
  }

  private byte[] digest(byte[] key, Task task) throws LuksProblem {
    return Hash.pbkdf2(
        header.digestTerms().hash(),
        key,
        header.digestTerms().salt(),
        header.digestTerms().iterations(),
        header.digest().length,
        task);
  }
}
