package blksh.drive.ssh;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whether what is opened again is the same drive. Facts are NAME=VALUE. */
class DriveFactsTest {

  private static final String DEVICE = "kind=device size=9 sector=512 boot=x number=254:0 ";
  private static final String FILE = "kind=file size=9 sector=512 boot=x number=254:12 ";

  private static Facts facts(String words) {
    StringBuilder json = new StringBuilder("{\"a\": 1");
    for (String word : words.strip().split(" +")) {
      String[] parts = word.split("=", 2);
      json.append(", \"%s\": \"%s\"".formatted(parts[0], parts[1]));
    }
    return Facts.parse(json.append('}').toString().getBytes(UTF_8), "the test");
  }

  private static void compare(String kind, String before, String after) {
    String always = kind.equals("file") ? FILE : DEVICE;
    // Of two facts of one name the last counts.
    new DriveFacts(facts(always + before)).mustBeIn(facts(always + after), "ssh://srv/x");
  }

  @ParameterizedTest
  @CsvSource({
    "device, node=5 diskseq=7, node=5 diskseq=7",
    "device, node=5 removable=1 diskseq=7, node=5 removable=1 diskseq=7",
    "device, node=5 serial=S, boot=y number=254:16 node=9 serial=S",
    "device, diskseq=7 wwid=W, boot=y diskseq=9 wwid=W",
    "device, dm=LVM-abc, boot=y dm=LVM-abc",
    "file, generation=3 changed=1, generation=3 changed=2",
    "file, changed=1, changed=1",
    "file, generation=3 changed=1, boot=y generation=3 changed=1",
    "device, node=5 removable=0, node=5 removable=0",
    "device, number=7:1 node=5 removable=0 inode=1:2, number=7:1 node=5 removable=0 inode=1:2",
  })
  void theSameIsGoneOnWith(String kind, String before, String after) {
    assertThatCode(() -> compare(kind, before, after)).doesNotThrowAnyException();
  }

  private static void compareTarget(String kind, String before, String after) {
    String always = kind.equals("file") ? FILE : DEVICE;
    DriveFacts.ofTarget(facts(always + before)).mustBeIn(facts(always + after), "ssh://srv/x");
  }

  @ParameterizedTest
  @CsvSource({
    "device, node=5 diskseq=7, node=5 diskseq=7",
    "file, generation=3, generation=3",
    "file, changed=, changed=",
  })
  void theSameTargetIsGoneOnWith(String kind, String before, String after) {
    assertThatCode(() -> compareTarget(kind, before, after)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "device, wwid=W serial=S, boot=y wwid=W serial=S, the machine was started anew meanwhile",
    "device, dm=LVM-abc, boot=y dm=LVM-abc, the machine was started anew meanwhile",
    "device, boot= wwid=W, boot= wwid=W, the machine was started anew meanwhile",
    "file, generation=3, boot=y generation=3, the machine was started anew meanwhile",
    "file, generation=3, generation=4, its generation was",
    "file, generation=3, generation=3 number=254:13, its number was",
    "device, node=5 diskseq=7, node=5 diskseq=8, its diskseq was",
    "device, node=5, node=5, what is in it may be another",
  })
  void anotherTargetIsRefused(String kind, String before, String after, String told) {
    assertThatThrownBy(() -> compareTarget(kind, before, after))
        .hasMessageContaining(told)
        .hasMessageEndingWith("; restore it once more");
  }

  @ParameterizedTest
  @CsvSource({
    "device, node=5 diskseq=7, node=5 diskseq=8, its diskseq was",
    "device, node=5, node=6, its node was",
    "device, serial=S, serial=S number=254:16, its number was",
    "device, serial=S start=2048, serial=S start=4096, its start was",
    "device, serial=S, serial=T, its serial was",
    "device, dm=LVM-a, dm=LVM-b, its dm was",
    "device, backing=/a inode=1:2, backing=/a inode=1:3, its inode was",
    "device, node=5, boot=y node=5, nothing tells whether it is the same drive",
    "device, dm=CRYPT-PLAIN-a, boot=y dm=CRYPT-PLAIN-a, nothing tells",
    "device, removable=1 serial=READER, boot=y removable=1 serial=READER, nothing tells",
    "device, node=5 removable=1 serial=READER, node=5 removable=1 serial=READER, what is in it may be another",
    "device, serial=S, serial=S, that machine has no number for it",
    "device, node=5, node=5, what is in it may be another",
    "device, number=43:0 node=5 removable=0, number=43:0 node=5 removable=0, may be another",
    "device, number=7:1 node=5 removable=0, number=7:1 node=5 removable=0, may be another",
    "file, generation=3 changed=1, boot=y generation=3 changed=2, and the file has changed",
    "file, boot= generation=3 changed=1, boot= generation=3 changed=2, and the file has changed",
    "file, generation=3, generation=3, too little",
    "device, boot=, boot=, nothing tells",
    "file, generation=3 changed=1, generation=4 changed=1, its generation was",
    "file, generation=3, generation=3 number=254:13, its number was",
    "file, changed=1, changed=2, its changed was",
  })
  void anotherIsRefused(String kind, String before, String after, String told) {
    assertThatThrownBy(() -> compare(kind, before, after)).hasMessageContaining(told);
  }
}
