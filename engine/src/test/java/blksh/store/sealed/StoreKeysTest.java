package blksh.store.sealed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.io.Checksum;
import blksh.kit.Content;
import blksh.kit.InMemory;
import blksh.store.shelf.Blob;
import blksh.store.shelf.DirectoryShelf;
import blksh.store.shelf.FaultyShelf;
import blksh.store.shelf.FaultyShelf.Fault;
import blksh.store.shelf.MemoryShelf;
import blksh.store.shelf.Shelf;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who has a key opens the store, nobody else does, and no accident takes the last one away. */
class StoreKeysTest {

  private static final Argon2 CHEAP = new Argon2(64, 1, 2);
  private static final UUID STORE = UUID.fromString("6b9b5560-1e1d-ad49-da81-5e88dfa75394");
  private static final byte[] FILE = Content.random(64, 1);

  @TempDir(factory = InMemory.class)
  Path folder;

  /** A descriptor, as far as keys look at it. */
  private static final byte[] INNER = SealText.of(Map.of("id", STORE));

  private final Shelf shelf = new MemoryShelf();
  private final MasterKey key = MasterKey.random();

  private static KeySecret words(String text) {
    return KeySecret.passphrase(text.toCharArray());
  }

  private static Unlocking say(KeySecret... secrets) {
    Deque<KeySecret> left = new ArrayDeque<>(List.of(secrets));
    return (place, failed) -> Optional.ofNullable(left.poll());
  }

  private static StoreKeys open(Shelf of, String text) throws IOException {
    return StoreKeys.open(of, say(words(text)));
  }

  @BeforeEach
  void make() throws IOException {
    StoreKeys.make(shelf, STORE, key, words("first"), "first", CHEAP).put("store.json", INNER);
  }

  private byte[] bytes(String name) throws IOException {
    try (Blob blob = shelf.open(name)) {
      return blob.read(0, (int) blob.size());
    }
  }

  private String text(String name) throws IOException {
    return new String(bytes(name), StandardCharsets.UTF_8);
  }

  private void put(String name, String content) throws IOException {
    shelf.put(name, content.getBytes(StandardCharsets.UTF_8));
  }

  private String onlyKey() throws IOException {
    List<String> keys = shelf.list("keys/");
    assertThat(keys).hasSize(1);
    return keys.get(0);
  }

  private static void assertOpens(StoreKeys opened) throws IOException {
    try (Blob blob = opened.shelf().open("store.json")) {
      assertThat(blob.read(0, INNER.length)).isEqualTo(INNER);
    }
  }

  // ---- opening -------------------------------------------------------------------------------

  @Test
  void eachKeyOpensItAndAnotherDoesNot() throws IOException {
    StoreKeys keys = open(shelf, "first");
    assertOpens(keys);
    keys.add(words("grüße"), "second", CHEAP);
    keys.add(KeySecret.keyFile(FILE), "usb", CHEAP);
    assertOpens(open(shelf, "first"));
    assertOpens(open(shelf, "gru\u0308ße")); // as another keyboard gives it
    assertOpens(StoreKeys.open(shelf, say(KeySecret.keyFile(FILE))));
    assertOpens(StoreKeys.open(shelf, say(words("wrong"), words("first"))));
    assertOpens(StoreKeys.open(shelf, say(KeySecret.recovery(keys.recovery()))));
    assertThat(keys.list()).extracting(StoreKeys.Entry::label).contains("first", "second", "usb");
    assertThatThrownBy(() -> open(shelf, "wrong"))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("cannot open store memory: the passphrase opens none of its 3 keys");
    assertThatThrownBy(() -> StoreKeys.open(shelf, say(KeySecret.keyFile(Content.random(64, 2)))))
        .hasMessageContaining("the key file opens none of its 3 keys");
    assertThatThrownBy(() -> StoreKeys.open(shelf, Unlocking.NONE))
        .hasMessageContaining("it is encrypted, and no key was given");
    String other = RecoverySheet.text(MasterKey.random());
    assertThatThrownBy(() -> StoreKeys.open(shelf, say(KeySecret.recovery(other))))
        .hasMessageContaining("the recovery sheet opens none");
  }

  @Test
  void aRecoverySheetIsReadHoweverItWasTypedAndSaysWhichLineIsWrong() {
    String sheet = RecoverySheet.text(key);
    assertThat(sheet).matches("(([a-z2-7]{4} ){3}[a-z2-7]{4}\n){4}");
    assertThat(RecoverySheet.parse(sheet.toUpperCase().replace(" ", "-"))).isEqualTo(key);
    for (int at = 0; at < sheet.length() - 1; at++) {
      if (Character.isLetterOrDigit(sheet.charAt(at))) {
        char wrong = sheet.charAt(at) == 'a' ? 'b' : 'a';
        String typed = sheet.substring(0, at) + wrong + sheet.substring(at + 1);
        assertThatThrownBy(() -> RecoverySheet.parse(typed))
            .hasMessage("line %d of the recovery sheet is mistyped", at / 20 + 1);
      }
    }
    assertThatThrownBy(() -> KeySecret.recovery("abcd")).hasMessageContaining("64 letters");
  }

  @Test
  void anEncryptedStoreIsNeverTakenForAPlainOneOrAnEmptyOne() throws IOException {
    Shelf project = new MemoryShelf();
    assertThat(StoreKeys.isSealed(project)).isFalse();
    project.put("keys/of my own", new byte[1]);
    project.put("sealed/mine too", new byte[1]);
    assertThat(StoreKeys.isSealed(project)).isFalse();
    for (String lost : List.of("store.json", "sealed/store.json", onlyKey())) {
      byte[] kept = bytes(lost);
      shelf.delete(lost);
      assertThat(StoreKeys.isSealed(shelf)).as("without " + lost).isTrue();
      shelf.put(lost, kept);
    }
    String good = text("store.json");
    for (String rotted : List.of("", "{", good.replace("5", "4"), good.replace("\"id", "\"ID"))) {
      put("store.json", rotted);
      assertThat(StoreKeys.isSealed(shelf)).isTrue();
      open(shelf, "first");
      assertThat(text("store.json")).isEqualTo(good);
    }
    assertThat(good).contains("\"format\": 5,", "\"encryption\": 1", "\"id\": \"" + STORE);
    assertThatThrownBy(() -> StoreKeys.make(shelf, STORE, key, words("again"), "again", CHEAP))
        .isInstanceOf(FileAlreadyExistsException.class);
  }

  @Test
  void theSheetOpensAStoreThatLostAllItsKeysAndWhatSaysThatItIsOne() throws IOException {
    shelf.delete(onlyKey());
    shelf.delete("store.json");
    String other = RecoverySheet.text(MasterKey.random());
    assertThatThrownBy(() -> StoreKeys.open(shelf, say(KeySecret.recovery(other))))
        .hasMessageContaining("the recovery sheet gives a key that opens nothing of what is in it");
    StoreKeys keys = StoreKeys.open(shelf, say(KeySecret.recovery(RecoverySheet.text(key))));
    assertOpens(keys);
    keys.add(words("new"), "new", CHEAP);
    assertOpens(open(shelf, "new"));
  }

  @Test
  void aMakingThatWasCutOffIsSaid() throws IOException {
    int struck = 0;
    for (int call = 1; ; call++) {
      Shelf under = new MemoryShelf();
      FaultyShelf cut = new FaultyShelf(under, Fault.FAIL, call);
      try {
        StoreKeys.make(cut, STORE, key, words("first"), "first", CHEAP);
      } catch (IOException e) {
        // it died there
      }
      assertThat(StoreKeys.isSealed(under)).isTrue();
      for (Unlocking each : List.of(say(words("first")), Unlocking.NONE)) {
        assertThatThrownBy(() -> StoreKeys.open(under, each))
            .as("call " + call)
            .hasMessageContaining("there is nothing in it: its making was cut off");
      }
      if (cut.struck() == null) {
        break;
      }
      struck++;
    }
    assertThat(struck).isGreaterThan(1);
  }

  // ---- what somebody put there ---------------------------------------------------------------

  /** Another store with the same passphrase, as people have them. */
  private Shelf other() throws IOException {
    Shelf other = new MemoryShelf();
    UUID id = UUID.fromString("11111111-2222-3333-4444-555555555555");
    StoreKeys.make(other, id, MasterKey.random(), words("first"), "first", CHEAP)
        .put("store.json", SealText.of(Map.of("id", id)));
    return other;
  }

  private static void copy(Shelf from, String name, Shelf to, String as) throws IOException {
    try (Blob blob = from.open(name)) {
      to.put(as, blob.read(0, (int) blob.size()));
    }
  }

  @Test
  void aKeyOfAnotherStoreIsNeverBelievedAndNothingIsWrittenByIt() throws IOException {
    Shelf other = other();
    String good = text("store.json");
    String foreign = other.list("keys/").get(0);
    copy(other, foreign, shelf, "keys/0000000000000000.key"); // the first that is tried
    assertOpens(open(shelf, "first"));
    assertThat(open(shelf, "first").list())
        .anyMatch(each -> "it is a key of another store".equals(each.problem()));
    shelf.delete("store.json");
    assertOpens(open(shelf, "first"));
    assertThat(text("store.json")).isEqualTo(good);
    shelf.delete("store.json");
    shelf.list("keys/").stream().filter(name -> !name.contains("/0000")).forEach(this::delete);
    assertThatThrownBy(() -> open(shelf, "first"))
        .hasMessageContaining("the passphrase gives a key that opens nothing of what is in it");
    assertThat(shelf.size("store.json")).isEmpty();
    // its store.json and keys over ours
    copy(other, "store.json", shelf, "store.json");
    new SealedShelf(shelf, key).put("packs/00/0000000000000001.pack", new byte[10]);
    assertThatThrownBy(() -> open(shelf, "first"))
        .hasMessageContaining("gives a key that opens nothing of what is in it");
  }

  private void delete(String name) {
    try {
      shelf.delete(name);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aFailureOfTheShelfIsNoLossAndWritesNothing() throws IOException {
    String good = text("store.json");
    int failed = 0;
    for (int call = 0; ; call++) {
      FaultyShelf faulty = new FaultyShelf(shelf, Fault.FAIL, call);
      try {
        open(faulty, "first");
      } catch (IOException | BlkshException e) {
        failed++;
      }
      assertThat(text("store.json")).isEqualTo(good);
      if (faulty.struck() == null) {
        break;
      }
    }
    assertThat(failed).isGreaterThan(2);
  }

  @Test
  void aStoreInTheClearStaysOneWhateverKeysLieThere() throws IOException {
    Shelf plain = new MemoryShelf();
    byte[] descriptor = SealText.of(Map.of("id", STORE));
    plain.put("store.json", descriptor);
    plain.put("packs/00/0000000000000001.pack", new byte[10]);
    plain.put("manifests/disk/1.manifest", new byte[10]);
    copy(shelf, onlyKey(), plain, onlyKey());
    assertThat(StoreKeys.isSealed(plain)).isFalse();
    plain.delete("store.json");
    assertThat(StoreKeys.isSealed(plain)).isFalse();
    plain.put("store.json", descriptor);
    copy(shelf, "sealed/store.json", plain, "sealed/store.json");
    assertThat(StoreKeys.isSealed(plain)).as("never opened as one in the clear").isTrue();
    assertThatThrownBy(() -> open(plain, "first"))
        .hasMessageContaining("its store.json is that of a store in the clear");
    try (Blob blob = plain.open("store.json")) {
      assertThat(blob.read(0, descriptor.length)).isEqualTo(descriptor);
    }
  }

  @Test
  void whatANewerBlkshEncryptedIsNeitherOpenedNorWritten() throws IOException {
    String good = text("store.json");
    for (String newer :
        List.of(
            good.replace("\"encryption\": 1", "\"encryption\": 2"),
            good.replace("\"format\": 5", "\"format\": 6"),
            good.replace("  \"check\"", "  \"more\": 1,\n  \"check\""))) {
      put("store.json", again(newer));
      assertThat(StoreKeys.isSealed(shelf)).isTrue();
      assertThatThrownBy(() -> open(shelf, "first"))
          .hasMessageContaining("it is encrypted in another way than 1");
      assertThat(text("store.json")).isEqualTo(again(newer));
    }
  }

  @Test
  void keysThatCostTooMuchAreTriedLastAndKeepNobodyOut() throws IOException {
    String good = text(onlyKey());
    for (int i = 0; i < 80; i++) { // each would take seconds and a GiB
      put("keys/%016x.key".formatted(i), again(good.replace("m=64,t=1,p=2", "m=1048576,t=8,p=1")));
    }
    assertOpens(open(shelf, "first"));
    assertThat(open(shelf, "first").list()).hasSize(81);
  }

  // ---- changing ------------------------------------------------------------------------------

  @Test
  void theLastKeyIsNotRemovedAndAChangedOneOpensByWhatIsNew() throws IOException {
    StoreKeys keys = open(shelf, "first");
    assertThatThrownBy(() -> keys.remove("first")).hasMessageContaining("it is the only one");
    assertThatThrownBy(() -> keys.remove("nothing")).hasMessageContaining("there is none");
    byte[] sealed = bytes("sealed/store.json");
    keys.change("first", words("other"), CHEAP);
    assertThat(bytes("sealed/store.json")).isEqualTo(sealed);
    assertOpens(open(shelf, "other"));
    assertThatThrownBy(() -> open(shelf, "first")).hasMessageContaining("opens none of its 1 keys");
    put("keys/0000000000000000.key", "rubbish");
    assertThatThrownBy(() -> keys.remove(keys.list().get(1).id()))
        .as("what is damaged opens nothing")
        .hasMessageContaining("it is the only one");
    keys.remove("0000000000000000");
  }

  @Test
  void theKeyByWhichItWasOpenedStaysAndNoneOfTwoThatAreCalledAlikeIsTaken() throws IOException {
    StoreKeys first = open(shelf, "first");
    first.add(words("second"), "laptop", CHEAP);
    String third = first.add(KeySecret.keyFile(FILE), "laptop", CHEAP);
    assertThatThrownBy(() -> first.change("laptop", words("new"), CHEAP))
        .hasMessageContaining("2 are called so");
    assertThatThrownBy(() -> first.remove("laptop")).hasMessageContaining("2 are called so");
    assertThatThrownBy(() -> first.remove("first"))
        .hasMessageContaining("the store was opened by it");
    assertThat(first.list()).hasSize(3);
    first.change(third, words("new"), CHEAP);
    StoreKeys last = open(shelf, "new");
    last.remove("first");
    assertThat(last.list()).hasSize(2);
    assertOpens(open(shelf, "second"));
    StoreKeys bySheet = StoreKeys.open(shelf, say(KeySecret.recovery(RecoverySheet.text(key))));
    bySheet.remove(last.list().get(0).id());
    assertOpens(StoreKeys.open(shelf, say(words("new"), words("second"))));
  }

  @Test
  void aRecoverySheetIsNoKeyAndLeavesNothingBehind() throws IOException {
    KeySecret sheet = KeySecret.recovery(RecoverySheet.text(MasterKey.random()));
    Shelf empty = new MemoryShelf();
    assertThatThrownBy(() -> StoreKeys.make(empty, STORE, key, sheet, "first", CHEAP))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("a recovery sheet cannot be a key");
    assertThat(empty.list("")).isEmpty();
    StoreKeys keys = open(shelf, "first");
    assertThatThrownBy(() -> keys.add(sheet, "sheet", CHEAP))
        .hasMessageContaining("a recovery sheet cannot be a key");
    assertThat(keys.list()).hasSize(1);
  }

  @Test
  void whoeverDiesWhileAKeyIsChangedLeavesOneThatOpens() throws IOException {
    int survived = 0;
    for (Fault fault : List.of(Fault.FAIL, Fault.TEAR, Fault.LOSE)) {
      for (int wrong = 0; wrong < 60; wrong += 2) {
        Path root = Files.createDirectory(folder.resolve(fault + "-" + wrong));
        Shelf under = new DirectoryShelf(root);
        StoreKeys.make(under, STORE, key, words("first"), "first", CHEAP).put("store.json", INNER);
        FaultyShelf faulty = new FaultyShelf(under, fault, wrong);
        boolean told = false;
        try {
          open(faulty, "first").change("first", words("other"), CHEAP);
          told = true;
        } catch (IOException | BlkshException e) {
          // it died there
        }
        assertOpens(StoreKeys.open(under, say(words("first"), words("other"))));
        if (told) {
          assertOpens(open(under, "other"));
        }
        if (faulty.struck() == null) {
          survived++;
          break;
        }
      }
    }
    assertThat(survived).isEqualTo(3);
  }

  // ---- hostile keys --------------------------------------------------------------------------

  @Test
  void whatAKeySaysOfArgon2IsBoundedBeforeAnythingIsComputed() throws IOException {
    String name = onlyKey();
    String good = text(name);
    for (String hostile :
        List.of(
            "m=999999999,t=1,p=1",
            "m=1048576,t=64,p=1",
            "m=64,t=999999999,p=1",
            "m=64,t=0,p=1",
            "m=64,t=1,p=17",
            "m=64,t=1,p=16",
            "m=-64,t=1,p=1",
            "m=99999999999999999999,t=1,p=1",
            "")) {
      put(name, again(good.replace("m=64,t=1,p=2", hostile)));
      assertThatThrownBy(() -> open(shelf, "first")).as(hostile).hasMessageContaining("Argon2");
    }
    for (String changed :
        List.of(
            good.replace("\"label\": \"first\"", "\"label\": \"\u001b[31m\""),
            good.replace("\"format\": 1", "\"format\": 2"),
            good.replace("\"salt\": \"", "\"salt\": \"00"),
            good.replaceFirst("\"made\": \"[^\"]*", "\"made\": \"now"),
            good.replace("  \"salt\"", "  \"more\": \"x\",\n  \"salt\""),
            "[".repeat(4000),
            "{".repeat(5000),
            "")) {
      put(name, changed.isEmpty() ? "" : again(changed));
      assertThatThrownBy(() -> open(shelf, "first"))
          .hasMessageContaining("none of its keys is whole");
    }
  }

  /** With the checksum that it must have. */
  private static String again(String text) throws IOException {
    int end = text.indexOf("  \"crc32c\"");
    if (end < 0) {
      return text;
    }
    byte[] body = text.substring(0, end).getBytes(StandardCharsets.UTF_8);
    int sum = Checksum.of(body, 0, body.length);
    return text.substring(0, end) + "  \"crc32c\": \"%08x\"\n}\n".formatted(sum);
  }

  @Test
  void oneChangedByteOfAKeyOpensNothing() throws IOException {
    String name = onlyKey();
    byte[] good = text(name).getBytes(StandardCharsets.UTF_8);
    for (int at = 0; at < good.length; at++) {
      byte[] changed = good.clone();
      changed[at] ^= 1;
      shelf.put(name, changed);
      assertThatThrownBy(() -> open(shelf, "first"))
          .as("byte " + at)
          .isInstanceOf(BlkshException.class);
      shelf.put(
          name,
          again(new String(changed, StandardCharsets.ISO_8859_1))
              .getBytes(StandardCharsets.ISO_8859_1));
      if (!Arrays.equals(text(name).getBytes(StandardCharsets.ISO_8859_1), good)) {
        assertThatThrownBy(() -> open(shelf, "first"))
            .as("byte " + at)
            .isInstanceOf(BlkshException.class);
      }
    }
  }

  @Test
  void secretsThatAreNoneAreRefused() {
    assertThatThrownBy(() -> words("")).hasMessageContaining("empty");
    assertThatThrownBy(() -> KeySecret.keyFile(new byte[31])).hasMessageContaining("32 to 1048576");
    assertThatThrownBy(() -> StoreKeySlot.check("a\nb")).hasMessageContaining("letters");
  }

  /**
   * As the reference implementation has it: echo -n password | argon2 somesalt -id -t 2 -k 256 -p
   * 1.
   */
  @Test
  void passphrasesAreMadeHardToGuessAsTheStandardSays() {
    byte[] derived =
        new Argon2(256, 2, 1)
            .key(
                "password".getBytes(StandardCharsets.US_ASCII),
                "somesalt".getBytes(StandardCharsets.US_ASCII));
    assertThat(HexFormat.of().formatHex(derived))
        .isEqualTo("9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe");
  }
}
