package blksh.dsl;

import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static blksh.kit.Reading.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.block.BlockSource;
import blksh.block.WritableSource;
import blksh.view.Size;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A source that can be written while what is underneath stays as it is. */
class OverlayTest {

  private static final int PAGE = 4 * KIB;
  private static final byte[] BASE = random(64 * KIB, 1);

  @TempDir Path folder;
  @AutoClose private Sitting sitting;
  private Path base;
  private Overlay overlay;

  @BeforeEach
  void open() throws IOException {
    sitting = new Sitting(folder);
    base = sitting.file("disk", BASE);
    overlay = sitting.words.overlay(sitting.words.drive(base), folder.resolve("over"));
  }

  private void write(long position, byte[] bytes) {
    try (WritableSource source = (WritableSource) overlay.open()) {
      source.write(position, ByteBuffer.wrap(bytes));
    }
  }

  @Test
  void nothingIsChangedOrMadeUntilItIsOpened() {
    assertThat(overlay.getName()).isEqualTo("disk");
    assertThat(overlay.getSize()).isEqualTo(new Size(64 * KIB));
    assertThat(overlay.title()).isEqualTo("overlay over disk");
    assertThat(overlay.getChanges()).isEmpty();
    assertThat(overlay.getChanges().getBytes()).isEqualTo(new Size(0));
    assertThat(overlay.getChanges().appendix()).isNull();
    assertThat(folder.resolve("over")).doesNotExist();
  }

  @Test
  void whatIsWrittenIsKeptBesideTheBase() throws IOException {
    write(PAGE + 10, new byte[] {1, 2, 3});
    byte[] expected = BASE.clone();
    System.arraycopy(new byte[] {1, 2, 3}, 0, expected, PAGE + 10, 3);
    try (BlockSource source = overlay.open()) {
      assertThat(read(source, 0, 64 * KIB)).isEqualTo(expected);
    }
    assertThat(Files.readAllBytes(base)).isEqualTo(BASE);
    assertThat(folder.resolve("over.map")).exists();
    assertThat(overlay.compare(sitting.words.drive(base)).getDiffering()).isEqualTo(new Size(PAGE));
  }

  @Test
  void changesAreToldInOrderAndBlocks() {
    write(8 * PAGE, new byte[] {1});
    try (WritableSource source = (WritableSource) overlay.open()) {
      source.zero(2 * PAGE, 2 * PAGE);
    }
    Changes changes = overlay.getChanges();
    assertThat(changes).extracting(Change::getStart).containsExactly(2L * PAGE, 8L * PAGE);
    assertThat(changes).extracting(Change::getZero).containsExactly(true, false);
    assertThat(changes.get(0).getLength()).isEqualTo(new Size(2 * PAGE));
    assertThat(changes.get(0).title()).isEqualTo("8 KiB at byte 8192");
    assertThat(changes.getBytes()).isEqualTo(new Size(3 * PAGE));
    assertThat(changes.title()).isEqualTo("changes to disk");
    assertThat(Sitting.value(changes, "ranges")).isEqualTo(2);
    assertThat(Sitting.value(overlay, "changed")).isEqualTo(new Size(3 * PAGE));
  }

  @Test
  void whatWasWrittenIsForgotten() {
    write(0, new byte[] {1});
    overlay.discard();
    assertThat(overlay.getChanges()).isEmpty();
    assertThat(overlay.compare(sitting.words.drive(base)).getSame()).isTrue();
  }

  @Test
  void whatItReadsAsIsCapturedAndStays() {
    write(0, new byte[] {(byte) ~BASE[0]});
    Store store = sitting.words.store(folder.resolve("store"));
    store.capture(sitting.words.drive(base), "disk", false, false);
    Captured captured = overlay.commit(store, overlay.getName());
    assertThat(captured.getManifest().getReference()).isEqualTo("disk@2");
    assertThat(captured.getNew()).isEqualTo(new Size(PAGE));
    assertThat(captured.getManifest().compare(overlay).getSame()).isTrue();
    assertThat(overlay.getChanges()).hasSize(1);
  }

  @Test
  void aFileThatIsNoOverlayOrBelongsToAnotherSourceIsLeftAlone() throws IOException {
    Path mine = sitting.file("mine", random(64 * KIB, 2));
    Overlay wrong = sitting.words.overlay(sitting.words.drive(base), mine);
    Sitting.refused(
        wrong::open,
        "cannot lay overlay "
            + mine
            + " over disk: the file exists and is no overlay: it has no map; choose a name that is"
            + " free");
    assertThat(Files.readAllBytes(mine)).isEqualTo(random(64 * KIB, 2));
    write(0, new byte[] {1});
    Drive shorter = sitting.words.drive(sitting.file("short", random(PAGE, 3)));
    assertThatThrownBy(() -> sitting.words.overlay(shorter, folder.resolve("over")).open())
        .isInstanceOf(BlkshException.class)
        .hasMessageStartingWith("cannot lay overlay " + folder.resolve("over") + " over short: ");
    assertThat(overlay.getChanges()).hasSize(1);
  }

  @Test
  void oneThatIsInUseCannotBeDiscarded() {
    try (BlockSource source = overlay.open()) {
      assertThat(source.size()).isEqualTo(64 * KIB);
      assertThatThrownBy(overlay::discard)
          .isInstanceOf(BlkshException.class)
          .hasMessageContaining("in use");
    }
  }
}
