package blksh.workspace;

import blksh.block.CacheFigures;
import blksh.io.PartFile;
import blksh.io.WholeFile;
import blksh.mount.Traffic;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Properties;

/**
 * What a home remembers of a mount, in a file of its own for as long as it lasts. Whoever removes
 * the file asks the process that serves it to end it.
 */
record MountRecord(
    MountEntry.Kind kind,
    String place,
    String source,
    String overlay,
    Instant since,
    ProcessIdentity server) {

  static final String ENDING = ".mount";

  /** What people see of it. */
  MountEntry entry(MountEntry.State state, Traffic traffic) {
    return new MountEntry(kind, place, source, overlay, since, server.pid(), state, traffic);
  }

  /** Replaces the file at once. */
  void write(Path file, Traffic traffic) throws IOException {
    Properties properties = new Properties();
    properties.setProperty("kind", kind.name());
    properties.setProperty("place", place);
    properties.setProperty("source", source);
    properties.setProperty("overlay", overlay);
    properties.setProperty("since", since.toString());
    properties.setProperty("pid", Long.toString(server.pid()));
    properties.setProperty("start", Long.toString(server.start()));
    properties.setProperty("boot", server.boot());
    properties.setProperty("space", server.space());
    properties.setProperty("readers", Long.toString(traffic.readers()));
    properties.setProperty("requests", Long.toString(traffic.requests()));
    properties.setProperty("bytesRead", Long.toString(traffic.bytesRead()));
    properties.setProperty("bytesWritten", Long.toString(traffic.bytesWritten()));
    properties.setProperty("failures", Long.toString(traffic.failures()));
    properties.setProperty("cacheHits", Long.toString(traffic.cache().hits()));
    properties.setProperty("cacheMisses", Long.toString(traffic.cache().misses()));
    if (traffic.lastFailure() != null) {
      properties.setProperty("lastFailure", traffic.lastFailure());
    }
    StringWriter text = new StringWriter();
    properties.store(text, null);
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    // No mount outlives a power cut.
    WholeFile.replace(file, PartFile.Durability.WHOLE, bytes);
  }

  /** A record, with the traffic it noted. */
  record Noted(MountRecord mount, Traffic traffic) {}

  /** Nothing when the file is gone meanwhile, or no record. */
  static Optional<Noted> read(Path file) {
    Properties from = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      from.load(reader);
      MountRecord mount =
          new MountRecord(
              MountEntry.Kind.valueOf(from.getProperty("kind", "")),
              from.getProperty("place", ""),
              from.getProperty("source", ""),
              from.getProperty("overlay", ""),
              Instant.parse(from.getProperty("since", "")),
              new ProcessIdentity(
                  number(from, "pid"),
                  number(from, "start"),
                  from.getProperty("boot", ""),
                  from.getProperty("space", "")));
      Traffic traffic =
          new Traffic(
              number(from, "readers"),
              number(from, "requests"),
              number(from, "bytesRead"),
              number(from, "bytesWritten"),
              number(from, "failures"),
              new CacheFigures(number(from, "cacheHits"), number(from, "cacheMisses")),
              from.getProperty("lastFailure"));
      return Optional.of(new Noted(mount, traffic));
    } catch (IOException | RuntimeException e) {
      return Optional.empty();
    }
  }

  private static long number(Properties from, String name) {
    return Long.parseLong(from.getProperty(name, "0"));
  }
}
