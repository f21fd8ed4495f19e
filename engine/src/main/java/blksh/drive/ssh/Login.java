package blksh.drive.ssh;

import static java.nio.charset.StandardCharsets.US_ASCII;

import blksh.BlkshException;
import blksh.io.IoFailure;
import blksh.io.Program;
import blksh.task.CancelledException;
import blksh.task.Waiting;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * One login on another machine by the system's ssh, up to the point where what was to be started
 * there answers. Whatever start-up files and banners print before is passed over: what counts
 * begins with a mark that nobody else knows.
 *
 * <p>The login shell, whichever it is, gets one word list without anything it could expand: {@code
 * exec /bin/sh -c '…'}. No path and no password stands in it, and no mark in one piece: who prints
 * the command has not said one.
 */
final class Login implements Closeable {

  /** What answers there. */
  enum Answer {
    /** python3, which waits for the source of the agent. */
    PYTHON,
    /** A POSIX shell, which waits for commands. */
    SHELL
  }

  /** Noise that is passed over, in bytes. */
  private static final int MOST_NOISE = 64 << 10;

  private static final int PASSWORDS = 3;
  private static final int NONCE = 12;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final SshTarget target;
  private final Manner manner;
  private final SudoPassword password;
  private final Process process;
  private final ErrorText errors = new ErrorText();
  private final String mark;
  private volatile Answer answer;
  private int passwords;
  private volatile BlkshException refusal;

  /**
   * While a person is asked, which may take as long as it does: since when, and how long so far.
   */
  private volatile long askedSince;

  private volatile long askedNanos;

  /**
   * How to log in.
   *
   * @param sudo whether what is started is to be root's
   * @param alone whether a connection that is there already is not to be used
   * @param times how long is waited
   * @param stop asked while waiting whether nobody wants it any more
   */
  record Manner(boolean sudo, boolean alone, WireTimes times, BooleanSupplier stop) {}

  private Login(
      SshTarget target, Manner manner, SudoPassword password, String mark, Process process) {
    this.target = target;
    this.manner = manner;
    this.password = password;
    this.mark = mark;
    this.process = process;
  }

  /**
   * Logs in and waits for the answer.
   *
   * @param ssh the program
   * @param sourceLength bytes that will be sent to python3; 0 to have a shell though there is one
   * @throws SshRefusal when it does not come to be
   */
  static Login begin(
      Path ssh, SshTarget target, Manner manner, SudoPassword password, int sourceLength) {
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    String mark = "blksh:" + HexFormat.of().formatHex(nonce);
    List<String> words = new ArrayList<>(List.of("-T", "-x", "-e", "none"));
    words.addAll(List.of("-o", "ServerAliveInterval=15", "-o", "RequestTTY=no"));
    words.addAll(List.of("-o", "BatchMode=yes"));
    words.addAll(List.of("-o", "ConnectTimeout=" + manner.times.connect().toSeconds()));
    if (manner.alone()) {
      words.addAll(List.of("-o", "ControlPath=none"));
    }
    words.addAll(target.words());
    words.add(command(mark, manner.sudo(), sourceLength));
    try {
      Process process = Program.of(ssh, words.toArray(String[]::new)).start();
      Login login = new Login(target, manner, password, mark + ":", process);
      try {
        login.await();
        login.go();
        return login;
      } catch (RuntimeException | Error e) {
        login.close();
        throw e;
      }
    } catch (IOException e) {
      throw IoFailure.told("run " + ssh, e);
    }
  }

  /**
   * What the login shell is given. What is started reads no line before {@code MARK:go}: what was
   * meant for a sudo that did not read it is no part of what follows.
   *
   * @param mark which the script puts together with what is said by it
   */
  private static String command(String mark, boolean sudo, int sourceLength) {
    String python =
        "python3 -I -S -B -c \"import os,sys;os.write(1,sys.argv[1].encode());i=sys.stdin.buffer;"
            + "next((l for l in i if l.strip()==sys.argv[4].encode()),0);"
            + "exec(compile(i.read("
            + sourceLength
            + "),sys.argv[2],sys.argv[3]))\" $m:python: agent exec $m:go";
    String shell =
        "printf %s $m:shell:;while read -r l;do case %sl in $m:go)break;;esac;done;exec /bin/sh -s"
            .replace("%sl", sudo ? "\\$l" : "$l");
    StringBuilder script = new StringBuilder("m=" + mark + ";LC_ALL=C;MALLOC_ARENA_MAX=1;");
    script.append("export LC_ALL MALLOC_ARENA_MAX;");
    String asRoot = "";
    if (sudo) {
      script.append("r=;test \"$(id -u)\" = 0||{ command -v sudo >/dev/null 2>&1||{ echo ");
      script.append("$m:nosudo:;exit 1;};r=\"sudo -S -p $m:password:\";");
      script.append("echo >&2;};"); // whatever was said before, the question begins a line
      asRoot = "$r";
    }
    if (sourceLength > 0) {
      script.append("if command -v python3 >/dev/null 2>&1;then exec ");
      script.append(asRoot.isEmpty() ? "" : asRoot + " ").append(python).append(";fi;");
    }
    if (sudo) {
      script.append("exec ").append(asRoot).append(" /bin/sh -c \"").append(shell).append('"');
    } else {
      script.append(shell);
    }
    return "exec /bin/sh -c '" + script + "'";
  }

  private void go() {
    try {
      process.getOutputStream().write((mark + "go\n").getBytes(US_ASCII));
      process.getOutputStream().flush();
    } catch (IOException gone) {
      // told by its end
    }
  }

  private void await() {
    errors.follow(process.getErrorStream(), this::heard);
    StringBuilder seen = new StringBuilder();
    long began = System.nanoTime();
    try (Waiting waiting = new Waiting("reach " + target, "connecting to " + target)) {
      InputStream in = process.getInputStream();
      while (answer == null) {
        mustNotBeRefused();
        if (in.available() > 0) {
          int one = in.read();
          if (one < 0) {
            throw ended(seen.toString());
          }
          seen.append((char) one);
          if (one == ':') {
            look(seen);
          }
          if (seen.length() > MOST_NOISE) {
            throw refused(
                new BlkshException(
                        "reach " + target,
                        "it prints more than 64 KiB and then no answer, which begins "
                            + first(seen.toString()))
                    .suggest("have its start-up files print nothing without a terminal"));
          }
          continue;
        }
        if (!process.isAlive() && in.available() == 0) {
          throw ended(seen.toString());
        }
        if (manner.stop.getAsBoolean()) {
          throw new CancelledException("reach " + target);
        }
        long asking = askedSince;
        long since = System.nanoTime();
        since = asking == 0 ? since : Math.min(since, asking);
        if (since - began - askedNanos > manner.times.login().toNanos()) {
          throw new SshRefusal(
              SshFailure.Kind.UNREACHABLE,
              new BlkshException(
                      "reach " + target,
                      "nothing answers for " + WireTimes.words(manner.times.login()))
                  .suggest("see what ssh " + target.host() + " true does"));
        }
        waiting.turn();
      }
    } catch (IOException e) {
      throw ended(seen.toString());
    }
  }

  private void look(StringBuilder seen) {
    int at = seen.indexOf(mark);
    if (at < 0) {
      return;
    }
    String said = seen.substring(at + mark.length());
    switch (said) {
      case "python:" -> answer = Answer.PYTHON;
      case "shell:" -> answer = Answer.SHELL;
      case "nosudo:" ->
          throw refused(
              new BlkshException("become root on " + target, "there is no sudo")
                  .suggest("log in as root, or install sudo there"));
      default -> {
        // the mark itself has colons
      }
    }
  }

  private void mustNotBeRefused() {
    BlkshException why = refusal;
    if (why != null) {
      throw refused(why);
    }
  }

  private static SshRefusal refused(BlkshException told) {
    return new SshRefusal(SshFailure.Kind.FINAL, told);
  }

  private static String first(String noise) {
    String line = noise.lines().findFirst().orElse("").strip();
    return "\"" + (line.length() > 80 ? line.substring(0, 80) + "…" : line) + "\"";
  }

  private SshRefusal ended(String noise) {
    int status = -1;
    try {
      if (process.waitFor(5, TimeUnit.SECONDS)) {
        status = process.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    String said = said();
    mustNotBeRefused();
    return new SshRefusal(
        SshFailure.kind(said, manner.sudo),
        SshFailure.told(target, said, noise, status, manner.sudo));
  }

  /** What it says on standard error: a question for the password is answered. */
  private boolean heard(String said) {
    if (!manner.sudo || answer != null || refusal != null || !asks(said)) {
      return false;
    }
    long began = System.nanoTime();
    askedSince = began;
    try {
      byte[] line =
          password.line(
              target.host(), passwords > 0, () -> hasEnded() || manner.stop.getAsBoolean());
      if (++passwords > PASSWORDS) {
        throw new BlkshException("become root on " + target, "sudo takes none of the passwords")
            .suggest("give the password of the user who logs in");
      }
      OutputStream in = process.getOutputStream();
      in.write(line);
      in.flush();
      Arrays.fill(line, (byte) 0);
    } catch (BlkshException e) {
      refusal = e;
    } catch (IOException gone) {
      // told by its end
    } finally {
      askedNanos += System.nanoTime() - began;
      askedSince = 0;
    }
    return true;
  }

  /** Whether the last line that was said is the question itself; sudo-rs puts it in brackets. */
  private boolean asks(String said) {
    String question = mark + "password:";
    int end = Math.max(said.lastIndexOf('\n'), said.lastIndexOf('\r'));
    String line = said.substring(end + 1);
    return line.equals(question) || line.startsWith("[sudo: " + question + "]");
  }

  SshTarget target() {
    return target;
  }

  Answer answer() {
    return answer;
  }

  /** What comes after the mark. */
  InputStream in() {
    return process.getInputStream();
  }

  OutputStream out() {
    return process.getOutputStream();
  }

  /** The last it said on standard error; empty for nothing. */
  String lastWords() {
    String said = errors.toString().strip();
    return said.substring(said.lastIndexOf('\n') + 1);
  }

  /** What it said on standard error before it ended, as far as it was kept. */
  String said() {
    errors.awaitEnd();
    return errors.toString();
  }

  /** Whether what was started has ended. */
  boolean hasEnded() {
    return !process.isAlive();
  }

  /** Waits for the end of what was started. @return its status, or -1 when it does not end */
  int awaitEnd(long seconds) {
    try {
      return process.waitFor(seconds, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return -1;
    }
  }

  /** Ends the connection at once. */
  @Override
  public void close() {
    process.destroy();
    try {
      process.getOutputStream().close();
    } catch (IOException gone) {
      // nobody is there to be told
    }
  }
}
