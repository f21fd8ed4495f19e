package blksh.workspace;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One operation of the past or of now, in this process or another.
 *
 * @param id grows from run to run
 * @param verb what it did: {@code "capture"}
 * @param subject to what: {@code "server01.sda"}
 * @param started when it began, to the millisecond
 * @param elapsed how long it took, or has taken so far; when lost, how long it is known to have
 *     gone on
 * @param outcome how it ended
 * @param bytes bytes of progress it made: while running and when lost, as it last told
 * @param figures what its result came to
 * @param message why it failed or what it found; empty otherwise
 * @param progress how far it has come; empty unless it runs and has told
 */
public record Run(
    long id,
    String verb,
    String subject,
    Instant started,
    Duration elapsed,
    Outcome outcome,
    long bytes,
    Map<String, Object> figures,
    String message,
    Optional<RunProgress> progress) {

  public Run {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
  }
}
