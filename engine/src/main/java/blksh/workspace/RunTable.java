package blksh.workspace;

import blksh.task.Pace;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The run history in the database. */
final class RunTable {

  private RunTable() {}

  /**
   * Notes that this process began a run.
   *
   * @return its id
   */
  static long insert(Connection connection, String verb, String subject, Instant started)
      throws SQLException {
    ProcessIdentity own = ProcessIdentity.own();
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            INSERT INTO run
              (verb, subject, started, outcome, pid, process_start, boot, pid_space)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id""")) {
      statement.setString(1, verb);
      statement.setString(2, subject);
      statement.setLong(3, started.toEpochMilli());
      statement.setString(4, Outcome.RUNNING.name());
      statement.setLong(5, own.pid());
      statement.setLong(6, own.start());
      statement.setString(7, own.boot());
      statement.setString(8, own.space());
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  /** Notes how far a run has come, unless it has ended. */
  static void progress(Connection connection, long id, Pace pace, Instant now) throws SQLException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            UPDATE run SET bytes = ?, total = ?, resumed = ?, phase = ?, elapsed = ?, told = ?
            WHERE id = ? AND outcome = 'RUNNING'""")) {
      statement.setLong(1, pace.done());
      statement.setLong(2, pace.total());
      statement.setLong(3, pace.resumed());
      statement.setString(4, pace.phase());
      statement.setLong(5, pace.elapsed().toMillis());
      statement.setLong(6, now.toEpochMilli());
      statement.setLong(7, id);
      statement.executeUpdate();
    }
  }

  /** Notes how a run ended. */
  static void finish(
      Connection connection,
      long id,
      Duration elapsed,
      Outcome outcome,
      long bytes,
      Map<String, Object> figures,
      String message)
      throws SQLException, IOException {
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            UPDATE run SET elapsed = ?, outcome = ?, bytes = ?, figures = ?, message = ?
            WHERE id = ?""")) {
      statement.setLong(1, elapsed.toMillis());
      statement.setString(2, outcome.name());
      statement.setLong(3, bytes);
      statement.setString(4, FiguresJson.write(figures));
      statement.setString(5, message);
      statement.setLong(6, id);
      statement.executeUpdate();
    }
  }

  /**
   * Every run, newest first; those whose process is gone are lost. The processes are looked at
   * before the rows are read, for one that ends in between has noted how.
   */
  static List<Run> list(Connection connection) throws SQLException, IOException {
    Set<ProcessIdentity> gone = gone(connection);
    List<Run> runs = new ArrayList<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT * FROM run ORDER BY id DESC")) {
      while (rows.next()) {
        Instant started = Instant.ofEpochMilli(rows.getLong("started"));
        Outcome outcome = Outcome.valueOf(rows.getString("outcome"));
        Duration elapsed = Duration.ofMillis(rows.getLong("elapsed"));
        Optional<RunProgress> progress = Optional.empty();
        if (outcome == Outcome.RUNNING && gone.contains(processOf(rows))) {
          outcome = Outcome.LOST;
        } else if (outcome == Outcome.RUNNING) {
          progress = progress(rows, elapsed);
          Duration since = Duration.between(started, Instant.now());
          elapsed = since.isNegative() ? Duration.ZERO : since; // the clock may be set back
        }
        runs.add(
            new Run(
                rows.getLong("id"),
                rows.getString("verb"),
                rows.getString("subject"),
                started,
                elapsed,
                outcome,
                rows.getLong("bytes"),
                FiguresJson.read(rows.getString("figures")),
                rows.getString("message"),
                progress));
      }
    }
    return runs;
  }

  /** How far a run is that goes on. */
  private static Optional<RunProgress> progress(ResultSet rows, Duration elapsed)
      throws SQLException {
    Instant told = Instant.ofEpochMilli(rows.getLong("told"));
    if (rows.wasNull()) {
      return Optional.empty();
    }
    return Optional.of(
        new RunProgress(
            new Pace(
                rows.getString("phase"),
                rows.getLong("bytes"),
                rows.getLong("total"),
                rows.getLong("resumed"),
                elapsed),
            told));
  }

  /** The processes that are gone without having said how their runs ended. */
  private static Set<ProcessIdentity> gone(Connection connection) throws SQLException {
    Set<ProcessIdentity> gone = new HashSet<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "SELECT DISTINCT pid, process_start, boot, pid_space FROM run"
                    + " WHERE outcome = 'RUNNING'")) {
      while (rows.next()) {
        ProcessIdentity process = processOf(rows);
        if (!process.mayBeAlive()) {
          gone.add(process);
        }
      }
    }
    return gone;
  }

  private static ProcessIdentity processOf(ResultSet rows) throws SQLException {
    return new ProcessIdentity(
        rows.getLong("pid"),
        rows.getLong("process_start"),
        rows.getString("boot"),
        rows.getString("pid_space"));
  }
}
