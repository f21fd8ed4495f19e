package blksh.drive.ssh;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import blksh.block.BlockSource;
import blksh.kit.Content;
import blksh.kit.Tool;
import blksh.store.CaptureOptions;
import blksh.store.CaptureResult;
import blksh.store.Store;
import blksh.store.StoreOptions;
import blksh.store.VerifyOptions;
import blksh.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** Machines to reach, drives on them, and what becomes of a capture. */
final class Machines {

  /** Nobody to ask, and nothing asked. */
  static final PasswordPrompt NOBODY = PasswordPrompt.NOBODY;

  /** Works as ssh does, for a machine that is this one. */
  private static final String SSH =
      """
      #!/usr/bin/python3
      import os, re, struct, sys, zlib
      command = sys.argv[-1]
      mark = re.search("blksh:[0-9a-f]+", command).group(0)
      os.write(1, (mark + ":python:").encode())
      assert sys.stdin.buffer.readline().decode() == mark + ":go\\n"
      source = sys.stdin.buffer.read(int(re.search(r"read\\\\((\\\\d+)\\\\)", command).group(1)))
      agent = {"__name__": "agent"}
      exec(source[:source.rindex(b"main()")], agent)
      Output, Channel = agent["Output"], agent["Channel"]
      send = Output.send
      def lie(kind, change):
          def changed(self, what, channel, number, payload=b""):
              if what == kind:
                  what, channel, number, payload = change(what, channel, number, payload)
              return send(self, what, channel, number, payload)
          Output.send = changed
      %s
      agent["main"]()
      """;

  private Machines() {}

  /**
   * A program that works as ssh does, for this machine, whose agent was changed.
   *
   * @param lie what changes it, in Python
   */
  static Path lying(Path folder, String lie) throws IOException {
    Tool.named("python3");
    Path ssh = folder.resolve("ssh");
    Files.writeString(ssh, SSH.formatted(lie).replace("\\\\", "\\"));
    Files.setPosixFilePermissions(ssh, PosixFilePermissions.fromString("rwxr-xr-x"));
    return ssh;
  }

  static RemoteHost reach(Path ssh) {
    return reach(ssh, false, NOBODY);
  }

  static RemoteHost reach(Path ssh, boolean sudo, PasswordPrompt prompt) {
    return new RemoteHost("srv", sudo, prompt, WireLimits.NONE, Optional.of(ssh));
  }

  static RemoteHost reach(Path ssh, WireLimits limits) {
    return new RemoteHost("srv", false, NOBODY, limits, Optional.of(ssh));
  }

  /** Somebody who gives these answers, one after the other, and is counted. */
  static final class Person implements PasswordPrompt {
    private final String[] answers;
    int asked;

    Person(String... answers) {
      this.answers = answers;
    }

    @Override
    public Optional<char[]> ask(String question, BooleanSupplier stop) {
      return asked < answers.length
          ? Optional.of(answers[asked++].toCharArray())
          : Optional.empty();
    }
  }

  /** That no file of a test, and no process that runs, has a word. */
  static void assertNowhere(Path folder, String word) throws IOException {
    byte[] secret = word.getBytes(UTF_8);
    List<Path> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (holds(Files.readAllBytes(file), secret)) {
          found.add(file);
        }
      }
    }
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process : processes.toList()) {
        for (String what : List.of("cmdline", "environ")) {
          if (holds(content(process.resolve(what)), secret)) {
            found.add(process.resolve(what));
          }
        }
      }
    }
    assertThat(found).isEmpty();
  }

  /** Empty when the process has ended meanwhile, or it is none. */
  private static byte[] content(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      return new byte[0];
    }
  }

  private static boolean holds(byte[] bytes, byte[] word) {
    return new String(bytes, ISO_8859_1).contains(new String(word, ISO_8859_1));
  }

  /** A file with noise, text, written zeros and holes, always the same. */
  static Path disk(Path file, int bytes, long seed) throws IOException {
    int group = 64 << 10;
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (int at = 0, turn = 0; at < bytes; at += group, turn++) {
        int count = Math.min(group, bytes - at);
        switch (turn % 4) {
          case 0 -> channel.write(ByteBuffer.wrap(Content.random(count, seed + turn)), at);
          case 1 -> channel.write(ByteBuffer.wrap(Content.compressible(count, seed + turn)), at);
          case 2 -> channel.write(ByteBuffer.wrap(new byte[count]), at);
          default -> {}
        }
      }
      if (channel.size() < bytes) {
        channel.write(ByteBuffer.wrap(new byte[1]), bytes - 1L);
      }
    }
    return file;
  }

  static Store store(Path folder) {
    Path path = folder.resolve("store");
    return Files.exists(path) ? Store.open(path) : Store.create(path, StoreOptions.defaults());
  }

  static CaptureResult capture(Store store, RemoteHost host, Path disk, String name) {
    return capture(store, host, disk, name, Task.unwatched());
  }

  static CaptureResult capture(Store store, RemoteHost host, Path disk, String name, Task task) {
    try (BlockSource source = host.open(disk.toString())) {
      return store.capture(source, name, CaptureOptions.defaults(), task);
    }
  }

  /** That what was captured is what the file holds, and that the store is clean. */
  static void assertHolds(Store store, CaptureResult captured, Path disk) throws IOException {
    byte[] expected = Files.readAllBytes(disk);
    byte[] held = new byte[expected.length];
    try (BlockSource source = store.source(captured.manifest())) {
      assertThat(source.size()).isEqualTo(expected.length);
      assertThat(source.read(0, ByteBuffer.wrap(held))).isEqualTo(expected.length);
    }
    assertThat(Arrays.mismatch(held, expected)).as("first difference").isEqualTo(-1);
    assertThat(store.verify(VerifyOptions.full(), Task.unwatched()).clean()).isTrue();
  }
}
