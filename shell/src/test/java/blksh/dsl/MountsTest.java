package blksh.dsl;

import static blksh.kit.Await.await;
import static blksh.kit.Content.KIB;
import static blksh.kit.Content.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import blksh.BlkshException;
import blksh.kit.Component;
import blksh.kit.Tool;
import blksh.mount.fuse.Holder;
import blksh.view.Size;
import blksh.workspace.MountEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sources served and mounted by this process, and how they are found and taken away. */
class MountsTest {

  private static final byte[] DISK = random(64 * KIB, 1);

  @TempDir Path folder;
  @AutoClose private Sitting sitting;
  private Drive drive;

  @BeforeEach
  void open() throws IOException {
    folder = folder.toRealPath();
    sitting = new Sitting(folder);
    drive = sitting.words.drive(sitting.file("disk", DISK));
  }

  private Mount serve(Path socket) {
    return sitting.words.serve(drive, socket, null, null, false, null, null, false);
  }

  private Mount mount(Path point) {
    return sitting.words.mount(drive, point, (Path) null, false, false, false);
  }

  @ParameterizedTest
  @ValueSource(strings = {"nbd.sock", "a socket", "größe+1%.sock"})
  void aServerIsFoundByItsSocketWhateverThatIsCalled(String name) throws Exception {
    Path socket = folder.resolve(name);
    Mount served = serve(socket);
    assertThat(served.getKind()).isEqualTo(MountEntry.Kind.NBD);
    assertThat(served.getPlace()).startsWith("nbd+unix:///?socket=");
    assertThat(served.title()).isEqualTo("served " + served.getPlace());
    assertThat(served.getSource()).isEqualTo("file " + folder.resolve("disk"));
    assertThat(served.getState()).isEqualTo(MountEntry.State.HERE);
    assertThat(served.getPid()).isEqualTo(ProcessHandle.current().pid());
    assertThat(served.getOverlay()).isNull();
    assertThat(sitting.words.getMounts().get(socket.toString()).getPlace())
        .isEqualTo(served.getPlace());
    assertThat(sitting.words.getMounts().get(served.getPlace())).hasToString(served.getPlace());
    Unmounted ended = sitting.words.unmount(socket);
    assertThat(ended.getEnded()).isTrue();
    assertThat(ended).hasToString("unmounted " + served.getPlace());
    await(() -> sitting.words.getMounts().member(served.getPlace()) == null);
    assertThat(socket).doesNotExist();
    served.await();
  }

  @Test
  void whatWasReadIsCounted() throws Exception {
    Tool nbdcopy = Tool.named("nbdcopy");
    Mount served = serve(folder.resolve("nbd.sock"));
    assertThat(served.getReaders()).isZero();
    assertThat(served.getRead()).isEqualTo(new Size(0));
    assertThat(served.getFailures()).isZero();
    assertThat(served.getHitRate()).isNull();
    assertThat(Sitting.value(served, "written")).isNull();
    Path copy = folder.resolve("copy");
    nbdcopy.run(served.getPlace(), copy);
    assertThat(Files.readAllBytes(copy)).isEqualTo(DISK);
    assertThat(sitting.words.getMounts().get(served.getPlace()).getRead())
        .isGreaterThanOrEqualTo(new Size(64 * KIB));
  }

  @Test
  void aServerHasAPortOrASocketAndElseOneBelowTheHome() {
    Sitting.refused(
        () -> sitting.words.serve(drive, folder.resolve("s"), 0, null, false, null, null, false),
        "cannot serve disk: it is either a socket or a port");
    Mount free = sitting.words.serve(drive, null, 0, null, false, null, null, false);
    assertThat(free.getPlace()).matches("nbd://127.0.0.1:[1-9][0-9]*");
    Mount home = serve(null);
    assertThat(home.getPlace()).endsWith("?socket=" + folder.resolve("home/nbd/disk.sock"));
    assertThat(sitting.words.getMounts().getKeys()).contains(free.getPlace(), home.getPlace());
  }

  @Test
  void severalSourcesAreServedByName() throws Exception {
    Tool nbdcopy = Tool.named("nbdcopy");
    Sitting.refused(
        () -> sitting.words.serve(Map.of(), null, null, null, null, false),
        "cannot serve sources: there are none");
    Path socket = folder.resolve("nbd.sock");
    Medium medium = new Medium(sitting, random(8 * KIB, 2));
    sitting.words.serve(Map.of("medium", medium), socket, null, null, null, false);
    Path copy = folder.resolve("copy");
    nbdcopy.run("nbd+unix:///medium?socket=" + socket, copy);
    assertThat(Files.readAllBytes(copy)).isEqualTo(random(8 * KIB, 2));
  }

  @Test
  void whatIsMountedNowhereIsNotFound() {
    Path nowhere = folder.resolve("nowhere");
    assertThat(sitting.words.getMounts().member(nowhere.toString())).isNull();
    assertThatThrownBy(() -> sitting.words.unmount(nowhere))
        .isInstanceOf(BlkshException.class)
        .hasMessageStartingWith(
            "cannot find what is mounted on " + nowhere + ": blksh has mounted nothing there; ");
    serve(folder.resolve("nbd.sock"));
    assertThatThrownBy(() -> sitting.words.unmount(nowhere))
        .hasMessageContaining("; there is ")
        .hasMessageContaining("nbd+unix:///?socket=" + folder.resolve("nbd.sock"));
  }

  @Test
  void whatNoOtherProcessCanOpenStaysInThisOne() {
    Medium medium = new Medium(sitting, DISK);
    Sitting.refused(
        () -> sitting.words.serve(medium, folder.resolve("s"), null, null, true, null, null, false),
        "cannot serve medium in the background: another process cannot open it; serve it without"
            + " background, and keep this process running");
    Sitting.refused(
        () -> sitting.words.mount(medium, folder.resolve("p"), (Path) null, false, false, true),
        "cannot mount medium in the background: another process cannot open it; mount it without"
            + " background, and keep this process running");
    assertThat(folder.resolve("p")).doesNotExist();
  }

  @Test
  void aDiskIsNoFileSystem() throws IOException {
    Drive disk = sitting.words.drive(sitting.image("disk-mbr.img"));
    Sitting.refused(
        () -> disk.mountFileSystem(folder.resolve("point"), false),
        "cannot mount the file system of disk-mbr.img: it is a disk with 3 partitions; mount one"
            + " of p1, p5, p6");
  }

  @Test
  void aMountIsADirectoryUntilItIsTakenAway() throws Exception {
    Component.needFuse();
    Path point = folder.resolve("point");
    Mount mounted = mount(point);
    assertThat(mounted.getKind()).isEqualTo(MountEntry.Kind.FUSE);
    assertThat(mounted).hasToString(point.toString());
    assertThat(mounted.title()).isEqualTo("mounted " + point);
    assertThat(Files.readAllBytes(point.resolve("disk"))).isEqualTo(DISK);
    Path roundabout = point.resolve("../point");
    assertThat(sitting.words.getMounts().get(roundabout.toString())).hasToString(point.toString());
    assertThat(sitting.words.unmount(point.toString()).getEnded()).isTrue();
    await(() -> !Files.exists(point.resolve("disk")));
    assertThatThrownBy(() -> sitting.words.unmount(point)).isInstanceOf(BlkshException.class);
  }

  @Test
  void aDirectoryThatIsNotEmptyIsLeftAlone() throws IOException {
    Component.needFuse();
    Path full = Files.createDirectory(folder.resolve("full"));
    Files.writeString(full.resolve("notes"), "mine");
    assertThatThrownBy(() -> mount(full))
        .isInstanceOf(BlkshException.class)
        .hasMessageContaining("not empty");
    assertThat(full.resolve("notes")).hasContent("mine");
    assertThat(sitting.words.getMounts().member(full.toString())).isNull();
  }

  @Test
  void withAnOverlayAMountCanBeWritten() throws Exception {
    Component.needFuse();
    Path point = folder.resolve("point");
    Path over = folder.resolve("over");
    Mount mounted = sitting.words.mount(drive, point, over, false, false, false);
    assertThat(mounted.getOverlay()).isEqualTo(over);
    assertThat(Sitting.value(mounted, "written")).isEqualTo(new Size(0));
    assertThat(Files.isWritable(point.resolve("disk"))).isTrue();
    mounted.unmount();
    // By its name alone the overlay is below the home.
    Mount named = sitting.words.mount(drive, point.toString(), true);
    assertThat(named.getOverlay()).isEqualTo(folder.resolve("home/overlays/disk"));
    named.unmount();
  }

  @Test
  void whatIsStillUsedSaysByWhom() {
    Unmounted busy = new Unmounted("/mnt/disk", List.of(new Holder(42, "less", "has disk open")));
    assertThat(busy.getEnded()).isFalse();
    assertThat(busy).hasToString("unmounted /mnt/disk, still used");
    assertThat(Sitting.value(busy, "used by"))
        .isEqualTo(List.of("process 42 (less) has disk open"));
    assertThat(Sitting.value(new Unmounted("/mnt/disk", List.of()), "used by")).isNull();
  }
}
