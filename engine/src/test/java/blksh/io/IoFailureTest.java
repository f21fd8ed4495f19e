package blksh.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import blksh.BlkshException;
import blksh.kit.Tmpfs;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.Pipe;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IoFailureTest {

  @TempDir Path folder;

  private static void fails(ThrowingCallable call, IoFailure expected) {
    Throwable failure = catchThrowable(call);
    assertThat(failure).isInstanceOf(IOException.class);
    assertThat(IoFailure.of(failure)).as(failure.toString()).isEqualTo(expected);
    BlkshException told = IoFailure.told("do it", (IOException) failure);
    assertThat(IoFailure.of(told)).isEqualTo(expected);
    assertThat(told.problem()).isNotBlank();
  }

  @Test
  void theSystemsOwnFailuresAreKnown() throws IOException {
    Path absent = folder.resolve("absent");
    fails(() -> Files.readString(absent), IoFailure.NO_SUCH_FILE);
    fails(() -> new FileInputStream(absent.toFile()), IoFailure.NO_SUCH_FILE);
    fails(() -> new FileInputStream("/proc/self/mem").read(new byte[1]), IoFailure.UNREADABLE);
    fails(() -> Files.createDirectory(folder), IoFailure.EXISTS);
    fails(() -> Files.readString(folder), IoFailure.OTHER);
    Path full = Path.of("/dev/full");
    fails(
        () -> {
          try (FileChannel channel = FileChannel.open(full, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(1));
          }
        },
        IoFailure.NO_SPACE);
    fails(
        () -> {
          try (FileOutputStream out = new FileOutputStream(full.toFile())) {
            out.write(1);
          }
        },
        IoFailure.NO_SPACE);
    Pipe pipe = Pipe.open();
    pipe.source().close();
    fails(() -> pipe.sink().write(ByteBuffer.allocate(1)), IoFailure.BROKEN_PIPE);
    pipe.sink().close();
  }

  @Test
  void aReadOnlyFileSystemIsKnown() throws IOException {
    try (Tmpfs mount = Tmpfs.of(folder.resolve("mounted"), "1m")) {
      Path file = Files.createFile(mount.path().resolve("file"));
      mount.makeReadOnly();
      fails(() -> Files.delete(file), IoFailure.READ_ONLY);
      fails(() -> FileChannel.open(file, StandardOpenOption.WRITE), IoFailure.READ_ONLY);
      fails(() -> new FileOutputStream(file.toFile()), IoFailure.READ_ONLY);
    }
  }

  @Test
  void theFirstCauseThatIsKnownCounts() {
    IOException full = new FileSystemException("x", null, "No space left on device");
    assertThat(IoFailure.of(new BlkshException("write", "it failed", full)))
        .isEqualTo(IoFailure.NO_SPACE);
    assertThat(IoFailure.of(new IOException("ends early", full))).isEqualTo(IoFailure.NO_SPACE);
    assertThat(IoFailure.of(new UnreadableException("sr0", 0, 1, "No medium found", null)))
        .isEqualTo(IoFailure.NO_MEDIUM);
    assertThat(IoFailure.of(new BlkshException("write", "No space left on device")))
        .isEqualTo(IoFailure.OTHER);
    assertThat(IoFailure.of(new IOException("about: No space left on device, and more")))
        .isEqualTo(IoFailure.OTHER);
    assertThat(IoFailure.of(new IOException())).isEqualTo(IoFailure.OTHER);
    assertThat(IoFailure.of(null)).isEqualTo(IoFailure.OTHER);
  }

  @Test
  void theWordsOfTheSystemAreKnownInItsLanguage() {
    IoFailure.Words german =
        IoFailure.Words.of(
            number ->
                switch (number) {
                  case 28 -> "Auf dem Gerät ist kein Speicherplatz mehr verfügbar";
                  case 32 -> "Datenübergabe unterbrochen (broken pipe)";
                  default -> "Fehler " + number;
                });
    assertThat(german.failure("Auf dem Gerät ist kein Speicherplatz mehr verfügbar"))
        .isEqualTo(IoFailure.NO_SPACE);
    assertThat(german.failure("Datenübergabe unterbrochen (broken pipe)"))
        .isEqualTo(IoFailure.BROKEN_PIPE);
    assertThat(german.failure("Kein Medium")).isEqualTo(IoFailure.OTHER);
  }

  @Test
  void theTextsAreThoseOfTheSystem() {
    Posix posix = Posix.instance().orElseThrow();
    IoFailure.Words here = IoFailure.Words.of(posix::errorText);
    for (int number = 1; number < 134; number++) {
      String text = IoFailure.text(number);
      if (!text.startsWith("error number")) {
        assertThat(here.failure(posix.errorText(number)))
            .isEqualTo(IoFailure.Words.ENGLISH.failure(text));
      }
    }
    assertThat(IoFailure.text(Posix.EIO)).isEqualTo("Input/output error");
    assertThat(IoFailure.text(4711)).isEqualTo("error number 4711");
  }

  @Test
  void peopleAreToldWhatToTry() {
    assertThat(IoFailure.told("open x", new AccessDeniedException("x")))
        .hasMessage("cannot open x: permission denied; run as a user who may, such as root");
    assertThat(IoFailure.reason(new IOException())).isEqualTo("IOException");
  }
}
